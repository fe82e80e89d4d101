"""Loss curves, drawn as SVG: the training loss over the steps, with the learning rate beside it."""

import math
from collections.abc import Iterator, Sequence
from itertools import pairwise

from tsugiki.report.data import LossPoint, TrainingRun
from tsugiki.report.markup import Markup, count, el, figure, join

_WIDTH, _HEIGHT = 440, 210
_LEFT, _RIGHT, _TOP, _BOTTOM = 44.0, 382.0, 14.0, 170.0
_DRAWN = 400
_SMOOTHED_FROM = 40


def loss_curve(training: TrainingRun) -> Markup:
    """One training stage's curve: every step faint, a running mean over it, the learning rate dashed."""
    finite = [point for point in training.points if math.isfinite(point.loss)]
    if not finite:
        return el("p", f"{training.label}: no step with a finite loss was logged.", class_="note")
    heading = el("figcaption", training.label)
    return el("figure", heading, _summary(training, finite), _svg(training.label, finite))


def _summary(training: TrainingRun, finite: Sequence[LossPoint]) -> Markup:
    lost = len(training.points) - len(finite)
    text = f"Loss {finite[0].loss:.3f} → {finite[-1].loss:.3f} in {count(finite[-1].step)} steps."
    return el("p", text + (f" {lost} steps had no finite loss." if lost else ""), class_="note")


def _svg(label: str, points: Sequence[LossPoint]) -> Markup:
    steps, losses = [point.step for point in points], [point.loss for point in points]
    ticks = nice_ticks(min(losses), max(losses))
    low, high = min(ticks[0], *losses), max(ticks[-1], *losses)
    thin = _thinned(list(zip(map(float, steps), losses, strict=True)))
    curve = [_xy(step, steps, loss, low, high) for step, loss in thin]
    smooth = len(curve) >= _SMOOTHED_FROM
    return el(
        "svg",
        el("title", f"Training loss of {label} over the steps"),
        _frame(ticks, low, high, steps),
        el("path", d=_path(curve), class_="curve raw" if smooth else "curve"),
        el("path", d=_path(_running_mean(curve)), class_="curve") if smooth else "",
        _rate(points, steps),
        viewBox=f"0 0 {_WIDTH} {_HEIGHT}",
        role="img",
    )


def _xy(step: float, steps: Sequence[int], value: float, low: float, high: float) -> tuple[float, float]:
    """Pixel of a value at a step."""
    first, last = steps[0], max(steps[-1], steps[0] + 1)
    x = _LEFT + (step - first) / (last - first) * (_RIGHT - _LEFT)
    return x, _BOTTOM - (value - low) / (high - low) * (_BOTTOM - _TOP)


def nice_ticks(low: float, high: float) -> list[float]:
    """Round values around [low, high]: at least two, at most about seven, a step of 1, 2 or 5 times a power of ten."""
    if high - low <= 1e-9 * max(1.0, abs(high)):
        low, high = low - 0.5, high + 0.5
    raw = (high - low) / 5
    power = 10.0 ** math.floor(math.log10(raw))
    step = next(factor * power for factor in (1, 2, 5, 10) if factor * power >= raw)
    first, last = math.floor(low / step), math.ceil(high / step)
    return [round(index * step, 12) for index in range(first, last + 1)]


def _frame(ticks: Sequence[float], low: float, high: float, steps: Sequence[int]) -> Iterator[Markup]:
    for tick in ticks:
        _, y = _xy(steps[0], steps, tick, low, high)
        yield el("line", x1=_LEFT, x2=_RIGHT, y1=y, y2=y, class_="grid")
        yield el("text", figure(tick), x=_LEFT - 6, y=y + 4, text_anchor="end", class_="soft num")
    middle = (steps[0] + steps[-1]) // 2
    for step in sorted({steps[0], middle, steps[-1]}):
        x, _ = _xy(step, steps, low, low, high)
        yield el("text", count(step), x=x, y=_BOTTOM + 17, text_anchor="middle", class_="soft num")
    yield el("text", "loss", x=0.0, y=_BOTTOM + 35, class_="soft")
    yield el("line", x1=28.0, x2=52.0, y1=_BOTTOM + 31, y2=_BOTTOM + 31, class_="curve")
    yield el("text", "step", x=(_LEFT + _RIGHT) / 2, y=_BOTTOM + 35, text_anchor="middle", class_="soft")


def _rate(points: Sequence[LossPoint], steps: Sequence[int]) -> Markup:
    """The learning rate on its own axis, from zero to its peak; nothing where none was logged."""
    rates = [(float(point.step), point.rate) for point in points if point.rate is not None]
    peak = max((rate for _, rate in rates), default=0.0)
    if peak <= 0:
        return join()
    curve = [_xy(step, steps, rate, 0.0, peak) for step, rate in _thinned(rates)]
    return join(
        el("path", d=_path(curve), class_="rate"),
        el("text", _exponent(peak), x=_RIGHT + 6, y=_TOP + 4, class_="soft num"),
        el("text", "0", x=_RIGHT + 6, y=_BOTTOM + 4, class_="soft num"),
        el("line", x1=332.0, x2=356.0, y1=_BOTTOM + 31, y2=_BOTTOM + 31, class_="rate"),
        el("text", "learning rate", x=float(_WIDTH), y=_BOTTOM + 35, text_anchor="end", class_="soft"),
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
