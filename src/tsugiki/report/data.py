"""What a report is made of: the scores, and what the records of the stages before them say."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tsugiki.prices import Prices
from tsugiki.rows import Finish, Split
from tsugiki.score.scores import Scores


@dataclass(frozen=True)
class StageRun:
    """One stage of the run."""

    name: str
    """The stage, and its arm where it ran for several (`generate.sft`); unique."""
    seconds: float
    """Wall time of all attempts."""
    gpu_seconds: float = 0.0
    """`seconds` times the GPUs used."""
    cpu_seconds: float = 0.0
    """`seconds` times the cores it was given."""
    device: str = ""
    """The GPU's product, or the processor."""
    attempts: int = 1
    cached: bool | None = None
    """Whether an earlier run made it, so that this one spent nothing on it; None where that is not known."""
    address: str = ""
    """Address of the artifact it made, which ends in its identity."""
    inputs: tuple[str, ...] = ()
    """Addresses of what it was made from."""
    metrics: Mapping[str, Any] = field(default_factory=dict)
    """What it measured: JSON values by name."""


@dataclass(frozen=True)
class LossPoint:
    """One optimizer step."""

    step: int
    loss: float
    """Mean training loss of the step, in nats a token."""
    rate: float | None = None
    """Learning rate of the step."""


@dataclass(frozen=True)
class TrainingRun:
    """One training stage: its curve, and how much of the model it changed."""

    label: str
    points: tuple[LossPoint, ...]
    trainable: int
    """Parameters trained."""
    total: int
    """Parameters of the model, trained ones included."""
    targets: tuple[str, ...] = ()
    """Modules that LoRA adapts; empty where every parameter is trained."""


@dataclass(frozen=True)
class ArmAnswer:
    """What one arm answered (its first sample), and the judgement."""

    text: str
    exact: bool
    contained: bool
    finish: Finish


@dataclass(frozen=True)
class Question:
    """One question with the answers of all arms."""

    id: str
    question: str
    references: tuple[str, ...]
    split: Split
    domain: str
    by_arm: Mapping[str, ArmAnswer]


@dataclass(frozen=True)
class DataCounts:
    """How much was read, and what became of it."""

    pages: int
    """Pages read from the source."""
    pages_set_aside: Mapping[str, int]
    """Pages not trained on, by reason."""
    documents: int
    """Documents trained on."""
    tokens: int | None
    """Tokens of those documents; None where nothing was trained on them."""
    chats: Mapping[Split, int]
    """Questions by split."""
    chats_set_aside: Mapping[str, int]
    """Question rows not used, by reason."""


@dataclass(frozen=True)
class ReportData:
    """Everything a report shows."""

    title: str
    description: str
    scores: Scores
    stages: tuple[StageRun, ...]
    """In the order in which they ran."""
    trainings: tuple[TrainingRun, ...]
    questions: tuple[Question, ...]
    """Every question scored; the report selects what it shows in full."""
    counts: DataCounts
    provenance: Mapping[str, str]
    """What may explain a difference, by name: commit, versions, device, sources with their licences."""
    prices: Prices | None = None
    """Of the machines; None where nobody gave any, and no money is shown."""
