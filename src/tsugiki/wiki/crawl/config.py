"""What a crawl collects, from where, and what each page says of its origin."""

from typing import Literal

from pydantic import Field

from tsugiki.wiki.api.config import ApiConfig
from tsugiki.wiki.tree import TreeConfig


class CrawlConfig(ApiConfig):
    """Which pages are collected, and how politely."""

    tree: TreeConfig
    """The category tree whose pages are collected."""
    edition: str = Field(min_length=1)
    """Name of this collection, best its date (`2026-11-26`). A wiki changes: another name collects it anew."""
    namespaces: tuple[int, ...] = Field(min_length=1)
    """Namespace numbers of the pages kept (0: articles); members of others are set aside."""
    categories: Literal["wiki", "text"]
    """Where a page's categories come from. `wiki`: from the wiki, those that templates add included, hidden ones left
    out; 500 of them fit into one answer, and more cost a further request. `text`: from the page's text."""
    licence: str = Field(min_length=1)
    """Licence of the texts, written to each page (`CC BY-SA 4.0`)."""
    attribution: str = Field(min_length=1)
    """Whom the licence asks to name (`Wikipedia contributors`); written to each page with its title and a permanent
    link."""
    max_page_bytes: int = Field(ge=1)
    """Longest text of a page, in bytes of UTF-8; longer pages are set aside without being fetched."""
