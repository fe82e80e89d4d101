"""The verdict in each of its forms, computed from scores."""

from collections.abc import Callable

import pytest

from tsugiki.report.data import ReportData
from tsugiki.report.verdict import findings, paired, verdict

Build = Callable[..., ReportData]


@pytest.mark.parametrize(
    ("sft", "cpt_sft", "facts", "tone", "sentence"),
    [
        (0.06, 0.78, 100, "better", "CPT added knowledge that SFT could draw out."),
        (0.40, 0.10, 100, "worse", "CPT made the answers worse."),
        (0.06, 0.06, 400, "none", "CPT added no knowledge that SFT could draw out."),
        (0.10, 0.20, 20, "undecided", "too close to tell whether CPT added knowledge that SFT could draw out."),
    ],
)
def test_cpt_sft_against_sft_alone(
    build: Build, sft: float, cpt_sft: float, facts: int, tone: str, sentence: str
) -> None:
    found = verdict(build({"sft": (sft, 1, 0), "cpt_sft": (cpt_sft, 1, 0)}, facts).scores)
    assert found.tone == tone
    ours, theirs = f"{cpt_sft * 100:.0f}\u00a0%", f"{sft * 100:.0f}\u00a0%"
    assert found.sentence == f"CPT+SFT answers {ours} of held-out questions, SFT alone {theirs}: {sentence}"


def test_the_order_of_the_arms_does_not_change_the_verdict(build: Build) -> None:
    first = verdict(build({"sft": (0.06, 1, 0), "cpt_sft": (0.78, 1, 0)}).scores)
    second = verdict(build({"cpt_sft": (0.78, 1, 0), "sft": (0.06, 1, 0)}).scores)
    assert (first.tone, first.sentence) == (second.tone, second.sentence)


def test_a_paired_difference_decides_where_intervals_overlap(build: Build) -> None:
    found = verdict(build({"sft": (0.45, 1, 0), "cpt_sft": (0.55, 1, 0)}, 200).scores)
    assert found.tone == "better"
    assert "intervals of the two arms overlap" in found.evidence


def test_the_evidence_gives_interval_p_and_counts(build: Build) -> None:
    found = verdict(build({"sft": (0.06, 1, 0), "cpt_sft": (0.78, 1, 0)}).scores)
    assert found.evidence.startswith("Paired difference +72.0 points, 95\u00a0% interval +")
    assert "p\u00a0<\u00a00.001, 100 questions about 100 facts" in found.evidence
    assert "do not overlap" in found.evidence


def test_other_arms_compare_the_last_with_the_first(build: Build) -> None:
    found = verdict(build({"small": (0.1, 0, 0), "middle": (0.3, 0, 0), "large": (0.9, 0, 0)}).scores)
    assert found.sentence == "large answers 90\u00a0% of held-out questions, small 10\u00a0%: large is better."


def test_equal_percentages_of_unequal_figures_get_a_decimal(build: Build) -> None:
    found = verdict(build({"a": (0.5, 0, 0), "b": (0.502, 0, 0)}, 500).scores)
    assert "b answers 50.2\u00a0% of held-out questions, a 50.0\u00a0%" in found.sentence


def test_one_arm_is_only_described(build: Build) -> None:
    found = verdict(build({"base": (0.5, 0, 0)}).scores)
    assert (found.tone, found.sentence) == ("single", "Base answers 50\u00a0% of held-out questions.")


def test_reciting_and_forgetting_are_told(build: Build) -> None:
    told = [*findings(build({"base": (0, 0, 0.9), "sft": (0.1, 1, 0.5), "cpt_sft": (0.7, 1, 0.2)}).scores)]
    assert told[0] == "SFT alone answers 100\u00a0% of the questions it was trained on and 10\u00a0% of held-out ones."
    assert told[1].startswith("Outside the domain CPT+SFT differs from SFT by −30.0 points")
    assert told[2].startswith("Outside the domain CPT+SFT differs from Base by −70.0 points")
    assert all(line.endswith(": it forgot.") for line in told[1:3])


def test_a_mirrored_difference_keeps_its_interval(build: Build) -> None:
    scores = build({"a": (0.2, 0, 0), "b": (0.6, 0, 0)}).scores
    forth, back = paired(scores, "test", "b", "a"), paired(scores, "test", "a", "b")
    assert (back.difference, back.low, back.high, back.p) == (-forth.difference, -forth.high, -forth.low, forth.p)
