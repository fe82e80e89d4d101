"""What a night's figures say: for the eye on the page, and in one line where a regression stops the run."""

from collections.abc import Iterator

from tsugiki.nights.figures import Compared, Comparison, NightFigures
from tsugiki.report.markup import count, percent, points
from tsugiki.report.verdict import ASKED, Verdict, arm_name
from tsugiki.rows import Split

_TOLD = 3


def verdict(night: NightFigures) -> Verdict:
    """Whether the night is good, and why."""
    compared = night.compared
    if compared is None:
        return Verdict(
            "single",
            f"First night of the series {night.series}: good, since there is nothing that it could have fallen from.",
            "Later nights are compared with it.",
        )
    if compared.falls:
        worst, *others = compared.falls
        further = f"; {len(others)} more of {len(compared.comparisons)} comparisons fell" if others else ""
        return Verdict("worse", f"Regression: {_fall(worst, compared.night)}{further}.", _evidence(worst, night))
    if not compared.comparisons:
        return Verdict(
            "undecided",
            f"Good, but nothing could be compared: tonight has no checkpoint and question in common with "
            f"{compared.night}.",
            "Later nights are compared with it.",
        )
    lowest = min(compared.comparisons, key=lambda it: it.low)
    beyond = f" by more than {_margin(night)}" if night.margin else ""
    return Verdict(
        "better",
        f"Good: no checkpoint is shown to have fallen{beyond} since {compared.night}.",
        f"The interval that reaches furthest down is that of {_name(lowest.checkpoint, lowest.split)}. "
        f"{_evidence(lowest, night)}",
    )


def _name(checkpoint: str, split: Split) -> str:
    return f"{arm_name(checkpoint)} on {ASKED[split]}"


def _fall(it: Comparison, than: str) -> str:
    now, then = percent(it.tonight, 1), percent(it.before, 1)
    return f"{arm_name(it.checkpoint)} answers {now} of {ASKED[it.split]}, {then} on {than}"


def _margin(night: NightFigures) -> str:
    return f"{100 * night.margin:g} points"


def _evidence(it: Comparison, night: NightFigures) -> str:
    return (
        f"Paired difference {points(it.difference)} points, interval {points(it.low)} to {points(it.high)} "
        f"({percent(night.confidence)} for all intervals of the night together), {count(it.n)} questions about "
        f"{count(it.facts)} facts; margin {_margin(night)}."
    )


def findings(night: NightFigures) -> Iterator[str]:
    """What else should be known before the verdict is believed: what could not be compared, and why."""
    compared = night.compared
    if compared is None:
        return
    for it in compared.falls[1:]:
        yield f"{_fall(it, compared.night)} ({points(it.low)} to {points(it.high)} points)."
    for text, names in (
        ("New tonight, and compared with nothing", compared.new),
        (f"Gone: evaluated on {compared.night} and not tonight", compared.gone),
    ):
        if names:
            yield f"{text}: {', '.join(map(arm_name, names))}."
    yield from _left_out(compared)


def _left_out(compared: Compared) -> Iterator[str]:
    if compared.uncompared:
        names = (_name(it.checkpoint, it.split) for it in compared.uncompared)
        yield f"No question in common with {compared.night}: {'; '.join(names)}."
    numbers = [it.left_out for it in compared.comparisons] + [it.left_out for it in compared.uncompared]
    left_out = max(numbers, default=0)
    if left_out:
        yield (
            "Left out: questions asked, or asked in these words, on one of the nights only; "
            f"up to {count(left_out)} of a split."
        )


def regression_line(night: NightFigures, report: str) -> str:
    """One line that says what fell, from what to what, and how sure that is.

    Args:
        night: a night that is not good.
        report: where its report lies.
    """
    assert night.compared is not None
    told = [_told(it, night.compared.night, night.confidence) for it in night.compared.falls[:_TOLD]]
    more = len(night.compared.falls) - len(told)
    return f"regression in series {night.series}: {'; '.join(told)}{_more(more)}; see report.html of {report}"


def _told(it: Comparison, than: str, confidence: float) -> str:
    return (
        f"{it.checkpoint} on {it.split} fell from {it.before:.3f} on {than} to {it.tonight:.3f}, "
        f"simultaneous {100 * confidence:g} % interval [{it.low:.3f}, {it.high:.3f}]"
    )


def _more(number: int) -> str:
    return f"; and {number} more" if number else ""
