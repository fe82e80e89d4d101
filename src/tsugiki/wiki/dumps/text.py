"""Read pages by id or title out of a dump's XML, over all processors where there is an index."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from itertools import islice
from pathlib import Path

from tsugiki.errors import BadInput
from tsugiki.pool import in_order, run
from tsugiki.wiki.config import ExportConfig
from tsugiki.wiki.dump import read_entries
from tsugiki.wiki.dumps.index import Place, pages_at, places_of_ids, places_of_titles
from tsugiki.wiki.dumps.multistream import read_header, read_stream
from tsugiki.wiki.export import Entry, Site
from tsugiki.work import Work

_BATCH_STREAMS = 4

_Stream = tuple[int, frozenset[int] | None]
"""Where a stream begins, and which page ids of it are wanted; None: all."""


@dataclass(frozen=True)
class DumpText:
    """The XML of one dump. Every method may raise BadInput (damage, another index) and Preempted (told to stop)."""

    dump: Path
    index: Path | None
    """None: the dump is read as one stream, in this process."""
    header: bytes
    site: Site
    config: ExportConfig
    work: Work
    """Tells when to stop, and is told how many streams are read."""
    workers: int

    @classmethod
    def open(cls, dump: Path, index: Path | None, config: ExportConfig, work: Work, workers: int) -> DumpText:
        """The text of a dump, of which only the beginning is read."""
        header, site = read_header(dump)
        return cls(dump, index, header, site, config, work, workers)

    def all_pages(self) -> Iterator[Entry]:
        """Every page in the order of the dump."""
        if self.index is None:
            return self._whole(lambda _page_id, _title: True)
        return self._complete(run(partial(pages_at, self.index), self.work.stop))

    def of_ids(self, ids: Collection[int]) -> Iterator[Entry]:
        """The pages of these ids that the dump holds, in its order."""
        if self.index is None:
            return self._whole(lambda page_id, _title: page_id in ids)
        return self._at(run(partial(places_of_ids, self.index, ids), self.work.stop).values())

    def of_titles(self, titles: Collection[str]) -> tuple[Collection[int], Iterator[Entry]]:
        """The pages of these titles that the dump holds, in its order; their ids are known before they are read."""
        if self.index is None:
            # nothing but the text itself knows the ids
            entries = list(self._whole(lambda _page_id, title: title in titles))
            return {entry.page_id for entry in entries if entry.page_id is not None}, iter(entries)
        places = run(partial(places_of_titles, self.index, titles), self.work.stop).values()
        return {place.page_id for place in places}, self._at(places)

    def _complete(self, pages: Mapping[int, int]) -> Iterator[Entry]:
        """All pages of these streams; the index knows how many there are."""
        count = 0
        for entry in self._streams([(offset, None) for offset in pages]):
            count += 1
            yield entry
        if count != sum(pages.values()):
            raise BadInput(
                f"{self.dump}: the index names {sum(pages.values())} pages, and its streams hold {count}: "
                "dump and index are not of the same date; fetch both again and verify their checksums"
            )

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


def _read(dump: Path, header: bytes, config: ExportConfig, streams: list[_Stream]) -> list[Entry]:
    """The pages of some streams, in a process that may be another one."""
    try:
        with dump.open("rb") as file:
            return [
                entry for offset, chosen in streams for entry in read_stream(file, dump, offset, header, config, chosen)
            ]
    except OSError as error:
        raise BadInput(f"{dump}: cannot be read ({error.strerror}); check the path and its rights") from None
