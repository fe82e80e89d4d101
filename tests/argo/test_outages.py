"""Parts of the cluster that are away for a while, in the middle of CPT: nothing is lost, and nothing is made twice."""

import os
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

import pytest

from tests.argo.conftest import CONTROLLER
from tests.argo.space import Flow, Object, main_of
from tests.kube import Kube, until

pytestmark = [pytest.mark.argo, pytest.mark.timeout(900)]

TASK = "train-cpt"
TRAINING = ("resources.train_cpt.gpus=0", "train_cpt.save_every=5")
OUTAGE_SECONDS = 60


def restart_controller(kube: Kube) -> None:
    """Delete the pod of Argo's controller, and wait until its successor is ready."""
    (old,) = kube.get("pods", "--all-namespaces", f"--selector={CONTROLLER}")["items"]
    there = Kube(old["metadata"]["namespace"])
    there("delete", "pod", old["metadata"]["name"])
    there("rollout", "status", "deployment/workflow-controller", "--timeout=120s")


@contextmanager
def without_s3() -> Iterator[None]:
    """Stop the S3 server beside the cluster, and start it again in the end."""
    script = os.environ["TSUGIKI_CLUSTER"]
    subprocess.run([script, "stop", "s3"], check=True)
    try:
        yield
    finally:
        subprocess.run([script, "start", "s3"], check=True)


def times(pod: Object) -> tuple[datetime, datetime]:
    """When a main container started and ended."""
    ended = main_of(pod)["terminated"]
    return datetime.fromisoformat(ended["startedAt"]), datetime.fromisoformat(ended["finishedAt"])


def test_submitted_twice_at_once_and_the_controller_restarted_one_makes_it(finished: Flow) -> None:
    space = finished.space
    flows = space.create(*[space.render(TASK, *TRAINING, "train_cpt.seed=400", "train_cpt.epochs=40")] * 2)
    until(lambda: any("running" in main_of(pod) for flow in flows for pod in flow.pods(TASK)), 120, flows[0].describe)
    holder, waiting = sorted(flows, key=lambda flow: not flow.pods(TASK))
    assert f"Mutex/{waiting.identity(TASK)} lock" in waiting.task(TASK).message
    restart_controller(space.kube)
    for flow in flows:
        flow.succeeded()
    (first,), (second,) = holder.pods(TASK), waiting.pods(TASK)
    assert times(first)[1] <= times(second)[0], "both were at it at the same time"
    assert holder.archived(first["metadata"]["name"])[-1]["cached"] is False
    assert waiting.archived(second["metadata"]["name"])[-1]["cached"] is True
    address = f"adapter/train_cpt-{holder.identity(TASK)}"
    assert space.record(address)["attempts"] == 1
    trees = {key.removeprefix(f"store/{address}/").partition("/")[0] for key in space.keys(f"store/{address}/")}
    assert len(trees) == 2, "a record, and one set of files"
    assert space.keys(f"store/.work/{address}/") == []


@pytest.mark.skipif("TSUGIKI_CLUSTER" not in os.environ, reason="stops the S3 server: set TSUGIKI_CLUSTER to `cluster`")
def test_a_minute_without_s3_is_outlived(finished: Flow) -> None:
    space = finished.space
    flow = space.start(TASK, *TRAINING, "train_cpt.seed=401", "train_cpt.epochs=100")
    address = f"adapter/train_cpt-{flow.identity(TASK)}"
    until(lambda: space.saved(address), 300, flow.describe)
    with without_s3():
        end = time.monotonic() + OUTAGE_SECONDS
        until(lambda: time.monotonic() > end, OUTAGE_SECONDS + 5, "a minute to pass")
    flow.succeeded()
    record = space.record(address)
    assert record["metrics"]["steps"] == 500
    assert len(flow.pods(TASK)) > 1, "the outage was not noticed"
    ends = [main_of(pod)["terminated"] for pod in flow.pods(TASK)]
    assert {item["exitCode"] for item in ends} == {0, 1}
    assert all("run the command again" in item["message"] for item in ends if item["exitCode"])
