"""Manifests against the schema of Argo's CRDs, and that schema and its verdicts against a real API server."""

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from scripts.make_schema import translated
from tests.kube import Kube, KubectlError
from tsugiki.cluster.faults import Fault
from tsugiki.cluster.schema import schemas, validate

RENDERED = sorted(Path(__file__).parents[2].joinpath("workflows", "rendered").glob("*.yaml"))
SAMPLE = Path(__file__).parents[2] / "workflows" / "rendered" / "cpt_sft-sample.yaml"
NIGHTLY = Path(__file__).parents[2] / "workflows" / "rendered" / "nightly_eval-nightly.yaml"

Manifest = dict[str, Any]


def load(path: Path) -> Manifest:
    """The manifest in a file."""
    manifest: Manifest = yaml.load(path.read_text("utf-8"), Loader=yaml.CSafeLoader)
    return manifest


@pytest.fixture(scope="module")
def sample() -> Manifest:
    """The manifest of the sample."""
    return load(SAMPLE)


def template(manifest: Manifest) -> Manifest:
    """The first template, which has a container."""
    found: Manifest = manifest["spec"]["templates"][0]
    assert "container" in found
    return found


def tasks(manifest: Manifest) -> list[Manifest]:
    """The tasks of the DAG."""
    found: list[Manifest] = next(item for item in manifest["spec"]["templates"] if "dag" in item)["dag"]["tasks"]
    return found


Change = Callable[[Manifest], object]
SEEDED: dict[str, tuple[Change, str]] = {
    "an unknown field": (
        lambda it: template(it)["container"].update(imag="x"),
        "spec.templates[0].container.imag: unknown field (got 'x')",
    ),
    "an unknown field of an empty object": (
        lambda it: template(it)["outputs"]["artifacts"][0]["archive"].update(none={"level": 1}),
        "spec.templates[0].outputs.artifacts[0].archive.none.level: unknown field (got 1)",
    ),
    "a number that should be text": (
        lambda it: template(it)["container"].update(image=3),
        "spec.templates[0].container.image: must be string, not 3",
    ),
    "text that should be a number": (
        lambda it: it["spec"].update(parallelism="3"),
        "spec.parallelism: must be integer, not '3'",
    ),
    "a missing name": (
        lambda it: template(it)["container"]["env"].append({"value": "x"}),
        "spec.templates[0].container.env[7].name: missing",
    ),
    "a value that is none of those there are": (
        lambda it: it["spec"]["podGC"].update(strategy="Sometimes"),
        "spec.podGC.strategy: must be one of",
    ),
    "a variable twice": (
        lambda it: template(it)["container"]["env"].append({"name": "HOME"}),
        "spec.templates[0].container.env: two items have the same name 'HOME'",
    ),
    "a template of two kinds": (
        lambda it: template(it).update(suspend={}),
        "spec.templates[0]: container and suspend exclude each other: keep one",
    ),
    "depends beside dependencies": (
        lambda it: tasks(it)[-1].update(dependencies=["score"]),
        "depends and dependencies exclude each other: keep one",
    ),
    "no specification": (lambda it: it.pop("spec"), "spec: missing"),
}


def faults(manifest: Manifest) -> list[str]:
    """The faults as text."""
    return [str(fault) for fault in validate(manifest)]


@pytest.mark.parametrize("path", RENDERED, ids=lambda path: path.stem)
def test_every_recipe_fits(path: Path) -> None:
    assert faults(load(path)) == []


@pytest.mark.parametrize("name", SEEDED)
def test_a_fault_is_named_with_its_place(name: str, sample: Manifest) -> None:
    change, text = SEEDED[name]
    changed = copy.deepcopy(sample)
    change(changed)
    (found,) = faults(changed)
    assert text in found


def test_a_field_that_takes_a_number_or_text_takes_both(sample: Manifest) -> None:
    for limit in (3, "3"):
        changed = copy.deepcopy(sample)
        template(changed)["retryStrategy"]["limit"] = limit
        assert faults(changed) == []


def test_every_fault_is_found_at_once(sample: Manifest) -> None:
    changed = copy.deepcopy(sample)
    for place in (changed["metadata"], changed["spec"], template(changed)):
        place["surplus"] = 1
    assert [fault.partition(":")[0] for fault in faults(changed)] == [
        "metadata.surplus", "spec.surplus", "spec.templates[0].surplus",
    ]  # fmt: skip


def test_what_a_schedule_adds_is_checked_too() -> None:
    manifest = load(NIGHTLY)
    manifest["spec"]["workflowSpec"]["surplus"] = 1
    manifest["spec"]["schedules"] = "0 3 * * *"
    assert faults(manifest) == [
        "spec.schedules: must be array, not '0 3 * * *'",
        "spec.workflowSpec.surplus: unknown field (got 1)",
    ]


def test_another_kind_is_refused() -> None:
    assert validate({"kind": "Pod"}) == [Fault("kind", "must be CronWorkflow or Workflow, not 'Pod'")]


@pytest.fixture(scope="module")
def argo_kinds(module_namespace: Kube) -> Kube:
    """A namespace on a cluster that knows workflows."""
    if "argoproj.io" not in module_namespace("api-versions"):
        pytest.skip("the cluster has no CRDs of Argo")
    return module_namespace


@pytest.mark.cluster
@pytest.mark.parametrize("kind", sorted(schemas()))
def test_the_schema_is_that_of_the_cluster(kind: str, argo_kinds: Kube) -> None:
    crd = json.loads(argo_kinds("get", "crd", f"{kind.lower()}s.argoproj.io", "--output=json"))
    assert translated(crd) == schemas()[kind]


def accepted(kube: Kube, manifest: Manifest) -> bool:
    """What the API server says to a dry run."""
    text = json.dumps({**manifest, "metadata": {**manifest["metadata"], "namespace": kube.namespace}})
    try:
        kube("create", "--dry-run=server", "--validate=strict", "-f", "-", stdin=text)
    except KubectlError as error:
        assert "spec" in str(error) or "unknown" in str(error)
        return False
    return True


@pytest.mark.cluster
@pytest.mark.parametrize("path", RENDERED, ids=lambda path: path.stem)
def test_a_real_api_server_takes_every_recipe(path: Path, argo_kinds: Kube) -> None:
    assert accepted(argo_kinds, load(path))


@pytest.mark.cluster
@pytest.mark.parametrize("name", SEEDED)
def test_a_real_api_server_refuses_the_same(name: str, sample: Manifest, argo_kinds: Kube) -> None:
    changed = copy.deepcopy(sample)
    SEEDED[name][0](changed)
    assert not accepted(argo_kinds, changed)
