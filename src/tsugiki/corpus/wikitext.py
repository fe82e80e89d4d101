"""Small pieces of wikitext syntax that have no module of their own: quotes for emphasis, and behaviour switches."""

import re

from tsugiki.corpus.marks import Ledger

_QUOTES = re.compile(r"''(?:'{0,3})")
_SWITCH = re.compile(r"__(?:[A-Z]{3,30}|[ぁ-んァ-ヶー一-龠]{2,20})__")
_REST = re.compile(r"\{\{|\}\}|^[ \t]*(?:\{\||\|\}|\|-)[^\n]*$", re.MULTILINE)


def strip_quotes(text: str, ledger: Ledger) -> str:
    """Remove the quotes that make text italic or bold."""
    return ledger.sub("emphasis", _QUOTES, "", text) if "''" in text else text


def remove_switches(text: str, ledger: Ledger) -> str:
    """Remove behaviour switches such as __NOTOC__."""
    return ledger.sub("behaviour_switch", _SWITCH, "", text) if "__" in text else text


def remove_unmatched(text: str, ledger: Ledger) -> str:
    """Remove brackets of templates and tables that matched nothing; their text stays."""
    if "{" not in text and "}" not in text and "|-" not in text:
        return text
    return ledger.sub("unmatched_bracket", _REST, "", text)
