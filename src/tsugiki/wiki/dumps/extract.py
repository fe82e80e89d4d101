"""Turn the pages of a selection, or all pages, into rows: with their provenance, and redirects resolved."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
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

_UNREADABLE = UNREADABLE | {"missing"}


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
        for row in selection.rejected:
            yield self._counted(row)
        facts = look_up(frozenset(selection.pages))
        left = dict(selection.pages)
        redirects: list[tuple[Found, str]] = []
        seen: set[str] = set()
        for entry in self.text.of_ids(selection.pages.keys()):
            found = left.pop(entry.page_id or 0, None)
            if found is None:
                yield self._set_aside(entry.title, "duplicate", f"the dump holds page {entry.page_id} twice")
            elif entry.redirect is not None:
                redirects.append((found, entry.redirect))
            else:
                seen.add(entry.title)
                yield self._counted(self._finished(entry, found, facts))
        for page_id, found in left.items():
            yield self._set_aside(found.member.title, "missing", f"page {page_id} of the tables is not in the dump")
        order = {page_id: number for number, page_id in enumerate(selection.pages)}
        redirects.sort(key=lambda item: order[item[0].member.page_id])
        yield from self._resolved(redirects, seen, look_up)
        self._check_share()

    def _resolved(
        self, redirects: Iterable[tuple[Found, str]], seen: set[str], look_up: LookUp
    ) -> Iterator[Page | Rejected]:
        """A row for each redirect, and the pages that they lead to, each once by the first redirect."""
        wanted: dict[str, Found] = {}
        for found, title in redirects:
            if title in seen:
                yield self._set_aside(found.member.title, "duplicate", f"redirects to {title}, which is there")
            else:
                seen.add(title)
                wanted[title] = found
        if wanted:
            yield from self._targets(wanted, look_up)

    def _targets(self, wanted: dict[str, Found], look_up: LookUp) -> Iterator[Page | Rejected]:
        """The pages of these titles, each after the redirect that leads to it."""
        ids, entries = self.text.of_titles(wanted.keys())
        facts = look_up(ids)
        lost = dict(wanted)
        for entry in entries:
            found = lost.pop(entry.title, None)
            if found is None:
                yield self._set_aside(entry.title, "duplicate", "the dump holds this title twice")
            elif entry.redirect is not None:
                detail = f"to {entry.title}, which redirects to {entry.redirect}"
                yield self._set_aside(found.member.title, "broken_redirect", detail)
            else:
                yield self._set_aside(found.member.title, "redirect", f"to {entry.title}")
                yield self._counted(self._finished(entry, found, facts))
        for title, found in lost.items():
            detail = f"to {title}, which the dump does not hold"
            yield self._set_aside(found.member.title, "broken_redirect", detail)

    def _finished(self, entry: Entry, found: Found | None, facts: Facts) -> Page | Rejected:
        """The row with what the XML does not know: the path, the attribution and what the tables say."""
        row = entry.row
        if isinstance(row, Rejected):
            return row
        if entry.page_id in facts.disambiguations:
            return set_aside(row.title, "disambiguation", "the wiki marks it as a disambiguation page", row.text)
        provenance = row.provenance
        prefix = self.config.url_prefix or self.text.site.base[: self.text.site.base.rfind("/") + 1]
        link = f"{prefix}Special:PermanentLink/{provenance.revision_id}"
        stated: dict[str, object] = {
            "attribution": f"{self.config.attribution}, {row.title}, {link}",
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
