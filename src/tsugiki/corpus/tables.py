"""A table as lines of text: one line a row, each cell with the label of its column, spans carried into every row."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from tsugiki.corpus.html import flatten
from tsugiki.corpus.marks import ROW, Ledger, hide, without_marks

_SPAN = re.compile(r"(col|row)span\s*=\s*[\"']?\s*([0-9]{1,5})", re.IGNORECASE)
_STRAY_MARK = re.compile(r"^!+ ?(?=\w)")
"""What `!!!` leaves of a header's mark."""
_MARKS_OF_CELLS = ("|", "\\|", hide("|"))
_MARK_OF_CELLS = re.compile(rf"(?:\\?\||{hide('|')}|[ ])+")
_MOST_COLUMNS = 1000
_MOST_LABELS = 3
"""A cell over more columns than this is a remark on the row, and not the value of each of them."""
_SEPARATOR = " / "


class Cell(NamedTuple):
    """One cell as written."""

    text: str
    header: bool = False
    columns: int = 1
    """Columns it spans."""
    rows: int = 1
    """Rows it spans."""


_NOTHING = (0, Cell(""))
_Placed = tuple[int, Cell]
"""A cell that has text, and the column it begins in (from 0)."""


@dataclass
class Table:
    """A table being read."""

    caption: str = ""
    rows: list[list[Cell]] = field(default_factory=list)
    may_shift: bool = False
    """Whether cells may stand under the wrong column, because a converter lost the spans of the rows above."""
    inner: list[str] = field(default_factory=list)
    """Lines of tables inside its cells, which is how pages lay tables out side by side."""


def read_spans(attributes: str) -> tuple[int, int]:
    """Columns and rows that a cell with these HTML attributes spans."""
    if not attributes:
        return 1, 1
    spans = {kind.lower(): int(count) for kind, count in _SPAN.findall(attributes)}
    return spans.get("col", 1), spans.get("row", 1)


def tidy_cell(text: str) -> str:
    """A cell's text on one line, without a mark of cells that was one too many."""
    flat = flatten(text)
    # What is printable has no mark, and no space but the plain one.
    plain = flat.isprintable()
    tidy = flat.strip() if plain and "  " not in flat else " ".join((flat if plain else without_marks(flat)).split())
    return _MARK_OF_CELLS.sub("", tidy, count=1) if tidy.startswith(_MARKS_OF_CELLS) else tidy


def render_table(table: Table, ledger: Ledger) -> list[str]:
    """The table's lines, each marked as a row.

    A cell that spans rows is repeated in each of them; a cell that spans columns stands once, under the label that
    these columns share, under the labels of two or three (絵コンテ・演出), or under none. Labels that no cell stands
    under are a line of their own. Where cells may have shifted, and a row that ends in an empty cell shows that some
    did, the whole table goes without labels: rows that look in order may be shifted too, and a wrong label would
    state what is not so.

    Raises:
        Pathological: the repeated cells and labels would exceed the ledger's limit on characters.
    """
    ledger.note("table")
    lines = [table.caption] if table.caption else []
    block = _Block(ledger)
    shifted = table.may_shift and _looks_shifted(table.rows)
    size = 0
    for cells in _place(table.rows, ledger):
        if not cells:
            continue
        if _is_header(cells, block):
            if block.lines:
                lines += block.finish()
                block = _Block(ledger)
            block.add_labels(cells)
            continue
        block.lines.append(_SEPARATOR.join(cell.text for _, cell in cells) if shifted else block.line(cells))
        size += len(block.lines[-1])
        ledger.check_chars(size)
    lines += block.finish()
    ledger.note("table_row", len(lines))
    return [f"{ROW}{line}" for line in (*lines, *table.inner)]


def keeps_spans(page: str) -> bool:
    """Whether a release of pandoc wrote this page that keeps cells which span rows (3.6.3 and later), by its links."""
    return "{.wikilink}" in page or 'class="wikilink"' in page


def may_have_lost_spans(rows: list[list[Cell]], *, kept: bool) -> bool:
    """Whether cells of a converted table may stand under the wrong column, given whether its converter keeps spans.

    One that does not leaves no cell that spans rows. One that does still loses the spans that reach from the header
    into the body: then the row right under the header ends in an empty cell.
    """
    under = next((row for row in rows if row and not all(cell.header for cell in row)), [])
    lost = not kept and all(cell.rows == 1 for row in rows for cell in row)
    return lost or bool(under and not under[-1].text)


def _looks_shifted(rows: list[list[Cell]]) -> bool:
    """Whether a row ends in an empty cell, as it does where a cell that spanned into it is missing before that.

    The mark that `!!!` leaves of a header's empty first cell shows the same: that cell is missing.
    """
    if rows and any(_STRAY_MARK.match(cell.text) for cell in rows[0]):
        return True
    return any(not row[-1].text and any(cell.text for cell in row) for row in rows if row)


def _place(rows: list[list[Cell]], ledger: Ledger) -> Iterator[list[_Placed]]:
    """Each row's cells that have text, with their columns, those that span from above included."""
    size = 0
    carried: dict[int, tuple[int, Cell]] = {}
    for row in rows:
        if not carried and all(cell.rows <= 1 and cell.columns <= 1 for cell in row):
            line = [placed for placed in enumerate(row) if placed[1].text]
            size += sum([len(cell.text) for _, cell in line]) + len(row)
        else:
            line, carried, width = _place_among(carried, row)
            size += sum([len(cell.text) for _, cell in line]) + width
        ledger.check_chars(size)
        yield line


def _place_among(
    carried: dict[int, tuple[int, Cell]], row: list[Cell]
) -> tuple[list[_Placed], dict[int, tuple[int, Cell]], int]:
    """A row's cells among those that span from above, by their columns; what spans on; how many columns they take."""
    column = width = 0
    waiting = row[::-1]
    line: list[_Placed] = []
    following: dict[int, tuple[int, Cell]] = {}
    last = max(carried, default=-1)
    while waiting or column <= last:
        left, cell = carried.get(column, _NOTHING)
        if not left and not waiting:
            column += 1
            continue
        if not left:
            cell = waiting.pop()
            left = cell.rows
        if cell.text:
            line.append((column, cell))
        if left > 1:
            following[column] = (left - 1, cell)
        column += _span(cell)
        width += _span(cell)
    return line, following, width


def _is_header(cells: list[_Placed], block: "_Block") -> bool:
    """Whether a row labels the columns below it; a lone header cell is a title or a row of its own.

    Right under other labels it is one more of them, unless it is as wide as several: then it heads rows (第1期).
    """
    first = cells[0][1]
    if len(cells) == 1:
        return first.header and first.columns == 1 and bool(block.labels and not block.lines)
    return first.header and all(cell.header for _, cell in cells)


def _span(cell: Cell) -> int:
    return max(1, min(cell.columns, _MOST_COLUMNS))


class _Block:
    """Header rows and the rows below them, up to the next header row."""

    def __init__(self, ledger: Ledger) -> None:
        self.labels: dict[int, dict[str, None]] = {}
        self.label: dict[int, str] = {}
        """The labels of a column as one, for the columns that were asked for."""
        self.used: set[int] = set()
        """Columns whose labels stand in a line."""
        self.lines: list[str] = []
        self._ledger = ledger
        self._repeated = 0
        """Characters of labels in all lines."""

    def add_labels(self, row: list[_Placed]) -> None:
        for column, cell in row:
            label = _STRAY_MARK.sub("", cell.text)
            for spanned in range(column, column + _span(cell)):
                self.labels.setdefault(spanned, {})[label] = None

    def line(self, cells: list[_Placed]) -> str:
        first = cells[0][1]
        if len(cells) == 2 and first.header and not cells[1][1].header and not self.labels:
            return f"{first.text}：{cells[1][1].text}"
        if len(cells) == 1 and first.columns > 1:
            return first.text
        return _SEPARATOR.join([self._labelled(column, cell) for column, cell in cells])

    def _joined(self, column: int) -> str:
        label = self.label.get(column)
        if label is None:
            label = self.label[column] = " ".join(self.labels.get(column, ()))
        return label

    def _labelled(self, column: int, cell: Cell) -> str:
        label = self._joined(column)
        if cell.columns <= 1:
            self.used.add(column)
        else:
            spanned = range(column, column + _span(cell))
            labels = self.labels.get(column)
            if any(self.labels.get(one) != labels for one in spanned):
                if len(spanned) > _MOST_LABELS or not all(map(self.labels.get, spanned)):
                    return cell.text
                label = "・".join(dict.fromkeys(map(self._joined, spanned)))
            self.used.update(spanned)
        self._repeated += len(label)
        self._ledger.check_chars(self._repeated)
        return f"{label}：{cell.text}" if label and label != cell.text else cell.text

    def finish(self) -> list[str]:
        used = {label for column in self.used for label in self.labels.get(column, {})}
        every = list(dict.fromkeys(label for column in sorted(self.labels) for label in self.labels[column]))
        return self.lines if used.issuperset(every) else [_SEPARATOR.join(every), *self.lines]
