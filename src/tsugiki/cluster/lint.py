"""Our own rules for manifests: what fits the schema and yet fails once it runs, or means nothing."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from tsugiki.cluster.faults import Fault, refuse, shown
from tsugiki.cluster.placeholders import PLACEHOLDER, ancestors, placeholder_faults
from tsugiki.cluster.schema import validate
from tsugiki.cluster.view import SCHEDULED, Object, named_templates, needs, parameters, workflow_spec

MAX_BYTES = 1024 * 1024
"""Beyond it Argo cannot keep a workflow's status beside it, and etcd takes little more."""
NAME_CHARS = 63
"""A workflow's name is the value of a label on its pods."""
SUFFIX_CHARS = 5
"""What the API server appends to `generateName`."""
SCHEDULED_NAME_CHARS = 52
"""A run of a schedule is called by its name and a time stamp of ten digits."""
INNER_NAME_CHARS = 128
"""Argo's limit for names of templates and tasks."""
UID_CHARS = 36
DNS_LABEL = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?")
_LABEL_VALUE = re.compile(r"([A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?")
_LABEL_KEY = re.compile(r"([a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?/)?[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?")
_IMAGE = re.compile(r"[a-z0-9][\w.:/-]*(:(?P<tag>[\w][\w.-]{0,127})|@sha256:[0-9a-f]{64})")
_CONTAINERS = ("initContainers", "sidecars")


def check(manifest: Mapping[str, Any], what: str) -> None:
    """Check a manifest as far as that goes without a cluster.

    Args:
        manifest: a Workflow or CronWorkflow.
        what: how the message calls it.

    Raises:
        BadInput: naming its first faults.
    """
    refuse(what, validate(manifest) or lint(manifest))


def lint(manifest: Mapping[str, Any]) -> list[Fault]:
    """The faults of a manifest that fits the schema, by our own rules."""
    return [
        *_own_name(manifest),
        *_structure(manifest),
        *_dags(manifest),
        *_containers(manifest),
        *_labels(manifest),
        *_resources(manifest),
        *placeholder_faults(manifest),
        *_size(manifest),
    ]


def manifest_bytes(manifest: Mapping[str, Any]) -> int:
    """Size of a manifest as the cluster keeps it."""
    return len(json.dumps(manifest, ensure_ascii=False, separators=(",", ":")).encode())


def _size(manifest: Mapping[str, Any]) -> Iterator[Fault]:
    size = manifest_bytes(manifest)
    if size > MAX_BYTES:
        yield Fault("", f"it has {size:,} bytes of at most {MAX_BYTES:,}: split the workflow, or name fewer tasks")


def _own_name(manifest: Mapping[str, Any]) -> Iterator[Fault]:
    metadata = manifest["metadata"]
    if "name" in metadata:
        longest = SCHEDULED_NAME_CHARS if manifest["kind"] == SCHEDULED else NAME_CHARS
        yield from _name("metadata.name", metadata["name"], longest)
    elif "generateName" in metadata and manifest["kind"] != SCHEDULED:
        yield from _name("metadata.generateName", metadata["generateName"].rstrip("-"), NAME_CHARS - SUFFIX_CHARS - 1)
    else:
        yield Fault("metadata.name", "missing")
    if not metadata.get("namespace"):
        yield Fault("metadata.namespace", "missing")


def _name(path: str, name: str, longest: int) -> Iterator[Fault]:
    if not DNS_LABEL.fullmatch(name):
        yield Fault(path, f"{name!r} is no name in Kubernetes: use a-z, 0-9 and dashes between them")
    if len(name) > longest:
        yield Fault(path, f"{name!r} has {len(name)} characters of at most {longest}: shorten it")


def _twice(path: str, names: Iterable[str]) -> Iterator[Fault]:
    for name, count in Counter(names).items():
        if count > 1:
            yield Fault(path, f"{count} items are called {name!r}")


def _structure(manifest: Mapping[str, Any]) -> Iterator[Fault]:
    spec, templates = workflow_spec(manifest), named_templates(manifest)
    yield from _twice("templates", (template["name"] for template in spec.get("templates", ())))
    for key in ("entrypoint", "onExit"):
        if (key == "entrypoint" or key in spec) and spec.get(key) not in templates:
            yield Fault(key, f"there is no template {spec.get(key)!r}")
    yield from _twice("arguments", (item["name"] for item in spec.get("arguments", {}).get("parameters", ())))
    for name, template in templates.items():
        yield from _name(f"template {name}", name, INNER_NAME_CHARS)
        for key in ("inputs", "outputs"):
            for kind in ("parameters", "artifacts"):
                listed = template.get(key, {}).get(kind, ())
                yield from _twice(f"template {name}, {key}.{kind}", (item["name"] for item in listed))
    used = {spec.get("entrypoint"), spec.get("onExit")}
    used.update(task.get("template") for template in templates.values() for task in _tasks(template))
    for name in templates.keys() - used:
        yield Fault(f"template {name}", "no task uses it")


def _tasks(template: Object) -> list[Object]:
    found: list[Object] = template.get("dag", {}).get("tasks", [])
    return found


def _dags(manifest: Mapping[str, Any]) -> Iterator[Fault]:
    templates = named_templates(manifest)
    for template in templates.values():
        yield from _twice(f"template {template['name']}, tasks", (task["name"] for task in _tasks(template)))
        waits = {task["name"]: needs(task) for task in _tasks(template)}
        for task in _tasks(template):
            where = f"task {task['name']}"
            yield from _name(where, task["name"], INNER_NAME_CHARS)
            for needed in needs(task):
                if needed not in waits:
                    yield Fault(where, f"depends on {needed!r}, which is no task")
            if task["name"] in ancestors(task["name"], waits):
                yield Fault(where, "waits for itself, through those it depends on")
            if task.get("template") not in templates:
                yield Fault(where, f"there is no template {task.get('template')!r}")
            else:
                yield from _arguments(where, task, templates[task["template"]])


def _arguments(where: str, task: Object, template: Object) -> Iterator[Fault]:
    """What a task gives must be what its template takes."""
    given, taken = parameters(task, "arguments"), parameters(template, "inputs")
    yield from _twice(f"{where}, arguments", (item["name"] for item in task.get("arguments", {}).get("parameters", ())))
    for name, item in taken.items():
        if name not in given and not item.keys() & {"value", "default", "valueFrom"}:
            yield Fault(where, f"does not give {name!r}, which template {template['name']} takes")
    for name in given.keys() - taken.keys():
        yield Fault(where, f"gives {name!r}, which template {template['name']} does not take")


def _containers(manifest: Mapping[str, Any]) -> Iterator[Fault]:
    for name, template in named_templates(manifest).items():
        single = [template[key] for key in ("container", "script") if key in template]
        for container in [*single, *(item for key in _CONTAINERS for item in template.get(key, ()))]:
            if not container.get("command"):
                # Argo would ask the registry for the image's own
                yield Fault(f"template {name}", "a container has no command: state it")
            yield from _image(f"template {name}", container.get("image", ""))


def _image(where: str, image: str) -> Iterator[Fault]:
    match = _IMAGE.fullmatch(image)
    if match is None:
        yield Fault(where, f"image {image!r} has no tag or digest, or is no image's name: write registry/name:tag")
    elif match["tag"] == "latest":
        yield Fault(where, f"image {image!r} can be another one tomorrow: state a tag that stays")


def _labels(manifest: Mapping[str, Any]) -> Iterator[Fault]:
    spec = workflow_spec(manifest)
    holders = {
        "metadata": manifest["metadata"],
        "workflowMetadata": manifest["spec"].get("workflowMetadata", {}),
        "podMetadata": spec.get("podMetadata", {}),
    }
    for where, holder in holders.items():
        for key, value in holder.get("labels", {}).items():
            yield from _label(f"{where}.labels", key, value)
    for template, task in _uses(manifest):
        for key, value in template.get("metadata", {}).get("labels", {}).items():
            yield from _label(f"template {template['name']}, labels", key, _filled(value, task))


def _uses(manifest: Mapping[str, Any]) -> Iterator[tuple[Object, Object]]:
    """Every template with each task that uses it; with an empty one where none does."""
    templates = named_templates(manifest)
    users: dict[str, list[Object]] = {}
    for template in templates.values():
        for task in _tasks(template):
            users.setdefault(task.get("template", ""), []).append(task)
    for name, template in templates.items():
        for task in users.get(name, [{}]):
            yield template, task


def _resources(manifest: Mapping[str, Any]) -> Iterator[Fault]:
    """What templates make beside pods: its name must do for each task, whatever the workflow is called."""
    import yaml

    for template, task in _uses(manifest):
        if "resource" not in template:
            continue
        where = f"template {template['name']}, resource.manifest"
        text = template["resource"].get("manifest", "")
        text = text.replace("{{workflow.uid}}", "0" * UID_CHARS).replace("{{workflow.name}}", "a" * NAME_CHARS)
        try:
            made = yaml.safe_load(_filled(text, task))
        except yaml.YAMLError as error:
            yield Fault(where, f"is not YAML: {shown(str(error))}")
            continue
        if not isinstance(made, dict) or not made.get("kind"):
            yield Fault(where, "names no kind")
            continue
        yield from _name(f"{where}: metadata.name", str(made.get("metadata", {}).get("name", "")), NAME_CHARS)


def _filled(text: str, task: Object) -> str:
    """A text with the values that a task gives; a placeholder that is known only later is left out."""
    values = {
        f"inputs.parameters.{name}": item.get("value", "") for name, item in parameters(task, "arguments").items()
    }
    filled = PLACEHOLDER.sub(lambda match: str(values.get(match[1].strip(), "")), text)
    return PLACEHOLDER.sub("", filled)


def _label(where: str, key: str, value: str) -> Iterator[Fault]:
    if not _LABEL_KEY.fullmatch(key):
        yield Fault(where, f"{key!r} is no key of a label")
    if not _LABEL_VALUE.fullmatch(value):
        yield Fault(where, f"{key} cannot have the value {shown(value)}: up to 63 letters, digits, '-', '_' and '.'")
