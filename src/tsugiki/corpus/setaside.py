"""Pages that are no articles of their own: redirects, disambiguation and list pages."""

import re

from tsugiki.corpus.config import CleanConfig
from tsugiki.rows import Page
from tsugiki.wiki.markup import find_redirect

_DISAMBIGUATION = re.compile(
    r"\{\{\s*(?:template:)?\s*(?:aimai|曖昧さ回避|disambig(?:uation)?|dab|hndis|geodis|人名の曖昧さ回避|地名の曖昧さ回避|"
    r"山の曖昧さ回避|駅名の曖昧さ回避|学校名の曖昧さ回避|曖昧さ回避 [^{}|]{1,20})\s*(?:\||\}\})",
    re.IGNORECASE,
)
_DISAMBIGUATION_SWITCH = re.compile("__DISAMBIG__", re.IGNORECASE)
_DISAMBIGUATION_TITLE = re.compile(r"[(（](?:曖昧さ回避|disambiguation)[)）]$")
_LIST_TITLE = re.compile(r"(?:一覧表?|リスト)(?:[ 　]*[（(/／].*|[0-9０-９]*)$|^List of ", re.IGNORECASE)
_CHARACTERS = re.compile(
    r"(?:登場人物|登場キャラクター|キャラクター|登場人物の|キャラクターの)一覧|^List of .*characters", re.IGNORECASE
)


def reason_to_set_aside(page: Page, config: CleanConfig) -> str | None:
    """The name of the rule that sets a whole page aside; None for an article."""
    if find_redirect(page.text) is not None:
        return "redirect"
    if _DISAMBIGUATION_TITLE.search(page.title) or _is_disambiguation(page.text):
        return "disambiguation"
    if config.list_pages == "set_aside" and _LIST_TITLE.search(page.title) and not _CHARACTERS.search(page.title):
        return "list_page"
    return None


def _is_disambiguation(text: str) -> bool:
    return bool(_DISAMBIGUATION.search(text) or ("__" in text and _DISAMBIGUATION_SWITCH.search(text)))
