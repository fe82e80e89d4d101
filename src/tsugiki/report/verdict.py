"""What the figures say, in sentences computed from them."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from tsugiki.report.markup import p_value, percent, points, span
from tsugiki.rows import Split
from tsugiki.score.scores import Cell, Gap, Scores

Tone = Literal["better", "worse", "none", "undecided", "single"]

NEGLIGIBLE = 0.05
"""A gain whose interval ends below this is called none: 5 percentage points."""
_UNFINISHED = 0.05
_NAMES = {"base": "Base", "cpt": "CPT", "sft": "SFT", "cpt_sft": "CPT+SFT"}
ASKED: dict[Split, str] = {
    "test": "held-out questions",
    "train": "questions trained on",
    "other": "questions outside the domain",
}


@dataclass(frozen=True)
class Verdict:
    """The answer to the question behind the run."""

    tone: Tone
    sentence: str
    evidence: str


def arm_name(arm: str) -> str:
    """An arm's name for the eye."""
    return _NAMES.get(arm, arm)


def verdict(scores: Scores) -> Verdict:
    """Compare CPT+SFT with SFT alone on held-out questions; lacking these arms, the last arm with the first.

    The comparison is decided when the interval of the paired difference excludes zero and its p-value agrees,
    whether or not the intervals of the two arms overlap.
    """
    arms = list(scores.arms)
    if len(arms) == 1:
        return _single(scores, arms[0])
    arm, than = ("cpt_sft", "sft") if {"cpt_sft", "sft"} <= set(arms) else (arms[-1], arms[0])
    split = _split(scores, arm)
    gap = paired(scores, split, arm, than)
    tone = _tone(gap, scores.confidence)
    ours, theirs = scores.arms[arm][split], scores.arms[than][split]
    alone = " alone" if (arm, than) == ("cpt_sft", "sft") else ""
    digits = int(percent(ours.accuracy) == percent(theirs.accuracy) and ours.accuracy != theirs.accuracy)
    sentence = (
        f"{arm_name(arm)} answers {percent(ours.accuracy, digits)} of {ASKED[split]}, "
        f"{arm_name(than)}{alone} {percent(theirs.accuracy, digits)}: {_meaning(tone, arm, than)}."
    )
    return Verdict(tone, sentence, _evidence(gap, ours, theirs, scores.confidence))


def _single(scores: Scores, arm: str) -> Verdict:
    split = _split(scores, arm)
    cell = scores.arms[arm][split]
    return Verdict(
        "single",
        f"{arm_name(arm)} answers {percent(cell.accuracy)} of {ASKED[split]}.",
        f"{percent(scores.confidence)} interval {span(cell.low, cell.high)}, {_asked(cell)}.",
    )


def _split(scores: Scores, arm: str) -> Split:
    """The split that matters most among those asked."""
    return next(split for split in ASKED if split in scores.arms[arm])


def paired(scores: Scores, split: Split, arm: str, than: str) -> Gap:
    """The paired difference of `arm` over `than`, whichever of the two came first."""
    gaps = scores.differences[split]
    if than in gaps.get(arm, {}):
        return gaps[arm][than]
    gap = gaps[than][arm]
    return gap.model_copy(update={"difference": -gap.difference, "low": -gap.high, "high": -gap.low})


def _tone(gap: Gap, confidence: float) -> Tone:
    if gap.p < 1 - confidence and gap.low > 0:
        return "better"
    if gap.p < 1 - confidence and gap.high < 0:
        return "worse"
    return "none" if gap.high <= NEGLIGIBLE else "undecided"


def _meaning(tone: Tone, arm: str, than: str) -> str:
    """What follows from the comparison, in words."""
    if (arm, than) == ("cpt_sft", "sft"):
        return {
            "better": "CPT added knowledge that SFT could draw out",
            "worse": "CPT made the answers worse",
            "none": "CPT added no knowledge that SFT could draw out",
        }.get(tone, "too close to tell whether CPT added knowledge that SFT could draw out")
    return {
        "better": f"{arm_name(arm)} is better",
        "worse": f"{arm_name(arm)} is worse",
        "none": f"{arm_name(arm)} is no better",
    }.get(tone, "too close to tell which is better")


def _evidence(gap: Gap, ours: Cell, theirs: Cell, confidence: float) -> str:
    p = p_value(gap.p).replace(" ", "\u00a0")
    apart = ours.low > theirs.high or theirs.low > ours.high
    return (
        f"Paired difference {points(gap.difference)} points, {percent(confidence)} interval {points(gap.low)} to "
        f"{points(gap.high)}, {p}, {_asked(ours)}. The intervals of the two arms "
        f"{'do not overlap' if apart else 'overlap'}: {span(ours.low, ours.high, 1)} and "
        f"{span(theirs.low, theirs.high, 1)}."
    )


def _asked(cell: Cell) -> str:
    return f"{cell.n} questions about {cell.facts} facts"


def findings(scores: Scores) -> Iterator[str]:
    """Further sentences worth reading before the tables: reciting, forgetting, answers that never ended."""
    sft = scores.arms.get("sft", {})
    if "train" in sft and "test" in sft:
        yield (
            f"SFT alone answers {percent(sft['train'].accuracy)} of the questions it was trained on and "
            f"{percent(sft['test'].accuracy)} of held-out ones."
        )
    # beside SFT alone, what CPT made the model forget; beside the base, what the whole adaptation did
    for than in ("sft", "base"):
        if "other" in scores.differences and {than, "cpt_sft"} <= set(scores.arms):
            yield _outside(paired(scores, "other", "cpt_sft", than), than, scores.confidence)
    unfinished = [*_unfinished(scores)]
    if unfinished:
        yield f"Answers cut at the length limit or stopped in their analysis: {', '.join(unfinished)}."


def _unfinished(scores: Scores) -> Iterator[str]:
    """The arms of which many answers have no proper end, with their shares."""
    for arm, cells in scores.arms.items():
        samples = sum(cell.samples for cell in cells.values())
        unfinished = sum(cell.finish["length"] + cell.finish["stopped_in_analysis"] for cell in cells.values())
        if unfinished >= _UNFINISHED * samples:
            yield f"{percent(unfinished / samples)} of {arm_name(arm)}"


def _outside(gap: Gap, than: str, confidence: float) -> str:
    tone = _tone(gap, confidence)
    meaning = {"better": "it gained", "worse": "it forgot"}.get(tone, "no change shown")
    return (
        f"Outside the domain CPT+SFT differs from {arm_name(than)} by {points(gap.difference)} points "
        f"({points(gap.low)} to {points(gap.high)}): {meaning}."
    )
