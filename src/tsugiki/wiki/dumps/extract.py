"""Read the pages of a selection, or all pages, out of a dump's XML, over all processors where there is an index."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, field
from functools import partial
from itertools import islice
from pathlib import Path

from tsugiki.errors import BadInput
from tsugiki.pool import in_order, run
from tsugiki.rows import Page, Rejected
from tsugiki.wiki.admit import UNREADABLE, set_aside
from tsugiki.wiki.dump import read_entries
from tsugiki.wiki.dumps.config import DumpConfig
from tsugiki.wiki.dumps.index import Place, all_offsets, places_of_ids, places_of_titles
from tsugiki.wiki.dumps.multistream import read_stream
from tsugiki.wiki.dumps.select import Selection
from tsugiki.wiki.export import Entry, Site
from tsugiki.wiki.tree import Found
from tsugiki.work import Work

_BATCH_STREAMS = 4
_UNREADABLE = UNREADABLE | {"missing"}

_Stream = tuple[int, frozenset[int] | None]
"""Where a stream begins, and which page ids of it are wanted; None: all."""


@dataclass
class Extraction:
    """One reading of a dump."""

    dump: Path
    index: Path | None
    """None: the dump is read as one stream, in this process."""
    header: bytes
    site: Site
    config: DumpConfig
    workers: int
    work: Work
    _rows: int = field(default=0, init=False)
    _unreadable: int = field(default=0, init=False)
    _first: Rejected | None = field(default=None, init=False)

    def all_pages(self) -> Iterator[Page | Rejected]:
        """Every page of the dump in its order, with what was set aside between them; it needs the index.

        Raises:
            BadInput: dump or index are damaged, do not fit, or too much of them cannot be read.
            Preempted: told to stop.
        """
        assert self.index is not None
        offsets = run(partial(all_offsets, self.index), self.work.stop)
        for entry in self._streams([(offset, None) for offset in offsets]):
            yield self._counted(self._finished(entry.row, None))
        self._check_share()

    def pages(self, selection: Selection) -> Iterator[Page | Rejected]:
        """The pages of a selection in the order of the dump, then what its redirects lead to.

        Every page of the selection gives one row: itself, or why it is set aside. A redirect is set aside, and the page
        that it leads to takes its place, unless that page is there already.

        Raises:
            BadInput, Preempted: as `all_pages`.
        """
        left = dict(selection.pages)
        redirects: list[tuple[Found, str]] = []
        seen: set[str] = set()
        for entry in self._entries_of_ids(selection.pages.keys()):
            found = left.pop(entry.page_id or 0, None)
            if found is None:
                yield self._counted(set_aside(entry.title, "duplicate", f"the dump holds page {entry.page_id} twice"))
            elif entry.redirect is not None:
                redirects.append((found, entry.redirect))
            else:
                seen.add(entry.title)
                yield self._counted(self._finished(entry.row, found))
        for page_id, found in left.items():
            detail = f"page {page_id} of the tables is not in the dump"
            yield self._counted(set_aside(found.member.title, "missing", detail))
        order = {page_id: number for number, page_id in enumerate(selection.pages)}
        redirects.sort(key=lambda item: order[item[0].member.page_id])
        yield from self._targets(redirects, seen)
        self._check_share()

    def _targets(self, redirects: Iterable[tuple[Found, str]], seen: set[str]) -> Iterator[Page | Rejected]:
        """A row for each redirect, and the pages that they lead to, each once by the first redirect."""
        wanted: dict[str, Found] = {}
        for found, title in redirects:
            if title in seen:
                yield self._counted(set_aside(found.member.title, "duplicate", f"redirects to {title}, which is there"))
            else:
                seen.add(title)
                wanted[title] = found
        lost = dict(wanted)
        for entry in self._entries_of_titles(wanted.keys()) if wanted else ():
            found_by = lost.pop(entry.title, None)
            if found_by is None:
                yield self._counted(set_aside(entry.title, "duplicate", "the dump holds this title twice"))
            elif entry.redirect is not None:
                detail = f"to {entry.title}, which redirects to {entry.redirect}"
                yield self._counted(set_aside(found_by.member.title, "broken_redirect", detail))
            else:
                yield self._counted(set_aside(found_by.member.title, "redirect", f"to {entry.title}"))
                yield self._counted(self._finished(entry.row, found_by))
        for title, found in lost.items():
            detail = f"to {title}, which the dump does not hold"
            yield self._counted(set_aside(found.member.title, "broken_redirect", detail))

    def _entries_of_ids(self, ids: Collection[int]) -> Iterator[Entry]:
        if self.index is None:
            return self._whole(lambda page_id, _title: page_id in ids)
        return self._at(run(partial(places_of_ids, self.index, ids), self.work.stop).values())

    def _entries_of_titles(self, titles: Collection[str]) -> Iterator[Entry]:
        if self.index is None:
            return self._whole(lambda _page_id, title: title in titles)
        return self._at(run(partial(places_of_titles, self.index, titles), self.work.stop).values())

    def _whole(self, choice: Callable[[int | None, str], bool]) -> Iterator[Entry]:
        def choose(page_id: int | None, title: str) -> bool:
            self.work.check_stop()
            return choice(page_id, title)

        return read_entries(self.dump, self.config, choose)

    def _at(self, places: Iterable[Place]) -> Iterator[Entry]:
        by_offset: dict[int, set[int]] = {}
        for place in places:
            by_offset.setdefault(place.offset, set()).add(place.page_id)
        return self._streams([(offset, frozenset(ids)) for offset, ids in sorted(by_offset.items())])

    def _streams(self, streams: list[_Stream]) -> Iterator[Entry]:
        """The pages of these streams in their order, whatever the number of workers."""
        rest = iter(streams)
        batches = iter(lambda: list(islice(rest, _BATCH_STREAMS)), [])
        read = partial(_read, self.dump, self.header, self.config)
        for number, entries in enumerate(in_order(read, batches, self.workers, self.work.stop), start=1):
            self.work.progress(min(number * _BATCH_STREAMS, len(streams)), len(streams))
            yield from entries

    def _finished(self, row: Page | Rejected, found: Found | None) -> Page | Rejected:
        """The row with the path to it and the attribution, which the XML does not know."""
        if isinstance(row, Rejected):
            return row
        provenance = row.provenance
        prefix = self.config.url_prefix or self.site.base[: self.site.base.rfind("/") + 1]
        link = f"{prefix}Special:PermanentLink/{provenance.revision_id}"
        stated = {
            "attribution": f"{self.config.attribution}, {row.title}, {link}",
            "path": found.path if found else (),
        }
        return row.model_copy(update={"provenance": provenance.model_copy(update=stated)})

    def _counted(self, row: Page | Rejected) -> Page | Rejected:
        self._rows += 1
        if isinstance(row, Rejected) and row.reason in _UNREADABLE:
            self._unreadable += 1
            self._first = self._first or row
        return row

    def _check_share(self) -> None:
        first = self._first
        if first is None or self._unreadable <= self.config.max_rejected_share * self._rows:
            return
        raise BadInput(
            f"{self.dump}: {self._unreadable} of {self._rows} pages cannot be read, more than max_rejected_share = "
            f"{self.config.max_rejected_share}; the first is {first.source} ({first.reason}: {first.detail}); give "
            "tables and text of the same dump, or raise the share"
        )


def _read(dump: Path, header: bytes, config: DumpConfig, streams: list[_Stream]) -> list[Entry]:
    """The pages of some streams, in a process that may be another one."""
    try:
        with dump.open("rb") as file:
            return [
                entry for offset, chosen in streams for entry in read_stream(file, dump, offset, header, config, chosen)
            ]
    except OSError as error:
        raise BadInput(f"{dump}: cannot be read ({error.strerror}); check the path and its rights") from None
