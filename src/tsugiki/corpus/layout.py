"""The last step from marks to lines: plain text, or Markdown of headings, lists and definitions."""

import re

from tsugiki.corpus.charset import CharSet
from tsugiki.corpus.marks import BREAK, DEEPER, DEFINITION, FIELD, HEADING, ITEM, LINE_MARKS, ROW, TERM, Ledger

_MARKED = re.compile(f"\n(?:{HEADING}[0-9]|[{LINE_MARKS}]{DEEPER}*)")
_STRAY = CharSet(f"{HEADING}{LINE_MARKS}{DEEPER}{BREAK}")
_MARK = re.compile(f"[{HEADING}{LINE_MARKS}{DEEPER}]")
_LITERAL = re.compile(r"#{1,6} |>|: ")
_SET_APART = {
    ITEM: ("", TERM, DEFINITION),
    TERM: ("", ITEM, TERM, DEFINITION),
    DEFINITION: ("", ITEM),
    "": (ITEM, TERM, DEFINITION),
}
"""By the kind of a line, the kinds above it that need a blank line between: else it would run on into them."""


def lay_out_text(text: str, _ledger: Ledger) -> str:
    """Replace marks by line ends: a heading has a blank line before it, everything else one line."""
    text = _MARKED.sub(lambda mark: "\n\n" if mark[0][1] == HEADING else "\n", f"\n{text}")[1:]
    # few pages have breaks, or marks inside a line, which mark nothing
    return _MARK.sub("", text).replace(BREAK, "\n") if _STRAY.occurs(text) else text


def lay_out_markdown(text: str, _ledger: Ledger) -> str:
    """Replace marks by Markdown: `## 放送`, `- item` with two spaces for each level of nesting, `: definition`.

    Rows of tables and fields of infoboxes are items, so that each stays a line of its own. A line of the page that
    only looks like a heading, a quotation or a definition is escaped. DEEPER stays, for `finish_plain` to indent by.
    """
    kept: list[str] = []
    above: str | None = None
    around = 0
    for line in text.split("\n"):
        kind, laid_out = _lay_out(line)
        if kind == ITEM:
            # an item cannot stand more than one list deeper than the one above it
            depth = len(laid_out) - len(laid_out.lstrip(DEEPER))
            laid_out = laid_out[max(0, depth - around) :]
            around = min(depth, around) + 1
        elif laid_out:
            around = 0
        if kind is not None and above is not None and above in _SET_APART[kind]:
            kept.append("")
        kept.append(laid_out)
        above = kind
    return "\n".join(kept)


def _lay_out(line: str) -> tuple[str | None, str]:
    """The kind of a line (None: one that ends what is above it) and what becomes of it."""
    if not line or line.isspace():
        return None, ""
    mark = line[0]
    if mark == HEADING:
        level, title = line[1:2], _MARK.sub("", line[2:]).replace(BREAK, " ").strip()
        return None, f"\n{'#' * int(level)} {title}\n"
    if mark in LINE_MARKS:
        item = line[1:].lstrip(DEEPER)
        depth = len(line) - 1 - len(item)
        # a mark inside a line marks nothing
        item = _MARK.sub("", item).replace(BREAK, " ")
        if mark in (ITEM, ROW, FIELD):
            return ITEM, f"{DEEPER * depth}- {item}"
        return mark, item if mark == TERM else f": {item}"
    parts = _MARK.sub("", line).split(BREAK)
    return "", "\n".join(f"\\{part}" if _LITERAL.match(part) else part for part in parts)
