"""Runs as they are read off Workflow objects, and which of them a command means."""

import base64
import gzip
import json
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import pytest
import zstandard

from tests.cluster.api import Api, kubeconfig
from tests.cluster.objects import node, outputs, task, workflow
from tsugiki.cluster.again import again
from tsugiki.cluster.client import connect
from tsugiki.cluster.runs import Run, runs, the_only_running
from tsugiki.cluster.text import duration, show_runs, show_tasks
from tsugiki.errors import BadInput
from tsugiki.plan import NOW

TASKS = (task("pages"), task("corpus", "pages"), task("report", "corpus"))
NODES = (
    node("pages", "Retry", "Succeeded", outputs=outputs()),
    node("pages(0)", "Pod", "Error", message="pod deleted"),
    node("pages(1)", "Pod", "Succeeded", outputs=outputs(90.0), progress="1/1"),
    node("corpus", "Retry", "Running", message="Backoff for 40 seconds"),
    node("corpus(0)", "Pod", "Running", progress="3/8"),
    node("corpus-parts", "TaskGroup", "Succeeded"),
)


def running(**status: Any) -> Run:
    """A run under way."""
    return Run(workflow(*TASKS, nodes=NODES, phase="Running", startedAt="2026-11-24T22:35:09Z", **status))


def test_tasks_are_told_in_the_order_of_the_dag_with_what_has_not_begun() -> None:
    assert [(state.name, state.phase) for state in running().tasks] == [
        ("pages", "Succeeded"), ("corpus", "Running"), ("report", "Waiting"),
    ]  # fmt: skip


def test_a_task_tells_its_attempts_progress_and_cost() -> None:
    pages, corpus, report = running().tasks
    assert [item["displayName"] for item in pages.pods] == ["pages(0)", "pages(1)"]
    assert (pages.gpu_seconds, pages.seconds, pages.ended) == (90.0, 60.0, True)
    assert (corpus.progress, corpus.message, corpus.ended) == ("3/8", "Backoff for 40 seconds", False)
    assert (report.pods, report.seconds, report.progress) == ((), None, "")


@pytest.mark.parametrize(
    ("of_task", "of_pod", "text"),
    [
        ("retryStrategy.expression evaluated to false", "main: Error (exit code 2): no such page", "no such page"),
        ("No more retries left", "main: OOMKilled (exit code 137)", "OOMKilled (exit code 137); No more retries left"),
        ("the same", "the same", "the same"),
        ("", "Pod was evicted", "Pod was evicted"),
        ("Stopped", "", "Stopped"),
    ],
)
def test_a_failed_task_says_what_its_pod_said(of_task: str, of_pod: str, text: str) -> None:
    nodes = (node("pages", "Retry", "Failed", message=of_task), node("pages(0)", "Pod", "Failed", message=of_pod))
    message = Run(workflow(*TASKS, nodes=nodes, phase="Failed")).tasks[0].message
    assert message.removeprefix("main: ").removeprefix("Error (exit code 2): ") == text


def test_a_task_whose_pod_has_no_machine_is_pending() -> None:
    nodes = (
        node("pages", "Retry", "Running"),
        node("pages(0)", "Pod", "Error"),
        node("pages(1)", "Pod", "Pending", message="Unschedulable: no GPU"),
    )
    pages = Run(workflow(*TASKS, nodes=nodes, phase="Running")).tasks[0]
    assert (pages.phase, pages.message) == ("Pending", "Unschedulable: no GPU")


def test_a_name_that_begins_like_another_is_another_task() -> None:
    corpus = running().tasks[1]
    assert [item["displayName"] for item in corpus.pods] == ["corpus(0)"]


def test_parts_and_what_joins_them_add_up() -> None:
    tasks = (task("parts", identity="one"), task("whole", "parts", identity="one"), task("other", identity="two"))
    nodes = (
        node("parts", "TaskGroup", "Succeeded", progress="2/2"),
        node("parts(0:0)", "Retry", "Succeeded"),
        node("parts(0:0)(0)", "Pod", "Succeeded", outputs=outputs(10.0)),
        node("parts(1:1)(0)", "Pod", "Succeeded", outputs=outputs(20.0)),
        node("whole(0)", "Pod", "Succeeded", outputs=outputs(1.0)),
        node("other(0)", "Pod", "Succeeded", outputs=outputs(5.0)),
    )
    run = Run(workflow(*tasks, nodes=nodes, phase="Succeeded"))
    parts = run.tasks[0]
    assert (parts.split, parts.progress, len(parts.pods), parts.gpu_seconds) == (True, "2/2", 2, 30.0)
    assert run.gpu_seconds == 36.0


def test_before_a_controller_has_seen_it_a_run_is_pending() -> None:
    run = Run(workflow(*TASKS))
    assert (run.phase, run.seen, run.ended, run.seconds) == ("Pending", False, False, None)
    assert {state.phase for state in run.tasks} == {"Waiting"}


@pytest.mark.parametrize("pack", [gzip.compress, zstandard.ZstdCompressor().compress], ids=["gzip", "zstd"])
def test_a_large_status_is_unpacked(pack: Any) -> None:
    large = workflow(*TASKS, phase="Running")
    packed = base64.b64encode(pack(json.dumps({item["id"]: item for item in NODES}).encode())).decode()
    large["status"] = {"phase": "Running", "compressedNodes": packed}
    assert [state.phase for state in Run(large).tasks] == ["Succeeded", "Running", "Waiting"]


def test_a_status_in_argos_database_is_said_to_be_there(capsys: pytest.CaptureFixture[str]) -> None:
    large = workflow(*TASKS, phase="Running")
    large["status"] = {"phase": "Running", "offloadNodeStatusVersion": "fnv:1"}
    show_tasks(Run(large))
    assert "Argo keeps the state of its tasks in a database" in capsys.readouterr().out


def test_the_tables_show_every_run_and_task_on_lines_that_a_pipe_can_take(capsys: pytest.CaptureFixture[str]) -> None:
    show_runs([running(progress="1/3", message="all is well")])
    runs = capsys.readouterr().out.splitlines()
    assert runs[0].split() == ["run", "phase", "progress", "took", "age", "GPU", "hours", "message"]
    assert runs[1].startswith("run-abcde  Running")
    assert "0.03" in runs[1]
    assert runs[1].rstrip().endswith("all is well")
    show_tasks(running())
    tasks = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in tasks] == ["run-abcde:", "task", "pages", "corpus", "report"]
    assert tasks[3].split()[:3] == ["corpus", "Running", "3/8"]


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(None, ""), (0.4, "0s"), (59.4, "59s"), (59.6, "1m00s"), (3599, "59m59s"), (3661, "1h01m"), (187200, "2d04h")],
)
def test_durations(seconds: float | None, text: str) -> None:
    assert duration(seconds) == text


def test_what_is_taken_up_again_says_so_and_brings_nothing_of_the_run_itself() -> None:
    ended = workflow(*TASKS, nodes=NODES, phase="Failed")
    ended["spec"]["shutdown"] = "Terminate"
    ended["metadata"] |= {"uid": "x", "resourceVersion": "1", "ownerReferences": [{"kind": "CronWorkflow"}]}
    made = again(Run(ended))
    assert made["metadata"] == {
        "generateName": "run-",
        "namespace": "work",
        "labels": {
            "tsugiki/workflow": "run",
            "tsugiki/recipe": "sample",
            "tsugiki/target": "0123456789abcdef",
            "tsugiki/retry-of": "run-abcde",
        },
        "annotations": {"workflows.argoproj.io/title": "run · sample"},
    }
    assert "shutdown" not in made["spec"]
    assert "status" not in made
    assert made["spec"]["templates"] == ended["spec"]["templates"]


def test_what_a_schedule_started_gets_a_name_of_its_workflow_and_recipe() -> None:
    started = workflow(*TASKS, phase="Failed")
    del started["metadata"]["generateName"]
    assert again(Run(started))["metadata"]["generateName"] == "run-sample-"


def night(*inputs: str) -> Run:
    """A night that a schedule started and that failed; one node for each configuration that a task got."""
    given = [{"name": "config", "value": f'{{"repeat":"{NOW}","night":"{NOW}"}}'}]
    answers = {**task("answers"), "arguments": {"parameters": given}}
    nodes = [
        node(f"answers({index})", "Pod", "Failed", inputs={"parameters": [{"name": "config", "value": text}]})
        for index, text in enumerate(inputs)
    ]
    found = workflow(task("questions"), answers, nodes=(node("questions", "Pod", "Succeeded"), *nodes), phase="Failed")
    del found["metadata"]["labels"]["tsugiki/target"]
    return Run(found)


@pytest.mark.parametrize(
    ("inputs", "time"),
    [
        ([], "2026-11-24T22:35:09Z"),
        (["{}", '{"repeat":"2026-11-25T07:35:09+09:00","night":"2026-11-25T07:35:09+09:00"}'],
         "2026-11-25T07:35:09+09:00"),
    ],
    ids=["nothing begun", "a controller in Tokyo"],
)  # fmt: skip
def test_a_night_that_is_taken_up_again_stays_that_night(inputs: list[str], time: str) -> None:
    made = again(night(*inputs))
    answers = made["spec"]["templates"][0]["dag"]["tasks"][1]["arguments"]["parameters"][0]
    assert json.loads(answers["value"]) == {"repeat": time, "night": time}
    assert NOW not in json.dumps(made)


def test_two_retries_of_one_night_are_told_to_be_the_same() -> None:
    first = again(night())
    assert first["metadata"]["labels"]["tsugiki/target"] == "run-abcde"
    first["metadata"] |= {"name": "run-fghij", "creationTimestamp": "2026-11-25T08:00:00Z"}
    second = again(Run(first))["metadata"]["labels"]
    assert (second["tsugiki/target"], second["tsugiki/retry-of"]) == ("run-abcde", "run-fghij")


def test_a_workflow_of_others_is_left_alone() -> None:
    foreign = workflow(*TASKS, phase="Failed")
    foreign["metadata"]["labels"] = {}
    with pytest.raises(BadInput, match="run-abcde was not submitted by tsugiki"):
        again(Run(foreign))


@pytest.mark.parametrize("name", ["日本", "日本a", "-", "sample,tsugiki/recipe=other"])
def test_a_name_that_no_label_takes_finds_nobody_elses_runs(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer = json.dumps({"items": [workflow(*TASKS, phase="Running")], "metadata": {}})
    with Api(lambda _verb, _path: (200, answer)).running() as api:
        monkeypatch.setenv("KUBECONFIG", str(kubeconfig(tmp_path / "config", api.url)))
        cluster = connect("work")
        with pytest.raises(BadInput, match=f"recipe '{name}': .*rename the file"):
            the_only_running(cluster, "", "run", name)
        assert api.asked == []
        for workflow_name, recipe in (("run", "some_recipe.2"), ("", "sample"), ("run", "")):
            assert [run.name for run in runs(cluster, workflow_name, recipe)] == ["run-abcde"]
    selectors = [parse_qs(line.partition("?")[2])["labelSelector"][0] for line in api.asked]
    assert selectors == [
        "tsugiki/workflow=run,tsugiki/recipe=some-recipe-2",
        "tsugiki/workflow,tsugiki/recipe=sample",
        "tsugiki/workflow=run",
    ]
