"""Turn the pages of a selection, or all pages, into rows: with their provenance, and redirects resolved."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping
from dataclasses import dataclass, field

from tsugiki.errors import BadInput
from tsugiki.rows import Page, Rejected
from tsugiki.wiki.admit import UNREADABLE, set_aside
from tsugiki.wiki.dumps.config import DumpConfig
from tsugiki.wiki.dumps.facts import Facts, LookUp
from tsugiki.wiki.dumps.select import Selection
from tsugiki.wiki.dumps.text import DumpText
from tsugiki.wiki.export import Entry
from tsugiki.wiki.tree import Found
from tsugiki.wiki.url import attribution

_UNREADABLE = UNREADABLE | {"missing"}
_MOST_STEPS = 10
"""Redirects after one another that are followed outside the tree, each with one more reading of index and tables."""


@dataclass(frozen=True)
class _Way:
    """A redirect of the tree, and where it leads."""

    found: Found
    passed: tuple[str, ...]
    """Titles of the redirects on the way, its own first."""
    title: str
    """Of the page that the last of them leads to."""

    def on(self, title: str) -> _Way:
        """One step further: the page redirects to that title."""
        return _Way(self.found, (*self.passed, self.title), title)

    def along(self, known: Mapping[str, str]) -> _Way:
        """As far as redirects are known, and no further than once round."""
        way = self
        while way.title in known and way.title not in way.passed:
            way = way.on(known[way.title])
        return way


@dataclass
class Extraction:
    """One making of rows; one of its methods is called, once."""

    text: DumpText
    config: DumpConfig
    _rows: int = field(default=0, init=False)
    _unreadable: int = field(default=0, init=False)
    _first: Rejected | None = field(default=None, init=False)

    def all_pages(self) -> Iterator[Page | Rejected]:
        """Every page of the dump in its order, with what was set aside between them.

        Raises:
            BadInput: dump or index are damaged, do not fit, or too much of them cannot be read.
            Preempted: told to stop.
        """
        for entry in self.text.all_pages():
            yield self._counted(self._finished(entry, None, Facts()))
        self._check_share()

    def pages(self, selection: Selection, look_up: LookUp) -> Iterator[Page | Rejected]:
        """What a selection leaves out, its pages in the order of the dump, then what its redirects lead to.

        Every page of the selection gives one row: itself, or why it is set aside. A redirect is set aside, and the page
        that it leads to takes its place, unless that page is there already.

        Args:
            selection: the pages.
            look_up: says what the tables know of pages.

        Raises:
            BadInput, Preempted: as `all_pages`.
        """
        for left_out in selection.rejected:
            yield self._counted(left_out)
        facts = look_up(frozenset(selection.pages))
        left = dict(selection.pages)
        ways: list[_Way] = []
        seen: set[str] = set()
        for entry in self.text.of_ids(selection.pages.keys()):
            found = left.pop(entry.page_id or 0, None)
            if found is None:
                yield self._set_aside(entry.title, "duplicate", f"the dump holds page {entry.page_id} twice")
            elif entry.redirect is not None:
                ways.append(_Way(found, (entry.title,), entry.redirect))
            else:
                seen.add(entry.title)
                yield self._counted(self._finished(entry, found, facts))
        for page_id, found in left.items():
            yield self._set_aside(found.member.title, "missing", f"page {page_id} of the tables is not in the dump")
        order = {page_id: number for number, page_id in enumerate(selection.pages)}
        ways.sort(key=lambda way: order[way.found.member.page_id])
        yield from self._resolved(ways, seen, look_up)
        self._check_share()

    def _resolved(self, ways: list[_Way], seen: set[str], look_up: LookUp) -> Iterator[Page | Rejected]:
        """A row for each redirect, and the pages that they lead to, each once by the first redirect."""
        known = {way.passed[0]: way.title for way in ways}
        order = {way.passed[0]: number for number, way in enumerate(ways)}
        for _ in range(_MOST_STEPS):
            wanted: dict[str, list[_Way]] = {}
            for way in (way.along(known) for way in ways):
                if way.title in way.passed:
                    yield self._broken(way, "which it comes from")
                elif way.title in seen:
                    yield self._led(way)
                else:
                    wanted.setdefault(way.title, []).append(way)
            if not wanted:
                return
            ways = yield from self._targets(wanted, seen, look_up)
            ways.sort(key=lambda way: order[way.passed[0]])
        for way in ways:
            yield self._broken(way, f"the end of more than {_MOST_STEPS} steps")

    def _targets(
        self, wanted: Mapping[str, list[_Way]], seen: set[str], look_up: LookUp
    ) -> Generator[Page | Rejected, None, list[_Way]]:
        """The pages of these titles, each after the redirect that leads to it; gives back the ways that lead on."""
        ids, entries = self.text.of_titles(wanted.keys())
        facts = look_up(ids)
        lost = dict(wanted)
        further: list[_Way] = []
        for entry in entries:
            ways = lost.pop(entry.title, None)
            if ways is None:
                yield self._set_aside(entry.title, "duplicate", "the dump holds this title twice")
            elif entry.redirect is not None:
                further += [way.on(entry.redirect) for way in ways]
            else:
                yield self._led(ways[0])
                seen.add(entry.title)
                yield self._counted(self._finished(entry, ways[0].found, facts))
                yield from map(self._led, ways[1:])
        for way in (way for ways in lost.values() for way in ways):
            yield self._broken(way, "which the dump does not hold")
        return further

    def _broken(self, way: _Way, why: str) -> Page | Rejected:
        passed = f" by way of {', '.join(way.passed[1:])}" if way.passed[1:] else ""
        return self._set_aside(way.found.member.title, "broken_redirect", f"to {way.title}{passed}, {why}")

    def _led(self, way: _Way) -> Page | Rejected:
        """The row of a redirect to a page that has a row of its own, kept or set aside."""
        return self._set_aside(way.found.member.title, "redirect", f"to {way.title}")

    def _finished(self, entry: Entry, found: Found | None, facts: Facts) -> Page | Rejected:
        """The row with what the XML does not know: the path, the attribution and what the tables say."""
        row = entry.row
        if isinstance(row, Rejected):
            return row
        if entry.page_id in facts.disambiguations:
            return set_aside(row.title, "disambiguation", "the wiki marks it as a disambiguation page", row.text)
        provenance = row.provenance
        prefix = self.config.url_prefix or self.text.site.url_prefix
        stated: dict[str, object] = {
            "attribution": attribution(self.config.attribution, row.title, prefix, provenance.revision_id),
            "path": found.path if found else (),
        }
        if facts.categories is not None:
            stated["categories"] = facts.categories.get(entry.page_id or 0, ())
        return row.model_copy(update={"provenance": provenance.model_copy(update=stated)})

    def _set_aside(self, title: str, reason: str, detail: str) -> Page | Rejected:
        return self._counted(set_aside(title, reason, detail))

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
            f"{self.text.dump}: {self._unreadable} of {self._rows} pages cannot be read, more than max_rejected_share "
            f"= {self.config.max_rejected_share}; the first is {first.source} ({first.reason}: {first.detail}); give "
            "tables and text of the same dump, or raise the share"
        )
