"""The nightly evaluation on a real Argo, every minute: a good night, then a regression that fails the workflow."""

from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from tests import test_nightly as local
from tests.argo.space import Space
from tests.kube import until
from tests.test_nightly import address
from tsugiki.cluster.client import connect
from tsugiki.cluster.runs import Run

pytestmark = [pytest.mark.argo, pytest.mark.timeout(900)]

place = local.place
STAGES = ("import_chats", "generate", "score", "compare_nights", "check_night")
SMALL = {"cpus": "0.25", "memory_gb": "2", "disk_gb": "1"}
SCHEDULE = {"cron": '["* * * * *"]', "timezone": "Asia/Tokyo", "start_within_seconds": "30", "keep_successful": "9",
            "keep_failed": "9", "suspend": "false"}  # fmt: skip


def install(space: Space, models: Path, model: str) -> str:
    """Submit the schedule with a model under evaluation; what the command printed."""
    source = f"s3://{space.bucket}/chats.jsonl"
    space.s3.upload_file(str(models / "chats.jsonl"), space.bucket, "chats.jsonl")
    settings = {"import_chats.source": source, "checkpoints.tuned": address(space.root, models / model)}
    settings |= {f"schedule.{key}": value for key, value in SCHEDULE.items()}
    settings |= {f"resources.{stage}.{key}": value for stage in STAGES for key, value in SMALL.items()}
    changed = [part for key, value in settings.items() for part in ("--set", f"{key}={value}")]
    given = ("--recipe", "tests/nightly.toml", "--profile", str(space.profile))
    return space.tsugiki("submit", "nightly_eval", *given, *changed).stdout


def nights(space: Space) -> list[Run]:
    """The nights so far, oldest first."""
    space.workflows.check()
    found = [Run(item) for item in list(space.workflows.last.values()) if "nightly" in item["metadata"]["name"]]
    return sorted(found, key=lambda run: str(run.workflow["metadata"]["creationTimestamp"]))


def an_ended(space: Space, after: int) -> Run:
    """The first night after so many that has ended."""
    until(lambda: any(run.ended for run in nights(space)[after:]), 400, lambda: f"a night: {nights(space)}")
    return next(run for run in nights(space)[after:] if run.ended)


def uses(run: Run, checkpoint: str) -> bool:
    return checkpoint in str(run.workflow["spec"])


def test_every_minute_is_a_night_and_a_fall_fails_it(space: Space, place: Path) -> None:
    bad = address(space.root, place / "bad")
    try:
        assert "nightly-eval-nightly" in install(space, place, "good")
        first = an_ended(space, 0)
        assert first.phase == "Succeeded", first.message
        install(space, place, "bad")
        until(lambda: any(run.ended and uses(run, bad) for run in nights(space)), 400, "a night of the bad model")
        failed = next(run for run in nights(space) if run.ended and uses(run, bad))
        # before the schedule goes: its runs go with it
        same = once_more(space, failed)
    finally:
        space.kube("delete", "cronworkflows", "--all")
    assert failed.phase == "Failed"
    gate = next(task for task in failed.tasks if task.name == "check-night")
    assert "regression in series tiny: tuned on test fell from 1.000 on" in gate.message
    assert len([pod for pod in list(space.pods.last.values()) if f"{failed.name}.check-night" in str(pod)]) == 1
    assert shown(failed, "compare-nights") >= {"report", "metrics"}, "the report is there on a regression too"
    assert set(made(same)) == {"generate-tuned", "score", "compare-nights"}
    assert made(same).items() <= made(failed).items(), "a night that is taken up again became another one"
    ended = [run for run in nights(space) if run.ended and run.name != same.name]
    times = [(run.workflow["status"]["startedAt"], run.workflow["status"]["finishedAt"]) for run in ended]
    assert all(end <= start for (_, end), (start, _) in pairwise(times)), "two nights overlap"


def once_more(space: Space, night: Run) -> Run:
    """A night that fell, taken up again to its end."""
    profile = ("--profile", str(space.profile))
    name = space.tsugiki("retry", night.name, *profile).stdout.splitlines()[-1].removeprefix("workflow: ")
    space.tsugiki("wait", name, "--timeout", "400", *profile, code=1)
    return Run(connect(space.kube.namespace).get("Workflow", name))


def made(run: Run) -> dict[str, str]:
    """Address of what each task made."""
    found = {}
    for task in run.tasks:
        for item in task.pods[-1].get("outputs", {}).get("parameters", []) if task.phase == "Succeeded" else ():
            found |= {task.name: str(item["value"])} if item["name"] == "address" else {}
    return found


def shown(run: Run, task: str) -> set[str]:
    """The artifacts that Argo shows of a task."""
    nodes: dict[str, Any] = run.workflow["status"]["nodes"]
    found = [node for node in nodes.values() if node["type"] == "Pod" and node["displayName"].startswith(task)]
    return {item["name"] for node in found for item in node.get("outputs", {}).get("artifacts", [])}
