"""Sampled pages in the loss report: a passage as published, what was lost struck out, beside what became of it."""

from collections.abc import Iterator, Sequence

from tsugiki.corpus.excerpt import Excerpt, excerpt
from tsugiki.corpus.samples import Sample
from tsugiki.report.markup import Markup, count, el, join, percent

_OPEN = 2


def samples_section(drawn: Sequence[Sample], lost_most: Sequence[Sample]) -> Markup:
    """The pages that lost the most, each where it lost most, and pages drawn at random, each from its beginning."""
    return join(
        el("p", "Words that the document has nowhere are struck out.", class_="note"),
        _group("Pages that lost the most, where they did", lost_most, where_most_was_lost=True),
        _group("Pages drawn at random, from their beginning", drawn, where_most_was_lost=False),
    )


def _group(title: str, samples: Sequence[Sample], *, where_most_was_lost: bool) -> Markup:
    if not samples:
        return join()
    cards = [_card(one, excerpt(one, where_most_was_lost=where_most_was_lost)) for one in samples]
    folded = el("details", el("summary", f"{len(cards) - _OPEN} more"), cards[_OPEN:]) if cards[_OPEN:] else join()
    return join(el("h3", title), cards[:_OPEN], folded)


def _card(sample: Sample, passage: Excerpt) -> Markup:
    kept = percent(sample.chars_out / sample.chars_in) if sample.chars_in else "—"
    sizes = f"{count(sample.chars_in)} characters became {count(sample.chars_out)} ({kept})"
    where = f", from line {count(passage.skipped + 1)}" if passage.skipped else ""
    return el(
        "article",
        el("h4", sample.title, dir="auto"),
        el("p", sizes, class_="note"),
        el(
            "div",
            _passage(f"Before{where}", join(_lines(passage))),
            _passage("After", passage.after),
            class_="pair",
        ),
        class_="card",
    )


def _passage(head: str, content: str) -> Markup:
    return el("div", el("p", head, class_="note"), el("div", content, class_="text passage", dir="auto"))


def _lines(passage: Excerpt) -> Iterator[Markup]:
    for line in passage.before:
        yield from (el("del", piece.text) if piece.lost else el("span", piece.text) for piece in line if piece.text)
        yield join("\n")
