"""Waiting for a run against an API server that is slow, away for a while, or without a controller behind it."""

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from tests.cluster.api import Answer, Api, kubeconfig
from tests.cluster.objects import Object, node, task, workflow
from tsugiki.cluster.client import connect
from tsugiki.cluster.refusals import Unreachable
from tsugiki.cluster.waiting import Waiting
from tsugiki.errors import BadInput, OutOfTime, Preempted, TsugikiError

TASKS = (task("pages"), task("corpus", "pages"))
NEW = workflow(*TASKS)
QUEUED = workflow(*TASKS, phase="Pending", message="Workflow processing has been postponed")
PENDING = workflow(*TASKS, phase="Running", nodes=(node("pages", "Retry", "Pending", message="Unschedulable: no GPU"),))
RUNNING = workflow(*TASKS, phase="Running", nodes=(node("pages", "Retry", "Running"),))
DONE = workflow(*TASKS, phase="Succeeded", nodes=(node("pages", "Retry", "Succeeded"),))
FAILED = workflow(
    *TASKS,
    phase="Failed",
    message="child 'corpus' failed",
    nodes=(node("corpus", "Retry", "Failed", message="exit 2"),),
)
STOPPED = {**FAILED, "spec": {**FAILED["spec"], "shutdown": "Terminate"}}

Waiter = Callable[..., Waiting]


@pytest.fixture
def said() -> list[str]:
    """What the wait said."""
    return []


@pytest.fixture
def waiter(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, said: list[str]) -> Iterator[Waiter]:
    """Waits against a server that gives these answers one after the other, and the last for ever."""
    with ExitStack() as servers:

        def make(answers: Sequence[Object | Answer], **settings: Any) -> Waiting:
            left = [item if isinstance(item, tuple) else (200, json.dumps(item)) for item in answers]
            api = servers.enter_context(Api(lambda *_: left.pop(0) if len(left) > 1 else left[0]).running())
            monkeypatch.setenv("KUBECONFIG", str(kubeconfig(tmp_path / "config", api.url)))
            return Waiting(connect("work"), "run-abcde", say=said.append, pace=0.001, **settings)

        yield make


def test_it_waits_through_every_state_and_tells_each_change_once(waiter: Waiter, said: list[str]) -> None:
    run = waiter([NEW, NEW, QUEUED, QUEUED, PENDING, PENDING, RUNNING, RUNNING, DONE]).wait()
    assert run.phase == "Succeeded"
    assert said == [
        "run-abcde: Pending: Workflow processing has been postponed",
        "pages: Pending: Unschedulable: no GPU",
        "pages: Running",
        "pages: Succeeded in 1m00s",
    ]


def test_a_failure_names_the_task_and_why(waiter: Waiter) -> None:
    with pytest.raises(TsugikiError, match=r"run-abcde failed: corpus: exit 2 \(make logs NAME=run-abcde") as caught:
        waiter([RUNNING, FAILED]).wait()
    assert caught.value.exit_code == 1


def test_a_stop_is_no_failure(waiter: Waiter) -> None:
    with pytest.raises(Preempted, match="run-abcde was stopped; .* make retry NAME=run-abcde") as caught:
        waiter([RUNNING, STOPPED]).wait()
    assert caught.value.exit_code == 75


def test_the_time_is_up(waiter: Waiter) -> None:
    with pytest.raises(OutOfTime, match="waited 0s: run-abcde is Running") as caught:
        waiter([RUNNING], timeout=0.05).wait()
    assert caught.value.exit_code == 124


def test_the_time_is_up_while_the_server_is_away(waiter: Waiter) -> None:
    with pytest.raises(OutOfTime, match="waited 0s: the API server .* answers 503"):
        waiter([(503, "starting")], timeout=0.05).wait()


def test_a_server_that_is_away_is_waited_for(waiter: Waiter, said: list[str]) -> None:
    away: list[Object | Answer] = [(0, ""), (503, "starting"), (429, "slow down"), (0, "")]
    assert waiter([RUNNING, *away, RUNNING, DONE]).wait().phase == "Succeeded"
    assert len([line for line in said if line.endswith("Still waiting")]) == 1


def test_a_server_that_stays_away_ends_it(waiter: Waiter) -> None:
    with pytest.raises(Unreachable, match="answers 503"):
        waiter([RUNNING, (503, "down")], patience=0.05).wait()


def test_credentials_that_expire_end_it_at_once(waiter: Waiter) -> None:
    with pytest.raises(BadInput, match="log in again"):
        waiter([RUNNING, (401, "Unauthorized")]).wait()


def test_a_run_that_is_deleted_ends_it(waiter: Waiter) -> None:
    gone = json.dumps({"message": "not found", "details": {"name": "run-abcde", "kind": "workflows"}})
    with pytest.raises(TsugikiError, match="there is no workflow run-abcde .*: it was deleted") as caught:
        waiter([RUNNING, (404, gone)]).wait()
    assert caught.value.exit_code == 1


def test_a_controller_that_does_not_look_is_told(waiter: Waiter, said: list[str]) -> None:
    waiter([NEW, NEW, NEW, DONE], unseen=0.0).wait()
    assert said[0] == "run-abcde: no controller has looked at it yet: does Argo's workflow-controller run?"
    assert len([line for line in said if "no controller" in line]) == 1
