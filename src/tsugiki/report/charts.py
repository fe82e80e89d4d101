"""Dot plots with whiskers, drawn as SVG: accuracies by split and arm, and paired differences."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from tsugiki.report.markup import Markup, el, percent, points
from tsugiki.report.style import ARM_COLOURS
from tsugiki.report.verdict import arm_name
from tsugiki.rows import Split
from tsugiki.score.scores import Gap, Scores

SPLIT_NAMES: dict[Split, str] = {"test": "Held-out", "train": "Trained on", "other": "Other domain"}
"""Headings of the splits, in the order in which they are shown."""

_WIDTH = 440
_ROW = 24
_HEAD = 26
_FOOT = 24


@dataclass(frozen=True)
class Row:
    """One estimate: its label, value, interval, the text beside it and the number of its colour."""

    label: str
    value: float
    low: float
    high: float
    text: str
    colour: int


@dataclass(frozen=True)
class _Axis:
    """A linear axis from pixel `left` to pixel `right`."""

    low: float
    high: float
    left: float
    right: float

    def at(self, value: float) -> float:
        """Pixel of a value."""
        return self.left + (value - self.low) / (self.high - self.low) * (self.right - self.left)


def shown_splits(scores: Scores) -> list[Split]:
    """The splits that were asked, in the order in which they are shown."""
    return [split for split in SPLIT_NAMES if any(split in cells for cells in scores.arms.values())]


def arm_colour(scores: Scores, arm: str) -> int:
    """Number of an arm's colour in the style sheet."""
    return list(scores.arms).index(arm) % ARM_COLOURS


def accuracy_plot(scores: Scores) -> Markup:
    """Accuracy of every arm, split by split, each with its interval, on one axis from 0 to 100 %."""
    groups = [
        (
            SPLIT_NAMES[split],
            [
                Row(arm_name(arm), cell.accuracy, cell.low, cell.high, percent(cell.accuracy), arm_colour(scores, arm))
                for arm, cell in ((arm, cells[split]) for arm, cells in scores.arms.items())
            ],
        )
        for split in shown_splits(scores)
    ]
    axis = _Axis(0.0, 1.0, 98.0, 390.0)
    ticks = [(value / 4, percent(value / 4)) for value in range(5)]
    return _plot("Accuracy by split and arm, with intervals", groups, axis, ticks)


def difference_plot(scores: Scores, split: Split) -> Markup:
    """Paired differences of all pairs of arms on one split, with a line at zero."""
    rows = [
        gap_row(f"{arm_name(arm)} − {arm_name(than)}", gap, arm_colour(scores, arm))
        for arm, gaps in scores.differences[split].items()
        for than, gap in gaps.items()
    ]
    return gap_plot(f"Paired differences in points: {SPLIT_NAMES[split]}", [("", rows)])


def gap_row(label: str, gap: Gap, colour: int) -> Row:
    """A paired difference as a row of `gap_plot`."""
    return Row(label, gap.difference, gap.low, gap.high, points(gap.difference, 0), colour)


def gap_plot(title: str, groups: Sequence[tuple[str, Sequence[Row]]]) -> Markup:
    """Paired differences under their headings, on one axis that reaches as far as their intervals."""
    rows = [row for _, group in groups for row in group]
    reach = next(
        limit
        for limit in (0.1, 0.2, 0.5, 1.0)
        if limit == 1.0 or all(-limit <= r.low and r.high <= limit for r in rows)
    )
    axis = _Axis(-reach, reach, 128.0, 398.0)
    ticks = [(reach * step / 2, points(reach * step / 2, 0)) for step in range(-2, 3)]
    return _plot(title, groups, axis, ticks)


def _plot(
    title: str, groups: Sequence[tuple[str, Sequence[Row]]], axis: _Axis, ticks: Sequence[tuple[float, str]]
) -> Markup:
    """Rows under their headings on one axis; a heading of no letters takes no room."""
    body: list[Markup] = []
    top = 6.0
    for heading, rows in groups:
        if heading:
            body.append(el("text", heading, x=0.0, y=top + 17, class_="head"))
            top += _HEAD
        for row in rows:
            body.extend(_row(row, axis, top + _ROW / 2))
            top += _ROW
    grid = _grid(axis, ticks, top)
    return el("svg", el("title", title), grid, body, viewBox=f"0 0 {_WIDTH} {top + _FOOT:.0f}", role="img")


def _grid(axis: _Axis, ticks: Sequence[tuple[float, str]], bottom: float) -> Iterator[Markup]:
    for value, label in ticks:
        x = axis.at(value)
        style = "zero" if value == 0 else "grid"
        yield el("line", x1=x, x2=x, y1=4.0, y2=bottom, class_=style)
        yield el("text", label, x=x, y=bottom + 16, text_anchor="middle", class_="soft num")


def _row(row: Row, axis: _Axis, y: float) -> Iterator[Markup]:
    """A thin bar from zero, the interval as a line with ends, the value as a dot, and its text at the edge."""
    zero, value, low, high = (axis.at(x) for x in (max(0.0, axis.low), row.value, row.low, row.high))
    ends = f"M{low:.1f} {y - 4:.1f}v8M{low:.1f} {y:.1f}H{high:.1f}M{high:.1f} {y - 4:.1f}v8"
    label = row.label if len(row.label) <= 20 else row.label[:19] + "…"
    full = f"{row.label}: {row.text}, interval {points(row.low)} to {points(row.high)}"
    yield el(
        "g",
        el("title", full),
        el("text", label, x=8.0 if axis.low == 0 else 0.0, y=y + 4),
        el("rect", x=min(zero, value), y=y - 5, width=abs(value - zero), height=10.0, class_=f"bar f{row.colour}"),
        el("path", d=ends, class_=f"whisker s{row.colour}"),
        el("circle", cx=value, cy=y, r=5.0, class_=f"dot f{row.colour}"),
        el("text", row.text, x=float(_WIDTH), y=y + 4, text_anchor="end", class_="num"),
    )
