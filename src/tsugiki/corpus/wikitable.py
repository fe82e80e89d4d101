"""Tables of wikitext (`{| … |}`), nested ones included."""

import re

from tsugiki.corpus.marks import BREAK, HEADING, ROW, Ledger
from tsugiki.corpus.tables import Cell, Table, read_spans, render_table, tidy_cell

_OPENING = re.compile(r"[ \t:*#;]*\{\|")
_TOKEN_LINE = re.compile(r"^[ \t:*#;]*(\{\||\|\})", re.MULTILINE)
_ATTRIBUTES = re.compile(r"[^|\[\]]*=[^|\[\]]*$|\s*(?:nowrap)?\s*$", re.IGNORECASE)
_ONLY_ATTRIBUTES = re.compile(r"^(?:(?:style|align|class|bgcolor|width)\s*=\s*\"[^\"]*\"\s*)+$", re.IGNORECASE)
_WHOLE_ROW = 1000
_LIST_MARKERS = tuple("*#:;")
_LIST = re.compile(r"^[ \t]*[*#:;]+[ \t]*", re.MULTILINE)


class _Open:
    """A table whose end was not met yet."""

    def __init__(self) -> None:
        self.table = Table()
        self.row: list[Cell] = []
        self.cell: tuple[str, bool] | None = None
        """Attributes of the cell being read, and whether it is a header."""
        self.text: list[str] = []
        self.in_caption = False

    def end_cell(self) -> None:
        if self.in_caption:
            self.table.caption = tidy_cell("\n".join(self.text))
        elif self.cell is not None:
            text = (self.text[0] if len(self.text) == 1 else "\n".join(self.text)).strip().removesuffix("|")
            if "=" in text and _ONLY_ATTRIBUTES.match(text):
                text = ""
            if (text.startswith(_LIST_MARKERS) or "\n" in text) and _LIST.search(text):
                text = "、".join(filter(None, map(tidy_cell, _LIST.sub("", text).split("\n"))))
            else:
                text = tidy_cell(text)
            self.row.append(Cell(text, self.cell[1], *read_spans(self.cell[0])))
        self.cell, self.text, self.in_caption = None, [], False

    def end_row(self) -> None:
        self.end_cell()
        if self.row:
            self.table.rows.append(self.row)
        self.row = []

    def read(self, line: str) -> None:
        """Take in one line between the table's start and its end."""
        if line.startswith(ROW):
            # A template that stands for a whole row: its parts are not in the order of the columns.
            self.end_row()
            self.table.rows.append([Cell(tidy_cell(line), columns=_WHOLE_ROW)])
        elif line.startswith("|-"):
            self.end_row()
        elif line.startswith("|+"):
            self.end_cell()
            self.in_caption = True
            self.text = [_attributes(line[2:])[1]]
        elif line.startswith(("|", "!")):
            header = line[0] == "!"
            for cell in (line[1:].replace("!!", "||") if header else line[1:]).split("||"):
                self.end_cell()
                attributes, text = _attributes(cell)
                self.cell, self.text = (attributes, header), [text]
        elif self.cell is not None or self.in_caption:
            self.text.append(line)


def _attributes(cell: str) -> tuple[str, str]:
    before, pipe, after = cell.partition("|")
    return (before, after) if pipe and _ATTRIBUTES.match(before) else ("", cell)


def render_wikitables(text: str, ledger: Ledger) -> str:
    """Replace tables by one line a row; a table that is never closed ends at the next heading."""
    if "{|" not in text:
        return text
    lines = text.split("\n")
    # most lines are outside of tables, and are passed by
    openings = [number for number, line in enumerate(lines) if "{|" in line and _OPENING.match(line)][::-1]
    closed: list[bool] = []
    kept: list[str] = []
    stack: list[_Open] = []
    index = 0
    while stack or openings:
        if not stack:
            kept += lines[index : openings[-1]]
            index = openings[-1]
        if index == len(lines):
            _close(stack, kept, ledger, "")
            continue
        line = lines[index]
        if openings and index == openings[-1]:
            openings.pop()
            stack.append(_Open())
            ledger.check_depth(len(stack))
        elif line.startswith(HEADING):
            closed = closed or _closed_ahead(lines)
            if not closed[index]:
                while stack:
                    _close(stack, kept, ledger, "")
                kept.append(line)
            else:
                stack[-1].read(line)
        else:
            stripped = line.lstrip(" \t:*#;") if "{|" in line else line.lstrip(" \t")
            if stripped.startswith("|}"):
                _close(stack, kept, ledger, stripped[2:])
            else:
                stack[-1].read(stripped)
        index += 1
    return "\n".join(kept + lines[index:])


def _close(stack: list[_Open], kept: list[str], ledger: Ledger, rest: str) -> None:
    done = stack.pop()
    done.end_row()
    lines = render_table(done.table, ledger)
    if stack:
        stack[-1].table.inner += [line[1:] for line in lines]
    else:
        kept += lines
    if rest.strip(f" {BREAK}"):
        (stack[-1].text if stack else kept).append(rest)


def _closed_ahead(lines: list[str]) -> list[bool]:
    """For each line, whether the next table token after it ends a table."""
    closed = [False] * len(lines)
    ends = False
    for index in range(len(lines) - 1, -1, -1):
        closed[index] = ends
        if found := _TOKEN_LINE.match(lines[index]):
            ends = found[1] == "|}"
    return closed
