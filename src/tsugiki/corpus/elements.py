"""Comments and the elements whose content is no wikitext: references and galleries go, nowiki and math stay."""

import re

from tsugiki.corpus.marks import Ledger, hide_literal

_REMOVED = [
    "ref",
    "references",
    "gallery",
    "figcaption",
    "timeline",
    "imagemap",
    "score",
    "templatestyles",
    "mapframe",
    "maplink",
    "graph",
    "hiero",
    "inputbox",
    "style",
]
_LITERAL = ["nowiki", "math", "chem", "syntaxhighlight", "source", "pre"]
# Both begin with a fixed string, which is found several times faster than one of two.
_TAG = re.compile(rf"<(?:!--|(/?)({'|'.join((*_REMOVED, *_LITERAL))})\b([^<>]*)>)", re.IGNORECASE)
_COMMENT_END = re.compile("-->")
_COMMENT = "!--"
_Token = tuple[int, int, str, bool, bool]
"""Where a tag or a mark of comments begins and ends, its element, and whether it opens or closes one."""


def remove_elements(text: str, ledger: Ledger) -> str:
    """Remove comments, references and galleries with their content; keep literal content, hidden from other rules.

    An element that is never closed loses its tag only, so that the text after it survives; a comment that is never
    closed reaches to the end, as in MediaWiki.
    """
    if "<" not in text:
        return text
    tokens = _tokens(text)
    ends = _ends(tokens)
    kept: list[str] = []
    position = index = unclosed = 0
    while index < len(tokens):
        start, after, name, opens, _ = tokens[index]
        end = ends[index]
        kept.append(text[position:start])
        position = after
        index += 1
        ledger.note(name if name in _LITERAL else "comment" if name == _COMMENT else "element")
        if name == _COMMENT and opens and end is None:
            return "".join(kept)
        if end is not None:
            if name in _LITERAL:
                kept.append(hide_literal(text[position : tokens[end][0]]))
            position = tokens[end][1]
            index = end + 1
        elif opens:
            unclosed += 1
            ledger.check_depth(unclosed)
    kept.append(text[position:])
    return "".join(kept)


def _tokens(text: str) -> list[_Token]:
    """Tags, and beginnings and ends of comments, in order; none begins inside another."""
    tokens: list[_Token] = []
    for found in _TAG.finditer(text):
        slash, name, rest = found.groups()
        if name:
            tokens.append((*found.span(), name.lower(), not slash and not rest.endswith("/"), bool(slash)))
        else:
            tokens.append((*found.span(), _COMMENT, True, False))
    if "-->" in text:
        tokens += [(*found.span(), _COMMENT, False, True) for found in _COMMENT_END.finditer(text)]
        tokens.sort()
    return _apart(tokens)


def _apart(tokens: list[_Token]) -> list[_Token]:
    """Those of the tokens that begin behind the one before."""
    end = 0
    apart: list[_Token] = []
    for token in tokens:
        if token[0] >= end:
            apart.append(token)
            end = token[1]
    return apart


def _ends(tokens: list[_Token]) -> list[int | None]:
    """For each token, the index of the token that closes it.

    A reference that another one follows before it is closed was left open: it must not swallow the text between.
    """
    ends: list[int | None] = [None] * len(tokens)
    closing: dict[str, int | None] = {}
    for index in range(len(tokens) - 1, -1, -1):
        _, _, name, opens, closes = tokens[index]
        if opens:
            ends[index] = closing.get(name)
            if name == "ref":
                closing[name] = None
        elif closes:
            closing[name] = index
    return ends
