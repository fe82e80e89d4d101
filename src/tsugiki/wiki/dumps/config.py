"""What an import from a dump keeps, and when it refuses."""

from typing import Literal

from pydantic import Field

from tsugiki.wiki.config import ExportConfig
from tsugiki.wiki.tree import TreeConfig


class DumpConfig(ExportConfig):
    """Which pages of a dump are read, and what each says of its origin."""

    tree: TreeConfig | None = None
    """The category tree to cut out. Left out: every page."""
    categories: Literal["wiki", "text"]
    """Where a page's categories come from. `wiki`: from the tables, those that templates add included, hidden ones left
    out; it takes one more reading of categorylinks, and page_props. `text`: from the page's text."""
    attribution: str = Field(min_length=1)
    """Whom the licence asks to name (`Wikipedia contributors`); written to each page with its title and a permanent
    link."""
    max_rejected_share: float = Field(ge=0, le=1)
    """Share of the pages (0 to 1) that may be unreadable, or named by the tables and missing from the dump; above it
    the import is refused."""
