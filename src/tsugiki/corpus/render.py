"""One page as cleaned text: by the rules of its markup, or by simple ones where those give up."""

from dataclasses import dataclass

from tsugiki.corpus.config import CleanConfig
from tsugiki.corpus.fallback import fallback_rules
from tsugiki.corpus.marks import FIELD, ITEM, ROW, WRITTEN, Ledger, Pathological, Rule
from tsugiki.corpus.pipeline import LAYOUT, RULES
from tsugiki.corpus.plain import finish_plain
from tsugiki.rows import Page

_FEWEST_LINES = 10
"""A page of fewer lines is a stub, whatever they are."""


@dataclass(frozen=True)
class Rendered:
    """A page's text, and what is known of how it came about."""

    text: str
    list_share: float
    """Share of its lines that are list items or table rows (0 to 1); 0 for a page of few lines."""
    fallback: str | None
    """Why the main rules gave up; None if they did not."""


def render(page: Page, config: CleanConfig, ledger: Ledger) -> Rendered:
    """Clean the text of a page no longer than `max_chars`. Never raises, whatever the text.

    Where the main rules give up (nesting beyond `max_depth`, tables that would grow beyond `max_chars`, a fault of
    their own), the simple rules read the page; the ledger then counts them alone.
    """
    try:
        return _render(page, config, RULES[page.markup], ledger, None)
    except Pathological as fault:
        why = f"{fault.reason}: {fault.detail}"
    except Exception as fault:
        # One page must not end a run of days; the mark says what happened, and the totals count it.
        why = f"error: {type(fault).__name__}: {fault}"
    ledger.clear()
    ledger.note("fallback")
    return _render(page, config, fallback_rules(page.markup), ledger, why)


def _render(page: Page, config: CleanConfig, rules: tuple[Rule, ...], ledger: Ledger, fallback: str | None) -> Rendered:
    text = page.text
    for rule in rules:
        text = ledger.measured(rule, text)
    if fallback is None:
        # The simple rules add no more than a mark to what the page has, and nothing reads what they gave up.
        ledger.check_chars(len(text) - text.count(WRITTEN))
    share = _list_share(text)
    if page.markup != "text":
        text = ledger.measured(LAYOUT[config.output], text)
    finished = finish_plain(text, page.title, config, ledger)
    ledger.measure(finish_plain.__name__, text, finished)
    return Rendered(finished, share, fallback)


def _list_share(marked: str) -> float:
    """Share of the lines that are items or rows; casts and definitions are none; fields of an infobox do not count."""
    text = f"\n{marked}"
    listed = text.count(f"\n{ITEM}") + text.count(f"\n{ROW}")
    if listed < _FEWEST_LINES:
        return 0.0
    lines = marked.split("\n")
    blank = lines.count("") + sum(map(str.isspace, lines))
    return listed / (len(lines) - blank - text.count(f"\n{FIELD}"))
