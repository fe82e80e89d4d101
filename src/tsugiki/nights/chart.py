"""Accuracy over the nights of a series, drawn as SVG: a line and a band of intervals for each checkpoint."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from tsugiki.nights.figures import NightFigures
from tsugiki.report.charts import SPLIT_NAMES
from tsugiki.report.curves import nice_ticks
from tsugiki.report.markup import Markup, el, join, percent, span
from tsugiki.report.style import ARM_COLOURS
from tsugiki.rows import Split
from tsugiki.score.scores import Share

_WIDTH, _HEIGHT = 440, 196
_LEFT, _RIGHT, _TOP, _BOTTOM = 54.0, 432.0, 14.0, 168.0
_DOTS_UP_TO = 60


@dataclass(frozen=True)
class _Scale:
    """Pixels of a night, by its place in the history, and of a share."""

    nights: int
    low: float
    high: float

    def x(self, index: int) -> float:
        return (_LEFT + _RIGHT) / 2 if self.nights == 1 else _LEFT + index / (self.nights - 1) * (_RIGHT - _LEFT)

    def y(self, share: float) -> float:
        return _BOTTOM - (share - self.low) / (self.high - self.low) * (_BOTTOM - _TOP)


def history_chart(history: Sequence[NightFigures], split: Split, checkpoints: Sequence[str]) -> Markup:
    """Accuracy of the checkpoints on one split, night after night; nights with a regression have a red line."""
    shares = [night.accuracies[name][split] for night in history for name in checkpoints if _has(night, name, split)]
    ticks = nice_ticks(max(0.0, min(it.low for it in shares)), min(1.0, max(it.high for it in shares)))
    scale = _Scale(len(history), ticks[0], ticks[-1])
    lines = (
        _run(name, number % ARM_COLOURS, run, scale, history)
        for number, name in enumerate(checkpoints)
        for run in _runs(history, name, split)
    )
    return el(
        "svg",
        el("title", f"Accuracy over the nights: {SPLIT_NAMES[split]}"),
        _frame(ticks, scale, history),
        (_mark(index, night, scale) for index, night in enumerate(history) if not night.good),
        lines,
        viewBox=f"0 0 {_WIDTH} {_HEIGHT}",
        role="img",
    )


def _has(night: NightFigures, name: str, split: Split) -> bool:
    return split in night.accuracies.get(name, {})


def _runs(history: Sequence[NightFigures], name: str, split: Split) -> Iterator[list[tuple[int, Share]]]:
    """The nights that have the checkpoint, cut where it was missing."""
    run: list[tuple[int, Share]] = []
    for index, night in enumerate(history):
        if _has(night, name, split):
            run.append((index, night.accuracies[name][split]))
        elif run:
            yield run
            run = []
    if run:
        yield run


def _frame(ticks: Sequence[float], scale: _Scale, history: Sequence[NightFigures]) -> Iterator[Markup]:
    for tick in ticks:
        y = scale.y(tick)
        yield el("line", x1=_LEFT - 6, x2=_RIGHT, y1=y, y2=y, class_="grid")
        yield el("text", percent(tick), x=_LEFT - 12, y=y + 4, text_anchor="end", class_="soft num")
    last = len(history) - 1
    for index in sorted({0, last}):
        anchor = "middle" if last == 0 else "start" if index == 0 else "end"
        x = _LEFT - 6 if anchor == "start" else scale.x(index)
        yield el("text", history[index].night, x=x, y=_BOTTOM + 20, text_anchor=anchor, class_="soft num")


def _mark(index: int, night: NightFigures, scale: _Scale) -> Markup:
    x = scale.x(index)
    title = el("title", f"{night.night}: regression")
    return el("g", title, el("line", x1=x, x2=x, y1=_TOP, y2=_BOTTOM, class_="wrong", stroke_dasharray="3 3"))


def _run(
    name: str, colour: int, run: Sequence[tuple[int, Share]], scale: _Scale, history: Sequence[NightFigures]
) -> Markup:
    """One unbroken stretch: intervals as a band (as a whisker where it is one night), the line, dots where they fit."""
    top = [(scale.x(index), scale.y(share.high)) for index, share in run]
    bottom = [(scale.x(index), scale.y(share.low)) for index, share in reversed(run)]
    middle = [(scale.x(index), scale.y(share.accuracy)) for index, share in run]
    band = el("path", d=f"{_path([*top, *bottom])}Z", class_=f"bar f{colour}")
    alone = el("path", d=_path([*top, *bottom]), class_=f"whisker s{colour}")
    dots = (
        _dot(x, y, f"{name}, {history[index].night}", share, colour)
        for (x, y), (index, share) in zip(middle, run, strict=True)
    )
    return join(
        band if len(run) > 1 else alone,
        el("path", d=_path(middle), class_=f"whisker s{colour}", fill="none"),
        dots if len(history) <= _DOTS_UP_TO else join(),
    )


def _dot(x: float, y: float, label: str, share: Share, colour: int) -> Markup:
    title = el("title", f"{label}: {percent(share.accuracy, 1)}, {span(share.low, share.high, 1)}")
    return el("g", title, el("circle", cx=x, cy=y, r=3.5, class_=f"dot f{colour}"))


def _path(points: Sequence[tuple[float, float]]) -> str:
    return "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in points)
