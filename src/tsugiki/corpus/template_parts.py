"""What is kept of a template that nothing is known about: the words in its unnamed parts, where text goes around it."""

import re
from collections.abc import Callable
from functools import lru_cache
from typing import Literal

from tsugiki.corpus.html import flatten
from tsugiki.corpus.infobox import is_shown
from tsugiki.corpus.marks import ROW, Ledger, without_marks
from tsugiki.corpus.template_names import LANGUAGE, NOT_INFOBOX
from tsugiki.corpus.template_values import AGES

Place = Literal["sentence", "row", "alone"]
"""Where a template stands: with other text on its line, on one of several lines of the same template, or by itself."""

_SILENT = re.compile(
    r"#|.*:|.*(?:前後|次代|歴代|icon|テンプレート)|nav|ナビ|anchor|アンカー|flagicon|flag icon|population|人口|end$|"
    r"citation needed|fact|cn$|clarify|who$|when$|which$|where$|why$|by whom|dubious|いつ|誰|どこ|なぜ|どれ|何|疑問|"
    r"更新|未検証|信頼性|混同|for$|不十分|不明確|不正確|説明|未記入|言葉|曖昧|一次資料|単一の|検証|古い情報|工事中|"
    r"現在進行|継続|暫定|改名|分割|統合|転記|転送|このページ|良質な|秀逸な|[0-9]+$|clear|-$|div |rp$|ref |ref$|note|"
    r"full citation|ntsh|hs$|hidden sort|sort ?key|shy|zwsp|url$|official|公式|imdb|allcinema|kinejun|jmdb|twitter|"
    r"facebook|youtube|instagram|pixiv|niconico|ニコニコ|allmovie|mobygames|ann$|doi|oclc|issn|asin|ncid|jpno|"
    r"全国書誌|国立国会|google|n$|interlang|interwiki|external|link|wide image|image|file|ファイル|画像|sound|voice|"
    r"pathnav|coor|座標|tlx?$|tlp$|temp|user|ping|familytree|chart|graph|color ?box|infobox|基礎情報|start ?box"
)
"""How names of templates begin whose parts are no text: navigation, maintenance, sources, images, identifiers."""
_SOURCE = re.compile(r"(?:https?:)?//\S+$|[\w-]+(?:\.[\w-]+)+(?:/\S*)?$", re.ASCII)
_LAYOUT = re.compile(
    r"(?:[0-9.]+(?:px|em|pt|ex)|[a-z-]+\s*:[^。]*;?|left|right|center|centre|top|bottom|none|auto|thumb|frame|small|large|"
    r"black|white|red|green|blue|yellow|orange|purple|pink|gray|grey|silver|gold|navy|teal|maroon|olive|lime|aqua|fuchsia|"
    r"(?:light|dark|pale|deep)[a-z]+|simple)$",
    re.IGNORECASE,
)
_CALLS = re.compile(r"[ \t]*(?:\{\{[^{}\n]*\}\}[ \t]*)*")
_NEAR = 200
"""How far around a template its line is looked at; a longer line is a sentence."""
_LONGEST_NAME = 80
_LONGEST = 400
"""A longer part is a block of its own, and not part of a sentence."""


def place_of(text: str, name: str, start: int, end: int) -> Place:
    """Where a template stands that is written from `start` to `end`; templates are no text around it."""
    after = text.find("\n", end, end + _NEAR)
    before = text.rfind("\n", max(0, start - _NEAR), start)
    if (before < 0 and start > _NEAR) or (after < 0 and end + _NEAR < len(text)) or before == after:
        return "sentence"
    around = (text[before + 1 : start], text[end : after if after >= 0 else len(text)])
    if not all(map(_CALLS.fullmatch, around)):
        return "sentence"
    head = f"{{{{{name}"
    above = text.rfind("\n", max(0, before - _NEAR), max(0, before)) + 1
    again = (text.startswith(head, above) and before > 0) or (after >= 0 and text.startswith(head, after + 1))
    return "row" if again else "alone"


def render_unknown(
    name: str, unnamed: list[str], named: dict[str, str], place: Callable[[], Place], ledger: Ledger
) -> str:
    """The words in the parts of an unknown template: in a sentence, a cell or an item, or as a row among its like.

    Nothing is kept of one that stands alone on its line, as navigation and notices do, or that has a date, as remarks
    on the state of a page do. Where it stands is asked for only if it has words.
    """
    kept = [] if "date" in named or is_silent(name) else [*filter(None, map(_words, unnamed))]
    where: Place = place() if kept else "alone"
    if where == "alone" or (where == "row" and len(kept) < 2):
        ledger.note_named("template_dropped", name)
        return ""
    ledger.note_named("template_parts_kept", name)
    return f"\n{ROW}{' / '.join(kept)}\n" if where == "row" else "、".join(kept)


def is_silent(name: str) -> bool:
    """Whether nothing that a template of this name is given is text."""
    return len(name) > _LONGEST_NAME or _judge(name)


@lru_cache(4096)
def _judge(name: str) -> bool:
    told = name.startswith("各") or not NOT_INFOBOX.match(name)
    return name in AGES or not told or _SILENT.match(name) is not None


def _words(part: str) -> str:
    """A part on one line; empty if it is a file, a size, a colour, an address or the code of a language."""
    text = " ".join(without_marks(flatten(part)).split())
    if len(text) > _LONGEST or text in LANGUAGE or not is_shown(text):
        return ""
    return "" if _SOURCE.match(text) or _LAYOUT.match(text) else text
