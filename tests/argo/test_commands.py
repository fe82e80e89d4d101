"""The commands on a real Argo: a run is submitted, waited for, watched, stopped and taken up again."""

import subprocess
import sys
import uuid
from typing import Any

import pytest

from tests.argo.conftest import IMAGES
from tests.argo.space import ROOT, Flow, Space, steps
from tests.cluster.pages import pages_manifest, profile
from tests.kube import until
from tsugiki.cluster.client import Cluster, connect
from tsugiki.cluster.runs import Run
from tsugiki.cluster.submission import Submission
from tsugiki.labels import RETRY_OF

pytestmark = [pytest.mark.argo, pytest.mark.timeout(900)]

Manifest = dict[str, Any]


@pytest.fixture
def place(space: Space, cluster_s3: dict[str, str]) -> Cluster:
    """The namespace of the tests, as the commands reach it."""
    return connect(space.kube.namespace)


def pages(space: Space) -> Manifest:
    """The workflow of pages, for a store of its own: nothing of it exists."""
    return pages_manifest(profile(space.kube.namespace, f"s3://{space.bucket}/{uuid.uuid4().hex[:8]}", IMAGES))


def submit(space: Space, place: Cluster, manifest: Manifest, capsys: pytest.CaptureFixture[str]) -> str:
    """Submit a manifest; the name of the run."""
    cluster = profile(space.kube.namespace, f"s3://{space.bucket}/store", IMAGES)
    Submission(place, cluster, manifest).submit()
    return capsys.readouterr().out.splitlines()[-1].removeprefix("workflow: ")


def command(space: Space, name: str, *arguments: str, code: int = 0) -> subprocess.CompletedProcess[str]:
    """Run a command of tsugiki with the profile of the tests."""
    return space.tsugiki(name, *arguments, "--profile", str(space.profile), code=code)


def test_a_run_is_waited_for_shown_and_its_logs_outlive_its_pods(
    space: Space, place: Cluster, capsys: pytest.CaptureFixture[str]
) -> None:
    manifest = pages(space)
    name = submit(space, place, manifest, capsys)
    waited = command(space, "wait", name, "--timeout", "600")
    assert waited.stdout.startswith(f"{name}: succeeded in ")
    first = next(line for line in waited.stderr.splitlines() if "Succeeded in" in line)
    assert first.startswith("make-sample-pages: ")
    table = command(space, "status", name).stdout.splitlines()
    assert table[0].startswith(f"{name}: Succeeded 2/2")
    assert [line.split()[:2] for line in table[2:]] == [
        ["make-sample-pages", "Succeeded"],
        ["clean-corpus", "Succeeded"],
    ]
    assert any(line.startswith(name) for line in command(space, "status").stdout.splitlines())
    space.kube("delete", "pods", f"--selector=workflows.argoproj.io/workflow={name}")
    logs = command(space, "logs", name).stdout.splitlines()
    assert any("make-sample-pages: done" in line for line in logs)
    # what it logged and what it printed came through two streams, in any order
    assert any(line.startswith("clean-corpus: corpus/clean_corpus-") for line in logs)
    assert all("clean-corpus" in line for line in command(space, "logs", name, "clean-corpus").stdout.splitlines())
    assert command(space, "retry", name).stdout.splitlines()[1] == "nothing to run: the artifacts of all 2 tasks exist"


def test_logs_are_followed_from_before_the_first_pod_to_the_end(
    space: Space, place: Cluster, capsys: pytest.CaptureFixture[str]
) -> None:
    name = submit(space, place, pages(space), capsys)
    lines = command(space, "logs", name, "--follow").stdout.splitlines()
    assert Run(place.get("Workflow", name)).phase == "Succeeded"
    done = [line.split(" ")[1] for line in lines if ": done" in line]
    assert done == ["make-sample-pages:", "clean-corpus:"]


def test_what_waits_for_its_turn_is_waited_for(
    space: Space, place: Cluster, capsys: pytest.CaptureFixture[str]
) -> None:
    first, second = pages(space), pages(space)
    turn = f"turn-{uuid.uuid4().hex[:8]}"
    for manifest in (first, second):
        manifest["spec"]["synchronization"] = {"mutexes": [{"name": turn}]}
        manifest["metadata"]["labels"]["tsugiki/target"] = uuid.uuid4().hex[:16]
    before = submit(space, place, first, capsys)
    until(lambda: Run(place.get("Workflow", before)).phase == "Running", 60, "the first run to start")
    name = submit(space, place, second, capsys)
    waited = command(space, "wait", name, "--timeout", "600")
    assert f"{name}: Pending: Waiting for" in waited.stderr
    assert waited.stdout.startswith(f"{name}: succeeded in ")


def test_a_failure_is_told_and_only_what_is_left_is_run_again(
    space: Space, place: Cluster, capsys: pytest.CaptureFixture[str]
) -> None:
    manifest = pages(space)
    given = manifest["spec"]["templates"][-1]["dag"]["tasks"][-1]["arguments"]["parameters"]
    # an image of another version would make something else, and refuses
    next(item for item in given if item["name"] == "identity")["value"] = "0123456789abcdef"
    manifest["metadata"]["labels"]["tsugiki/target"] = "0123456789abcdef"
    name = submit(space, place, manifest, capsys)
    failed = command(space, "wait", name, "--timeout", "600", code=1)
    assert f"{name} failed: clean-corpus: " in failed.stderr.splitlines()[-1]
    assert "planned for identity 0123456789abcdef" in command(space, "logs", name, "clean-corpus").stdout
    said = command(space, "retry", name).stdout.splitlines()
    assert said[0].startswith(f"{name} (Failed) once more")
    assert said[2:4] == ["1 done before: make-sample-pages", "1 to run: clean-corpus"]
    again = Run(place.get("Workflow", said[-1].removeprefix("workflow: ")))
    assert again.labels[RETRY_OF] == name
    command(space, "wait", again.name, "--timeout", "600", code=1)
    (state,) = Run(place.get("Workflow", again.name)).tasks
    assert len(state.pods) == 1


TRAINING = "train-cpt"
SMALL = ("resources.train_cpt.gpus=0", "resources.train_cpt.cpus=0.1")
NEVER_SAVED = "train_cpt.save_every=1000000"


def test_a_run_that_was_stopped_goes_on_where_it_was(space: Space, place: Cluster, prepared: Flow) -> None:
    (flow,) = space.create(space.render(TRAINING, *SMALL, NEVER_SAVED, "train_cpt.epochs=60", "train_cpt.seed=77"))
    first = flow.running(TRAINING, 0)
    until(lambda: bool(steps(flow.log(first))), 120, flow.describe)
    refused = command(space, "retry", flow.name, code=2)
    assert f"{flow.name} is Running: wait for its end, or stop it first" in refused.stderr
    said = command(space, "stop", flow.name).stdout.splitlines()
    assert said[-1].startswith(f"{flow.name}: stopped; what was done is kept")
    stopped = Run(place.get("Workflow", flow.name))
    assert (stopped.phase, stopped.stopped) == ("Failed", True)
    assert f"{flow.name} was stopped" in command(space, "wait", flow.name, code=75).stderr
    assert f"{flow.name} has ended (Failed)" in command(space, "stop", flow.name, code=2).stderr
    log = flow.log(first)
    assert log[-1]["exit_code"] == 75
    again = command(space, "retry", flow.name).stdout.splitlines()[-1].removeprefix("workflow: ")
    command(space, "wait", again, "--timeout", "600")
    resumed = Flow(space, again)
    second = resumed.archived(resumed.pods(TRAINING)[0]["metadata"]["name"])
    # the state that it saved when it was told to stop is the only one
    assert steps(second)[0] > steps(log)[-1]
    assert space.record(f"adapter/train_cpt-{resumed.identity(TRAINING)}")["attempts"] == 2


def test_waiting_ends_in_time_and_a_followed_log_with_its_run(space: Space, prepared: Flow) -> None:
    (flow,) = space.create(space.render(TRAINING, *SMALL, "train_cpt.epochs=5000", "train_cpt.seed=78"))
    flow.running(TRAINING, 0)
    waited = command(space, "wait", flow.name, "--timeout", "1", code=124)
    assert f"waited 1s: {flow.name} is Running" in waited.stderr
    follower = [sys.executable, "-m", "tsugiki.cli", "logs", flow.name, "--follow", "--profile", str(space.profile)]
    with subprocess.Popen(follower, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert "train-cpt: started" in process.stdout.readline()
        command(space, "stop", flow.name)
        assert "told to stop" in process.stdout.read()
    assert process.returncode == 0
