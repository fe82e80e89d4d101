"""How rows of a file become chats, and how chats are split."""

from typing import Literal

from pydantic import Field

from tsugiki.config import Config


class ChatsConfig(Config):
    """Which columns are read, which phrasings ask for one fact, and how facts are split."""

    domain: str = Field(min_length=1)
    """Domain of rows that name none."""
    domain_key: str | None = None
    """Column that names a row's domain (`title`, the article, in SQuAD files); left out: every row has `domain`."""
    other: tuple[str, ...]
    """Domains outside the one that is trained: their rows go into the split `other`."""
    fact_key: str | None = None
    """Column that names the fact a row asks for (`fact` in SQuAD files: paragraph and answer); left out: none."""
    same_fact: Literal["question", "answer"]
    """What groups rows that name no fact: `question`, equal questions only, so that another wording may cross;
    `answer`, equal questions or equal answers, so that wordings of a fact that share an answer stay together, at
    the price that facts with the same short answer do too."""
    test_share: float = Field(ge=0, le=1)
    """Share of facts, from 0 to 1, that go into the split `test`, where a row does not state its split."""
    seed: int
    """Seed of the split and of the sample that `max_per_split` takes."""
    max_per_split: int | None = Field(default=None, ge=1)
    """Most chats in each split, taken fact by fact in a seeded order; left out: all."""
    max_rejected_share: float = Field(ge=0, le=1)
    """Largest share of rows, from 0 to 1, that may be set aside before the import fails."""
