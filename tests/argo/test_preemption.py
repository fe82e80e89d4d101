"""Pods that are lost in the middle of CPT: the stage goes on from its checkpoint, and no failure is counted."""

import json
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

import pytest

from tests.argo.space import Flow, Space, steps
from tests.kube import until

pytestmark = [pytest.mark.argo, pytest.mark.timeout(900)]

TASK = "train-cpt"
SAVE_EVERY = 5
STEPS = 300
# no failure at all is allowed
TRAINING = (f"train_cpt.save_every={SAVE_EVERY}", "resources.train_cpt.gpus=0", "resources.train_cpt.retries=0")


@dataclass(frozen=True)
class Loss:
    """What became of a training whose pod was lost."""

    flow: Flow
    before: list[int]
    """Steps that the first pod had said it did."""
    after: list[int]
    """Steps that the second one says it did."""


def delete(space: Space, pod: str) -> None:
    space.kube("delete", "pod", pod, "--wait=false")


def force(space: Space, pod: str) -> None:
    space.kube("delete", "pod", pod, "--wait=false", "--grace-period=0", "--force")


def drain(space: Space, pod: str) -> None:
    eviction = {"apiVersion": "policy/v1", "kind": "Eviction", "metadata": {"name": pod}}
    path = f"/api/v1/namespaces/{space.kube.namespace}/pods/{pod}/eviction"
    space.kube("create", "--raw", path, "-f", "-", stdin=json.dumps(eviction))


def fill(space: Space, pod: str) -> None:
    code = "import os; os.posix_fallocate(os.open('/tmp/fill', os.O_CREAT | os.O_RDWR), 0, 3 << 30)"
    space.kube("exec", pod, "--container=main", "--", "python", "-c", code)


def lose(flow: Flow, how: Callable[[Space, str], None]) -> Loss:
    """Lose the first pod of a training once it has saved its state, and wait until the second has done a step."""
    first = flow.running(TASK, 0)
    address = f"adapter/train_cpt-{flow.identity(TASK)}"
    until(lambda: flow.space.saved(address), 300, flow.describe)
    before = steps(flow.log(first))
    how(flow.space, first)
    second = flow.running(TASK, 1)
    until(lambda: bool(steps(flow.log(second))), 300, flow.describe)
    return Loss(flow, before, steps(flow.log(second)))


def shown(flow: Flow, node: str) -> list[str]:
    """Progress that Argo showed of a node while it was on its way, as `done/total`."""
    seen = [note.get(node) or "0/1" for name, note in flow.space.workflows.notes if name == flow.name]
    return [text for text in seen if 0 < int(text.partition("/")[0]) < int(text.partition("/")[2])]


@pytest.fixture(scope="module")
def losses(prepared: Flow) -> Iterator[dict[str, Future[Loss]]]:
    """A training for each way to lose a pod, all at the same time."""
    space, ways = prepared.space, (delete, force, drain, fill)
    # the kubelet looks at disks once a minute, and Argo at progress: so long the last one must go on
    epochs = [60, 60, 60, 2000]
    changes = [(f"train_cpt.seed={100 + place}", f"train_cpt.epochs={count}") for place, count in enumerate(epochs)]
    flows = space.create(*(space.render(TASK, *TRAINING, *changed) for changed in changes))
    with ThreadPoolExecutor() as pool:
        yield {way.__name__: pool.submit(lose, flow, way) for flow, way in zip(flows, ways, strict=True)}


@pytest.mark.parametrize("way", ["delete", "force", "drain"])
def test_a_lost_pod_resumes_from_its_checkpoint_and_is_no_failure(losses: dict[str, Future[Loss]], way: str) -> None:
    loss = losses[way].result()
    assert loss.before[0] == 1
    assert loss.after[0] > SAVE_EVERY
    loss.flow.succeeded()
    record = loss.flow.space.record(f"adapter/train_cpt-{loss.flow.identity(TASK)}")
    assert record["attempts"] == len(loss.flow.pods(TASK)) == 2
    assert record["metrics"]["steps"] == STEPS


def test_an_evicted_pod_resumes_from_its_checkpoint_and_is_no_failure(losses: dict[str, Future[Loss]]) -> None:
    loss = losses["fill"].result()
    assert loss.before[0] == 1
    assert loss.after[0] > SAVE_EVERY
    status = loss.flow.pods(TASK)[0]["status"]
    assert status["reason"] == "Evicted"
    assert "scratch" in status["message"]
    # Argo's container tells the controller of progress once a minute
    until(lambda: bool(shown(loss.flow, f"{TASK}(1)")), 150, lambda: f"progress to be shown: {loss.flow.describe()}")
    # that it goes on is seen: the rest would take minutes
    loss.flow.space.tsugiki("stop", loss.flow.name, "--profile", str(loss.flow.space.profile))
    assert loss.flow.run.stopped
