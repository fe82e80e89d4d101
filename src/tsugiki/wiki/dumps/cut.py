"""An import from a dump from its first file to its last row, and the account of it that a record keeps."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from tsugiki.errors import BadInput
from tsugiki.pool import run
from tsugiki.rows import Page, Rejected
from tsugiki.wiki.dumps.checksums import verify
from tsugiki.wiki.dumps.config import DumpConfig
from tsugiki.wiki.dumps.extract import Extraction
from tsugiki.wiki.dumps.facts import look_up
from tsugiki.wiki.dumps.graph import Graph, Links, Tables, read_links
from tsugiki.wiki.dumps.select import gather, select
from tsugiki.wiki.dumps.text import DumpText
from tsugiki.wiki.tree import Case, TreeConfig, branches, reasons
from tsugiki.work import Work


@dataclass(frozen=True)
class Files:
    """The files of one dump on this machine, those that are not given None."""

    dump: Path
    index: Path | None = None
    page: Path | None = None
    categorylinks: Path | None = None
    linktarget: Path | None = None
    page_props: Path | None = None
    checksums: Path | None = None

    def verify(self) -> None:
        """Compare all of them with the checksums, if there are some.

        Raises:
            BadInput: a file is not what was published.
        """
        given = (self.dump, self.index, self.page, self.categorylinks, self.linktarget, self.page_props)
        if self.checksums is not None:
            verify(self.checksums, [path for path in given if path is not None])


class Cut:
    """One attempt at an import."""

    def __init__(self, files: Files, config: DumpConfig, work: Work, workers: int) -> None:
        self._files, self._config, self._work, self._workers = files, config, work, workers
        self._metrics: dict[str, Any] = {"licence": config.licence}

    def rows(self) -> Iterator[Page | Rejected]:
        """What the tree leaves out, then its pages in the order of the dump; without a tree all pages.

        Raises:
            BadInput: a file is damaged, of another dump or not what was published, a root is not there, or no page is.
            Preempted: told to stop.
        """
        text = self._text()
        self._metrics["wiki"] = text.site.dbname or text.site.base
        extraction = Extraction(text, self._config)
        if self._config.tree is None:
            yield from extraction.all_pages()
        else:
            yield from self._tree(self._config.tree, text.site.case, extraction)

    def metrics(self) -> dict[str, Any]:
        """What a record keeps of an import that has ended, besides the counts of its rows."""
        return self._metrics

    def plan(self) -> list[str]:
        """Lines that say what is in the tree, after it is walked and before any page is read.

        Raises:
            BadInput, Preempted: as `rows`.
        """
        text, tree = self._text(), self._config.tree
        lines = [f"dump        {self._files.dump.name} ({text.site.dbname or text.site.base})"]
        if tree is None:
            return [*lines, "pages       all"]
        tables = self._tables()
        links = read_links(tables)
        with closing(self._gathered(tables, links)) as graph:
            found = select(tables, links, graph, tree, self._config.namespaces, text.site.case, self._work)
        return [
            *lines,
            f"categories  {found.tally.categories} below {', '.join(tree.roots)}, to depth {tree.depth}",
            f"left out    {reasons(found.rejected)}",
            f"pages       {len(found.pages)}, before it is known which of them redirect",
            *branches(found.pages.values()),
        ]

    def _text(self) -> DumpText:
        run(self._files.verify, self._work.stop)
        return DumpText.open(self._files.dump, self._files.index, self._config, self._work, self._workers)

    def _tables(self) -> Tables:
        files = self._files
        if files.page is None or files.categorylinks is None:
            raise BadInput("a tree is cut out by page and categorylinks: give the files of the same dump")
        return Tables(files.page, files.categorylinks, files.linktarget, files.page_props)

    def _gathered(self, tables: Tables, links: Links) -> Graph:
        return gather(tables, links, self._config.categories == "wiki", self._work, self._workers)

    def _tree(self, tree: TreeConfig, case: Case, extraction: Extraction) -> Iterator[Page | Rejected]:
        tables = self._tables()
        links = read_links(tables)
        with closing(self._gathered(tables, links)) as graph:
            selection = select(tables, links, graph, tree, self._config.namespaces, case, self._work)
            self._metrics |= {
                "categories": selection.tally.categories,
                "links_not_followed": dict(sorted(selection.tally.skipped.items())),
            }
            known = partial(
                look_up,
                links=links if self._config.categories == "wiki" else None,
                page_props=tables.page_props,
                graph=graph,
                work=self._work,
                workers=self._workers,
            )
            yield from extraction.pages(selection, known)
