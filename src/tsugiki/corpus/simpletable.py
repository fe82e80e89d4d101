"""Simple and multiline tables of pandoc Markdown, whose columns are drawn by rulers of dashes."""

import re

from tsugiki.corpus.gridtable import display_columns
from tsugiki.corpus.markdown_strays import remove_strays
from tsugiki.corpus.marks import Ledger
from tsugiki.corpus.tables import Cell, Table, keeps_spans, may_have_lost_spans, render_table, tidy_cell

_RULER = re.compile(r" {2,}-{2,}(?: +-+)*[ ]*$")
_DASHES = re.compile(r"-+")

_Columns = list[tuple[int, int]]


def render_simple_tables(text: str, ledger: Ledger) -> str:
    """Replace tables under or between rulers of dashes, indented by two spaces, by one line a row."""
    if "\n  --" not in text and not text.startswith("  --"):
        return text
    spans = keeps_spans(text)
    lines = text.split("\n")
    closing = _closing_rulers(lines)
    kept: list[str] = []
    index = 0
    while index < len(lines):
        if not _RULER.match(lines[index]):
            kept.append(lines[index])
            index += 1
        elif kept and kept[-1].startswith("  ") and kept[-1].strip():
            header, ruler = kept.pop(), lines[index]
            end = index + 1
            while end < len(lines) and lines[end].strip():
                end += 1
            kept += _render([header], ruler, lines[index + 1 : end], ledger, spans=spans)
            index = end
        elif (last := closing[index]) is not None:
            kept += _render_block(lines[index], lines[index + 1 : last], ledger, spans=spans)
            index = last + 1
        else:
            index += 1
    return "\n".join(kept)


def _closing_rulers(lines: list[str]) -> list[int | None]:
    """For each line, the next ruler after it that a blank line or the end of the page follows."""
    closing: list[int | None] = [None] * len(lines)
    following: int | None = None
    for index in range(len(lines) - 1, -1, -1):
        closing[index] = following
        if _RULER.match(lines[index]) and (index + 1 == len(lines) or not lines[index + 1].strip()):
            following = index
    return closing


def _render_block(top: str, body: list[str], ledger: Ledger, *, spans: bool) -> list[str]:
    """A table between two rulers; a ruler between them ends its header."""
    middle = next((place for place, line in enumerate(body) if _RULER.match(line)), None)
    if middle is None:
        return _render([], top, body, ledger, spans=spans)
    return _render(body[:middle], body[middle], body[middle + 1 :], ledger, spans=spans)


def _render(header: list[str], ruler: str, body: list[str], ledger: Ledger, *, spans: bool) -> list[str]:
    columns = _columns(ruler)
    rows = [_cells(header, columns, ledger, header=True)] if any(line.strip() for line in header) else []
    group: list[str] = []
    multiline = any(not line.strip() for line in body)
    for line in [*body, ""]:
        if line.strip() and not _RULER.match(line):
            group.append(line)
        if group and (not multiline or not line.strip()):
            rows.append(_cells(group, columns, ledger, header=False))
            group = []
    return render_table(Table(rows=rows, may_shift=may_have_lost_spans(rows, kept=spans)), ledger)


def _columns(ruler: str) -> _Columns:
    spans = [found.span() for found in _DASHES.finditer(ruler)]
    ends = [start for start, _ in spans[1:]]
    return [(start, end) for (start, _), end in zip(spans, [*ends, 1 << 30], strict=True)]


def _cells(lines: list[str], columns: _Columns, ledger: Ledger, *, header: bool) -> list[Cell]:
    drawn = [display_columns(line.removesuffix("\\")) for line in lines]
    texts = ("\n".join("".join(line[start:end]).strip().removesuffix("\\") for line in drawn) for start, end in columns)
    return [Cell(tidy_cell(remove_strays(text, ledger)), header) for text in texts]
