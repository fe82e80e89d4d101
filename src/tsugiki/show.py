"""What a container leaves for Argo to show: small output parameters, and files that its UI opens."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

from tsugiki.artifact import LOG_FILE, Artifact, Record
from tsugiki.attempts import Spent
from tsugiki.store import Store

PARAMETERS = ("address", "seconds", "gpu-seconds", "tokens-per-second")
"""Names of the output parameters; each is a file of this name with one value."""
RECORD_FILE = "record.json"
CURVE_FILE = "curve.html"


def show(artifact: Artifact, store: Store, directory: Path, spent: Spent | None) -> None:
    """Write parameters and files of an artifact that exists.

    Args:
        artifact: what the container was for.
        store: where it lies.
        directory: where to write; made if it is missing.
        spent: what the run spent on it, parts that were joined not counted again; None if another run made it.
    """
    directory.mkdir(parents=True, exist_ok=True)
    opened = type(artifact).open(store, artifact.address)
    record = opened.record
    for name, value in _parameters(artifact.address, record, spent).items():
        (directory / name).write_text(value, encoding="utf-8")
    (directory / RECORD_FILE).write_text(record.model_dump_json(indent=1), encoding="utf-8")
    for name in opened.shown:
        shutil.copyfile(opened.file(name), directory / name)
    if LOG_FILE in record.files:
        from tsugiki.report.curves import curve_page

        curve = curve_page(record.stage, opened.file(LOG_FILE).read_text(encoding="utf-8"))
        (directory / CURVE_FILE).write_text(curve, encoding="utf-8")


def _parameters(address: str, record: Record, spent: Spent | None) -> dict[str, str]:
    figures = (0.0, 0.0, 0.0)
    if spent is not None:
        figures = (round(spent.seconds, 3), round(spent.gpu_seconds, 3), _tokens_per_second(record))
    return dict(zip(PARAMETERS, (address, *map(str, figures)), strict=True))


def _tokens_per_second(record: Record) -> float:
    """Of training as it was measured; of generation over the whole attempt; 0 for other stages."""
    measured: dict[str, Any] = record.metrics
    if "tokens_per_second" in measured:
        return float(measured["tokens_per_second"])
    return float(measured.get("output_tokens", 0)) / record.seconds if record.seconds else 0.0
