"""Headings, and the sections of notes, sources and links that are dropped with their subsections."""

import re
import unicodedata
from functools import lru_cache
from itertools import pairwise

from tsugiki.corpus.marks import BREAK, DEEPER, DEFINITION, HEADING, ITEM, LINE_MARKS, TERM, Ledger

_WIKITEXT_HEADING = re.compile(r"\n=[^\n]*")
_NEXT_HEADING = re.compile(f"\n{HEADING}")
_ATX_HEADING = re.compile(r"^ {0,3}(#{1,6})(?=[ \t\n]|$)([^\n]*)$", re.MULTILINE)
_ATTRIBUTES = re.compile(r"\{[#.][^{}\n]*\}\s*$")
_FILLED = re.compile(f"[^\\s{LINE_MARKS}{DEEPER}{BREAK}]")
_MARKUP = re.compile(r"\{\{[^{}]*\}\}|\[\[[^\[\]|]*\||[\[\]*'`_]|<[^<>]*>|\([^()]*\)")
_SEPARATORS = re.compile(r"\s+and\s+|および|及び|[・、,/／&＆\s]|と(?=参|出|脚|注|外|関|文)")
_DROPPED_NAMES = (
    "脚注 脚註 注釈 注解 註釈 注 註 注記 脚注関連文献 出典 出典元 出所 典拠 参考文献 参考資料 参考書籍 "
    "参考サイト 参照文献 引用元 引用文献 文献情報 関連文献 関連項目 関連記事 "
    "関連リンク 外部リンク 外部サイト 備考出典 references reference notes note footnotes citations "
    "sources bibliography externallinks seealso furtherreading"
)
_AMBIGUOUS = frozenset(["参考", "参照", "引用", "文献", "資料", "リンク"])
"""Names of such sections that are also those of people, or of sections on the subject."""
_DROPPED = _AMBIGUOUS.union(_DROPPED_NAMES.split())
_TOP_LEVEL = 2
_PROSE = re.compile(f"^(?![*#-]|{ITEM})(?:[;:{TERM}{DEFINITION}]|[^\\n]*。)", re.MULTILINE)
_NO_SOURCE = re.compile(f"^(?!\\s*$)(?!(?:[*#-]|{ITEM})[^\\n]*(?://|\\{{\\{{|ISBN|『|「))", re.MULTILINE)


def mark_wikitext_headings(text: str, ledger: Ledger) -> str:
    """Mark lines such as `== 放送 ==` as headings."""

    def mark(line: re.Match[str]) -> str:
        whole = line[0][1:].rstrip(" \t")
        title = whole.strip("=")
        left = whole.find(title)
        level = min(left, len(whole) - left - len(title), 6)
        if not level or not title:
            return line[0]
        ledger.note("heading")
        return f"\n{HEADING}{level}{whole[level:-level].strip()}"

    # With a line end before it, the first line is found like all others; a fixed string is found fastest.
    return _WIKITEXT_HEADING.sub(mark, f"\n{text}")[1:]


def mark_markdown_headings(text: str, ledger: Ledger) -> str:
    """Mark lines such as `## 放送 {#hoso}` as headings."""

    def mark(line: re.Match[str]) -> str:
        ledger.note("heading")
        return f"{HEADING}{len(line[1])}{_ATTRIBUTES.sub('', line[2]).strip().rstrip('#').strip()}"

    return _ATX_HEADING.sub(mark, text)


def drop_sections(text: str, ledger: Ledger) -> str:
    """Drop sections of notes, sources and links; a sibling that follows them stays."""
    if HEADING not in text:
        return text
    kept: list[str] = []
    dropped_level = 0
    for level, start, body, end in _sections(text):
        if dropped_level and level > dropped_level:
            continue
        title = text[start + 2 : body].rstrip("\n") if level else ""
        dropped = level and _is_dropped(title[:200]) and _lists_sources(title, level, text[body:end])
        dropped_level = level if dropped else 0
        if dropped_level:
            ledger.note_named("dropped_section", title)
        else:
            kept.append(text[start:end])
    return "".join(kept)


def _sections(text: str) -> list[tuple[int, int, int, int]]:
    """What precedes the first heading, and each heading with what follows it up to the next one.

    Of each its level (0 before the first heading), and where it begins, where the line of its heading ends, and where
    it ends.
    """
    starts = [0, *(found.end() - 1 for found in _NEXT_HEADING.finditer(text)), len(text)]
    sections: list[tuple[int, int, int, int]] = []
    for start, end in pairwise(starts):
        level = int(text[start + 1]) if text.startswith(HEADING, start) else 0
        line = text.find("\n", start, end) + 1 if level else start
        sections.append((level, start, line or end, end))
    return sections


def _lists_sources(title: str, level: int, body: str) -> bool:
    """Whether a section whose name may mean two things lists sources: at the top it does unless it has sentences."""
    if _plain(title) not in _AMBIGUOUS:
        return True
    return not (_PROSE if level <= _TOP_LEVEL else _NO_SOURCE).search(body)


def _plain(title: str) -> str:
    return unicodedata.normalize("NFKC", _MARKUP.sub("", unicodedata.normalize("NFKC", title))).lower().strip(" :：")


@lru_cache(4096)
def _is_dropped(title: str) -> bool:
    plain = _plain(title)
    if plain.replace(" ", "") in _DROPPED:
        return True
    words = [word for word in _SEPARATORS.split(plain) if word]
    return bool(words) and all(word in _DROPPED for word in words)


def drop_empty_sections(text: str, ledger: Ledger) -> str:
    """Drop headings with nothing below them, from the deepest level up."""
    if HEADING not in text:
        return text
    kept: list[str] = []
    following = 0  # Level of the next kept heading; 0 at the end of the page.
    for level, start, body, end in reversed(_sections(text)):
        if level and following <= level and not _FILLED.search(text, body, end):
            ledger.note("empty_section")
            continue
        following = level
        kept.append(text[start:end])
    return "".join(reversed(kept))
