"""A stage with a GPU where none is free: it waits, says for what, and starts when there is one."""

import json
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.argo.conftest import write_profile
from tests.argo.space import Flow
from tests.kube import Kube, until

pytestmark = [pytest.mark.argo, pytest.mark.timeout(600)]

TASK = "train-cpt"


@pytest.fixture
def resource(prepared: Flow) -> Iterator[str]:
    """A kind of GPU that no node has yet."""
    name = f"tsugiki.test/gpu-{uuid.uuid4().hex[:8]}"
    yield name
    patch_node(prepared.space.kube, {name: None})


def patch_node(kube: Kube, capacity: dict[str, str | None]) -> None:
    """Let the node have so much of some resources; None: nothing any more."""
    node = kube.get("nodes")["items"][0]["metadata"]["name"]
    patch = {"status": {"capacity": capacity}}
    kube("patch", "node", node, "--subresource=status", "--type=merge", "-p", json.dumps(patch))


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
    patch_node(space.kube, {resource: "1"})
    flow.succeeded()
    (pod,) = flow.pods(TASK)
    assert flow.task(TASK).phase == "Succeeded"
    assert [item["resources"]["limits"][resource] for item in pod["spec"]["containers"] if item["name"] == "main"] == [
        "1"
    ]
