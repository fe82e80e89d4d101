"""Schedules as `status` shows them: when the next run is due, and what keeps it away."""

import json
import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest

from tests.cluster.api import Answer, Api, kubeconfig
from tsugiki.cluster.schedules import Scheduled

ROOT = Path(__file__).parents[2]
NOW = datetime(2026, 11, 26, 17, 30, tzinfo=UTC)


def schedule(*times: str, status: dict[str, Any] | None = None, **spec: Any) -> dict[str, Any]:
    """A CronWorkflow as Argo leaves it."""
    return {
        "metadata": {"name": "nightly-eval-nightly"},
        "spec": {"schedules": list(times), "timezone": "Asia/Tokyo", **spec},
        "status": status or {},
    }


@pytest.mark.parametrize(
    ("made", "due"),
    [
        (schedule("0 3 * * *"), "2026-11-27 03:00 Asia/Tokyo"),
        (schedule("0 6 * * *", "0 4 * * *"), "2026-11-27 04:00 Asia/Tokyo"),
        (schedule("0 18 * * *", timezone=""), "2026-11-26 18:00 UTC"),
        (schedule("0 3 * * *", suspend=True), "suspended"),
        (schedule("99 99 * * *"), "never"),
        (schedule("0 3 * * *", timezone="Asia/Nowhere"), "never"),
    ],
)
def test_when_the_next_run_is_due(made: dict[str, Any], due: str) -> None:
    assert Scheduled(made).next(NOW) == due


def test_status_shows_the_schedules_below_the_runs(tmp_path: Path) -> None:
    conditions = [
        {"type": "SpecError", "status": "False", "message": "before"},
        {"type": "SubmissionError", "status": "True", "message": "no such account"},
    ]
    made = schedule("0 3 * * *", status={"lastScheduledTime": "2026-11-24T18:00:00Z", "conditions": conditions})

    def answer(_verb: str, path: str) -> Answer:
        return 200, json.dumps({"items": [made] if "/cronworkflows?" in path else [], "metadata": {}})

    with Api(answer).running() as api:
        said = status(kubeconfig(tmp_path / "config", api.url))
    assert said[0] == "no runs in namespace tsugiki"
    assert said[2].split("  ")[0] == "schedule"
    assert said[3].startswith("nightly-eval-nightly  20")
    assert " 03:00 Asia/Tokyo " in said[3]
    assert " ago " in said[3]
    assert said[3].rstrip().endswith("0 3 * * *  no such account")
    asked = [unquote(path) for path in api.asked if "/cronworkflows?" in path]
    assert "labelSelector=tsugiki/workflow,tsugiki/recipe=nightly&" in asked[0]


def status(config: Path) -> list[str]:
    """What `tsugiki status` prints of the runs of a recipe."""
    command = [sys.executable, "-m", "tsugiki.cli", "status", "--recipe", "nightly"]
    environment = {**os.environ, "KUBECONFIG": str(config)}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()
