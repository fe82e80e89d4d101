"""Stage: wiki pages of a category tree from the files of a dump, without the network."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Self

from pydantic import model_validator

from tsugiki.artifact import Metrics
from tsugiki.command import main
from tsugiki.kinds import Pages
from tsugiki.process import usable_cores
from tsugiki.source import Source
from tsugiki.stage import Resources, stage
from tsugiki.wiki.dumps.config import DumpConfig

if TYPE_CHECKING:
    from tsugiki.wiki.dumps.cut import Cut

FILES = ("dump", "index", "page", "categorylinks", "linktarget", "page_props", "checksums")


class ImportDumpConfig(DumpConfig):
    """The files of one dump, and what is read from them. Each is `PATH` or `s3://bucket/key`."""

    # whether an import is refused changes nothing of what one that is not gives
    neutral: ClassVar[tuple[str, ...]] = ("checksums", "max_rejected_share")

    dump: Source
    """`*-pages-articles-multistream.xml.bz2`; without an index any XML export."""
    index: Source | None = None
    """`*-pages-articles-multistream-index.txt.bz2`: only the streams with wanted pages are read, over all processors.
    Left out: the whole dump is read, by one."""
    page: Source | None = None
    """`*-page.sql.gz`; needed for a tree."""
    categorylinks: Source | None = None
    """`*-categorylinks.sql.gz`; needed for a tree."""
    linktarget: Source | None = None
    """`*-linktarget.sql.gz`; needed for a tree where categorylinks names categories by number (since 2025)."""
    page_props: Source | None = None
    """`*-page_props.sql.gz`: says which pages disambiguate, which are set aside, and which categories are hidden. Left
    out: disambiguations are left to clean_corpus."""
    checksums: Source | None = None
    """`*-sha1sums.txt` or `*-md5sums.txt`: every other file is compared with it."""

    @model_validator(mode="before")
    @classmethod
    def _names_files(cls, values: Any) -> Any:
        # as the recipe leaves them: one line instead of one for every file
        if isinstance(values, dict) and values.get("dump") == "":
            raise ValueError(
                "dump is empty: state what the names of the files begin with, make … DUMP=dumps/jawiki-20260101, which "
                "sets all seven, or dump, index, page … in the recipe"
            )
        return values

    @model_validator(mode="after")
    def _files_suffice(self) -> Self:
        if self.tree is None and self.index is None:
            raise ValueError("give a tree, or the index so that all pages are read at once; import_pages needs neither")
        missing = [name for name in ("page", "categorylinks") if self.tree and getattr(self, name) is None]
        if missing:
            raise ValueError(f"a tree is cut out by {' and '.join(missing)}: give the files of the same dump")
        if self.categories == "wiki" and (self.tree is None or self.page_props is None):
            raise ValueError("categories = wiki needs a tree, and page_props, which says which are hidden; or use text")
        return self


@stage(image="data", resources=Resources(cpus=4, memory_gb=4, disk_gb=100, hours=6))
def import_dump(out: Pages, config: ImportDumpConfig) -> Metrics:
    """Cut the pages of a category tree out of a dump, each with the path to it; what is no page is set aside."""
    cut = opened(out, config)
    return out.write(cut.rows()).metrics() | cut.metrics()


@import_dump.planned_by
def plan(out: Pages, config: ImportDumpConfig) -> Sequence[str]:
    """Walk the category tree, and say how many pages its branches hold."""
    return opened(out, config).plan()


def opened(out: Pages, config: ImportDumpConfig) -> Cut:
    """The dump's files on this machine, none of them read yet."""
    from tsugiki.wiki.dumps.cut import Cut, Files

    sources = {name: getattr(config, name) for name in FILES}
    paths = {name: source.fetch(out.work.path) for name, source in sources.items() if source is not None}
    return Cut(Files(**paths), config, out.work, usable_cores())


if __name__ == "__main__":
    main(import_dump)
