"""Our own rules for manifests: each finds the fault it is there for, and nothing in what is rendered."""

import copy
import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.cluster.seeded import SEEDED, Change
from tests.cluster.test_schema import RENDERED, Manifest, load, tasks
from tsugiki.cluster.lint import MAX_BYTES, check, lint, manifest_bytes
from tsugiki.cluster.schema import validate
from tsugiki.errors import BadInput

SAMPLE = next(path for path in RENDERED if path.stem == "cpt_sft-sample")
NIGHTLY = next(path for path in RENDERED if path.stem == "nightly_eval-nightly")
ARGO = Path(os.environ.get("ARGO_BIN", "/var/tmp/argo"), "argo")

IDS = [name for name, *_ in SEEDED]


@pytest.fixture(scope="module")
def sample() -> Manifest:
    """The manifest of the sample."""
    return load(SAMPLE)


def changed(manifest: Manifest, change: Change) -> Manifest:
    """A copy with one fault."""
    made = copy.deepcopy(manifest)
    change(made)
    return made


@pytest.mark.parametrize("path", RENDERED, ids=lambda path: path.stem)
def test_every_recipe_passes(path: Path) -> None:
    assert list(map(str, lint(load(path)))) == []


@pytest.mark.parametrize("path", RENDERED, ids=lambda path: path.stem)
def test_every_recipe_is_far_below_the_limit_of_size(path: Path) -> None:
    assert manifest_bytes(load(path)) < MAX_BYTES / 8


@pytest.mark.parametrize(("name", "change", "text", "_argo"), SEEDED, ids=IDS)
def test_a_fault_is_found(name: str, change: Change, text: str, _argo: bool, sample: Manifest) -> None:
    manifest = changed(sample, change)
    assert validate(manifest) == []
    assert any(text in str(fault) for fault in lint(manifest)), list(map(str, lint(manifest)))


def making(manifest: Manifest, resource: str) -> Manifest:
    """A workflow whose report is made by something that is no pod."""
    changed = copy.deepcopy(manifest)
    made = next(item for item in changed["spec"]["templates"] if item["name"] == "report")
    for key in ("container", "volumes", "metrics", "outputs"):
        made.pop(key, None)
    made["resource"] = {"action": "apply", "manifest": resource}
    assert validate(changed) == []
    return changed


@pytest.mark.parametrize(
    ("resource", "text"),
    [
        ("kind: Job\nmetadata: {name: 'a-{{workflow.uid}}'}", ""),
        ("kind: Job\nmetadata: {name: 'a-{{inputs.parameters.identity}}-{{workflow.uid}}'}", ""),
        ("kind: Job\nmetadata: {name: 'a-{{workflow.name}}'}", "has 65 characters of at most 63"),
        ("kind: Job\nmetadata: {name: 'A-{{workflow.uid}}'}", "is no name in Kubernetes"),
        ("metadata: {name: a}", "resource.manifest: names no kind"),
        ("kind: [Job", "resource.manifest: is not YAML"),
    ],
)
def test_what_is_made_beside_pods_has_a_name_that_fits(resource: str, text: str, sample: Manifest) -> None:
    said = [str(fault) for fault in lint(making(sample, resource))]
    assert (len(said), text in "".join(said)) == (1 if text else 0, True), said


def test_a_scheduled_name_leaves_room_for_the_time() -> None:
    manifest = load(NIGHTLY)
    manifest["metadata"]["name"] = "n" * 53
    assert [str(fault) for fault in lint(manifest)] == [
        f"metadata.name: {'n' * 53!r} has 53 characters of at most 52: shorten it"
    ]


def test_a_schedule_is_read_as_the_workflow_it_starts() -> None:
    manifest = load(NIGHTLY)
    manifest["spec"]["workflowSpec"]["entrypoint"] = "start"
    assert any("there is no template 'start'" in str(fault) for fault in lint(manifest))


def test_a_check_names_the_first_faults_on_one_line(sample: Manifest) -> None:
    manifest = changed(sample, lambda it: [task.pop("template") for task in tasks(it)])
    with pytest.raises(BadInput, match=r"the manifest would be refused by the cluster: .*; and \d+ more") as caught:
        check(manifest, "the manifest")
    assert "\n" not in str(caught.value)


def argo_lint(manifest: Any, folder: Path) -> str:
    """What Argo's own lint says without a cluster; empty if it finds nothing."""
    path = folder / "workflow.yaml"
    path.write_text(yaml.dump(json.loads(json.dumps(manifest))), encoding="utf-8")
    done = subprocess.run([ARGO, "lint", "--offline", path], capture_output=True, text=True, check=False)
    return "" if done.returncode == 0 else done.stdout + done.stderr


@pytest.fixture
def own_lint() -> None:
    """Skips where Argo's program is not at hand."""
    if not ARGO.is_file():
        pytest.skip(f"no {ARGO}: set ARGO_BIN to the folder of argo")


@pytest.mark.argo
@pytest.mark.usefixtures("own_lint")
@pytest.mark.parametrize("path", RENDERED, ids=lambda path: path.stem)
def test_argo_itself_takes_every_recipe(path: Path, tmp_path: Path) -> None:
    assert argo_lint(load(path), tmp_path) == ""


@pytest.mark.argo
@pytest.mark.usefixtures("own_lint")
@pytest.mark.parametrize(("name", "change", "_text", "argo"), SEEDED, ids=IDS)
def test_argo_itself_finds_no_more_than_we_do(
    name: str, change: Change, _text: str, argo: bool, sample: Manifest, tmp_path: Path
) -> None:
    assert bool(argo_lint(changed(sample, change), tmp_path)) is argo
