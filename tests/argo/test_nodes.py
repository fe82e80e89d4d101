"""Training on two machines through Argo: a Job that it makes and watches, whatever becomes of either."""

from typing import Any

import pytest

from tests.argo.space import RECIPE, Flow, Object, Space, events, main_of, steps
from tests.kube import until
from tsugiki.cluster.order import make_order
from tsugiki.cluster.prune import done, prune
from tsugiki.labels import TARGET
from tsugiki.store import open_store

pytestmark = [pytest.mark.argo, pytest.mark.timeout(1800)]

TASK, NODES = "train-cpt", "train-cpt-nodes"
NEEDS = {"nodes": 2, "gpus": 0, "cpus": 0.1, "memory_gb": 2, "disk_gb": 2, "hours": 0.5, "retries": 1}
SETTINGS = [f"resources.train_cpt.{name}={value}" for name, value in NEEDS.items()]
KILL_WORKER = (
    "import os, signal, pathlib; "
    "[os.kill(int(pid), signal.SIGKILL) for pid in pathlib.Path('/proc/1/task/1/children').read_text().split()]"
)


def start(space: Space, *settings: str) -> Flow:
    """Start a workflow that trains on two machines, and does nothing else."""
    order = make_order("cpt_sft", str(RECIPE), str(space.profile), [*SETTINGS, *settings], space.root)
    manifest = order.manifest()
    tasks = next(item["dag"]["tasks"] for item in manifest["spec"]["templates"] if "dag" in item)
    training = next(item for item in tasks if item["name"] == TASK)
    given = {item["name"]: item["value"] for item in training["arguments"]["parameters"]}
    manifest["metadata"]["labels"][TARGET] = given["identity"]
    pruned = prune(manifest, done(manifest, open_store(space.root)))
    assert pruned.run == (TASK, NODES) or pruned.run == (NODES, TASK)
    return space.create(pruned.manifest)[0]


def machines(flow: Flow, index: int) -> list[Object]:
    """The pods that were one of the two machines, the oldest first."""
    selector = f"workflows.argoproj.io/workflow={flow.name},batch.kubernetes.io/job-completion-index={index}"
    found = flow.space.kube.get("pods", "-l", selector)["items"]
    return sorted(found, key=lambda pod: str(pod["metadata"]["creationTimestamp"]))


def told(flow: Flow, attempt: int) -> list[int]:
    """Steps that the first machine says it did, in one of its attempts."""
    pods = machines(flow, 0)[attempt:]
    if not pods or not main_of(pods[0]) or "waiting" in main_of(pods[0]):
        return []
    return steps(events(flow.space.kube("logs", pods[0]["metadata"]["name"])))


def jobs(flow: Flow) -> list[Any]:
    """The Jobs of a workflow."""
    return list(flow.space.kube.get("jobs", "-l", f"workflows.argoproj.io/workflow={flow.name}")["items"])


def test_a_worker_that_is_killed_rejoins_and_a_watcher_that_is_lost_finds_the_job_again(prepared: Flow) -> None:
    space = prepared.space
    flow = start(space, "train_cpt.seed=201", "train_cpt.epochs=80", "train_cpt.save_every=5")
    until(lambda: max(told(flow, 0), default=0) > 10, 600, flow.describe)
    space.kube("delete", "pod", flow.pods(NODES)[0]["metadata"]["name"], "--wait=false")
    space.kube("exec", machines(flow, 1)[0]["metadata"]["name"], "--", "python", "-c", KILL_WORKER)
    until(lambda: bool(told(flow, 1)), 600, flow.describe)
    assert told(flow, 1)[0] >= max(told(flow, 0)) - 5
    codes = [main_of(machines(flow, index)[0])["terminated"]["exitCode"] for index in (0, 1)]
    assert codes == [75, 137]
    flow.succeeded(600)
    assert len(flow.pods(NODES)) == 2
    assert len(jobs(flow)) == 1
    record = space.record(f"adapter/train_cpt-{flow.identity(TASK)}")
    assert (record["metrics"]["ranks"], record["attempts"]) == (2, 2)
    shown = flow.task(TASK).pods[0]["outputs"]
    assert {item["name"] for item in shown["artifacts"]} >= {"record", "curve"}


def test_a_training_that_cannot_go_on_fails_its_task(prepared: Flow) -> None:
    """The reason is in the logs of the machines, which stay."""
    flow = start(prepared.space, "train_cpt.seed=202", "train_cpt.optimizer.learning_rate=1e30")
    assert flow.ended(600) == "Failed"
    assert "failure condition" in flow.task(NODES).message
    assert flow.task(TASK).phase in ("Omitted", "Waiting")
    assert len(flow.pods(NODES)) == 1
    log = flow.space.tsugiki("logs", flow.name, "--profile", str(flow.space.profile)).stdout
    assert "lower the learning rate" in log


def test_stopped_it_leaves_no_machine_behind(prepared: Flow) -> None:
    flow = start(prepared.space, "train_cpt.seed=203", "train_cpt.epochs=1000")
    until(lambda: bool(told(flow, 0)), 600, flow.describe)
    flow.space.tsugiki("stop", flow.name, "--profile", str(flow.space.profile))
    until(lambda: not machines(flow, 0) and not machines(flow, 1), 180, flow.describe)
    assert jobs(flow) == []
