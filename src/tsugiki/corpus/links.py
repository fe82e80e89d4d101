"""Links of wikitext: internal links become their labels, files, categories and other languages go."""

import re

from tsugiki.corpus.marks import Ledger

_PLAIN_LINK = re.compile(r"\[\[([^\[\]{}|\n:=<>]+)\]\]")
_LABELLED_LINK = re.compile(r"\[\[[^\[\]{}|\n:=<>]*\|([^\[\]{}|\n=]+)\]\]")
_EXTERNAL_LINK = re.compile(r"\[(?:https?:|ftp:)?//[^\s\[\]<>]*(?:[ \t]+([^\[\]\n]*))?\]")
_FILE = frozenset(["file", "image", "media", "ファイル", "画像", "파일", "文件", "檔案", "图像"])
_CATEGORY = frozenset(["category", "カテゴリ", "分类", "分類", "분류"])
_LANGUAGE = re.compile(r"(?:[a-z]{2,3}|simple|zh-[a-z-]{2,12}|be-x-old|roa-rup|nds-nl)$")
_DISAMBIGUATION = re.compile(r"\s*[(（][^()（）]*[)）]$")


def render_simple_links(text: str, ledger: Ledger) -> str:
    """Replace links without prefix and nesting by their labels: nearly all links, at the speed of one pattern."""
    return ledger.sub_inner("link", _LABELLED_LINK, ledger.sub_inner("link", _PLAIN_LINK, text))


def is_file(target: str) -> bool:
    """Whether a link with this target shows a file; its caption may be several paragraphs."""
    prefix, colon, _ = target.partition(":")
    return bool(colon) and prefix.strip().lower() in _FILE


def render_link(parts: list[str], ledger: Ledger) -> str:
    """The label of one internal link, given its target and the parts after each pipe."""
    target = parts[0].strip()
    explicit = target.startswith(":")
    prefix, colon, rest = target.lstrip(":").partition(":")
    # Language codes are written in lower case: [[en:Star]] is the same page elsewhere, [[Re:起点]] is a title.
    language = _LANGUAGE.match(prefix)
    prefix = prefix.strip().lower()
    if colon and not explicit:
        if prefix in _FILE:
            ledger.note("file")
            return ""
        if prefix in _CATEGORY:
            ledger.note("category")
            return ""
        if language and len(parts) == 1:
            ledger.note("interlanguage")
            return ""
    ledger.note("link")
    if len(parts) == 1:
        return target.lstrip(":")
    label = "|".join(parts[1:]).strip()
    return label or _DISAMBIGUATION.sub("", rest.strip() if colon and prefix in _CATEGORY else target.lstrip(":"))


def render_external_links(text: str, ledger: Ledger) -> str:
    """Replace `[https://… label]` by its label; a link without label goes."""
    if "//" not in text:
        return text
    return ledger.sub("external_link", _EXTERNAL_LINK, lambda link: link[1] or "", text)
