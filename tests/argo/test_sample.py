"""The whole of cpt_sft on a real Argo: GPUs are shared out, much is shown, and the artifacts are those made here."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.argo.conftest import Here
from tests.argo.space import RECIPE, ROOT, Flow, events, node_of
from tests.argo.watch import Object, gpus_of
from tests.test_workflow import contents
from tsugiki.labels import PROFILE, WORKFLOW
from tsugiki.labels import RECIPE as RECIPE_LABEL

pytestmark = [pytest.mark.argo, pytest.mark.timeout(1200)]

ON_GPUS = {
    "train-cpt",
    "train-sft-sft",
    "train-sft-cpt-sft",
    "generate-base",
    "generate-cpt",
    "generate-sft",
    "generate-cpt-sft",
}
COUNT = 16


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Copies of artifacts go where the test ends."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


def outputs(flow: Flow, task: str) -> Object:
    """What the pod of a task left for Argo."""
    return dict(flow.task(task).pods[-1]["outputs"])


def shown(flow: Flow, task: str) -> dict[str, bytes]:
    """The files that Argo shows of a task, by name, as they lie in S3."""
    found = {item["name"]: item["s3"]["key"] for item in outputs(flow, task)["artifacts"]}
    return {key.rpartition("/")[2]: flow.space.read(key) for name, key in found.items() if name != "main-logs"}


def test_every_task_succeeds_at_its_first_attempt(finished: Flow) -> None:
    assert {task.name: (task.phase, len(task.pods)) for task in finished.run.tasks} == dict.fromkeys(
        [task.name for task in finished.run.tasks], ("Succeeded", 1)
    )
    assert len(finished.run.tasks) == COUNT


def test_stages_with_a_gpu_ask_for_one_wait_for_it_and_never_share_it(finished: Flow) -> None:
    pods = {str(pod["metadata"]["name"]): pod for pod in finished.pods()}
    asking = {name for name, pod in pods.items() if gpus_of(pod)["gpus"]}
    assert {node_of(pods[name]).split(".")[1].partition("(")[0] for name in asking} == ON_GPUS
    node = finished.space.kube.get("nodes")["items"][0]["status"]["allocatable"]
    held: set[str] = set()
    waited = False
    for name, note in list(finished.space.pods.notes):
        if note["gpus"]:
            held = held | {name} if note["placed"] else held - {name}
            assert len(held) <= int(node["nvidia.com/gpu"]), f"{held} share GPUs"
            waited |= name in asking and "Insufficient nvidia.com/gpu" in note["refused"]
    assert waited, "nothing had to wait for a GPU"


def test_what_argo_shows_lies_in_s3_as_plain_files(finished: Flow) -> None:
    report = shown(finished, "report")
    assert set(report) == {"report.html", "metrics.json", "record.json"}
    assert report["report.html"].lower().startswith(b"<!doctype html>")
    assert set(json.loads(report["metrics.json"])["arms"]) == {"base", "cpt", "sft", "cpt_sft"}
    training = shown(finished, "train-cpt")
    assert set(training) == {"record.json", "curve.html"}
    assert b"<svg" in training["curve.html"]
    address = outputs(finished, "train-cpt")["parameters"][0]["value"]
    assert json.loads(training["record.json"]) == finished.space.record(address)


def test_output_parameters_say_what_was_made_and_what_it_took(finished: Flow) -> None:
    values = {item["name"]: item["value"] for item in outputs(finished, "train-cpt")["parameters"]}
    assert values["address"] == f"adapter/train_cpt-{finished.identity('train-cpt')}"
    record = finished.space.record(values["address"])
    assert float(values["seconds"]) == record["seconds"] > 0
    assert float(values["gpu-seconds"]) == record["gpu_seconds"] >= record["seconds"]
    assert float(values["tokens-per-second"]) == record["metrics"]["tokens_per_second"] > 0


def test_progress_moves_to_its_end(finished: Flow) -> None:
    seen = [note[name] for name, note in finished.space.workflows.notes if name == finished.name and note[name]]
    assert len(set(seen)) > 5
    done, total = seen[-1].split("/")
    assert done == total


def test_labels_and_annotations_name_the_run(finished: Flow) -> None:
    recipe, kube = finished.run.labels[RECIPE_LABEL], finished.space.kube
    for labels in ({WORKFLOW: "cpt-sft", RECIPE_LABEL: recipe}, {PROFILE: "profile", RECIPE_LABEL: recipe}):
        selector = ",".join(f"{key}={value}" for key, value in labels.items())
        assert kube("get", "workflows", f"--selector={selector}", "--output=name").split() == [
            f"workflow.argoproj.io/{finished.name}"
        ]
    pod = next(pod for pod in finished.pods("train-cpt"))["metadata"]["labels"]
    assert pod["tsugiki/stage"] == "train-cpt"
    assert pod["tsugiki/artifact"] == finished.identity("train-cpt")
    annotations = finished.run.workflow["metadata"]["annotations"]
    assert annotations["workflows.argoproj.io/title"] == f"cpt_sft · {recipe}"
    assert annotations["workflows.argoproj.io/description"] == "Everything, as small as it gets"


def test_the_container_of_a_stage_holds_no_token(finished: Flow) -> None:
    for pod in finished.pods():
        assert pod["spec"]["automountServiceAccountToken"] is False
        main, wait = (
            next(item for item in pod["spec"]["containers"] if item["name"] == name) for name in ("main", "wait")
        )
        assert not [mount for mount in main["volumeMounts"] if "serviceaccount" in mount["mountPath"]]
        assert [mount for mount in wait["volumeMounts"] if "serviceaccount" in mount["mountPath"]]


def test_logs_are_json_with_run_stage_and_artifact(finished: Flow) -> None:
    for pod in finished.pods():
        text = finished.space.read(f"argo/{finished.name}/{pod['metadata']['name']}/main.log").decode()
        lines = events(text)
        assert lines[-1]["event"] == "done"
        identity = pod["metadata"]["labels"]["tsugiki/artifact"]
        for line in lines:
            assert line["run"] == finished.name
            assert line["stage"].replace("_", "-") == pod["metadata"]["labels"]["tsugiki/stage"]
            assert line["artifact"].endswith(f"-{identity}")


def test_the_controller_publishes_durations_gpu_seconds_and_speed(finished: Flow, metrics: dict[str, float]) -> None:
    prefix = "argo_workflows_tsugiki"
    assert metrics[f'{prefix}_stage_duration_seconds_count{{stage="generate",status="Succeeded"}}'] == 4
    assert metrics[f'{prefix}_stage_duration_seconds_sum{{stage="train_cpt",status="Succeeded"}}'] > 1
    assert metrics[f'{prefix}_stages_total{{stage="train_sft",status="Succeeded"}}'] == 2
    record = finished.space.record(f"adapter/train_cpt-{finished.identity('train-cpt')}")
    assert metrics[f'{prefix}_gpu_seconds_total{{stage="train_cpt"}}'] == pytest.approx(record["gpu_seconds"])
    speed = record["metrics"]["tokens_per_second"]
    assert metrics[f'{prefix}_tokens_per_second{{stage="train_cpt"}}'] == pytest.approx(speed)


def test_the_artifacts_are_those_that_this_machine_makes(finished: Flow, here: Here) -> None:
    assert here.process.wait(600) == 0
    made, local = contents(finished.space.root), contents(here.store)
    report = f"report/report-{finished.identity('report')}"
    for found in (made, local):
        # its page says what it took, and on what machines
        assert set(found[report].pop("files")) == {"report.html"}
    # tests of failures make more in the same store
    assert {address: made.get(address) for address in local} == local
    assert len(local) == COUNT
    figures = json.loads((here.store.parent / "out" / "metrics.json").read_text(encoding="utf-8"))
    assert json.loads(shown(finished, "report")["metrics.json"])["arms"] == figures["arms"]


def test_a_run_on_this_machine_finds_everything_done(finished: Flow, tmp_path: Path) -> None:
    where = ("--recipe", str(RECIPE), "--root", finished.space.root, "--out", str(tmp_path / "out"))
    command = [sys.executable, "-m", "tsugiki.cli", "run", "cpt_sft", *where]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert f"{COUNT} tasks: {COUNT} done before, 0 to run" in done.stderr
    assert (tmp_path / "out" / "report.html").stat().st_size > 1000


def test_a_second_submission_has_nothing_to_run(finished: Flow) -> None:
    given = ("--recipe", str(RECIPE), "--profile", str(finished.space.profile))
    said = finished.space.tsugiki("submit", "cpt_sft", *given).stdout
    assert said.startswith(f"nothing to run: the artifacts of all {COUNT} tasks exist")
