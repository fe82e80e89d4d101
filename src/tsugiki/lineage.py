"""What the records behind a set of answers tell the report: stages, curves, counts, provenance."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from tsugiki.artifact import LOG_FILE, Artifact, Record
from tsugiki.report.curves import loss_points
from tsugiki.report.data import DataCounts, StageRun, TrainingRun


class Lineage:
    """Every artifact behind the answers of some arms, inputs before what used them.

    Args:
        arms: the answers of each arm, by its name.
        run: name of the run that asks; None where runs have no names.
    """

    def __init__(self, arms: Mapping[str, Artifact], run: str | None = None) -> None:
        self._run = run
        self._artifacts: dict[str, Artifact] = {}
        self._arm_of: dict[str, str] = {}
        for arm, answers in arms.items():
            for artifact in answers.lineage():
                self._artifacts.setdefault(artifact.address, artifact)
                self._arm_of.setdefault(artifact.address, arm)
        self._uses = Counter(artifact.record.stage for artifact in self._artifacts.values())

    def name(self, artifact: Artifact) -> str:
        """The stage's name, with the first arm that needed it where the stage ran more than once."""
        stage = artifact.record.stage
        return stage if self._uses[stage] == 1 else f"{stage}.{self._arm_of[artifact.address]}"

    def stages(self, extra: Sequence[Artifact]) -> tuple[StageRun, ...]:
        """Every stage behind the arms, and those of `extra` artifacts after them."""
        return tuple(self._stage(artifact) for artifact in (*self._artifacts.values(), *extra))

    def _stage(self, artifact: Artifact) -> StageRun:
        name = self.name(artifact) if artifact.address in self._artifacts else artifact.record.stage
        cached = None if self._run is None else artifact.record.provenance.get("run") != self._run
        return stage_run(name, artifact.record, cached, artifact.address)

    def trainings(self) -> tuple[TrainingRun, ...]:
        """Every stage that kept a training curve."""
        return tuple(
            TrainingRun(
                label=self.name(artifact),
                points=loss_points(artifact.file(LOG_FILE).read_text(encoding="utf-8")),
                trainable=int(artifact.record.metrics["trainable_parameters"]),
                total=int(artifact.record.metrics["total_parameters"]),
                targets=lora_targets(artifact.record),
            )
            for artifact in self._artifacts.values()
            if LOG_FILE in artifact.record.files and "trainable_parameters" in artifact.record.metrics
        )

    def _records(self, kind: str) -> list[Record]:
        return [artifact.record for artifact in self._artifacts.values() if artifact.record.kind == kind]

    def counts(self) -> DataCounts:
        """How much was read, trained on and asked, and what was set aside."""
        trained = [record for record in self._records("adapter") if "corpus_tokens" in record.metrics]
        cleaned = {address for record in trained for address in self._behind(record)}
        corpora = [self._artifacts[address].record for address in cleaned]
        pages, chats = self._records("pages"), self._records("chats")
        return DataCounts(
            pages=sum(_rows_read(record) for record in pages),
            pages_set_aside=_sum_metric([*pages, *corpora], "rejected"),
            documents=sum(int(record.metrics.get("documents", 0)) for record in trained),
            tokens=sum(int(record.metrics["corpus_tokens"]) for record in trained) if trained else None,
            chats=_sum_metric(chats, "splits"),
            chats_set_aside=_sum_metric(chats, "rejected"),
        )

    def _behind(self, record: Record) -> set[str]:
        """Addresses of the corpora that a record was made from, directly or through another corpus."""
        found = {address for address in record.sources() if address.startswith("corpus/")}
        for address in tuple(found):
            found |= self._behind(self._artifacts[address].record)
        return found

    def provenance(self) -> dict[str, str]:
        """Commit, versions, device, sources with their licences; several values are listed."""
        values: dict[str, dict[str, None]] = {}
        for artifact in self._artifacts.values():
            for name, value in artifact.record.provenance.items():
                values.setdefault(name, {})[value] = None
            origin = artifact.record.config.get("source") or artifact.record.metrics.get("origin")
            if origin:
                licence = artifact.record.metrics.get("licence")
                source = f"{origin} ({licence})" if licence else str(origin)
                values.setdefault(artifact.record.stage, {})[source] = None
        return {name: "; ".join(found) for name, found in values.items()}


def stage_run(name: str, record: Record, cached: bool | None, address: str = "") -> StageRun:
    """What a record tells of the stage that ran, by an earlier run or by this one."""
    return StageRun(
        name=name,
        seconds=record.seconds,
        gpu_seconds=record.gpu_seconds,
        cpu_seconds=record.cpu_seconds,
        device=record.provenance.get("device", ""),
        attempts=record.attempts,
        cached=cached,
        address=address,
        inputs=record.sources(),
        metrics=record.metrics,
    )


def lora_targets(record: Record) -> tuple[str, ...]:
    """The modules that a record's LoRA adapted; none where every parameter was trained."""
    lora: dict[str, Any] = record.config.get("lora") or {}
    return (*lora.get("targets", ()), *lora.get("expert_targets", ()))


def _rows_read(record: Record) -> int:
    rejected: dict[str, int] = record.metrics.get("rejected", {})
    return int(record.metrics.get("rows", 0)) + sum(rejected.values())


def _sum_metric(records: Sequence[Record], name: str) -> dict[Any, int]:
    total: Counter[str] = Counter()
    for record in records:
        total.update(record.metrics.get(name, {}))
    return dict(sorted(total.items()))
