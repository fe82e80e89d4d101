r"""Wikitext that a converter did not understand and wrote out as text: `style=\"…\"\|`, `\'\'\'`, `\*:`, `\<!--`."""

import re

from tsugiki.corpus.marks import Ledger

_ATTRIBUTE = (
    r"(?:style|align|class|bgcolor|width|height|valign|lang|dir|colspan|rowspan|nowrap|border|id)"
    r"=\\?\"[^\"\n|]{0,200}?\\?\""
)
_ATTRIBUTES = re.compile(
    rf"(?:\\?\|-[ ]?)?(?:{_ATTRIBUTE}[ ]?)+[ ]?(?:\\\||\|(?=</))|(?<=>)(?:{_ATTRIBUTE}[ ]?)+\|", re.IGNORECASE
)
_QUOTES = re.compile(r"(?:\\'){2,5}")
_MARKERS = re.compile(
    r"^([ \t]*(?:[-+*][ \t]+)?)(?=\\?[:;*#]\\?[:;*#])(?![#*]+[^#*:;\\])(?:\\?[:;*#])+[ \t]*(?=[^\s\\:;*#])",
    re.MULTILINE,
)
_ESCAPED_COMMENT = re.compile(r"\\<!(?:\\?-){2}(?:[^\\]|\\(?!-)|\\-(?!-)){0,4000}?(?:\\?-){2}\\?>")
_FILE = re.compile(
    r"<?(?:File|Image|ファイル|画像):[^\n|\[\]]{1,200}\.(?:jpe?g|png|svg|gif|tiff?|webp)(?:>?\\?\||%7C[^<>\n]*>)"
    r"(?:(?:thumb|right|left|\d+px)\\\|)*",
    re.IGNORECASE,
)
_EMPTY_FIELD = re.compile(r"[ ]?\\\|[ ]?\w{2,40}[ ]?=[ ]?(?=\\\||$)", re.MULTILINE)
_FIELD = re.compile(r"[ ]?\\\|[ ]?(\w{2,40})[ ]?=[ ]?")
_SIGNS = ("\\|", "%7C", "|</", '"|', "\\'", "\\*", "\\#", ":*", ":\\", ":#", "\\<!")


def remove_strays(text: str, ledger: Ledger) -> str:
    """Remove wikitext written out as text, while its characters are still escaped; the words in it stay."""
    if not any(sign in text for sign in _SIGNS):
        return text
    text = ledger.sub("stray_wikitext", _ESCAPED_COMMENT, "", text)
    text = ledger.sub("stray_wikitext", _ATTRIBUTES, "", text)
    text = ledger.sub("stray_wikitext", _QUOTES, "", text)
    text = ledger.sub("stray_wikitext", _FILE, "", text)
    text = ledger.sub("stray_wikitext", _EMPTY_FIELD, "", text)
    text = ledger.sub("stray_wikitext", _FIELD, r"\n\1 = ", text)
    return ledger.sub("stray_wikitext", _MARKERS, r"\1", text)
