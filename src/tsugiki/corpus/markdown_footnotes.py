r"""Footnotes of Markdown in the three forms pandoc has written: `[^1]`, `\[1\]`, and `[1]` with `[1] text` below."""

import re

from tsugiki.corpus.marks import Ledger

_DEFINITION = re.compile(r"\[\^[^\]\n]{1,60}\]:")
_REFERENCE = re.compile(r"\[\^[^\]\s]{1,60}\](?!:)")
_ESCAPED_REFERENCE = re.compile(r"\\\[(?:[0-9]{1,4}|(?:注|注釈|note)[ 　]?[0-9]{1,3})\\\]")
_BARE_DEFINITION = re.compile(r"^\[([0-9]{1,4})\](?:[ \t][^\n]*)?$", re.MULTILINE)
_BARE_REFERENCE = re.compile(r"(?<!!)\[([0-9]{1,4})\](?!\()")
_NUMBERED = re.compile(r"[0-9]{1,4}\.(?:[ \t]|$)")


def remove_marked_footnotes(text: str, ledger: Ledger) -> str:
    """Remove `[^1]` and its definition with all its indented lines."""
    if "[^" not in text:
        return text
    kept: list[str] = []
    inside = False
    for line in text.split("\n"):
        if _DEFINITION.match(line):
            ledger.note("footnote_definition")
            inside = True
        elif inside and (not line.strip() or line.startswith(("    ", "\t"))):
            continue
        else:
            inside = False
            kept.append(line)
    return ledger.sub("footnote", _REFERENCE, "", "\n".join(kept))


def remove_numbered_footnotes(text: str, ledger: Ledger) -> str:
    r"""Remove `\[1\]`, and a numbered list at the very end of the page that has as many items as there are notes."""
    notes = {int(digits) for digits in re.findall(r"\\\[([0-9]{1,4})\\\]", text)}
    text = ledger.sub("footnote", _ESCAPED_REFERENCE, "", text)
    if not notes:
        return text
    lines = text.split("\n")
    first, items = len(lines), 0
    for index in range(len(lines) - 1, -1, -1):
        stripped = lines[index].strip()
        if _NUMBERED.match(stripped):
            first, items = index, items + 1
        elif stripped and not lines[index].startswith("   "):
            break
    if items != max(notes):
        return text
    ledger.note("footnote_definition", items)
    return "\n".join(lines[:first])


def remove_bare_footnotes(text: str, ledger: Ledger) -> str:
    """Remove `[1]` if the page has lines `[1] …`, `[2] …` and so on without a gap; any other `[1]` is text."""
    defined = {int(digits) for digits in _BARE_DEFINITION.findall(text)}
    if not defined or defined != set(range(1, len(defined) + 1)):
        return text
    text = ledger.sub("footnote_definition", _BARE_DEFINITION, "", text)

    def remove(reference: re.Match[str]) -> str:
        if int(reference[1]) not in defined:
            return reference[0]
        ledger.note("footnote")
        return ""

    return _BARE_REFERENCE.sub(remove, text)
