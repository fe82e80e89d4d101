"""Placeholders of a manifest: each must name something that exists where it stands, or Argo fails half-way."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from tsugiki.cluster.faults import Fault
from tsugiki.cluster.schema import path
from tsugiki.cluster.view import (
    SCHEDULED,
    Object,
    named_templates,
    needs,
    parameters,
    strings,
    workflow_labels,
    workflow_spec,
)

Path = tuple[str | int, ...]

PLACEHOLDER = re.compile(r"\{\{(.*?)\}\}", re.DOTALL)
_TIME = re.compile(r"workflow\.(creationTimestamp|scheduledTime)(\.\w+)?")
_WORKFLOW = ("name", "namespace", "uid", "serviceAccountName", "mainEntrypoint", "parameters", "priority")
_ENDED = ("duration", "status", "exitCode", "resourcesDuration.cpu", "resourcesDuration.memory")
_TASK = ("id", "ip", "status", "exitCode", "startedAt", "finishedAt", "outputs.result")


@dataclass(frozen=True)
class _Reader:
    """One manifest, asked for its placeholders."""

    manifest: Mapping[str, Any]
    spec: Object
    at: Path
    """The way to `spec`."""

    def faults(self) -> Iterator[Fault]:
        known = self._everywhere()
        rest = {key: value for key, value in self.spec.items() if key not in ("templates", "metrics")}
        yield from _unresolved(rest, self.at, known)
        yield from _unresolved(self.spec.get("metrics", {}), (*self.at, "metrics"), known | {"duration", "status"})
        for index, template in enumerate(self.spec.get("templates", ())):
            yield from self._template(template, (*self.at, "templates", index), known | _inputs(template))

    def _everywhere(self) -> set[str]:
        known = {f"workflow.{name}" for name in _WORKFLOW}
        known |= {f"workflow.parameters.{name}" for name in parameters(self.spec, "arguments")}
        known |= {f"workflow.labels.{name}" for name in workflow_labels(self.manifest)}
        return known | ({"workflow.cronScheduleTime"} if self.manifest["kind"] == SCHEDULED else set())

    def _template(self, template: Object, at: Path, known: set[str]) -> Iterator[Fault]:
        if "dag" in template:
            yield from self._dag(template, at, known)
            return
        inside = known | {"pod.name", "node.name", "retries"}
        ended = inside | set(_ENDED) | _outputs(template, "outputs")
        yield from _unresolved(template.get("metrics", {}), (*at, "metrics"), ended)
        # the expression of a retry is no placeholder
        yield from _unresolved({key: value for key, value in template.items() if key != "metrics"}, at, inside)

    def _dag(self, template: Object, at: Path, known: set[str]) -> Iterator[Fault]:
        found: list[Object] = template["dag"]["tasks"]
        waits = {task["name"]: needs(task) for task in found}
        made = {task["name"]: self._made_by(task) for task in found}
        for index, task in enumerate(found):
            before = ancestors(task["name"], waits)
            item = {"item"} if task.keys() & {"withItems", "withParam", "withSequence"} else set()
            reached = known.union(item, *(made[name] for name in before if name in made))
            others = {name: task for task, names in made.items() for name in names}
            yield from _unresolved(task, (*at, "dag", "tasks", index), reached, others)
        outputs = template.get("outputs", {})
        yield from _unresolved(outputs, (*at, "outputs"), known.union(*made.values()))

    def _made_by(self, task: Object) -> set[str]:
        """What a task offers to those that wait for it."""
        name = f"tasks.{task['name']}"
        template = named_templates(self.manifest).get(task.get("template", ""), {})
        return {f"{name}.{item}" for item in _TASK} | _outputs(template, f"{name}.outputs")


def placeholder_faults(manifest: Mapping[str, Any]) -> list[Fault]:
    """Every placeholder that stands for nothing. The manifest fits the schema."""
    at: Path = ("spec", "workflowSpec") if manifest["kind"] == SCHEDULED else ("spec",)
    return list(_Reader(manifest, workflow_spec(manifest), at).faults())


def ancestors(name: str, waits: Mapping[str, tuple[str, ...]]) -> set[str]:
    """All that a task waits for, directly or through others; itself too where it waits for itself."""
    found: set[str] = set()
    open_names = list(waits.get(name, ()))
    while open_names:
        needed = open_names.pop()
        if needed not in found:
            found.add(needed)
            open_names += waits.get(needed, ())
    return found


def _inputs(template: Object) -> set[str]:
    names = {f"inputs.parameters.{name}" for name in parameters(template, "inputs")}
    artifacts = [item["name"] for item in template.get("inputs", {}).get("artifacts", ())]
    return names | {f"inputs.artifacts.{name}{suffix}" for name in artifacts for suffix in ("", ".path")}


def _outputs(template: Object, prefix: str) -> set[str]:
    names = {f"{prefix}.parameters.{name}" for name in parameters(template, "outputs")}
    return names | {f"{prefix}.artifacts.{item['name']}" for item in template.get("outputs", {}).get("artifacts", ())}


def _unresolved(value: Any, at: Path, known: set[str], others: Mapping[str, str] | None = None) -> Iterator[Fault]:
    for way, text in strings(value):
        for name in map(str.strip, PLACEHOLDER.findall(text)):
            if name in known or _TIME.fullmatch(name):
                continue
            if name.startswith("="):
                reason = "is an expression, which cannot be checked here: use a plain placeholder"
            elif others and name in others:
                reason = f"needs {others[name]} in depends"
            else:
                reason = "stands for nothing that exists here"
            yield Fault(path((*at, *way)), f"{{{{{name}}}}} {reason}")
