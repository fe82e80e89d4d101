"""Where an imported model comes from."""

from typing import Self

from pydantic import Field, model_validator

from tsugiki.config import Config
from tsugiki.source import Source

COMMIT_DIGITS = 40


class ImportModelConfig(Config):
    """A model in the Hugging Face layout: a directory, or a hub repository at a revision."""

    source: Source | None = None
    """Directory of the model. Give either this or repo."""
    repo: str | None = Field(default=None, pattern=r"^[\w.-]+/[\w.-]+$")
    """Hub repository, `owner/name`. Give either this or source."""
    revision: str | None = Field(default=None, pattern=rf"^[0-9a-f]{{{COMMIT_DIGITS}}}$")
    """Commit of the repository, 40 hexadecimal digits: a branch or tag can move, a commit cannot."""
    licence: str = Field(min_length=1)
    """Licence of the weights (`Apache-2.0`)."""

    @model_validator(mode="after")
    def _one_origin(self) -> Self:
        if (self.source is None) == (self.repo is None):
            raise ValueError(f"source {self.source} and repo {self.repo}: state exactly one of them")
        if self.repo is not None and self.revision is None:
            raise ValueError(f"revision is missing: state the commit of {self.repo} to use, 40 hexadecimal digits")
        return self
