"""The page of a night: its verdict, the comparison behind it, and the history of the series."""

from collections.abc import Iterator, Sequence

from tsugiki.nights.chart import history_chart
from tsugiki.nights.data import BEFORE, TONIGHT, NightData
from tsugiki.nights.figures import Compared, Comparison, NightFigures
from tsugiki.nights.verdict import findings, verdict
from tsugiki.report.answers import card, icon
from tsugiki.report.charts import SPLIT_NAMES, accuracy_plot, arm_colour, gap_plot, gap_row, shown_splits
from tsugiki.report.costs import costs_section
from tsugiki.report.markup import Markup, count, el, join, percent, points, span
from tsugiki.report.page import document, verdict_box
from tsugiki.report.style import ARM_COLOURS
from tsugiki.report.tables import accuracy_table, key, table
from tsugiki.report.verdict import arm_name
from tsugiki.rows import Split
from tsugiki.score.scores import Share

_COUNTED = "Tonight's answers and scores, with all attempts at them."
_OPEN = 3
_LISTED = 60
"""Nights of which the table gives the figures; the chart shows all."""


def render(data: NightData) -> str:
    """The page. The same nights give the same bytes."""
    figures = data.figures
    than = f"compared with {figures.compared.night}" if figures.compared else "the first of its series"
    return document(
        f"{figures.series}: night of {figures.night}",
        f"Nightly evaluation of {', '.join(map(arm_name, figures.accuracies))}, {than}.",
        verdict_box(verdict(figures), [*findings(figures)]),
        [*_sections(data)],
    )


def _sections(data: NightData) -> Iterator[tuple[str, str, Markup]]:
    """Anchor, title and content of every section that has something to show."""
    compared = data.figures.compared
    if compared and compared.comparisons:
        yield "comparison", f"Tonight and {compared.night}", _comparison(data, compared)
    if compared:
        yield "changes", f"What changed since {compared.night}", _changes(data)
    if data.lost:
        yield "answers", "Answers that were lost", join(_lost(data))
    yield "accuracy", "Accuracy tonight", _tonight(data)
    yield "history", "History of the series", join(_history(data))
    yield "cost", "What this night took", costs_section(data.stages, data.prices, _COUNTED)


def _comparison(data: NightData, compared: Compared) -> Markup:
    note = (
        f"Percentage points on the questions of both nights, resampled in pairs. All {len(compared.comparisons)} "
        f"intervals hold together with {percent(data.figures.confidence)} confidence: each is widened by their number. "
        f"A checkpoint fell where its whole interval lies below {points(-data.figures.margin)} points."
    )
    groups = [
        (
            SPLIT_NAMES[split],
            [gap_row(arm_name(it.checkpoint), it, _colour(data, it.checkpoint)) for it in of_split],
        )
        for split in SPLIT_NAMES
        if (of_split := [it for it in compared.comparisons if it.split == split])
    ]
    plot = gap_plot(f"Tonight minus {compared.night}, in points", groups)
    ordered = [it for split in SPLIT_NAMES for it in compared.comparisons if it.split == split]
    rows = [_compared_row(data, it) for it in ordered]
    figures = table(["Checkpoint", "Then", "Tonight", "Points", "n"], rows, numeric=range(1, 5), headed=True)
    return join(el("p", note, class_="note"), el("div", el("figure", plot), figures, class_="pair"))


def _compared_row(data: NightData, it: Comparison) -> list[str]:
    name = key(arm_name(it.checkpoint), _colour(data, it.checkpoint))
    interval = f"{points(it.low)} to {points(it.high)}"
    left_out = el("small", f"{count(it.left_out)} left out") if it.left_out else join()
    return [
        join(name, el("small", SPLIT_NAMES[it.split])),
        percent(it.before, 1),
        percent(it.tonight, 1),
        join(
            icon("wrong") if it.fell else join(), " " if it.fell else "", points(it.difference), el("small", interval)
        ),
        join(count(it.n), left_out),
    ]


def _colour(data: NightData, checkpoint: str) -> int:
    return arm_colour(data.scores, checkpoint)


def _changes(data: NightData) -> Markup:
    if not data.changes:
        return el("p", "Nothing: same checkpoints, questions, settings, code, packages and device.", class_="note")
    rows = [[change.what, el("code", change.before), el("code", change.tonight)] for change in data.changes]
    return table(["What", "Then", "Tonight"], rows, headed=True)


def _lost(data: NightData) -> Iterator[Markup]:
    assert data.figures.compared is not None
    labels = {BEFORE: data.figures.compared.night, TONIGHT: "tonight"}
    for lost in data.lost:
        yield el("h3", f"{arm_name(lost.fall.checkpoint)}, {SPLIT_NAMES[lost.fall.split].lower()}")
        cards = [card(it, labels, data.scores.measure) for it in lost.questions]
        yield el("div", cards[:_OPEN], class_="many")
        if cards[_OPEN:]:
            yield el("details", el("summary", f"{len(cards) - _OPEN} more"), el("div", cards[_OPEN:], class_="many"))


def _tonight(data: NightData) -> Markup:
    return el("div", el("figure", accuracy_plot(data.scores)), accuracy_table(data.scores), class_="pair")


def _history(data: NightData) -> Iterator[Markup]:
    nights = [*data.history.values()]
    good = sum(night.good for night in nights)
    names = list(dict.fromkeys(name for night in reversed(nights) for name in night.accuracies))
    yield el(
        "p",
        f"{_nights(len(nights))}, {good} of them good. Bands are the intervals of each night alone; a dashed red line "
        "is a night with a regression.",
        class_="note",
    )
    yield el("p", _legend(names))
    charts = (
        el("figure", el("figcaption", SPLIT_NAMES[split]), history_chart(nights, split, names))
        for split in _splits(nights)
    )
    yield el("div", charts, class_="many")
    first, *others = shown_splits(data.scores)
    yield el("h3", SPLIT_NAMES[first])
    yield _nights_table(nights, first, names)
    for split in others:
        yield el("details", el("summary", SPLIT_NAMES[split]), _nights_table(nights, split, names))


def _nights(number: int) -> str:
    return "1 night" if number == 1 else f"{count(number)} nights"


def _legend(names: Sequence[str]) -> Markup:
    keys = (key(arm_name(name), number % ARM_COLOURS) for number, name in enumerate(names))
    return join(*(join(item, "\u2003") for item in keys))


def _splits(nights: Sequence[NightFigures]) -> list[Split]:
    found = {split for night in nights for cells in night.accuracies.values() for split in cells}
    return [split for split in SPLIT_NAMES if split in found]


def _nights_table(nights: Sequence[NightFigures], split: Split, names: Sequence[str]) -> Markup:
    """The newest nights first: whether good, and the accuracy of every checkpoint."""
    rows = [
        [
            join(icon("right" if night.good else "wrong"), " ", night.night),
            *(_cell(night.accuracies.get(name, {}).get(split)) for name in names),
        ]
        for night in [*reversed(nights)][:_LISTED]
    ]
    older = len(nights) - len(rows)
    caption = f"{_nights(older)} before these are in metrics.json" if older else ""
    return table(["Night", *map(arm_name, names)], rows, numeric=range(1, len(names) + 1), caption=caption)


def _cell(share: Share | None) -> Markup:
    return join(percent(share.accuracy, 1), el("small", span(share.low, share.high))) if share else join("—")
