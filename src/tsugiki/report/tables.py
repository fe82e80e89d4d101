"""Tables of the report: accuracies, differences, parameters, data counts, provenance."""

from collections.abc import Container, Iterator, Mapping, Sequence
from typing import Any

from tsugiki.report.charts import SPLIT_NAMES, arm_colour, shown_splits
from tsugiki.report.data import ReportData, StageRun, TrainingRun
from tsugiki.report.markup import Markup, count, el, figure, join, p_value, percent, points, span
from tsugiki.report.verdict import arm_name
from tsugiki.rows import Split
from tsugiki.score.scores import Scores, Share

_TIMED = ("second", "per_s", "duration", "elapsed", "peak_memory")
_FIGURES = 24


def table(
    heads: Sequence[str],
    rows: Sequence[Sequence[str]],
    *,
    numeric: Container[int] = (),
    caption: str = "",
    headed: bool = False,
    sums: int = 0,
) -> Markup:
    """A table in a box that scrolls sideways where it must.

    Args:
        heads: heading of each column.
        rows: cells, plain text or markup.
        numeric: columns aligned as numbers.
        caption: what the table shows.
        headed: whether the first cell of a row names it.
        sums: how many of the last rows sum up those before.
    """
    style = {index: "n" for index in range(len(heads)) if index in numeric}
    body, foot = rows[: len(rows) - sums], rows[len(rows) - sums :]
    return el(
        "div",
        el(
            "table",
            el("caption", caption) if caption else join(),
            el("thead", el("tr", (el("th", head, scope="col", class_=style.get(i)) for i, head in enumerate(heads)))),
            el("tbody", (el("tr", _cells(row, style, headed)) for row in body)),
            el("tfoot", (el("tr", _cells(row, style, headed)) for row in foot)) if foot else join(),
        ),
        class_="scroll",
        role="region",
        tabindex="0",
        aria_label=caption or heads[0],
    )


def _cells(row: Sequence[str], style: Mapping[int, str], headed: bool) -> Iterator[Markup]:
    for index, cell in enumerate(row):
        if headed and index == 0:
            yield el("th", cell, scope="row")
        else:
            yield el("td", cell, class_=style.get(index))


def key(name: str, colour: int) -> Markup:
    """A name with the square of its colour."""
    return el("span", el("span", class_=f"key c{colour}"), el("span", name), class_="arm")


def accuracy_table(scores: Scores) -> Markup:
    """The headline measure of every arm on every split."""
    splits = shown_splits(scores)
    rows = [
        [key(arm_name(arm), arm_colour(scores, arm)), *(_share(cells[split]) for split in splits)]
        for arm, cells in scores.arms.items()
    ]
    any_arm = next(iter(scores.arms.values()))
    heads = [
        join(
            SPLIT_NAMES[split],
            el("small", f"n = {count(any_arm[split].n)}"),
            el("small", f"{count(any_arm[split].facts)} facts"),
        )
        for split in splits
    ]
    return table(["Arm", *heads], rows, numeric=range(1, 4), headed=True)


def _share(share: Share) -> Markup:
    return join(percent(share.accuracy, 1), el("small", span(share.low, share.high, 1)))


def measures_table(scores: Scores) -> Markup:
    """Both measures side by side."""
    rows = [
        [SPLIT_NAMES[split], arm_name(arm), _share(cells[split].exact), _share(cells[split].contained)]
        for split in shown_splits(scores)
        for arm, cells in scores.arms.items()
    ]
    return table(["Questions", "Arm", "Exact", "Contained"], rows, numeric=range(2, 4))


def domains_table(scores: Scores) -> Markup:
    """The headline measure by domain."""
    rows = [
        [SPLIT_NAMES[split], domain, arm_name(arm), _share(share), count(share.n)]
        for split in shown_splits(scores)
        for arm, cells in scores.arms.items()
        for domain, share in cells[split].domains.items()
    ]
    return table(["Questions", "Domain", "Arm", "Accuracy", "n"], rows, numeric=range(3, 5))


def differences_table(scores: Scores, split: Split) -> Markup:
    """Every pair of arms on one split."""
    rows = [
        [
            f"{arm_name(arm)} − {arm_name(than)}",
            points(gap.difference),
            f"{points(gap.low)} to {points(gap.high)}",
            p_value(gap.p).removeprefix("p = ").removeprefix("p "),
        ]
        for arm, gaps in scores.differences[split].items()
        for than, gap in gaps.items()
    ]
    return table(
        ["Arms", "Points", f"{percent(scores.confidence)} interval", "p"], rows, numeric=range(1, 4), headed=True
    )


def trained_table(data: ReportData) -> Markup:
    """How much of the model every training stage changed."""
    rows = [
        [
            training.label,
            join(count(training.trainable), el("small", _share_trained(training))),
            ", ".join(training.targets) or "none",
        ]
        for training in data.trainings
    ]
    return table(["Training", "Parameters trained", "LoRA targets"], rows, numeric=range(1, 2), headed=True)


def _share_trained(training: TrainingRun) -> str:
    if training.trainable == training.total:
        return "all"
    return f"{percent(training.trainable / training.total, 2)} of {count(training.total)}"


def definitions(pairs: Sequence[tuple[str, str]]) -> Markup:
    """Names with their values."""
    return el("dl", (join(el("dt", name), el("dd", value)) for name, value in pairs))


def counts_list(data: ReportData) -> Markup:
    """What was read, what was set aside and why, and what was trained on and asked."""
    counts = data.counts
    pairs = [("Pages read", count(counts.pages)), ("Pages set aside", _reasons(counts.pages_set_aside))]
    pairs += [("Documents", count(counts.documents))]
    pairs += [("Tokens", "not counted" if counts.tokens is None else count(counts.tokens))]
    pairs += [
        (f"Questions, {SPLIT_NAMES[s].lower()}", count(counts.chats[s])) for s in SPLIT_NAMES if s in counts.chats
    ]
    pairs += [("Questions set aside", _reasons(counts.chats_set_aside))]
    return definitions(pairs)


def _reasons(reasons: Mapping[str, int]) -> str:
    if not any(reasons.values()):
        return "0"
    listed = sorted(reasons.items(), key=lambda item: (-item[1], item[0]))
    return f"{count(sum(reasons.values()))} ({', '.join(f'{reason} {count(number)}' for reason, number in listed)})"


def artifacts_table(stages: Sequence[StageRun]) -> Markup:
    """What every stage made, and from what: names of stages where they made it, else addresses."""
    made = {stage.address: stage.name for stage in stages}
    rows = [[stage.name, join(el("code", stage.address), _origin(stage, made))] for stage in stages]
    return table(["Stage", "Made, and from what"], rows, headed=True)


def _origin(stage: StageRun, made: Mapping[str, str]) -> Markup:
    sources = ", ".join(made.get(source, source) for source in stage.inputs)
    return el("div", f"from {sources}", class_="note") if sources else join()


def measured(stage: StageRun) -> Markup:
    """What one stage measured; whatever depends on the clock stands in `time` elements."""
    flat = list(_flat("", stage.metrics))
    pairs = [
        (name, el("time", text) if any(word in name for word in _TIMED) else text) for name, text in flat[:_FIGURES]
    ]
    if len(flat) > _FIGURES:
        pairs.append(("…", f"{len(flat) - _FIGURES} more in the record"))
    return join(el("h3", stage.name), definitions(pairs)) if pairs else join()


def _flat(prefix: str, value: Any) -> Iterator[tuple[str, str]]:
    """Every leaf of nested metrics by its dotted name; a list counts as one value."""
    if isinstance(value, Mapping):
        for name, inner in value.items():
            yield from _flat(f"{prefix}.{name}" if prefix else str(name), inner)
    elif isinstance(value, bool) or value is None:
        yield prefix, {True: "yes", False: "no", None: "—"}[value]
    elif isinstance(value, int | float):
        yield prefix, figure(value)
    elif isinstance(value, list | tuple):
        yield prefix, ", ".join(map(str, value[:6])) + (f" … ({len(value)})" if len(value) > 6 else "")
    else:
        yield prefix, str(value)
