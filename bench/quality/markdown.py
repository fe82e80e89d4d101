"""The facts of a page in Markdown, read by markdown-it and an HTML parser, and by nothing of the cleaner."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html.parser import HTMLParser

from markdown_it import MarkdownIt
from markdown_it.token import Token

from bench.quality.facts import GAP, Fact, fact, joint_fact
from bench.quality.wikitext import NOTES, wikitext_facts

_PARSER = MarkdownIt("commonmark").enable(["table", "strikethrough"])
_FOOTNOTE = re.compile(r"^\[\^[^\]\n]+\]:[^\n]*(?:\n+(?: {4}|\t)[^\n]*)*", re.MULTILINE)
_REFERENCE = re.compile(r"\[\^[^\]\n]+\]")
_RAW_BLOCK = re.compile(r"^(`{3,}) ?\{=mediawiki\}\n(.*?)^\1", re.MULTILINE | re.DOTALL)
_TABLE = re.compile(r"<table\b(?:(?!<table\b).)*?</table>", re.DOTALL | re.IGNORECASE)
_ATTRIBUTES = re.compile(r"^\{[.#=][^{}\n]*\}|\{[.#][^{}\n]*\}")
_STRAY = re.compile(r"(?:style|lang|align|class|width)=\\?\"[^\"\n]*\"\|?|\|-")
_NUMBER = re.compile(r"\[\d{1,3}\]")
_NOTE_LINK = re.compile(r"<a href=\"#fn[^<>]*>.*?</a>")
_NOTE_LINE = re.compile(r"\[\d{1,3}\](?:\s|$)")
_NO_TEXT = re.compile(
    r"(?:[<./]|Page/)*(?:Category|カテゴリ|File|Image|ファイル|画像|%E3%83%95%E3%82%A1)", re.IGNORECASE
)
_DRAWN = re.compile(r"^[ \t]*(?:\+[-=:]|-{2,}[ -]*-{2,}[ ]*$|\|[ \t-])", re.MULTILINE)
_COLUMNS = re.compile(r"\||[ ]{2,}|\u3000")
_IMAGE = re.compile(r"thumb\||\bpx\||\]\((?:ファイル|File|画像):|!\[|\.(?:svg|png|jpe?g)", re.IGNORECASE)


def markdown_facts(source: str) -> list[Fact]:
    """Every table cell and row, list item, heading, infobox value and stretch of prose of a page."""
    found: list[Fact] = []
    for raw in _RAW_BLOCK.finditer(source):
        found += wikitext_facts(raw[2])
    text = _REFERENCE.sub("", _FOOTNOTE.sub("", _RAW_BLOCK.sub("\n", _NOTE_LINK.sub("", source))))
    while tables := _TABLE.findall(text):
        for table in tables:
            found += _html_table(table)
        text = _TABLE.sub("\n\n", text)
    return found + list(_blocks(_PARSER.parse(text)))


def _blocks(tokens: list[Token]) -> Iterator[Fact]:
    dropped = level = 0
    heading = ""
    row: list[str] = []
    inside: list[str] = []
    for place, token in enumerate(tokens):
        drawn = "hr" in (one.type for one in tokens[max(0, place - 2) : place + 3])
        if token.type.endswith("_open"):
            inside.append(token.type)
            level = int(token.tag[1]) if token.type == "heading_open" else level
            row = [] if token.type == "tr_open" else row
        elif token.type.endswith("_close"):
            inside.pop()
            if token.type == "tr_close" and not dropped:
                yield from joint_fact("row", row)
        elif token.type == "inline" and inside[-1] == "heading_open":
            if not dropped or level <= dropped:
                heading = _inline(token).replace(GAP, "").strip()
                dropped = level if NOTES.fullmatch(heading) else 0
        elif token.type == "inline" and not dropped and not _IMAGE.search(token.content):
            facts = list(_paragraph(token, inside, drawn=drawn))
            if facts:
                yield from fact("heading", heading)
                heading = ""
            yield from facts
            row += [_inline(token)] if inside[-1] in ("td_open", "th_open") else []


def _paragraph(token: Token, inside: list[str], *, drawn: bool) -> Iterator[Fact]:
    text = _inline(token)
    if _NOTE_LINE.match(text) or ("{=mediawiki}" in token.content and token.content.startswith("``")):
        return
    if drawn:
        yield from fact("cell", text.replace(" ", GAP))
    elif _DRAWN.search(token.content):
        yield from fact("cell", _COLUMNS.sub(GAP, text))
    elif inside[-1] in ("td_open", "th_open"):
        yield from fact("cell", text)
    else:
        yield from fact("item" if "list_item_open" in inside else "prose", _NUMBER.sub(GAP, text))


def _inline(token: Token) -> str:
    """The text of an inline token; what is no text becomes a gap."""
    shown: list[str] = []
    hidden = 0
    for child in token.children or ():
        if child.type == "link_open":
            hidden += bool(hidden or _NO_TEXT.match(str(child.attrs.get("href", ""))))
        elif child.type == "link_close":
            hidden -= bool(hidden)
        elif child.type in ("softbreak", "hardbreak"):
            shown.append("\n")
        elif child.type == "code_inline":
            shown.append(f"\x02{child.content}\x02")
        elif child.type == "html_inline":
            shown.append(GAP if child.content.startswith(("<br", "<img", "<p", "<div")) else "")
        elif child.type == "image" or hidden:
            shown.append(GAP)
        elif child.content:
            shown.append(_STRAY.sub("", _ATTRIBUTES.sub("", child.content)))
    return re.sub("\x02[^\x02]*\x02", GAP, re.sub("\x02[^\x02]*\x02\\{=\\w+\\}", GAP, "".join(shown)))


class _Cells(HTMLParser):
    """Gathers the text of the cells of one table."""

    def __init__(self) -> None:
        super().__init__()
        self.rows: list[list[str]] = []
        self.hidden = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Begin a row or a cell, or break the text."""
        if tag == "tr":
            self.rows.append([])
        elif tag in ("td", "th") and self.rows:
            self.rows[-1].append("")
        elif tag == "a" and _NO_TEXT.match(dict(attrs).get("href") or ""):
            self.hidden = tag
        elif tag in ("br", "p", "img", "li", "div") and self.rows and self.rows[-1]:
            self.rows[-1][-1] += GAP

    def handle_endtag(self, tag: str) -> None:
        """End what is hidden."""
        self.hidden = "" if tag == self.hidden else self.hidden

    def handle_data(self, data: str) -> None:
        """Take in the text of a cell."""
        if self.rows and self.rows[-1] and not self.hidden:
            self.rows[-1][-1] += data.replace("\n", " ")


def _html_table(table: str) -> Iterator[Fact]:
    if _IMAGE.search(table):
        return
    cells = _Cells()
    cells.feed(table)
    for row in cells.rows:
        for cell in row:
            yield from fact("cell", _NUMBER.sub(GAP, cell))
        yield from joint_fact("row", [_NUMBER.sub(GAP, cell) for cell in row])
