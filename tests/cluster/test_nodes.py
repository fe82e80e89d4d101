"""Training on two machines as the rendered Indexed Job: they find each other, and come back after one was lost."""

import json
import os
from typing import Any

import pytest
import yaml

from jobs.make_background import make_background
from jobs.make_base import make_base
from jobs.train_cpt import train_cpt
from tests.cluster.overlay import needs_image
from tests.kube import Kube, until
from tests.train import tiny
from tsugiki.argo.layout import layout
from tsugiki.artifact import require_record
from tsugiki.errors import PREEMPTED
from tsugiki.execute import Conditions, execute
from tsugiki.profile import load_profile
from tsugiki.sample.config import SampleConfig
from tsugiki.stage import Call, Resources
from tsugiki.store import Store, open_store

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(1200)]

IMAGES = os.environ.get("TSUGIKI_TEST_IMAGES", "localhost/tsugiki-{image}:dev")
SAMPLE = SampleConfig(seed=1, works=4, asked_works=2, retellings=1, background_works=4, novels=4, asked_novels=2)
NEEDS = Resources(cpus=0.1, memory_gb=2, disk_gb=2, nodes=2, hours=0.5, retries=1)
STEPS = 300
SAVE_EVERY = 10
ENDED_SECONDS = 600.0


@pytest.fixture(scope="module")
def store(bucket: str, tmp_path_factory: pytest.TempPathFactory) -> Store:
    """The store in S3, reached from here."""
    return open_store(f"s3://{bucket}/store", cache=tmp_path_factory.mktemp("cache"))


@pytest.fixture(scope="module")
def training(store: Store) -> Call[Any]:
    """A training whose inputs exist."""
    background = make_background.call(SAMPLE)
    base = make_base.call(background.output, tiny.base_config("llama", epochs=1))
    for call in (background, base):
        execute(call, store, Conditions())
    config = tiny.cpt_config("llama", epochs=None, max_steps=STEPS, forward_tokens=96, save_every=SAVE_EVERY)
    return train_cpt.call(base.output, background.output, config)


def job(call: Call[Any], store: Store, run: str, **changes: str) -> dict[str, Any]:
    """The Job that the template of a training makes in a run."""
    profile = load_profile("dev").model_copy(update={"images": IMAGES, "priority_class": ""})
    template = layout(call.stage, NEEDS, profile, exclusive=False).nodes
    assert template is not None
    inputs = {name: str(address) for name, address in call.input_addresses().items()}
    inputs |= {"config": call.config.model_dump_json(), "identity": call.address.rpartition("-")[2], "job": "train"}
    values = {f"inputs.parameters.{name}": value for name, value in (inputs | changes).items()}
    values |= {"workflow.name": run, "workflow.uid": run, "workflow.parameters.root": store.root}
    text = str(template.manifest)
    for name, value in values.items():
        text = text.replace(f"{{{{{name}}}}}", value)
    made: dict[str, Any] = yaml.safe_load(text)
    return made


def pods(kube: Kube, made: dict[str, Any], index: int) -> list[dict[str, Any]]:
    """The pods that had an index of the Job, the oldest first."""
    selector = f"job-name={made['metadata']['name']},batch.kubernetes.io/job-completion-index={index}"
    found = kube.get("pods", "-l", selector)["items"]
    return sorted(found, key=lambda pod: str(pod["metadata"]["creationTimestamp"]))


def steps(kube: Kube, pod: dict[str, Any]) -> list[int]:
    """The steps that a pod has told of."""
    if pod["status"]["phase"] == "Pending":
        return []
    lines = kube("logs", pod["metadata"]["name"]).splitlines()
    said = [json.loads(line) for line in lines if line.startswith("{")]
    return [line["done"] for line in said if line["event"] == "progress"]


def code(pod: dict[str, Any]) -> int:
    """The exit code of a pod's container."""
    return int(pod["status"]["containerStatuses"][0]["state"]["terminated"]["exitCode"])


def ended(kube: Kube, made: dict[str, Any]) -> dict[str, Any]:
    """The status of a Job once it has ended."""
    name = made["metadata"]["name"]

    def conditions() -> set[str]:
        return {item["type"] for item in kube.get("job", name)["status"].get("conditions", [])}

    until(lambda: bool(conditions() & {"Complete", "Failed"}), ENDED_SECONDS, lambda: kube("describe", "job", name))
    return dict(kube.get("job", name)["status"])


def test_a_machine_that_is_lost_comes_back_and_they_go_on_from_the_saved_step(
    prepared: Kube, store: Store, training: Call[Any]
) -> None:
    needs_image(prepared, IMAGES.format(image="train"))
    made = job(training, store, "run-1")
    prepared.apply(made)

    def newest(index: int) -> dict[str, Any]:
        found = pods(prepared, made, index)
        return found[-1] if found else {"metadata": {"uid": ""}, "status": {"phase": "Pending"}}

    def described() -> str:
        return prepared("describe", "pods", "-l", f"job-name={made['metadata']['name']}")

    until(lambda: max(steps(prepared, newest(0)), default=0) >= 2 * SAVE_EVERY, 300, described)
    first = newest(0)
    prepared("delete", "pod", newest(1)["metadata"]["name"], "--wait=false")
    until(lambda: newest(0)["metadata"]["uid"] != first["metadata"]["uid"], 180, described)
    assert code(pods(prepared, made, 0)[0]) == PREEMPTED
    reached = max(steps(prepared, first))
    until(lambda: bool(steps(prepared, newest(0))), 300, described)
    assert steps(prepared, newest(0))[0] > reached
    status = ended(prepared, made)
    assert status["succeeded"] == 2, described()
    assert status.get("failed", 0) == 0
    record = require_record(store, training.address)
    assert (record.metrics["steps"], record.metrics["ranks"], record.attempts) == (STEPS, 2, 2)
    assert record.cpu_seconds == pytest.approx(record.seconds * NEEDS.cpus * 2, rel=0.01)


def test_the_same_job_again_finds_the_artifact(prepared: Kube, store: Store, training: Call[Any]) -> None:
    require_record(store, training.address)
    made = job(training, store, "run-2")
    prepared.apply(made)
    assert ended(prepared, made)["succeeded"] == 2


def test_bad_input_ends_the_job_at_once(prepared: Kube, store: Store, training: Call[Any]) -> None:
    made = job(training, store, "run-3", identity="0" * 16)
    prepared.apply(made)
    status = ended(prepared, made)
    reasons = {item["type"]: item.get("reason", "") for item in status["conditions"]}
    assert reasons["Failed"] == "PodFailurePolicy"
    assert all(len(pods(prepared, made, index)) <= 1 for index in (0, 1))
