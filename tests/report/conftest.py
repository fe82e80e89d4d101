"""A small report, built from real scores."""

from collections.abc import Callable, Mapping, Sequence

import pytest

from tsugiki.report.data import ArmAnswer, DataCounts, LossPoint, Question, ReportData, StageRun, TrainingRun
from tsugiki.rows import Answer, Chat, Message, Split
from tsugiki.score.config import ScoreConfig
from tsugiki.score.score import ScoreResult, score

Rights = Mapping[str, Sequence[float]]
CONFIG = ScoreConfig(measure="exact", resamples=1_000, seed=0, confidence=0.95)
SPLITS: tuple[Split, ...] = ("test", "train", "other")


def chats(facts: int, splits: Sequence[Split]) -> list[Chat]:
    return [
        Chat(
            id=f"{split}-{fact:03d}",
            messages=(Message(role="user", content=f"作品{fact}の主人公は誰ですか。"),),
            fact=f"{split} {fact}",
            domain="anime" if split != "other" else "food",
            split=split,
            references=(f"人物{fact}",),
        )
        for split in splits
        for fact in range(facts)
    ]


def scored(rights: Rights, facts: int = 100, splits: Sequence[Split] = SPLITS) -> tuple[ScoreResult, dict[str, str]]:
    """Scores of arms that answer the first `share` of each split's questions right, and the texts they said."""
    asked = chats(facts, splits)
    texts = {
        (arm, chat.id): chat.references[0] if index % facts < shares[splits.index(chat.split)] * facts else "不明"
        for arm, shares in rights.items()
        for index, chat in enumerate(asked)
    }
    arms = {
        arm: [Answer(id=c.id, text=texts[arm, c.id], finish="stop", prompt_tokens=1, output_tokens=1) for c in asked]
        for arm in rights
    }
    return score(arms, asked, CONFIG), {f"{arm}/{chat}": text for (arm, chat), text in texts.items()}


def report_data(rights: Rights, facts: int = 100) -> ReportData:
    result, texts = scored(rights, facts)
    judged = {(row.arm, row.id): row for row in result.judgements}
    questions = tuple(
        Question(
            id=chat.id,
            question=chat.messages[0].content,
            references=chat.references,
            split=chat.split,
            domain=chat.domain,
            by_arm={
                arm: ArmAnswer(
                    texts[f"{arm}/{chat.id}"], judged[arm, chat.id].exact, judged[arm, chat.id].contained, "stop"
                )
                for arm in rights
            },
        )
        for chat in chats(facts, SPLITS)
    )
    points = tuple(LossPoint(step, 5.0 / step, 2e-4) for step in range(1, 61))
    return ReportData(
        title="四つの腕",
        description="Four arms on generated works.",
        scores=result.scores,
        stages=(
            StageRun("import_pages", 3.25, cpu_seconds=6.5, address="pages/import_pages-1", metrics={"rows": 12}),
            StageRun(
                "train_cpt",
                61.0,
                gpu_seconds=122.0,
                cpu_seconds=244.0,
                device="NVIDIA H100 80GB HBM3",
                attempts=3,
                address="adapter/train_cpt-2",
                inputs=("pages/import_pages-1",),
            ),
        ),
        trainings=(TrainingRun("cpt", points, 1_000, 100_000, ("q_proj", "v_proj")),),
        questions=questions,
        counts=DataCounts(12, {"list_page": 2}, 10, 12_345, {"train": 100, "test": 100, "other": 100}, {}),
        provenance={"commit": "abc", "licence": "CC0-1.0"},
    )


@pytest.fixture(scope="session")
def build() -> Callable[..., ReportData]:
    """Builds a report on arms with the given shares of rights (test, train, other)."""
    return report_data


@pytest.fixture(scope="session")
def data() -> ReportData:
    return report_data(
        {"base": (0, 0, 0.4), "cpt": (0.01, 0.02, 0.4), "sft": (0.06, 0.95, 0.4), "cpt_sft": (0.78, 0.99, 0.38)}
    )
