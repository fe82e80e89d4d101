"""Wikitext and HTML that pandoc passed through Markdown unread, such as templates; and code."""

import re

from tsugiki.corpus import elements, html, links, scan, wikitext
from tsugiki.corpus.marks import Ledger, Rule, hide

_FRAGMENT: tuple[Rule, ...] = (
    elements.remove_elements,
    links.render_simple_links,
    scan.render_brackets,
    links.render_external_links,
    wikitext.strip_quotes,
    html.render_ruby,
    html.render_breaks,
    html.strip_tags,
    html.unescape_entities,
)
_BLOCK = re.compile(r"(?<!`)`{3,}+[ ]?\{=mediawiki\}[ \t]*\n?([^`]*(?:`{1,2}[^`]+)*)```+")
_INLINE = re.compile(r"(?<!`)`([^`]+)`\{=mediawiki\}")
_INLINE_DOUBLE = re.compile(r"(?<!`)``((?:[^`]|`(?!`)){1,5000})``\{=mediawiki\}")
_HTML = re.compile(r"(?<!`)`([^`\n]*)`\{=html\}")
_FENCE = re.compile(r"^[ \t]*(?:```|~~~)[^`\n]*$", re.MULTILINE)
_CODE = re.compile(r"(?<!`)`([^`\n]+)`(?!`)")


def render_raw(text: str, ledger: Ledger) -> str:
    """Render raw wikitext like a wikitext page, hidden from the rules on Markdown; raw HTML becomes HTML."""
    if "`" not in text:
        return text

    def render(raw: re.Match[str]) -> str:
        fragment = raw[1]
        for rule in _FRAGMENT:
            fragment = rule(fragment, ledger)
        return hide(fragment)

    text = ledger.sub("raw_wikitext", _BLOCK, lambda raw: f"\n{render(raw).strip(' ')}\n", text)
    text = ledger.sub("raw_wikitext", _INLINE, render, text)
    text = ledger.sub("raw_wikitext", _INLINE_DOUBLE, render, text)
    return ledger.sub("raw_html", _HTML, r"\1", text)


def render_code(text: str, ledger: Ledger) -> str:
    """Keep code without its fences and backticks, hidden from the rules on Markdown."""
    if "`" not in text:
        return text
    text = ledger.sub("code", _FENCE, "", text)
    return ledger.sub("code", _CODE, lambda code: hide(code[1]), text)
