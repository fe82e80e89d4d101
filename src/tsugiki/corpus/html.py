"""HTML inside wikitext and Markdown: ruby, line breaks, superscripts, tags and character references."""

import re
from html import unescape

from tsugiki.corpus.marks import BREAK, Ledger

_BREAK = re.compile(r"<br\b[^<>]*>|</br>", re.IGNORECASE)
_RULE = re.compile(r"<hr\b[^<>]*>", re.IGNORECASE)
_DASHES = re.compile(r"^-{4,}", re.MULTILINE)
_RUBY_PAREN = re.compile(r"<rp\b[^<>]*>[^<>]*(?:</rp>)?", re.IGNORECASE)
_RUBY_READING = re.compile(r"<rt\b[^<>]*>([^<>]*)(?:</rt>)?", re.IGNORECASE)
_POWER = re.compile(r"<(?<=[0-9]<)sup\b[^<>]*>([-−+0-9]{1,20})</sup>", re.IGNORECASE)
_BLOCK = re.compile(r"</?(?:div|p|center|blockquote|section|figure|figcaption|ul|ol|dl)\b[^<>]*>", re.IGNORECASE)
_ITEM = re.compile(r"<(?:li|dt|dd)\b[^<>]*>", re.IGNORECASE)
_DOUBLED = re.compile("&(?:amp|lt|gt|quot|nbsp|#0?39);")
_TAG = re.compile(
    r"</?(?:a|abbr|b|bdi|bdo|big|cite|code|col|colgroup|data|dd|del|dfn|dt|em|font|i|img|includeonly|ins|kbd|li|mark|"
    r"noinclude|nobr|noscript|onlyinclude|poem|q|rb|rbc|rtc|rp|rt|ruby|s|samp|section|small|span|strike|strong|sub|sup|"
    r"table|tbody|td|tfoot|th|thead|time|tr|tt|u|var|wbr|caption|section|div|p|center|blockquote|figure|figcaption|"
    r"ul|ol|dl|ref|references|gallery)\b[^<>]*>",
    re.IGNORECASE,
)


def render_ruby(text: str, ledger: Ledger) -> str:
    """Write ruby as 漢字（かな）."""
    if "<rt" not in text:
        return text
    return ledger.sub("ruby", _RUBY_READING, r"（\1）", _RUBY_PAREN.sub("", text))


def render_breaks(text: str, ledger: Ledger) -> str:
    """Turn <br> into a break, block elements into breaks around them, and remove horizontal rules."""
    if "<" in text:
        text = ledger.sub("html_break", _BREAK, BREAK, text)
        text = ledger.sub("horizontal_rule", _RULE, BREAK, text)
    return ledger.sub("horizontal_rule", _DASHES, BREAK, text) if "----" in text else text


def strip_tags(text: str, ledger: Ledger) -> str:
    """Remove HTML tags and keep their content; 10<sup>6</sup> becomes 10^6."""
    if "<" not in text:
        return text
    text = ledger.sub("power", _POWER, r"^\1", text)
    text = ledger.sub("html_tag", _BLOCK, BREAK, text)
    text = ledger.sub("html_tag", _ITEM, BREAK, text)
    return ledger.sub("html_tag", _TAG, "", text)


def flatten(text: str) -> str:
    """Text on its way to a single line: tags go, and those that would break the line become spaces."""
    if "<" not in text:
        return text
    text = _POWER.sub(r"^\1", _BLOCK.sub(" ", _BREAK.sub(" ", text)))
    return _TAG.sub("", _ITEM.sub(" ", text))


def unescape_entities(text: str, ledger: Ledger) -> str:
    """Replace character references (&amp;, &#160;) by their characters."""
    if "&" not in text:
        return text
    plain = unescape(text)
    ledger.note("entity", plain != text)
    return plain


def unescape_doubled(text: str, ledger: Ledger) -> str:
    """Replace what a converter escaped twice (`&amp;amp;`), of which `unescape_entities` leaves a reference."""
    return ledger.sub("entity", _DOUBLED, lambda reference: unescape(reference[0]), text) if "&" in text else text
