"""Where the characters went, drawn as SVG: from all pages, step by step, to the documents."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tsugiki.report.markup import Markup, count, el, percent

_WIDTH, _ROW, _TOP = 440, 22, 4.0
_LEFT, _RIGHT = 168.0, 372.0
_MOST_STEPS = 10
_LONGEST_LABEL = 25


@dataclass(frozen=True)
class _Bar:
    """One row: from which share of all characters to which."""

    label: str
    low: float
    high: float
    colour: int
    chars: int


def waterfall(markup: str, figures: Mapping[str, Any]) -> Markup:
    """Characters of all pages of one markup, what each step took, and what is left in the documents."""
    bars = [*_bars(figures)]
    rows = (_row(bar, _TOP + index * _ROW) for index, bar in enumerate(bars))
    title = el("title", f"Characters of {markup} that each step of cleaning removed")
    return el("svg", title, rows, viewBox=f"0 0 {_WIDTH} {_TOP * 2 + len(bars) * _ROW:.0f}", role="img")


def _bars(figures: Mapping[str, Any]) -> Iterator[_Bar]:
    everything, left = figures["chars_in"], figures["chars_in"]
    yield _Bar("all pages", 0.0, 1.0, 0, everything)
    for label, removed in _removals(figures):
        after = left - removed
        yield _Bar(
            label, min(left, after) / everything, max(left, after) / everything, 3 if removed < 0 else 2, removed
        )
        left = after
    yield _Bar("documents", 0.0, figures["chars_out"] / everything, 1, figures["chars_out"])


def _removals(figures: Mapping[str, Any]) -> Iterator[tuple[str, int]]:
    """Pages set aside, the steps that removed the most in their order, and all others as one."""
    aside = figures["chars_in"] - figures["chars_of_documents"]
    if aside:
        yield "pages set aside", aside
    steps: Sequence[Mapping[str, Any]] = figures["steps"]
    largest = sorted(steps, key=lambda step: -abs(step["removed"]))[:_MOST_STEPS]
    for step in steps:
        if step in largest:
            yield step["step"].replace("_", " "), step["removed"]
    rest = [step["removed"] for step in steps if step not in largest]
    if rest:
        yield f"{len(rest)} other steps", sum(rest)


def _row(bar: _Bar, top: float) -> Markup:
    span = _RIGHT - _LEFT
    start, end = (_LEFT + min(max(share, 0.0), 1.0) * span for share in (bar.low, bar.high))
    label = bar.label if len(bar.label) <= _LONGEST_LABEL else f"{bar.label[: _LONGEST_LABEL - 1]}…"
    sign = {2: "−", 3: "+"}.get(bar.colour, "")
    share = f"{sign}{percent(bar.high - bar.low, 1)}"
    return el(
        "g",
        el("title", f"{bar.label}: {count(abs(bar.chars))} characters, {share}"),
        el("text", label, x=0.0, y=top + 15),
        el("rect", x=start, y=top + 4, width=max(end - start, 1.0), height=14.0, class_=f"f{bar.colour}"),
        el("text", share, x=float(_WIDTH), y=top + 15, text_anchor="end", class_="num"),
    )
