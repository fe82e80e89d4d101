"""The few facts an import reads from a page's text: its categories, and whether it only redirects."""

import re
from html import unescape
from urllib.parse import unquote

from tsugiki.rows import Markup

_CATEGORY_NAMES = ("Category", "カテゴリ", "分类", "分類", "분류")
_MARKDOWN_CATEGORY = re.compile(
    r"\]\((?:Category|カテゴリ):((?:[^()\s\\]|\\.|\([^()\s]*\))+)|<a href=\"Category:([^\"<>]+)\""
)
_LINK_TAG = re.compile(r"<link\b[^<>]*>")
_LINKED_CATEGORY = re.compile(r"href=\"\./(?:Category|カテゴリ):([^\"#<>]+)")
_SHOWN_CATEGORY = re.compile(r"<li><a href=\"[^\"<>]*\" title=\"(?:Category|カテゴリ):([^\"<>]+)\"")
_REDIRECT = re.compile(
    r"\s*[#＃](?:REDIRECT|転送|リダイレクト|重定向|넘겨주기)\s*:?\s*\[\[([^\[\]|{}\n]*)", re.IGNORECASE
)


def find_redirect(text: str) -> str | None:
    """The page that this wikitext redirects to; None if it is a page of its own."""
    found = _REDIRECT.match(text)
    return found[1].strip() if found else None


def find_categories(text: str, markup: Markup, own_name: str = "") -> tuple[str, ...]:
    """Category names in the order of the text, without prefix and sort key, each once.

    Args:
        text: the page as published.
        markup: its markup; `text` has no categories.
        own_name: what the wiki itself calls the category namespace, if that is known.
    """
    if markup == "text":
        return ()
    if markup == "markdown":
        found = [a or b for a, b in _MARKDOWN_CATEGORY.findall(text)]
    elif markup == "html":
        found = _html_categories(text)
    else:
        names = "|".join(re.escape(name) for name in (*_CATEGORY_NAMES, own_name) if name)
        pattern = re.compile(rf"\[\[\s*(?:{names})\s*:([^\[\]|{{}}\n]+)", re.IGNORECASE)
        found = pattern.findall(_without_comments(text))
    cleaned = (re.sub(r"\\(.)", r"\1", name).replace("_", " ").strip() for name in found)
    return tuple(dict.fromkeys(name for name in cleaned if name))


def _without_comments(text: str) -> str:
    """The text without HTML comments; one that is never closed reaches to the end, as in MediaWiki."""
    before, *commented = text.split("<!--")
    return before + "".join(part.partition("-->")[2] for part in commented)


def _html_categories(text: str) -> list[str]:
    """Categories as the REST interface writes them, parts of addresses, or else as the parser does, in titles."""
    tags = [tag for tag in _LINK_TAG.findall(text) if "mw:PageProp/Category" in tag]
    linked = [unquote(unescape(found[1])) for tag in tags if (found := _LINKED_CATEGORY.search(tag))]
    return linked or [unescape(name) for name in _SHOWN_CATEGORY.findall(text)]
