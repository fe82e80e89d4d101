"""Loss curves, drawn as SVG: the training loss over the steps, with the learning rate beside it."""

import json
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from tsugiki.report.data import LossPoint, TrainingRun
from tsugiki.report.markup import Markup, count, el, figure, join
from tsugiki.report.style import DRAWING

_WIDTH = 440
_LEFT, _RIGHT, _TOP = 44.0, 382.0, 14.0
_LOW, _HIGH = 170.0, 290.0
"""Pixel of the horizontal axis: among other drawings, and in a document of its own."""
_FOOT = 40.0
"""Below the horizontal axis: its labels and the legend."""
_MARGIN, _HEADING = 16.0, 64.0
"""Around a drawing that is a document of its own, and above its plot."""
_LONGEST_LABEL = 48
_DRAWN = 400
_SMOOTHED_FROM = 40


def loss_points(log: str) -> tuple[LossPoint, ...]:
    """The points of a training log: one JSON object a line, with `step`, `loss` and, where known, `learning_rate`."""
    steps = (json.loads(line) for line in log.splitlines())
    return tuple(LossPoint(step["step"], step["loss"], step.get("learning_rate")) for step in steps)


def curve_svg(label: str, log: str) -> str:
    """A training's curve as an SVG document with its own style, light or dark as its reader prefers.

    Args:
        label: what was trained; it heads the drawing.
        log: text of the training's log.jsonl.
    """
    points = loss_points(log)
    finite = _finite(points)
    title = label if len(label) <= _LONGEST_LABEL else f"{label[: _LONGEST_LABEL - 1]}…"
    document = el(
        "svg",
        el("title", f"Training loss of {label} over the steps"),
        # A style sheet is not escaped text, and this one holds no value from outside.
        el("style", Markup(DRAWING)),
        el("text", title, x=_MARGIN, y=_MARGIN + 15, class_="head"),
        el("text", _summary(points, finite), x=_MARGIN, y=_MARGIN + 34, class_="soft"),
        el("g", _drawing(finite, _HIGH), transform=f"translate({_MARGIN:.0f} {_HEADING:.0f})") if finite else "",
        xmlns="http://www.w3.org/2000/svg",
        viewBox=f"0 0 {_WIDTH + 2 * _MARGIN:.0f} {_HEADING + (_HIGH + _FOOT if finite else 0):.0f}",
        role="img",
    )
    return f"{document}\n"


def curve_page(label: str, log: str) -> str:
    """The same as a page: Argo's UI opens HTML at once, and SVG only when it is asked again.

    Args:
        label: what was trained; it heads the drawing.
        log: text of the training's log.jsonl.
    """
    head = el("meta", charset="utf-8"), el("title", label), el("style", "body { margin: 0 }")
    page = el("html", el("head", *head), el("body", Markup(curve_svg(label, log))), lang="en")
    return f"<!doctype html>\n{page}\n"


def loss_curve(training: TrainingRun) -> Markup:
    """One training stage's curve: every step faint, a running mean over it, the learning rate dashed."""
    finite = _finite(training.points)
    return el(
        "figure",
        el("figcaption", training.label),
        el("p", _summary(training.points, finite), class_="note"),
        el(
            "svg",
            el("title", f"Training loss of {training.label} over the steps"),
            _drawing(finite, _LOW),
            viewBox=f"0 0 {_WIDTH} {_LOW + _FOOT:.0f}",
            role="img",
        )
        if finite
        else "",
    )


def _finite(points: Sequence[LossPoint]) -> list[LossPoint]:
    return [point for point in points if math.isfinite(point.loss)]


def _summary(points: Sequence[LossPoint], finite: Sequence[LossPoint]) -> str:
    if not finite:
        return "No step with a finite loss was logged."
    lost = len(points) - len(finite)
    text = f"Loss {finite[0].loss:.3f} → {finite[-1].loss:.3f} in {count(finite[-1].step)} steps."
    return text + (f" {lost} steps had no finite loss." if lost else "")


@dataclass(frozen=True)
class _Plane:
    """Where a step and a value lie: steps from `first` to `last`, values from `low` at pixel `bottom` to `high`."""

    first: int
    last: int
    low: float
    high: float
    bottom: float

    def at(self, step: float, value: float) -> tuple[float, float]:
        """Pixel of a value at a step."""
        x = _LEFT + (step - self.first) / max(self.last - self.first, 1) * (_RIGHT - _LEFT)
        return x, self.bottom - (value - self.low) / (self.high - self.low) * (self.bottom - _TOP)


def _drawing(points: Sequence[LossPoint], bottom: float) -> Markup:
    """Axes, curve and learning rate, down to `bottom` and a foot below it."""
    losses = [point.loss for point in points]
    ticks = nice_ticks(min(losses), max(losses))
    plane = _Plane(points[0].step, points[-1].step, min(ticks[0], *losses), max(ticks[-1], *losses), bottom)
    thin = _thinned([(float(point.step), point.loss) for point in points])
    curve = [plane.at(step, loss) for step, loss in thin]
    smooth = len(curve) >= _SMOOTHED_FROM
    return join(
        _frame(plane, ticks),
        el("path", d=_path(curve), class_="curve raw" if smooth else "curve"),
        el("path", d=_path(_running_mean(curve)), class_="curve") if smooth else "",
        _rate(points, plane),
    )


def nice_ticks(low: float, high: float) -> list[float]:
    """Round values around [low, high]: at least two, at most about seven, a step of 1, 2 or 5 times a power of ten."""
    if high - low <= 1e-9 * max(1.0, abs(high)):
        low, high = low - 0.5, high + 0.5
    raw = (high - low) / 5
    power = 10.0 ** math.floor(math.log10(raw))
    step = next(factor * power for factor in (1, 2, 5, 10) if factor * power >= raw)
    first, last = math.floor(low / step), math.ceil(high / step)
    return [round(index * step, 12) for index in range(first, last + 1)]


def _frame(plane: _Plane, ticks: Sequence[float]) -> Iterator[Markup]:
    for tick in ticks:
        _, y = plane.at(plane.first, tick)
        yield el("line", x1=_LEFT, x2=_RIGHT, y1=y, y2=y, class_="grid")
        yield el("text", figure(tick), x=_LEFT - 6, y=y + 4, text_anchor="end", class_="soft num")
    for step in sorted({plane.first, (plane.first + plane.last) // 2, plane.last}):
        x, _ = plane.at(step, plane.low)
        yield el("text", count(step), x=x, y=plane.bottom + 17, text_anchor="middle", class_="soft num")
    legend = plane.bottom + 35
    yield el("text", "loss", x=0.0, y=legend, class_="soft")
    yield el("line", x1=28.0, x2=52.0, y1=legend - 4, y2=legend - 4, class_="curve")
    yield el("text", "step", x=(_LEFT + _RIGHT) / 2, y=legend, text_anchor="middle", class_="soft")


def _rate(points: Sequence[LossPoint], plane: _Plane) -> Markup:
    """The learning rate on its own axis, from zero to its peak; nothing where none was logged."""
    rates = [(float(point.step), point.rate) for point in points if point.rate is not None]
    peak = max((rate for _, rate in rates), default=0.0)
    if peak <= 0:
        return join()
    own = replace(plane, low=0.0, high=peak)
    legend = plane.bottom + 35
    return join(
        el("path", d=_path([own.at(step, rate) for step, rate in _thinned(rates)]), class_="rate"),
        el("text", _exponent(peak), x=_RIGHT + 6, y=_TOP + 4, class_="soft num"),
        el("text", "0", x=_RIGHT + 6, y=plane.bottom + 4, class_="soft num"),
        el("line", x1=332.0, x2=356.0, y1=legend - 4, y2=legend - 4, class_="rate"),
        el("text", "learning rate", x=float(_WIDTH), y=legend, text_anchor="end", class_="soft"),
    )


def _exponent(value: float) -> str:
    """A positive number with an exponent of as few digits as it needs (`2e-4`)."""
    mantissa, exponent = f"{value:.2e}".split("e")
    return f"{float(mantissa):g}e{int(exponent)}"


def _thinned(values: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    """At most a few hundred points, each the mean of its neighbours; the ends stay where they are."""
    if len(values) <= _DRAWN:
        return list(values)
    bounds = [round(index * len(values) / _DRAWN) for index in range(_DRAWN + 1)]
    groups = [values[start:end] for start, end in pairwise(bounds)]
    means = [(sum(x for x, _ in group) / len(group), sum(y for _, y in group) / len(group)) for group in groups]
    return [values[0], *means[1:-1], values[-1]]


def _running_mean(curve: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    """Mean over a centred window of about a twentieth of the curve, narrower at its ends."""
    half = max(2, len(curve) // 40)
    smooth = []
    for index, (x, _) in enumerate(curve):
        reach = min(half, index, len(curve) - 1 - index)
        window = curve[index - reach : index + reach + 1]
        smooth.append((x, sum(y for _, y in window) / len(window)))
    return smooth


def _path(curve: Sequence[tuple[float, float]]) -> str:
    return "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in curve)
