"""Lists and definition lists: markers go, lines stay apart, and a lone dash joins only two plain lines."""

import re

from tsugiki.corpus.marks import BREAK, DEEPER, DEFINITION, HEADING, ITEM, LINE_MARKS, TERM, Ledger, hide

# Each begins with the line end before its line (the first line is given one): a fixed character is found fastest.
_WIKITEXT_LINE = re.compile(r"\n[ \t]*([*#:;]+)[ \t]*([^\n]*)")
_EMPTY_ITEM = re.compile(f"\n(?:[{LINE_MARKS}]{DEEPER}*|-)[ \t{BREAK}]*(?=\n|$)")
_BULLET = re.compile(f"(\n[{ITEM}{TERM}{DEFINITION}]?{DEEPER}*)[ \t]*(?:・[ \t]?|[-*{hide('-')}] +)+")
_LONE_DASH = re.compile(r"\n[ \t]*-[ \t]*(?=\n|$)")
_MARKED = (HEADING, *LINE_MARKS)


def mark_wikitext_lists(text: str, ledger: Ledger) -> str:
    """Mark list lines by the last of their markers; `; 役 : 声優` becomes a term and its definition."""

    def mark(line: re.Match[str]) -> str:
        kind = {";": TERM, ":": DEFINITION}.get(line[1][-1], ITEM)
        content = line[2]
        if kind == TERM:
            term, inline, definition = content.partition(" : ")
            if inline:
                content = f"{term}\n{DEFINITION}{definition}"
        return f"\n{kind}{DEEPER * (len(line[1]) - 1) if kind == ITEM else ''}{content}"

    return ledger.sub("list_marker", _WIKITEXT_LINE, mark, f"\n{text}")[1:]


def join_lone_dashes(text: str, ledger: Ledger) -> str:
    """Join `A`, a line of one dash, and `B` to `A - B`; any other lone dash goes.

    A dash is joined across only if it stands at the very start of its line, directly between two plain lines. A list
    item whose template vanished looks much the same, and joining its neighbours would state what no one wrote.
    """
    if not _LONE_DASH.search(f"\n{text}"):
        return text
    lines: list[str] = []
    pending = text.split("\n")
    index = 0
    while index < len(pending):
        line = pending[index]
        if line.strip() != "-":
            lines.append(line)
        elif line == "-" and lines and index + 1 < len(pending) and _plain(lines[-1]) and _plain(pending[index + 1]):
            ledger.note("dash_joined")
            index += 1
            lines[-1] = f"{lines[-1].rstrip()} - {pending[index].lstrip()}"
        else:
            ledger.note("dash_removed")
        index += 1
    return "\n".join(lines)


def _plain(line: str) -> bool:
    return bool(line.strip()) and not line.startswith(_MARKED) and line.strip() != "-"


def drop_empty_items(text: str, ledger: Ledger) -> str:
    """Drop list items of which nothing is left, and dashes that other rules left alone on their line."""
    return ledger.sub("empty_item", _EMPTY_ITEM, "", f"\n{text}")[1:]


def strip_bullets(text: str, ledger: Ledger) -> str:
    """Remove bullets (・, -, *) that stand in the text itself at the start of a line."""
    return ledger.sub("bullet", _BULLET, r"\1", f"\n{text}")[1:]
