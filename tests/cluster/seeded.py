"""Faults that a manifest can have although it fits the schema, each made in a copy of the sample's."""

import copy
from collections.abc import Callable

from tests.cluster.test_schema import Manifest, tasks, template
from tsugiki.cluster.lint import MAX_BYTES

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
