"""Which elements of a rendered page are no part of the article: notices, navigation, references and images."""

import re
from collections.abc import Mapping


def _words(words: str) -> frozenset[str]:
    return frozenset(words.split())


_TAGS = _words(
    "script style link meta noscript template img audio video source track canvas svg map object iframe form input "
    "button select textarea figure figcaption nav rp title head"
)
_CLASSES = _words(
    "mw-editsection mw-editsection-like toc mw-references-wrap reflist references reference mw-ref mw-ext-cite-error "
    "navbox navbox-inner navbox-styles vertical-navbox nav-box prevnext succession-box infobox-navbar "
    "ambox tmbox cmbox ombox imbox fmbox dmbox mbox-small metadata noprint noexcerpt sistersitebox side-box portal "
    "portalbox hatnote dablink rellink thumb gallery mw-gallery-traditional mw-gallery-packed shortdescription "
    "mw-empty-elt mw-jump-link mw-indicators printfooter catlinks mw-authority-control authority-control "
    "geo-nondefault geo-multi-punct mw-kartographer-container error mwe-math-fallback-image-inline asbox stub "
    "navbar plainlinksneverexpand autonumber mw-cite-backlink mw-collapsible-toggle redirectmsg sortkey "
    "mw-translate-fuzzy messagebox notice"
)
_IDS = frozenset(["toc", "coordinates", "siteSub", "contentSub", "catlinks", "firstHeading", "disambigbox"])
_ROLES = frozenset(["navigation", "note"])
_HIDDEN = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.IGNORECASE)
_FOLDED = "navcontent"
"""Class of what is hidden until a reader unfolds it: casts and episodes as well as anything else."""
_STYLED_MATH = re.compile(r"\{\\(?:display|text|script)style (.*)\}", re.DOTALL)
_TYPES = re.compile(r"mw:(?:Extension/(?:ref|references|gallery|templatestyles)|File|Image|Video|Audio)\b")
_EXTERNAL_REFERENCE = re.compile(r"mw:(?:PageProp|referencedBy)")


def is_unseen(tag: str, attributes: Mapping[str, str | None]) -> str | None:
    """What stands for an element that is not read (mostly nothing); None if its content is."""
    if tag in _TAGS:
        return ""
    if tag == "math":
        return _formula(attributes.get("alttext") or "")
    if not attributes:
        return None
    found: list[str] = []
    if classes := attributes.get("class"):
        found = classes.lower().split()
        if not _CLASSES.isdisjoint(found):
            return ""
    if attributes.get("id") in _IDS or attributes.get("role") in _ROLES or "hidden" in attributes:
        return ""
    if _TYPES.search(attributes.get("typeof") or "") or _EXTERNAL_REFERENCE.match(attributes.get("property") or ""):
        return ""
    return "" if _FOLDED not in found and _HIDDEN.search(attributes.get("style") or "") else None


def _formula(written: str) -> str:
    """A formula as wikitext writes it, without the style that MediaWiki wraps around it."""
    styled = _STYLED_MATH.fullmatch(written.strip())
    return styled[1].strip() if styled else written
