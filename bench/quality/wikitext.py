"""The facts of a page in wikitext, read by mwparserfromhell and by nothing of the cleaner."""

from __future__ import annotations

import re
from collections.abc import Iterator

import mwparserfromhell as mw
from mwparserfromhell.nodes import (
    Argument,
    Comment,
    ExternalLink,
    Heading,
    HTMLEntity,
    Node,
    Tag,
    Template,
    Wikilink,
)
from mwparserfromhell.wikicode import Wikicode

from bench.quality.facts import GAP, Fact, fact, joint_fact

NOTES = re.compile(
    r"(?:脚注|注釈|註釈|注|註|注記|出典|参考文献|参考資料|参考|関連文献|関連項目|関連記事|関連リンク|外部リンク|文献|参照|"
    r"references|notes|see also|external links|bibliography|further reading)"
    r"(?:(?:[・、,/ および]|と|及び)+(?:脚注|注釈|出典|参考文献|関連項目|外部リンク|参照|文献|参考))*",
    re.IGNORECASE,
)
"""Headings of sections that say nothing of the subject themselves."""
_NO_TEXT = re.compile(
    r"(?:category|カテゴリ|file|image|media|ファイル|画像|メディア|[a-z]{2,3}(?:-[a-z-]+)?|simple)\s*:"
)
_UNSEEN = frozenset(
    [
        "ref",
        "references",
        "gallery",
        "timeline",
        "imagemap",
        "score",
        "math",
        "chem",
        "templatestyles",
        "graph",
        "style",
    ]
)
_BLOCK = frozenset(["br", "hr", "div", "p", "center", "blockquote", "ul", "ol", "dl", "table", "tr", "td", "th"])
_FIRST = frozenset(["仮リンク", "small", "nowrap", "visible anchor", "vanchor", "ruby", "ルビ", "読み仮名"])
_LAST = frozenset(["lang", "llang", "color"])
_INFOBOX = re.compile(r"infobox|基礎情報|^声優$|^actoractress$|^アニメ|^漫画|テレビ番組$", re.IGNORECASE)
_TECHNICAL = re.compile(
    r"画像|image|map|flag|logo|photo|地図|旗|位置|"
    r"width|size|color|色|緯度|経度|度|分|秒|国章リンク|大きさ|metric|single line",
    re.IGNORECASE,
)
_QUIET = re.compile(
    r"#|.*:|0$|main|see|otheruses|redirect|about|混同|navbox|.*の歴史$|sfn|refn|efn|reflist|脚注|注釈|出典|要|wik|commons|"
    r"sister|n$|cite|citation|flag|legend|.*icon$|interlang|pathnav|coor|ウィキ|population|location map|multiple image|"
    r"double image|wide image|gallery|external media|独自|特筆|存命|半保護|保護|clear|col-|col ?begin|col ?end|div col|"
    r"anchor|voice|portal|ポータル|良質|秀逸|.*stub$|節stub|defaultsort|デフォルトソート|bar |convert|cvt|ill|和暦|"
    r"font|weight|audio|.*年月日|日本の|dts|isbn|harv|r$|track",
    re.IGNORECASE,
)
"""Names of templates that show no words, those of a source, or other words than those they are given."""
_CODE = re.compile(r"[a-z-]{2,7}|#[0-9a-f]{3,6}|[0-9.]+(?:px|em|%)|https?:\S+|left|right|center", re.IGNORECASE)
_FILE = re.compile(r"[^\n]*\.(?:svg|png|jpe?g|gif|webp|ogg|oga|mid)\s*|\s*\d{1,4}px\s*", re.IGNORECASE)
_MARKERS = "*#:;"
_HEAD = "\x01"


def wikitext_facts(source: str) -> list[Fact]:
    """Every infobox value, cast pair, table cell, list item, heading and stretch of prose of a page."""
    page = mw.parse(source)
    return _facts(_kept(page)) if source else []


def _kept(page: Wikicode) -> list[Node]:
    """The nodes outside the sections of notes and links."""
    kept: list[Node] = []
    dropped = 0
    for node in page.nodes:
        if isinstance(node, Heading):
            if dropped and node.level > dropped:
                continue
            title = _text(node.title).replace(GAP, "").strip(" :：")
            dropped = node.level if NOTES.fullmatch(title) else 0
        if not dropped:
            kept.append(node)
    return kept


def _facts(nodes: list[Node]) -> list[Fact]:
    found: list[Fact] = []
    for node in nodes:
        if isinstance(node, Template) and _INFOBOX.search(_name(node)):
            found += _infobox(node)
        for call in _calls(node):
            found += _words(call)
        for table in _tables(node):
            found += _table(table)
    found += _lines(_render(nodes))
    return found


def _infobox(box: Template) -> Iterator[Fact]:
    for field in box.params:
        key, value = str(field.name).strip(), field.value
        if not field.showkey or _TECHNICAL.search(key) or _FILE.fullmatch(str(value)):
            continue
        for inner in value.filter_templates(recursive=False):
            if _INFOBOX.search(_name(inner)):
                yield from _infobox(inner)
        values = fact("infobox", _items(_text(value)))
        yield from values
        if values:
            yield Fact("field", (*(one.parts[0] for one in fact("field", key)), *(one.parts[0] for one in values)))


def _calls(node: Node) -> Iterator[Template]:
    """Templates in the text of a node, infoboxes apart; those inside another one are part of what it says."""
    if isinstance(node, Template):
        if not _INFOBOX.search(_name(node)):
            yield node
    elif isinstance(node, Wikilink):
        inside = node.text if node.text is not None and not _NO_TEXT.match(str(node.title).strip().lower()) else None
        for inner in inside.nodes if inside is not None else ():
            yield from _calls(inner)
    elif isinstance(node, Tag) and str(node.tag).strip().lower() not in _UNSEEN and node.contents is not None:
        for inner in node.contents.nodes:
            yield from _calls(inner)


def _words(call: Template) -> Iterator[Fact]:
    """What the unnamed parts of a template say, unless its name shows that it is no part of the text."""
    name = _name(call)
    if name in _FIRST | _LAST or _QUIET.match(name) or call.has("date"):
        return
    for part in call.params:
        text = _items(_text(part.value))
        if not part.showkey and not _FILE.fullmatch(text) and not _CODE.fullmatch(text):
            yield from fact("template", text)


def _tables(node: Node) -> Iterator[Tag]:
    if not isinstance(node, Tag):
        return
    if node.tag == "table":
        yield node
    elif node.contents is not None:
        for inner in node.contents.nodes:
            yield from _tables(inner)


def _table(table: Tag) -> Iterator[Fact]:
    for row in _children(table, ("tr",)):
        cells: list[str] = []
        for cell in _children(row, ("td", "th")):
            inner = [one for node in cell.contents.nodes for one in _tables(node)]
            for one in inner:
                yield from _table(one)
            cells.append(_items(_text(cell.contents)))
            yield from fact("cell", cells[-1])
        yield from joint_fact("row", cells)
    yield from _labels(table)


def _labels(table: Tag) -> Iterator[Fact]:
    """Each cell with the label of its column, in a table without spans below one row of labels."""
    rows = [[*_children(row, ("td", "th"))] for row in _children(table, ("tr",))]
    rows = [row for row in rows if row]
    plain = all(not cell.has(span) for row in rows for cell in row for span in ("colspan", "rowspan"))
    if not plain or len(rows) < 2 or not all(cell.tag == "th" for cell in rows[0]):
        return
    labels = [fact("label", _items(_text(cell.contents))) for cell in rows[0]]
    for row in rows[1:]:
        if len(row) != len(labels) or all(cell.tag == "th" for cell in row):
            return
        for label, cell in zip(labels, row, strict=True):
            value = fact("label", _items(_text(cell.contents)))
            if len(label) == len(value) == 1 and label != value:
                yield Fact("label", label[0].parts + value[0].parts)


def _children(parent: Tag, tags: tuple[str, ...]) -> Iterator[Tag]:
    for node in parent.contents.nodes if parent.contents is not None else ():
        if isinstance(node, Tag) and node.tag in tags:
            yield node
        elif isinstance(node, Tag) and node.tag in ("tbody", "thead", "tr") and "td" in tags:
            yield from _children(node, tags)


def _lines(text: str) -> Iterator[Fact]:
    """Headings with text below them, pairs, list items and prose, by the markers at the beginning of lines."""
    term, heading = "", ""
    for line in text.split("\n"):
        if line.startswith(_HEAD):
            heading = line[1:]
            continue
        if fact("prose", line):
            yield from fact("heading", heading)
            heading = ""
        stripped = line.strip(" \t")
        content = stripped.lstrip(_MARKERS)
        marker = stripped[: len(stripped) - len(content)][-1:]
        yield from fact("item" if marker else "prose", content)
        if marker == ";":
            term, colon, definition = content.partition(":")
            if colon:
                yield from _pair(term, definition)
        elif marker == ":" and term:
            yield from _pair(term, content)
            term = ""
        else:
            term = ""


def _pair(term: str, definition: str) -> Iterator[Fact]:
    terms, definitions = fact("pair", term), fact("pair", definition)
    if terms and definitions:
        yield Fact("pair", (terms[-1].parts[0], definitions[0].parts[0]))


def _items(text: str) -> str:
    return "\n".join(line.strip(" \t").lstrip(_MARKERS) for line in text.split("\n"))


def _text(code: Wikicode) -> str:
    return _render(code.nodes)


def _render(nodes: list[Node]) -> str:
    return "".join(map(_shown, nodes))


def _shown(node: Node) -> str:
    """What a reader sees of a node; GAP where that cannot be known."""
    if isinstance(node, Comment):
        return ""
    if isinstance(node, Heading):
        return f"\n{_HEAD}{_text(node.title)}\n"
    if isinstance(node, Wikilink):
        return _link(node)
    if isinstance(node, ExternalLink):
        return _text(node.title) if node.title is not None else GAP
    if isinstance(node, HTMLEntity):
        return str(node.normalize())
    if isinstance(node, Argument):
        return GAP
    if isinstance(node, Template):
        return _template(node)
    if isinstance(node, Tag):
        return _tag(node)
    return re.sub(r"__[A-Z]+__|https?:\S+", GAP, str(node))


def _link(link: Wikilink) -> str:
    title = str(link.title).strip()
    if _NO_TEXT.match(title.lower()):
        return GAP
    if link.text is None:
        return title.lstrip(":")
    return _text(link.text) or GAP


def _template(call: Template) -> str:
    unnamed = [field.value for field in call.params if not field.showkey]
    name = _name(call)
    if name in _FIRST and unnamed and not call.has("label"):
        shown = _text(unnamed[0])
        return GAP if name == "仮リンク" and "(" in shown else f"{shown}{GAP}"
    if name in _LAST and unnamed:
        return f"{_text(unnamed[-1])}"
    return GAP


def _tag(tag: Tag) -> str:
    name = str(tag.tag).strip().lower()
    if name in _UNSEEN:
        return "" if name == "ref" else GAP
    if tag.wiki_markup in ("*", "#", ":", ";"):
        return str(tag.wiki_markup)
    if name == "table":
        return "\n"
    inner = _text(tag.contents) if tag.contents is not None else ""
    return f"{GAP}{inner}{GAP}" if name in _BLOCK else inner


def _name(call: Template) -> str:
    return re.sub(r"[\s_]+", " ", str(call.name)).strip().lower()
