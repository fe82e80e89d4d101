"""Blocks of Markdown: setext headings, lists, definitions, quotations, divisions and pipe tables."""

import re

from tsugiki.corpus.marks import DEEPER, DEFINITION, HEADING, ITEM, LINE_MARKS, TERM, Ledger
from tsugiki.corpus.tables import Cell, Table, keeps_spans, may_have_lost_spans, render_table, tidy_cell

_SETEXT = re.compile(r"(?:^|(?<=\n\n))([^\s\n|>#+=~`:-][^\n]*)\n(={3,}|-{3,})[ \t]*(?=\n|$)")
_DIVISION = re.compile(r"^[ \t]*:{3,}[^\n]*$", re.MULTILINE)
_QUOTATION = re.compile(r"^[ ]{0,3}(?:>[ ]?)+", re.MULTILINE)
_ITEM = re.compile(r"^([ \t]*)(?:[-+*]|[0-9]{1,9}[.)]|#\.)[ \t]+(?:\[[ xX]\][ ])?", re.MULTILINE)
_UNINDENTED = re.compile(r"\n[^\s\x02]")
_EMPTY_ITEM = re.compile(r"^(?:[ \t]+[-+*]|[ \t]*[0-9]{1,9}[.)])[ \t]*$", re.MULTILINE)
_DEFINITION = re.compile(r"^[ ]{0,3}:[ \t]+", re.MULTILINE)
_TERM = re.compile(f"^(?!-[ \\t]*\n)(?=[^\\s{HEADING}{LINE_MARKS}])(?=[^\n]*\n{DEFINITION})", re.MULTILINE)
# What is left of a table that a converter cut in two: rows without a header.
_LOOSE_ROW = re.compile(r"[ \t]*\|[ \t][^\n]*[ \t]\|[ \t]*$")
_DELIMITER = re.compile(r"[ \t]*\|?[ \t]*:?-{2,}[-:| \t]*$")


def mark_setext_headings(text: str, ledger: Ledger) -> str:
    """Turn headings underlined with === or --- into `#` and `##`."""
    return ledger.sub("setext", _SETEXT, lambda line: f"{'#' if line[2][0] == '=' else '##'} {line[1]}", text)


def mark_lists(text: str, ledger: Ledger) -> str:
    """Mark list items and definitions, and remove the marks of quotations and divisions."""
    text = ledger.sub("division", _DIVISION, "", text)
    text = ledger.sub("quotation", _QUOTATION, "", text)
    text = ledger.sub("list_marker", _DEFINITION, DEFINITION, text)
    if DEFINITION in text:
        text = _TERM.sub(TERM, text)
    text = ledger.sub("list_marker", _EMPTY_ITEM, ITEM, text)
    return _mark_items(text, ledger)


def _mark_items(text: str, ledger: Ledger) -> str:
    """Mark items with their depth, by the items above them that are indented less; other text ends a list."""
    kept: list[str] = []
    widths: list[int] = []
    position = 0
    for item in _ITEM.finditer(text):
        if _UNINDENTED.search(text, max(0, position - 1), item.start()):
            widths = []
        width = len(item[1].expandtabs(4))
        while widths and widths[-1] >= width:
            widths.pop()
        kept += (text[position : item.start()], ITEM, DEEPER * len(widths))
        widths.append(width)
        position = item.end()
        ledger.note("list_marker")
    return "".join((*kept, text[position:]))


def render_pipe_tables(text: str, ledger: Ledger) -> str:
    """Replace pipe tables by one line a row; `|` in a cell must be hidden already."""
    if "|--" not in text and "| --" not in text and "|:-" not in text:
        return text
    spans = keeps_spans(text)
    kept: list[str] = []
    lines = text.split("\n")
    index = 0
    while index < len(lines):
        if "|" in lines[index] and index + 1 < len(lines) and _is_delimiter(lines[index + 1]):
            rows = [_cells(lines[index], header=True)]
            index += 2
            while index < len(lines) and "|" in lines[index] and lines[index].strip():
                rows.append(_cells(lines[index], header=False))
                index += 1
            kept += render_table(Table(rows=rows, may_shift=may_have_lost_spans(rows, kept=spans)), ledger)
        else:
            end = index
            while end < len(lines) and _LOOSE_ROW.match(lines[end]):
                end += 1
            rows = [_cells(line, header=False) for line in lines[index:end]]
            kept += render_table(Table(rows=rows, may_shift=True), ledger) if rows else [lines[index]]
            index = max(end, index + 1)
    return "\n".join(kept)


def _is_delimiter(line: str) -> bool:
    return "|" in line and _DELIMITER.match(line) is not None


def _cells(line: str, *, header: bool) -> list[Cell]:
    stripped = line.strip()
    return [Cell(tidy_cell(text), header) for text in stripped.removeprefix("|").removesuffix("|").split("|")]
