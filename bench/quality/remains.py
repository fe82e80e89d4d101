"""What a cleaned text should not hold: markup left over, and brackets and quotes that were emptied."""

from __future__ import annotations

import re

JUNK = {
    "braces": re.compile(r"\{\{+|\}\}+|\{\||\|\}"),
    "brackets": re.compile(r"\[\[|\]\]|\]\([^)\n]*\)?"),
    "quotes": re.compile(r"'{2,}"),
    "tags": re.compile(r"</?[a-zA-Z][a-zA-Z0-9]{0,14}(?:\s[^<>\n]{0,300})?/?>"),
    "comments": re.compile(r"<!--|-->"),
    "entities": re.compile(r"&(?:nbsp|amp|lt|gt|quot|#[0-9]{1,6}|#x[0-9a-fA-F]{1,5}|[a-z]{2,8});"),
    "table": re.compile(r"^[ \t]*(?:\{\||\|\}|\|-|\|\+|[|!])[^\n]*$", re.MULTILINE),
    "attributes": re.compile(
        r"(?:style|align|class|bgcolor|width|height|valign|rowspan|colspan|cellpadding|border|scope|lang|href|title)"
        r" ?= ?(?:\"[^\"\n]*\"|'[^'\n]*'|[0-9a-z#%]+)",
        re.IGNORECASE,
    ),
    "image": re.compile(
        r"\b(?:thumb|thumbnail|frameless|upright)\||\|\s*(?:thumb|left|right|center|\d{1,4}px)\b"
        r"|^(?:thumb|サムネイル|right|left|\d{2,4}px)\b"
        r"|(?:File|Image|ファイル|画像):[^\s。]{1,100}\.(?:jpe?g|png|svg|gif|ogg)",
        re.IGNORECASE | re.MULTILINE,
    ),
    "category": re.compile(r"(?:Category|カテゴリ|DEFAULTSORT|デフォルトソート):[^\n]{0,100}", re.IGNORECASE),
    "switches": re.compile(r"__[A-Z]{3,}__"),
    "pandoc": re.compile(r"\"wikilink\"|\{\.[a-z-]+[^{}\n]*\}|\{=mediawiki\}|\[\^[^\]\n]{1,20}\]|\\[\[\]*_<>()!#-]"),
    "magic": re.compile(r"\{\{\{|#(?:if|switch|expr|invoke|tag):"),
}
TEXT_ONLY = {
    "headings": re.compile(r"^(?:={2,6}[^=\n]+={2,6}|#{1,6} [^\n]*)$", re.MULTILINE),
    "markers": re.compile(r"^(?:[*#:;]+ ?|[-*+] )(?=\S)", re.MULTILINE),
    "emphasis": re.compile(r"\*\*"),
}
"""Marks that belong in Markdown, and nowhere in plain text."""
_EMPTY = re.compile(r"[(（][\s、,，;；:：/／・]*[)）]|「[\s、,]*」|『[\s、,]*』")
_BROKEN = re.compile(r"[(（][ \u3000]?[、,，;；]|[、,，;；][ \u3000]?[)）]")


def junk_chars(text: str, *, markdown: bool) -> dict[str, int]:
    """Characters of markup left in a text, by kind; kinds may overlap."""
    kinds = JUNK if markdown else JUNK | TEXT_ONLY
    found = {kind: sum(len(match[0]) for match in pattern.finditer(text)) for kind, pattern in kinds.items()}
    return {kind: chars for kind, chars in found.items() if chars}


def emptied(text: str, source: str) -> tuple[int, int]:
    """Empty brackets and quotes, and commas next to a bracket, that the source itself does not write."""
    return tuple(  # type: ignore[return-value]
        max(0, len(pattern.findall(text)) - len(pattern.findall(source))) for pattern in (_EMPTY, _BROKEN)
    )
