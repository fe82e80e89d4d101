"""Our own rules for manifests: each finds the fault it is there for, and nothing in what is rendered."""

import copy
import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.cluster.test_schema import RENDERED, Manifest, load, tasks, template
from tsugiki.cluster.lint import MAX_BYTES, check, lint, manifest_bytes
from tsugiki.cluster.schema import validate
from tsugiki.errors import BadInput

SAMPLE = next(path for path in RENDERED if path.stem == "cpt_sft-sample")
NIGHTLY = next(path for path in RENDERED if path.stem == "nightly_eval-nightly")
ARGO = Path(os.environ.get("ARGO_BIN", "/var/tmp/argo"), "argo")

Change = Callable[[Manifest], object]


def named(manifest: Manifest, name: str) -> Manifest:
    """The task of that name."""
    return next(task for task in tasks(manifest) if task["name"] == name)


def give(task: Manifest, name: str, value: str) -> None:
    """Let a task give a parameter, in place of what it gave."""
    given = task["arguments"]["parameters"]
    given[:] = [item for item in given if item["name"] != name] + [{"name": name, "value": value}]


def say(manifest: Manifest, text: str) -> None:
    """Let the first template's container say something."""
    template(manifest)["container"]["args"].append(text)


# (what it is, how it is made, what is said, whether Argo's own lint finds it too)
SEEDED: list[tuple[str, Change, str, bool]] = [
    ("no name", lambda it: it["metadata"].pop("generateName"), "metadata.name: missing", False),
    ("no namespace", lambda it: it["metadata"].pop("namespace"), "metadata.namespace: missing", False),
    (
        "a name with an underscore",
        lambda it: it["metadata"].update(generateName="cpt_sft-"),
        "metadata.generateName: 'cpt_sft' is no name in Kubernetes",
        False,
    ),
    (
        "a name that leaves no room for its suffix",
        lambda it: it["metadata"].update(generateName=f"{'a' * 58}-"),
        "has 58 characters of at most 57: shorten it",
        False,
    ),
    (
        "a template twice",
        lambda it: it["spec"]["templates"].append(copy.deepcopy(template(it))),
        "templates: 2 items are called 'make-sample-chats'",
        True,
    ),
    (
        "a task twice",
        lambda it: tasks(it).append(copy.deepcopy(tasks(it)[-1])),
        "2 items are called 'report'",
        True,
    ),
    (
        "a task with an upper-case letter",
        lambda it: named(it, "report").update(name="Report"),
        "task Report: 'Report' is no name in Kubernetes",
        False,
    ),
    (
        "no entry point",
        lambda it: it["spec"].update(entrypoint="start"),
        "entrypoint: there is no template 'start'",
        True,
    ),
    (
        "an exit handler that is not there",
        lambda it: it["spec"].update(onExit="end"),
        "onExit: there is no template 'end'",
        True,
    ),
    (
        "a task of a template that is not there",
        lambda it: named(it, "report").update(template="page"),
        "task report: there is no template 'page'",
        True,
    ),
    (
        "a template that nobody uses",
        lambda it: it["spec"]["templates"].append({**copy.deepcopy(template(it)), "name": "spare"}),
        "template spare: no task uses it",
        False,
    ),
    (
        "a dependency on what is no task",
        lambda it: named(it, "report").update(depends="score && spare"),
        "task report: depends on 'spare', which is no task",
        True,
    ),
    (
        "tasks that wait for each other",
        lambda it: named(it, "make-sample-chats").update(depends="report"),
        "task make-sample-chats: waits for itself",
        True,
    ),
    (
        "an input that is not given",
        lambda it: named(it, "report")["arguments"]["parameters"].pop(0),
        "task report: does not give 'scores', which template report takes",
        True,
    ),
    (
        "an argument that nobody takes",
        lambda it: give(named(it, "report"), "colour", "red"),
        "task report: gives 'colour', which template report does not take",
        False,
    ),
    (
        "an input twice",
        lambda it: template(it)["inputs"]["parameters"].append({"name": "config"}),
        "inputs.parameters: 2 items are called 'config'",
        True,
    ),
    (
        "an input that is not declared",
        lambda it: say(it, "{{inputs.parameters.colour}}"),
        "{{inputs.parameters.colour}} stands for nothing that exists here",
        True,
    ),
    (
        "a parameter that the workflow does not have",
        lambda it: say(it, "{{workflow.parameters.colour}}"),
        "{{workflow.parameters.colour}} stands for nothing",
        True,
    ),
    (
        "a label that the workflow does not have",
        lambda it: say(it, "{{workflow.labels.tsugiki/colour}}"),
        "{{workflow.labels.tsugiki/colour}} stands for nothing",
        True,
    ),
    (
        "an item where nothing is fanned out",
        lambda it: give(named(it, "report"), "config", "{{item}}"),
        "{{item}} stands for nothing",
        False,
    ),
    (
        "an output of a task that is not waited for",
        lambda it: give(named(it, "make-background"), "config", "{{tasks.report.outputs.parameters.address}}"),
        "{{tasks.report.outputs.parameters.address}} needs report in depends",
        True,
    ),
    (
        "an output that no task has",
        lambda it: give(named(it, "report"), "config", "{{tasks.score.outputs.parameters.colour}}"),
        "{{tasks.score.outputs.parameters.colour}} stands for nothing",
        True,
    ),
    (
        "the end of a task where it has not ended",
        lambda it: say(it, "{{duration}}"),
        "{{duration}} stands for nothing",
        False,
    ),
    ("an expression", lambda it: say(it, "{{=1 + 1}}"), "{{=1 + 1}} is an expression", False),
    (
        "a container without a command",
        lambda it: template(it)["container"].pop("command"),
        "template make-sample-chats: a container has no command: state it",
        False,
    ),
    (
        "an image without a tag",
        lambda it: template(it)["container"].update(image="localhost/tsugiki-data"),
        "image 'localhost/tsugiki-data' has no tag or digest",
        False,
    ),
    (
        "an image that can change",
        lambda it: template(it)["container"].update(image="localhost/tsugiki-data:latest"),
        "image 'localhost/tsugiki-data:latest' can be another one tomorrow",
        False,
    ),
    (
        "a label with a space",
        lambda it: it["metadata"]["labels"].update({"tsugiki/recipe": "my recipe"}),
        "metadata.labels: tsugiki/recipe cannot have the value 'my recipe'",
        False,
    ),
    (
        "a label that a task makes too long",
        lambda it: give(named(it, "report"), "identity", "0" * 64),
        "template report, labels: tsugiki/artifact cannot have the value '0000",
        False,
    ),
    (
        "a key of a label with a space",
        lambda it: it["spec"]["podMetadata"]["labels"].update({"my key": "x"}),
        "podMetadata.labels: 'my key' is no key of a label",
        False,
    ),
    (
        "more than a cluster can keep",
        lambda it: give(named(it, "report"), "config", "x" * MAX_BYTES),
        f"bytes of at most {MAX_BYTES:,}",
        False,
    ),
]
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
