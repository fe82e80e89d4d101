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
# Both begin with a fixed string, which is found several times faster than one of two. Both have three groups.
_TAG = re.compile(rf"<(?:!--|(/?)({'|'.join((*_REMOVED, *_LITERAL))})\b([^<>]*)>)", re.IGNORECASE)
_COMMENT_END = re.compile(r"-->()()()")
_COMMENT = "!--"


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
        token = tokens[index]
        name, end = _name(token), ends[index]
        kept.append(text[position : token.start()])
        position = token.end()
        index += 1
        ledger.note(name if name in _LITERAL else "comment" if name == _COMMENT else "element")
        if name == _COMMENT and token[0] == "<!--" and end is None:
            return "".join(kept)
        if end is not None:
            if name in _LITERAL:
                kept.append(hide_literal(text[position : tokens[end].start()]))
            position = tokens[end].end()
            index = end + 1
        elif _opens(token):
            unclosed += 1
            ledger.check_depth(unclosed)
    kept.append(text[position:])
    return "".join(kept)


def _tokens(text: str) -> list[re.Match[str]]:
    """Tags, and beginnings and ends of comments, in order; none begins inside another."""
    tokens: list[re.Match[str]] = []
    end = 0
    for token in sorted((*_TAG.finditer(text), *_COMMENT_END.finditer(text)), key=re.Match.start):
        if token.start() >= end:
            tokens.append(token)
            end = token.end()
    return tokens


def _name(token: re.Match[str]) -> str:
    return token[2].lower() if token[2] else _COMMENT


def _opens(token: re.Match[str]) -> bool:
    return token[0] == "<!--" or (bool(token[2]) and not token[1] and not token[3].endswith("/"))


def _ends(tokens: list[re.Match[str]]) -> list[int | None]:
    """For each token, the index of the token that closes it.

    A reference that another one follows before it is closed was left open: it must not swallow the text between.
    """
    ends: list[int | None] = [None] * len(tokens)
    closing: dict[str, int | None] = {}
    for index in range(len(tokens) - 1, -1, -1):
        token = tokens[index]
        name = _name(token)
        if _opens(token):
            ends[index] = closing.get(name)
            if name == "ref":
                closing[name] = None
        elif token[0] == "-->" or token[1]:
            closing[name] = index
    return ends
