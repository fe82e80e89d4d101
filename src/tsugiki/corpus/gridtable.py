"""Grid tables of pandoc Markdown (`+---+`), with cells that span rows and columns."""

import re
import unicodedata
from dataclasses import dataclass, field
from itertools import pairwise

from tsugiki.corpus.markdown_strays import remove_strays
from tsugiki.corpus.marks import Ledger
from tsugiki.corpus.tables import Cell, Table, keeps_spans, may_have_lost_spans, render_table, tidy_cell

_TOP = re.compile(r"[ \t]*\+(?:[-=:]+\+)+[ \t]*$")
_RULE_CHARS = frozenset("-=:+")


def display_columns(line: str) -> list[str]:
    """The line as it lies on a screen, one entry a column: the second column of a wide character is empty."""
    if line.isascii():
        return list(line)
    columns: list[str] = []
    for char in line:
        if unicodedata.combining(char) or unicodedata.category(char) in ("Mn", "Me", "Cf"):
            if columns:
                columns[-1] += char
            continue
        columns.append(char)
        if unicodedata.east_asian_width(char) in "WF":
            columns.append("")
    return columns


@dataclass
class _Area:
    """One cell while its lines are read."""

    row: int
    columns: int
    lines: list[str] = field(default_factory=list)
    rows: int = 1
    header: bool = False

    def cell(self, ledger: Ledger) -> Cell:
        text = "\n".join(line.strip().removesuffix("\\") for line in self.lines)
        return Cell(
            tidy_cell(remove_strays(text, ledger)),
            self.header,
            self.columns,
            self.rows,
        )


def render_grid_tables(text: str, ledger: Ledger) -> str:
    """Replace grid tables by one line a row."""
    if "+--" not in text and "+==" not in text:
        return text
    spans = keeps_spans(text)
    lines = text.split("\n")
    kept: list[str] = []
    index = 0
    while index < len(lines):
        if not _TOP.match(lines[index]):
            kept.append(lines[index])
            index += 1
            continue
        end = index
        while end < len(lines) and lines[end].lstrip(" \t")[:1] in ("+", "|"):
            end += 1
        rows = _rows([display_columns(line.strip(" \t")) for line in lines[index:end]], ledger)
        kept += render_table(Table(rows=rows, may_shift=may_have_lost_spans(rows, kept=spans)), ledger)
        index = end
    return "\n".join(kept)


def _rows(grid: list[list[str]], ledger: Ledger) -> list[list[Cell]]:
    """The cells of a table drawn in characters, row by row."""
    edges = sorted({place for line in grid if _is_rule(line) for place, char in enumerate(line) if char == "+"})
    open_areas: dict[int, _Area] = {}
    areas: list[_Area] = []
    row = -1
    for line in grid:
        ruled = [_ruled(line, left, right) for left, right in pairwise(edges)]
        if any(ruled):
            row += 1
            header = "=" in line
            open_areas = _close_areas(open_areas, ruled, row, header, areas)
        _read(line, edges, ruled, row, open_areas, areas)
    rows: list[list[Cell]] = [[] for _ in range(max(row, 0) + 1)]
    for area in areas:
        rows[area.row].append(area.cell(ledger))
    return [cells for cells in rows if cells]


def _is_rule(line: list[str]) -> bool:
    return line[:1] == ["+"] or ("+" in line and line.count("-") > 2)


def _ruled(line: list[str], left: int, right: int) -> bool:
    between = line[left + 1 : right]
    return len(between) == right - left - 1 > 0 and _RULE_CHARS.issuperset(between) and not {"+"}.issuperset(between)


def _close_areas(
    open_areas: dict[int, _Area], ruled: list[bool], row: int, header: bool, areas: list[_Area]
) -> dict[int, _Area]:
    """End the cells above a rule; those the rule leaves open span one row more."""
    if header:
        for area in areas:
            area.header = True
    still: dict[int, _Area] = {}
    for column, area in open_areas.items():
        if any(ruled[column : column + area.columns]):
            continue
        area.rows = row - area.row + 1
        still[column] = area
    return still


def _read(
    line: list[str], edges: list[int], ruled: list[bool], row: int, open_areas: dict[int, _Area], areas: list[_Area]
) -> None:
    """Add one line's text to the cells it crosses, opening those that begin in it."""
    column = 0
    while column < len(ruled):
        if ruled[column]:
            column += 1
            continue
        end = column + 1
        while end < len(ruled) and not ruled[end] and "".join(line[edges[end] : edges[end] + 1]) not in "|+":
            end += 1
        if column not in open_areas:
            open_areas[column] = _Area(row, end - column)
            areas.append(open_areas[column])
        open_areas[column].lines.append("".join(line[edges[column] + 1 : edges[end]]))
        column = end
