"""The tables of a rendered page while they are read: rows of cells, or the fields of an infobox."""

from collections.abc import Mapping

from tsugiki.corpus.infobox import is_shown
from tsugiki.corpus.marks import DEFINITION, FIELD, ITEM, TERM, Ledger
from tsugiki.corpus.tables import Cell, Table, render_table, tidy_cell

_INFOBOX = ("infobox", "vcard", "biota")
_LISTED = (ITEM, TERM, DEFINITION)


class OpenTable:
    """A table whose end was not met yet."""

    def __init__(self, classes: str, around: list[str]) -> None:
        self.is_infobox = any(name in classes.lower().split() for name in _INFOBOX)
        self.around = around
        """Pieces of the text that the table stands in."""
        self.table = Table()
        self.inner: list[str] = []
        """Marked lines of the tables inside its cells."""
        self.in_cell = False
        self._text: list[str] = []
        self._spans = (1, 1)

    def enter(self, tag: str, attributes: Mapping[str, str | None]) -> list[str]:
        """Take in the beginning of a row, a cell or the caption; where text goes from now on."""
        if tag == "tr":
            self.table.rows.append([])
            return self.around
        self._text = []
        self._spans = (_span(attributes.get("colspan")), _span(attributes.get("rowspan")))
        self.in_cell = True
        return self._text

    def leave(self, tag: str) -> list[str]:
        """Take in the end of a cell or the caption; where text goes from now on."""
        text = _on_one_line("".join(self._text))
        if tag == "caption":
            self.table.caption = text
        else:
            if not self.table.rows:
                self.table.rows.append([])
            self.table.rows[-1].append(Cell(text, tag == "th", *self._spans))
        self.in_cell = False
        return self.around


def _span(value: str | None) -> int:
    return int(value) if value and value.isascii() and value.isdigit() and len(value) < 6 else 1


def _on_one_line(text: str) -> str:
    """A cell on one line; the items of a list in it are set apart by commas."""
    if not any(mark in text for mark in _LISTED):
        return tidy_cell(text)
    return "、".join(filter(None, map(tidy_cell, text.split("\n"))))


def close_table(done: OpenTable, ledger: Ledger) -> list[str]:
    """The table's lines, each marked as a row or, in an infobox, as a field."""
    if not done.is_infobox:
        return [*render_table(done.table, ledger), *done.inner]
    ledger.note("infobox")
    return [*_fields(done.table), *done.inner]


def _fields(box: Table) -> list[str]:
    lines = [box.caption]
    for row in box.rows:
        cells = [cell for cell in row if cell.text.strip(" :：") and is_shown(cell.text)]
        if len(cells) == 2 and not cells[1].header:
            lines.append(f"{cells[0].text}：{cells[1].text}")
        else:
            lines.append(" / ".join(cell.text for cell in cells))
    return [f"{FIELD}{line}" for line in lines if line]
