"""Pages that are no articles of their own: redirects, disambiguation and list pages."""

import re
import sys

from tsugiki.corpus.config import CleanConfig
from tsugiki.corpus.elements import remove_elements
from tsugiki.corpus.marks import Ledger
from tsugiki.rows import Page
from tsugiki.wiki.markup import find_redirect

_DISAMBIGUATION = re.compile(
    r"\{\{\s*(?:template:)?\s*(?:aimai|曖昧さ回避|disambig(?:uation)?|dab|hndis|geodis|人名の曖昧さ回避|地名の曖昧さ回避|"
    r"山の曖昧さ回避|駅名の曖昧さ回避|学校名の曖昧さ回避|曖昧さ回避 [^{}|]{1,20})\s*(?:\||\}\})",
    re.IGNORECASE,
)
_HTML_REDIRECT = re.compile(r"mw:PageProp/redirect|class=\"redirectMsg\"")
_HTML_DISAMBIGUATION = re.compile(r"mw:PageProp/disambiguation|id=\"disambigbox\"")
_DISAMBIGUATION_SWITCH = re.compile("__DISAMBIG__", re.IGNORECASE)
_DISAMBIGUATION_TITLE = re.compile(r"[(（](?:曖昧さ回避|disambiguation)[)）]$")
# A リスト must say of what it is one: Liszt, terrorists and a film end in the same letters.
_LIST_TITLE = re.compile(
    r"(?:一覧表?|(?:各話|話数|放送|エピソード|サブタイトル|作品|楽曲|番組|商品|キャスト|スタッフ|映画|アニメ|漫画|ゲーム)の?リスト)"
    r"(?:[ 　]*[（(/／\-–—].*|[0-9０-９]*)$|^List of ",
    re.IGNORECASE,
)
_CHARACTERS = re.compile(
    r"(?:登場人物|登場キャラクター|キャラクター|登場人物の|キャラクターの)一覧|^List of .*characters", re.IGNORECASE
)


def reason_to_set_aside(page: Page, config: CleanConfig) -> str | None:
    """The name of the rule that sets a whole page aside; None for an article."""
    rendered = page.markup == "html"
    if _HTML_REDIRECT.search(page.text) if rendered else find_redirect(page.text) is not None:
        return "redirect"
    if _DISAMBIGUATION_TITLE.search(page.title) or _is_disambiguation(page.text, rendered=rendered):
        return "disambiguation"
    if config.list_pages == "set_aside" and _LIST_TITLE.search(page.title) and not _CHARACTERS.search(page.title):
        return "list_page"
    return None


def is_list(title: str, list_share: float, config: CleanConfig) -> bool:
    """Whether a page is a list by its lines; one of characters is not, whatever they are."""
    return config.list_pages == "set_aside" and list_share > config.list_share and not _CHARACTERS.search(title)


def _is_disambiguation(text: str, *, rendered: bool) -> bool:
    if rendered:
        return _HTML_DISAMBIGUATION.search(text) is not None
    # Only what is found is looked at again without comments and nowiki, where it says nothing: few pages are.
    return _marks_disambiguation(text) and ("<" not in text or _marks_disambiguation(_read(text)))


def _marks_disambiguation(text: str) -> bool:
    return bool(_DISAMBIGUATION.search(text) or ("__" in text and _DISAMBIGUATION_SWITCH.search(text)))


def _read(text: str) -> str:
    """The text without comments, and with literal content hidden; no limits, since it is judged and not kept."""
    return remove_elements(text, Ledger(sys.maxsize, sys.maxsize))
