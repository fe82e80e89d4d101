"""The parts of a manifest that several readers need: its workflow, its templates, the tasks of its DAG."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

Object = dict[str, Any]

SCHEDULED = "CronWorkflow"
_TASK = re.compile(r"[A-Za-z0-9][-A-Za-z0-9_]*")


def workflow_spec(manifest: Mapping[str, Any]) -> Object:
    """The specification of the workflow that a Workflow is or a CronWorkflow starts."""
    spec: Object = manifest["spec"]
    return spec["workflowSpec"] if manifest["kind"] == SCHEDULED else spec


def workflow_labels(manifest: Mapping[str, Any]) -> dict[str, str]:
    """The labels of the workflow that a Workflow is or a CronWorkflow starts."""
    scheduled = manifest["kind"] == SCHEDULED
    metadata = manifest["spec"].get("workflowMetadata", {}) if scheduled else manifest["metadata"]
    labels: dict[str, str] = metadata.get("labels", {})
    return labels


def named_templates(manifest: Mapping[str, Any]) -> dict[str, Object]:
    """Templates by name."""
    return {template["name"]: template for template in workflow_spec(manifest).get("templates", ())}


def tasks(manifest: Mapping[str, Any]) -> list[Object]:
    """The tasks of the DAG that the workflow enters by; none where it enters by something else."""
    entry = named_templates(manifest).get(workflow_spec(manifest).get("entrypoint", ""), {})
    found: list[Object] = entry.get("dag", {}).get("tasks", [])
    return found


def parameters(holder: Mapping[str, Any], key: str) -> dict[str, Object]:
    """The parameters in `arguments`, `inputs` or `outputs` of something, by name."""
    return {item["name"]: item for item in holder.get(key, {}).get("parameters", ())}


def needs(task: Mapping[str, Any]) -> tuple[str, ...]:
    """Names of the tasks that a task waits for, as `depends` has them; `.Succeeded` and the like are left off."""
    # what follows a dot is a status
    expression = re.sub(r"\.[A-Za-z]+", "", task.get("depends", ""))
    return tuple(dict.fromkeys(_TASK.findall(expression)))


def strings(value: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """Every text in a value, with the way to it."""
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, Mapping):
        for key, item in value.items():
            yield from strings(item, (*path, key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from strings(item, (*path, index))
