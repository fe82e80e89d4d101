"""Answers made by four pods side by side are, byte for byte, those that one process makes."""

import json
import os
import subprocess
import sys
from dataclasses import dataclass

import pytest

from tests.argo.space import ROOT, Flow, Object, Space, main_of, node_of, steps
from tests.kube import until

pytestmark = [pytest.mark.argo, pytest.mark.timeout(900)]

TASK, PARTS = "generate-base", "generate-base-parts"
COUNT = 4
# long answers in small batches, so that a part can be lost in its middle
ANSWERS = (
    'generate.splits=["test","other"]',
    "generate.max_new_tokens=60",
    "generate.batch_size=4",
    "resources.generate.gpus=0",
    "resources.generate.retries=0",
)
STORE = "shards"


@dataclass(frozen=True)
class Sharded:
    """The answers in parts, and those of one process."""

    flow: Flow
    lost: Object
    """The pod that was deleted in its middle, as it was then."""
    before: list[int]
    """Answers that it had said were done."""
    record: Object
    alone: Object
    """The record of what one process made."""


@pytest.fixture(scope="module")
def sharded(prepared: Flow) -> Sharded:
    """Make the answers both ways, at the same time."""
    space = prepared.space
    alone = space.render(TASK, *ANSWERS)
    given = alone["spec"]["templates"]
    arguments = next(item["dag"]["tasks"] for item in given if "dag" in item)[0]["arguments"]["parameters"]
    values = {item["name"]: item["value"] for item in arguments}
    address = f"answers/generate-{values.pop('identity')}"
    for needed in (values["model"], values["chats"]):
        space.copy(needed, STORE)
    flow = space.create(
        space.render(TASK, *ANSWERS, f"resources.generate.shards={COUNT}", root=f"s3://{space.bucket}/{STORE}")
    )[0]
    with one_process(space, values) as process:
        lost, before = lose_a_part(flow)
        flow.succeeded()
        assert process.wait(300) == 0
    record = json.loads(space.read(f"{STORE}/{address}/_RECORD.json"))
    return Sharded(flow, lost, before, record, space.record(address))


def one_process(space: Space, values: dict[str, str]) -> subprocess.Popen[bytes]:
    """Make the same answers here, in the shared store."""
    options = [part for name, value in values.items() for part in (f"--{name}", value)]
    command = [sys.executable, "-m", "jobs.generate", "--root", space.root, *options]
    return subprocess.Popen(command, cwd=ROOT, env={**os.environ, "OMP_NUM_THREADS": "1"})


def lose_a_part(flow: Flow) -> tuple[Object, list[int]]:
    """Delete the pod of a part that has done some of its answers."""
    found: list[tuple[Object, list[int]]] = []

    def some() -> bool:
        for pod in flow.pods(PARTS):
            done = steps(flow.log(pod["metadata"]["name"])) if "running" in main_of(pod) else []
            if done:
                found.append((pod, done))
                return True
        return False

    until(some, 300, flow.describe)
    flow.space.kube("delete", "pod", found[0][0]["metadata"]["name"], "--wait=false")
    return found[0]


def test_each_part_is_a_pod_and_one_more_joins_them(sharded: Sharded) -> None:
    nodes = {node_of(pod).rpartition("(")[0] for pod in sharded.flow.pods(PARTS)}
    assert nodes == {f"{sharded.flow.name}.{PARTS}({index}:{index})" for index in range(COUNT)}
    assert len(sharded.flow.pods(PARTS)) == COUNT + 1
    (join,) = sharded.flow.pods(f"{TASK}(")
    image = next(item for item in join["spec"]["containers"] if item["name"] == "main")["image"]
    assert "tsugiki-data" in image
    assert sharded.record["attempts"] == COUNT + 2


def test_the_answers_are_those_of_one_process(sharded: Sharded) -> None:
    assert sharded.record["files"] == sharded.alone["files"]
    assert sharded.record["metrics"] == sharded.alone["metrics"]
    keys = sharded.flow.space.keys(f"{STORE}/answers/")
    assert not [key for key in keys if f"-of-{COUNT}" in key], "parts are left"


def test_a_part_that_was_lost_goes_on_where_it_was(sharded: Sharded) -> None:
    node = node_of(sharded.lost).rpartition("(")[0]
    again = [pod for pod in sharded.flow.pods(PARTS) if node_of(pod).startswith(node)][-1]
    after = steps(sharded.flow.archived(again["metadata"]["name"]))
    assert again["metadata"]["name"] != sharded.lost["metadata"]["name"]
    assert after[0] > sharded.before[-1] > 0
