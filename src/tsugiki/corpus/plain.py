"""Rules on plain text: Unicode normalisation, brackets and quotes that became empty, blank lines."""

import re
import unicodedata

from tsugiki.corpus.config import CleanConfig, Normalisation
from tsugiki.corpus.marks import DEEPER, WRITTEN, Ledger
from tsugiki.corpus.nfkc import nfkc

_LETTERS = re.compile("[０-９Ａ-Ｚａ-ｚ]+|[ｦ-ﾟ]+")
_BRACKET = re.compile("[()（）「」『』]")
_CLOSING = {")": "(（", "）": "(（", "」": "「", "』": "『"}
_SEPARATORS = frozenset(" 　、,，;；:：・/／-－–—〜～~\n")
_LEADING = re.compile("([(（]) ?[、,，;；](?:[ 　、,，;；])*")
# The first of several separators: it is a comma, or a space before one.
_TRAILING = re.compile("[ 　、,，;；](?<![ 　、,，;；].)(?:(?<=[、,，;；])|[、,，;；])[ 　、,，;；]*+([)）])")
_COMMAS = re.compile("、(?: ?、)+")
_FILLERS = "[ 　、,，;；:：・/／\\-－–—〜～~\n]{0,20}"
_EMPTY_PAIR = re.compile(f"[(（「『]{_FILLERS}[)）」』]")
# Find no more than whether there is anything to repair: a fixed character at the start makes each fast.
_REPAIRABLE = (
    *(re.compile(f"{re.escape(opening)}(?={_FILLERS}[)）」』]| ?[、,，;；])") for opening in "(（「『"),
    *(re.compile(f"{re.escape(closing)}(?:(?<=[、,，;；].)|(?<=[、,，;；][ 　].))") for closing in ")）"),
)
_SPACES = re.compile("[ \u00a0\u3000][ \u00a0\u3000]+")
_PLAIN_SPACES = re.compile("  +")
_OTHER_SPACES = "\r\x0b\x0c\x1c\x1d\x1e\x1f\x85\u2028\u2029\t"
_BLANK_LINES = re.compile("\n\n\n+")
_INDENT = re.compile(r"(?<=\n)(?: {2})+(?=- )")
# An item of which nothing is left is a dash, and no item of any depth.
_DEEPER = re.compile(rf"{DEEPER}+(?=(- \S)?)")
EMPTY_PAIRS = {
    pair: re.compile(f"{re.escape(pair[0])}(?={re.escape(pair[1])})") for pair in ("()", "（）", "「」", "『』")
}
"""What opens an empty pair, by the pair: looking for one character and then at the next is faster than for two."""
_WRITTEN_CALL = re.compile(r"(?<=[A-Za-z0-9_])\(\)")
_QUALIFIER = re.compile(r"\s*[(（][^()（）]*[)）]$")
_MOST_ROUNDS = 16


def keep_written_pairs(text: str, _ledger: Ledger) -> str:
    """Mark the empty pairs that the page itself writes (`main()`, 「」), so that only emptied ones are removed."""
    for pair, opening in EMPTY_PAIRS.items():
        text = opening.sub(f"{pair[0]}{WRITTEN}", text)
    return text


def keep_written_calls(text: str, _ledger: Ledger) -> str:
    """Mark `()` after a name only: in converted pages other empty pairs are those that the converter emptied."""
    return _WRITTEN_CALL.sub(f"({WRITTEN})", text)


def normalise(text: str, policy: Normalisation, ledger: Ledger) -> str:
    """Apply the policy of Unicode normalisation (see `CleanConfig.normalisation`)."""
    if policy == "nfkc":
        normal = nfkc(text)
        ledger.note("nfkc", normal != text)
        return normal
    if policy == "nfkc_letters":
        return ledger.sub("nfkc", _LETTERS, lambda run: unicodedata.normalize("NFKC", run[0]), text)
    return text


def repair_pairs(text: str, ledger: Ledger) -> str:
    """Remove brackets and quotes with nothing but separators inside, and separators next to a bracket."""
    if any(pattern.search(text) for pattern in _REPAIRABLE):
        if _EMPTY_PAIR.search(text):
            text = _without_empty_pairs(text, ledger)
        text = ledger.sub("separator", _LEADING, r"\1", text)
        text = ledger.sub("separator", _TRAILING, r"\1", text)
    if "、、" in text or "、 、" in text:
        text = ledger.sub("separator", _COMMAS, "、", text)
    return text


def _without_empty_pairs(text: str, ledger: Ledger) -> str:
    """One linear pass with a stack, since empty pairs may be nested to any depth."""
    kept: list[str] = []
    opened: list[tuple[str, int]] = []
    filled: list[bool] = [True]
    position = 0
    for found in _BRACKET.finditer(text):
        piece = text[position : found.start()]
        kept.append(piece)
        filled[-1] = filled[-1] or not _SEPARATORS.issuperset(piece)
        position = found.end()
        bracket = found[0]
        if bracket not in _CLOSING:
            opened.append((bracket, len(kept)))
            filled.append(False)
            kept.append(bracket)
        elif opened and opened[-1][0] in _CLOSING[bracket]:
            start = opened.pop()[1]
            if filled.pop():
                filled[-1] = True
                kept.append(bracket)
            else:
                ledger.note("empty_pair")
                del kept[start:]
        else:
            filled[-1] = True
            kept.append(bracket)
    kept.append(text[position:])
    return "".join(kept)


def squeeze(text: str, _ledger: Ledger) -> str:
    """Strip both ends of every line, and leave at most one blank line and one space in a row."""
    for space in _OTHER_SPACES:
        text = text.replace(space, " ")
    pattern = _SPACES if "\u00a0" in text or "\u3000" in text else _PLAIN_SPACES
    text = "\n".join(map(str.strip, pattern.sub(" ", text).split("\n")))
    return _BLANK_LINES.sub("\n\n", text).strip()


def finish_plain(text: str, title: str, config: CleanConfig, ledger: Ledger) -> str:
    """All rules on plain text until none applies: one can make room for another."""
    kept = _protected(title, config)
    if config.output == "markdown":
        text = _INDENT.sub(lambda indent: DEEPER * (len(indent[0]) // 2), f"\n{text}")
    for _ in range(_MOST_ROUNDS):
        squeezed = squeeze(_normalise_but(kept, text, config.normalisation, ledger), ledger)
        text = repair_pairs(squeezed, ledger)
        if text == squeezed:
            break
    text = text.replace(WRITTEN, "")
    return _DEEPER.sub(lambda run: "  " * len(run[0]) if run[1] else "", text) if DEEPER in text else text


def clean_title(title: str, config: CleanConfig, ledger: Ledger) -> str:
    """The title of the document, by the policy for titles."""
    return normalise(title, config.normalisation, ledger) if config.titles == "normalised" else title


def _protected(title: str, config: CleanConfig) -> str:
    """The page's title without its qualifier, if the policy keeps it as published and normalisation would not."""
    name = _QUALIFIER.sub("", title)
    if config.titles == "normalised" or config.normalisation == "none":
        return ""
    return name if unicodedata.normalize("NFKC", name) != name else ""


def _normalise_but(kept: str, text: str, policy: Normalisation, ledger: Ledger) -> str:
    if not kept:
        return normalise(text, policy, ledger)
    return kept.join(normalise(part, policy, ledger) for part in text.split(kept))
