"""Inline Markdown: escapes, links of every pandoc generation, images, emphasis, spans, super- and subscripts."""

import re

from tsugiki.corpus.marks import BREAK, Ledger, hide

_ESCAPE = re.compile(r"\\([!-/:-@\[-`{-~])")
_HARD_BREAK = re.compile(r"\\$", re.MULTILINE)
_LINK = re.compile(
    r"(!?)\[([^\[\]]*)\]\((<[^<>\n]*>|[^()\s]*(?:\([^()\s]*\)[^()\s]*)*)"
    r"(?:[ \n]+\"(?:[^\"]|\"(?![ ]?\))){0,600}\")?[ ]?\)(?:\{[^{}\n]*\})?"
)
_SPAN = re.compile(r"\[([^\[\]]*)\]\{[^{}\n]*\}")
_RESIDUE = re.compile(r"[(（][^()（）\"\n]{0,300}[ ]?\"wikilink\"[)）](?:\{[^{}\n]*\})?|\"wikilink\"")
_NAMESPACE = r"(?:Category|カテゴリ|File|Image|Media|ファイル|画像|メディア)"
_NOT_CONTENT = re.compile(rf"{_NAMESPACE}:", re.IGNORECASE)
_HTML_NOT_CONTENT = re.compile(
    rf"<a href=\"{_NAMESPACE}:[^\"<>]*\"[^<>]*>[^<>]*"
    r"(?:</?(?:a|span|br|em|strong|small|sup|sub|i|b)\b[^<>]*>[^<>]*){0,40}?</a>",
    re.IGNORECASE,
)
_GALLERY_LINE = re.compile(
    rf"^[ \t]*<?{_NAMESPACE}:[^\n]{{1,300}}?\.(?:jpe?g|png|svg|gif|tiff?|webp)[^\n]*$", re.IGNORECASE | re.MULTILINE
)
_AUTOLINK = re.compile(r"<(?:https?|ftp|mailto):[^<>\s]*>", re.IGNORECASE)
# A bracket that closes an address only after the text that follows was taken for a part of it.
_LONG_AUTOLINK = re.compile(rf"{hide('[')}?<(?:https?|ftp):[!-~]*?%5D(?=[^\x00-\x7f])([^<>\n]*)>", re.IGNORECASE)
_HTML_FOOTNOTE = re.compile(r"<a href=\"#fn[^\"<>]*\"[^<>]*>(?:<sup>)?[^<>]{0,12}(?:</sup>)?</a>", re.IGNORECASE)
_COLON_LABEL = re.compile(r"(<a href=\":[^\"<>]*\"[^<>]*>):")
# Between digits a mark means to multiply (2*3*4), and so does a pair with ASCII words on both sides (a*b*c). Each
# pattern looks back from the mark it begins with: a fixed character is found fastest.
_TIMES = r"(?<![0-9]\*(?=\**[0-9]))"
_STRONG = re.compile(rf"\*(?<!\*\*){_TIMES}\*+")
_EMPHASIS = re.compile(
    rf"\*(?:(?<![A-Za-z0-9]\*)|(?=[^*\n]+\*(?![A-Za-z0-9]))){_TIMES}"
    rf"([^*\s、。，．,.）)」』\]][^*\n]*)\*(?<!\s\*){_TIMES}"
)
_STRUCK = re.compile(r"~~([^~\n]+)~~")
_POWER = re.compile(r"(?<=[0-9])\^([-−+0-9]{1,20})\^")
# Only what follows a word: (^o^) is a face, 7~10 and 77~83 are two ranges, and so is A~B~C. H~2~O and V~max~ are not.
_SUPERSCRIPT = re.compile(r"(?<=[\w)\]])\^([\w+,.−–*-]{1,20})\^")
_SUBSCRIPT = re.compile(
    r"~(?<=[A-Za-zα-ωΑ-Ω)）\]]~)(?:([-−+0-9]{1,20})|([0-9A-Za-zα-ωΑ-Ω+,.−-]{1,20})(?=~(?![A-Za-z0-9])))~"
)
_CARET = hide("^")


def hide_escapes(text: str, ledger: Ledger) -> str:
    r"""Unescape `\*`, `\<` and the like, hidden so that no later rule takes them for markup."""
    if "\\" not in text:
        return text
    text = ledger.sub("escape", _ESCAPE, lambda escape: hide(escape[1]), text)
    return ledger.sub("hard_break", _HARD_BREAK, BREAK, text)


def render_links(text: str, ledger: Ledger) -> str:
    """Replace links by their labels from the inside out; links to files and categories go, and images."""

    def label(link: re.Match[str]) -> str:
        if link[1] or _NOT_CONTENT.match(link[3].lstrip("<./").replace("Page/", "", 1)):
            return ""
        return link[2].removeprefix(":") if link[3].startswith(":") else link[2]

    depth = times = 0
    while "](" in text:
        text, found = _LINK.subn(label, text)
        if not found:
            break
        times += found
        depth += 1
        ledger.check_depth(depth)
    ledger.note("link", times)
    return ledger.sub("span", _SPAN, r"\1", text)


def remove_link_residues(text: str, ledger: Ledger) -> str:
    """Remove what is left of links: `(… "wikilink")` without a label, lines of a gallery, addresses in brackets."""
    text = ledger.sub("element", _GALLERY_LINE, "", text)
    if '"wikilink"' in text:
        text = ledger.sub("link_residue", _RESIDUE, "", text)
    if "<" not in text:
        return text
    return ledger.sub("autolink", _AUTOLINK, "", ledger.sub("autolink", _LONG_AUTOLINK, r"\1", text))


def remove_html_links(text: str, ledger: Ledger) -> str:
    """Remove HTML links to files, categories and footnotes; the tags of others go with all tags."""
    if "<a " not in text:
        return text
    text = ledger.sub("footnote", _HTML_FOOTNOTE, "", text)
    text = ledger.sub("category", _HTML_NOT_CONTENT, "", text)
    return _COLON_LABEL.sub(r"\1", text)


def strip_emphasis(text: str, ledger: Ledger) -> str:
    """Remove emphasis, strikeout, super- and subscript marks; 10^6^ becomes 10^6. A lone * is text."""
    if "*" in text:
        text = ledger.sub("emphasis", _STRONG, "", text)
        text = ledger.sub("emphasis", _EMPHASIS, r"\1", text)
    if "~" in text:
        text = ledger.sub("emphasis", _STRUCK, r"\1", text)
        text = ledger.sub("script", _SUBSCRIPT, r"\1\2", text)
    if "^" in text:
        text = ledger.sub("power", _POWER, rf"{_CARET}\1", text)
        text = ledger.sub("script", _SUPERSCRIPT, r"\1", text)
    return text
