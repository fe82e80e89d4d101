"""Pages broken at random: nothing raised, bounded work, no marks left behind, and cleaned for good."""

import random
import re
import signal

import pytest

from tests.corpus.mutations import SEEDS, mutate
from tsugiki.corpus.clean import clean
from tsugiki.rows import Page, Rejected

CPU_SECONDS = 20
"""Processor time one page of some thousand characters may take: a hundred times what any takes."""
LEFT = re.compile("[\x00-\x08\x0e-\x1f\ufdd0-\ufdef]")


class OverTime(BaseException):
    """Not an Exception: the rules must not take it for a fault of theirs."""


@pytest.fixture
def bounded():
    """Runs a function that must not take long, by the processor time of this process alone."""

    def stop(_signal, _frame):
        raise OverTime

    def run(function, *arguments):
        signal.setitimer(signal.ITIMER_VIRTUAL, CPU_SECONDS)
        try:
            return function(*arguments)
        finally:
            signal.setitimer(signal.ITIMER_VIRTUAL, 0)

    before = signal.signal(signal.SIGVTALRM, stop)
    yield run
    signal.signal(signal.SIGVTALRM, before)


def check(text, markup, settings, bounded):
    """Clean a page, and what came of it once more."""
    result = bounded(clean, Page(title="星屑Ⅱ", text=text, markup=markup), settings).result
    if isinstance(result, Rejected):
        assert result.reason in ("empty", "redirect", "disambiguation", "too_long"), result.reason
        return
    assert result.fallback is None or result.fallback.startswith(("too_deep", "too_long")), result.fallback
    assert not LEFT.search(result.text)
    again = bounded(clean, Page(title="星屑Ⅱ", text=result.text, markup="text"), settings).result
    assert getattr(again, "text", None) == result.text


def settings_of(config, choose):
    return config(
        normalisation=choose.choice(("nfkc", "nfkc_letters", "none")),
        titles=choose.choice(("as_published", "normalised")),
        output=choose.choice(("text", "markdown")),
    )


def fuzz(pages, times, seed, config, bounded):
    """Break pages `times` times; the message of a failure names the seed that makes the page again."""
    for number in range(times):
        choose = random.Random(f"{seed}-{number}")
        markup, text = choose.choice(pages)
        broken = mutate(text, choose)
        try:
            check(broken, markup, settings_of(config, choose), bounded)
        except BaseException as fault:
            raise AssertionError(f"seed {seed}-{number} ({markup}): {type(fault).__name__}: {fault}") from fault


@pytest.mark.parametrize("markup", SEEDS)
def test_a_few_hundred_broken_pages(config, bounded, markup):
    fuzz([(markup, SEEDS[markup])], 250, markup, config, bounded)


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_ten_thousand_broken_pages(config, bounded):
    fuzz([*SEEDS.items()], 10_000, "many", config, bounded)


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_broken_real_pages(config, bounded, wikitext_pages, markdown_pages):
    pages = [(page.markup, page.text[:15_000]) for page in wikitext_pages]
    pages += [("markdown", page.text[:15_000]) for found in markdown_pages.values() for page in found.values()]
    fuzz(pages, 2000, "real", config, bounded)
