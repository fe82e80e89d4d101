"""How pages are read from a source: its format, which pages count, and what is refused."""

from typing import Literal

from pydantic import Field

from tsugiki.config import Config
from tsugiki.rows import Markup

Format = Literal["auto", "dump", "jsonl", "markdown"]


class ExportConfig(Config):
    """Which pages of an export count, and what each says of its origin."""

    namespaces: tuple[int, ...] = Field(min_length=1)
    """Namespace numbers kept from a dump (0: articles); pages of others are set aside."""
    licence: str = Field(min_length=1)
    """Licence of the texts, written to each page (`CC BY-SA 4.0`)."""
    url_prefix: str
    """What precedes a page's title in its URL (`https://ja.wikipedia.org/wiki/`). Empty: what the source says
    itself, if it does."""
    max_page_bytes: int = Field(ge=1)
    """Longest text of a page, in bytes of UTF-8; longer pages are set aside."""


class PagesConfig(ExportConfig):
    """What an import of pages reads, and when it refuses."""

    format: Format
    """`dump`: MediaWiki XML export, plain, .bz2 or .gz; `jsonl`: rows of title and text, plain, .gz or .bz2;
    `markdown`: a directory of .md files; `auto`: told from the content."""
    markup: Markup
    """Markup of JSONL rows that do not state their own. Dumps are wikitext, .md files are Markdown."""
    max_rejected_share: float = Field(ge=0, le=1)
    """Share of unreadable rows (invalid JSON, type or UTF-8; 0 to 1) above which the import is refused."""
