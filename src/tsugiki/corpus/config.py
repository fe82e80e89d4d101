"""How pages are cleaned, and which cleaned texts belong to a topic."""

import re
from typing import Literal

from pydantic import Field, field_validator, model_validator

from tsugiki.config import Config

Output = Literal["text", "markdown"]
Normalisation = Literal["nfkc", "nfkc_letters", "none"]


class DuplicatesConfig(Config):
    """Which documents count as repetitions of an earlier one, and what becomes of them."""

    action: Literal["set_aside", "report"]
    """`set_aside`: repetitions are set aside as `duplicate` or `near_duplicate`, each naming the document kept, the
    first in order; `report`: they are kept, and only counted."""
    similarity: float = Field(gt=0, le=1)
    """Share of character n-grams in common, of all that either text has (Jaccard), from which two texts are nearly the
    same, 0 to 1; 1: only equal texts count."""
    ngram_chars: int = Field(ge=1, le=32)
    """Length of the n-grams, in characters without white space."""
    min_chars: int = Field(ge=1)
    """Shortest text compared for near repetition, in characters without white space; shorter ones must be equal."""


class CleanConfig(Config):
    """What cleaning keeps, and the limits beyond which a page is set aside."""

    normalisation: Normalisation
    """`nfkc`: Unicode NFKC, which also turns ～ into ~, … into ..., ① into 1, Ⅱ into II and full-width punctuation
    into ASCII; `nfkc_letters`: only full-width letters and digits and half-width kana; `none`."""
    titles: Literal["as_published", "normalised"]
    """Whether the page's own title keeps its characters (Ⅱ, ～, ＊) where it stands in the text and as the document's
    title, or is normalised like all text."""
    output: Output
    """`text`: plain text; `markdown`: headings, list items and definitions keep their marks; rows of tables and fields
    of infoboxes are items."""
    list_pages: Literal["set_aside", "keep"]
    """What becomes of list pages (…一覧), told by their title or by `list_share`; lists of characters (登場人物一覧)
    are always kept."""
    list_share: float = Field(ge=0, le=1)
    """Share of a page's lines that are list items or table rows, above which it is a list page whatever its title;
    1 leaves it to the title. Casts, definitions and infoboxes are no list; pages of a few lines are never lists."""
    min_chars: int = Field(ge=0)
    """Shortest cleaned text kept, in characters; shorter ones are set aside."""
    max_chars: int = Field(ge=1)
    """Longest page cleaned, in characters; longer ones are set aside. A page that would grow beyond it is cleaned by
    simple rules instead, and marked."""
    max_depth: int = Field(ge=1)
    """Deepest nesting of markup, and most elements left open, in one page; other pages are cleaned by simple rules
    instead, and marked."""


class CorpusConfig(CleanConfig):
    """How pages become a corpus: how each is cleaned, and what becomes of documents that repeat another."""

    duplicates: DuplicatesConfig
    """Documents that repeat an earlier one."""


class SelectConfig(Config):
    """Which cleaned texts belong to the topic: those that match any one of the conditions."""

    titles: tuple[str, ...]
    """Titles, exactly as published."""
    title_patterns: tuple[str, ...]
    """Regular expressions found anywhere in the title."""
    categories: tuple[str, ...]
    """Names of categories of the page, or of the path through which it was found."""
    words: tuple[str, ...]
    """Words found anywhere in the text."""
    min_words: int = Field(ge=1)
    """How often the words must occur in a text, all occurrences of all words counted."""

    @field_validator("title_patterns")
    @classmethod
    def _must_compile(cls, patterns: tuple[str, ...]) -> tuple[str, ...]:
        for pattern in patterns:
            try:
                re.compile(pattern)
            except re.error as error:
                raise ValueError(f"{pattern!r} is no regular expression ({error}); correct it") from None
        return patterns

    @model_validator(mode="after")
    def _must_select(self) -> "SelectConfig":
        if not any((self.titles, self.title_patterns, self.categories, self.words)):
            raise ValueError("titles, title_patterns, categories and words are all empty; state at least one")
        if "" in (*self.titles, *self.title_patterns, *self.categories, *self.words):
            raise ValueError("an empty string selects every text; remove it")
        return self
