"""What an import from a dump keeps, and when it refuses."""

from pydantic import Field

from tsugiki.wiki.config import ExportConfig
from tsugiki.wiki.tree import TreeConfig


class DumpConfig(ExportConfig):
    """Which pages of a dump are read, and what each says of its origin."""

    tree: TreeConfig | None = None
    """The category tree to cut out. Left out: every page."""
    attribution: str = Field(min_length=1)
    """Whom the licence asks to name (`Wikipedia contributors`); written to each page with its title and a permanent
    link."""
    max_rejected_share: float = Field(ge=0, le=1)
    """Share of the pages (0 to 1) that may be unreadable, or named by the tables and missing from the dump; above it
    the import is refused."""
