"""The size and the seed of the generated sample."""

from pydantic import Field, model_validator

from tsugiki.config import Config

MAX_WORKS = 150
"""Most works of one kind for which the word lists yield no name twice."""


class SampleConfig(Config):
    """What is generated: a wiki of fictional anime works, questions about them, and text about other works."""

    seed: int = Field(ge=0)
    """Seed of every draw: names, pairings, dates and wordings."""
    works: int = Field(ge=4, le=MAX_WORKS)
    """Anime works that the wiki describes."""
    asked_works: int = Field(ge=2)
    """Works among them whose questions are trained on; the questions on the others are the test."""
    retellings: int = Field(ge=1, le=6)
    """Magazine pages on a work besides its article and its year's page; each states every fact in other words."""
    background_works: int = Field(ge=0, le=MAX_WORKS)
    """Other anime works, described only in the text on which the base model is pretrained."""
    novels: int = Field(ge=4, le=MAX_WORKS)
    """Novels, described only in that text too: they are what lies outside the domain."""
    asked_novels: int = Field(ge=2)
    """Novels among them whose questions are trained on; the questions on the others show what is forgotten."""

    @model_validator(mode="after")
    def _leave_something_to_ask(self) -> "SampleConfig":
        for asked, of in (("asked_works", "works"), ("asked_novels", "novels")):
            if getattr(self, asked) >= getattr(self, of):
                value, limit = getattr(self, asked), getattr(self, of)
                raise ValueError(f"{asked}={value} leaves nothing to test on; keep it below {of}={limit}")
        return self
