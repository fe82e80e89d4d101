"""The simple rules for a page that the main ones cannot read: they look at no nesting, and take one pass each."""

import re
from html import unescape

from tsugiki.corpus.marks import HEADING, Ledger, Rule, sanitise
from tsugiki.corpus.plain import keep_written_pairs
from tsugiki.corpus.sections import drop_sections, mark_markdown_headings, mark_wikitext_headings
from tsugiki.rows import Markup

_COMMENT = re.compile("<!--[^>]{0,2000}-->")
_REFERENCE = re.compile(r"<ref\b[^<>]{0,500}>[^<>]{0,2000}</ref>", re.IGNORECASE)
_ATTRIBUTES = re.compile(
    r"(?:(?:row|col)span|style|class|align|width|bgcolor|scope)[ ]?=[ ]?(?:\"[^\"\n]{0,300}\"|[\w#%]{1,20})[ ]?\|?",
    re.IGNORECASE,
)
_TAG = re.compile(r"</?[a-zA-Z][^<>]{0,2000}>")
_LINK = re.compile(r"\[\[[^\[\]|\n]{0,200}\|([^\[\]|\n]{0,200})\]\]")
_TARGET = re.compile(r"(?<=\])\([^()\s]{0,500}(?: \"[^\"\n]{0,500}\")?\)")
_TABLE = re.compile(r"^[ \t]*(?:\{\||\|\}|\|-|\|\+)[^\n]*$", re.MULTILINE)
_MARKUP = re.compile(r"\{\{+|\}\}+|\[\[|\]\]|'{2,5}|\*\*|`{3}|^[ \t]*[*#:;|!]+|\|\|+|!!", re.MULTILINE)
_HTML_HEADING = re.compile(r"<h([1-6])\b[^<>]*>")
_BLOCK = re.compile(r"<(?:/?(?:p|div|tr|li|dt|dd|table|ul|ol|dl|h[1-6])|br)\b[^<>]{0,2000}>", re.IGNORECASE)


def mark_html_headings(text: str, ledger: Ledger) -> str:
    """Mark HTML headings, and end a line at every other block."""
    text = ledger.sub("heading", _HTML_HEADING, rf"\n{HEADING}\1", text)
    return _BLOCK.sub("\n", text)


def strip_markup(text: str, _ledger: Ledger) -> str:
    """Remove comments, references, tags and brackets, in one pass each (pages that the main rules gave up)."""
    text = _TAG.sub("", _REFERENCE.sub("", _COMMENT.sub("", text)))
    text = _ATTRIBUTES.sub("", text)
    text = _TARGET.sub("", _LINK.sub(r"\1", text))
    return unescape(_MARKUP.sub("", _TABLE.sub("", text)))


_HEADINGS: dict[Markup, tuple[Rule, ...]] = {
    "wikitext": (mark_wikitext_headings, drop_sections),
    "markdown": (mark_markdown_headings, drop_sections),
    "html": (mark_html_headings, drop_sections),
    "text": (),
}


def fallback_rules(markup: Markup) -> tuple[Rule, ...]:
    """The rules in their order; the text they give has marks for headings only."""
    return (sanitise, keep_written_pairs, *_HEADINGS[markup], strip_markup)
