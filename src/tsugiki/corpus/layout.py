"""The last step from marks to lines: plain text, or Markdown of headings, lists and definitions."""

import re

from tsugiki.corpus.marks import BREAK, DEEPER, DEFINITION, FIELD, HEADING, ITEM, LINE_MARKS, ROW, TERM, Ledger

_HEADING = re.compile(f"\n{HEADING}[0-9]")
_LEVEL = re.compile(f"\n{HEADING}([0-9])[ \t]*([^\n]*)\n*")
_ITEM = f"{ITEM}{ROW}{FIELD}"
# In Markdown a line would run on into the one before: kinds of lines are set apart by a blank line.
_BEFORE_ITEM = re.compile(f"(\n[^\n{LINE_MARKS}][^\n]*)(?=\n[{_ITEM}{TERM}{DEFINITION}])")
_AFTER_ITEM = re.compile(f"(\n[{LINE_MARKS}][^\n]*)(?=\n[^\n{LINE_MARKS}])")
_AFTER_DEFINITION = re.compile(f"(\n{DEFINITION}[^\n]*)(?=\n[{_ITEM}])|(\n[{_ITEM}][^\n]*)(?=\n{DEFINITION})")
_BROKEN = re.compile(f"\n[{HEADING}{LINE_MARKS}][^\n]*{BREAK}[^\n]*")
_LITERAL = re.compile(r"\n(?=#{1,6} |>|: )")


def lay_out_text(text: str, _ledger: Ledger) -> str:
    """Replace marks by line ends: a heading has a blank line before it, everything else one line."""
    text = _HEADING.sub("\n\n", f"\n{text}")[1:]
    for mark in (HEADING, *LINE_MARKS, DEEPER):
        text = text.replace(mark, "")
    return text.replace(BREAK, "\n")


def lay_out_markdown(text: str, _ledger: Ledger) -> str:
    """Replace marks by Markdown: `## 放送`, `- item` with two spaces for each level of nesting, `: definition`.

    Rows of tables and fields of infoboxes are items, so that each stays a line of its own. A line of the page that
    only looks like a heading, a quotation or a definition is escaped. DEEPER stays, for `finish_plain` to indent by.
    """
    text = _LITERAL.sub(r"\n\\", f"\n{text}")
    if BREAK in text:
        text = _BROKEN.sub(lambda line: line[0].replace(BREAK, " "), text).replace(BREAK, "\n")
    for pattern in (_BEFORE_ITEM, _AFTER_ITEM):
        text = pattern.sub(r"\1\n", text)
    text = _AFTER_DEFINITION.sub(r"\1\2\n", text)
    text = _LEVEL.sub(lambda line: f"\n\n{'#' * int(line[1])} {line[2]}\n\n", text)
    text = re.sub(f"[{_ITEM}]({DEEPER}*)", r"\1- ", text)
    return text.replace(TERM, "\n").replace(DEFINITION, ": ").replace(HEADING, "")[1:]
