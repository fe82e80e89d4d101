"""A stage with a GPU where none is free: it waits, says for what, and starts when there is one."""

import json
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.argo.conftest import write_profile
from tests.argo.space import Flow
from tests.kube import until

pytestmark = [pytest.mark.argo, pytest.mark.timeout(600)]

TASK = "train-cpt"


@pytest.fixture
def resource(prepared: Flow) -> Iterator[str]:
    """A kind of GPU that no node has yet."""
    name = f"tsugiki.test/gpu-{uuid.uuid4().hex[:8]}"
    yield name
    give(prepared, name, "remove")


def give(flow: Flow, resource: str, operation: str) -> None:
    """Let the node have one of a resource, or none any more."""
    kube = flow.space.kube
    node = kube.get("nodes")["items"][0]["metadata"]["name"]
    patch = {"op": operation, "path": f"/status/capacity/{resource.replace('/', '~1')}", "value": "1"}
    kube("patch", "node", node, "--subresource=status", "--type=json", "-p", json.dumps([patch]))


def test_a_stage_waits_for_a_gpu_and_says_so(prepared: Flow, resource: str, tmp_path: Path) -> None:
    space = prepared.space
    more = f'[gpu_pool]\nresource = "{resource}"'
    profile = write_profile(tmp_path / "scarce.toml", space.kube.namespace, space.bucket, more)
    flow = space.create(space.render(TASK, "train_cpt.seed=300", profile=profile))[0]

    def said() -> str:
        return space.tsugiki("status", flow.name, "--profile", str(profile)).stdout

    until(lambda: f"Insufficient {resource}" in said(), 60, said)
    assert "Pending" in said()
    assert not flow.run.ended
    give(flow, resource, "add")
    flow.succeeded()
    (pod,) = flow.pods(TASK)
    assert flow.task(TASK).phase == "Succeeded"
    assert [item["resources"]["limits"][resource] for item in pod["spec"]["containers"] if item["name"] == "main"] == [
        "1"
    ]
