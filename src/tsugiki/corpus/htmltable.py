"""Tables written in HTML, as pandoc writes them and some pages do by hand."""

import re

from tsugiki.corpus.marks import BREAK, Ledger
from tsugiki.corpus.tables import Cell, Table, keeps_spans, may_have_lost_spans, read_spans, render_table, tidy_cell

_TOKEN = re.compile(r"<(/?)(table|tr|td|th|caption)\b([^<>]*)>", re.IGNORECASE)


class _Open:
    """A table whose end was not met yet."""

    def __init__(self) -> None:
        self.table = Table()
        self.cell: tuple[str, str] | None = None
        """Kind (`td`, `th`, `caption`) and attributes of the cell being read."""
        self.text: list[str] = []

    def end_cell(self) -> None:
        text = tidy_cell("".join(self.text))
        if self.cell is not None and self.cell[0] == "caption":
            self.table.caption = text
        elif self.cell is not None:
            if not self.table.rows:
                self.table.rows.append([])
            self.table.rows[-1].append(Cell(text, self.cell[0] == "th", *read_spans(self.cell[1])))
        self.cell, self.text = None, []

    def read(self, kind: str, closes: bool, attributes: str) -> None:
        """Take in one tag inside the table."""
        self.end_cell()
        if kind == "tr" and not closes:
            self.table.rows.append([])
        elif kind != "tr" and not closes:
            self.cell = (kind, attributes)


def render_html_tables(text: str, ledger: Ledger) -> str:
    """Replace <table> elements by one line a row; one that is never closed ends with the page."""
    if "<table" not in text:
        return text
    # Only converters write these; tables written by hand have all their spans.
    spans = keeps_spans(text) if "<thead" in text or "<tbody" in text else None
    kept: list[str] = []
    stack: list[_Open] = []
    position = 0
    for token in _TOKEN.finditer(text):
        (stack[-1].text if stack else kept).append(text[position : token.start()])
        position = token.end()
        kind, closes = token[2].lower(), bool(token[1])
        if kind == "table" and not closes:
            stack.append(_Open())
            ledger.check_depth(len(stack))
        elif kind == "table" and stack:
            _close(stack, kept, ledger, spans)
        elif stack:
            stack[-1].read(kind, closes, token[3])
    (stack[-1].text if stack else kept).append(text[position:])
    while stack:
        if stack[-1].cell is None:
            kept.append("".join(stack[-1].text))
        _close(stack, kept, ledger, spans)
    return "".join(kept)


def _close(stack: list[_Open], kept: list[str], ledger: Ledger, spans: bool | None) -> None:
    """End the innermost table; `spans` is whether its converter keeps them, or None where none wrote it."""
    done = stack.pop()
    done.end_cell()
    done.table.may_shift = spans is not None and may_have_lost_spans(done.table.rows, kept=spans)
    lines = render_table(done.table, ledger)
    if stack:
        stack[-1].table.inner += [line[1:] for line in lines]
    else:
        kept.append("".join(("\n", *(f"{line}\n" for line in lines), BREAK)))
