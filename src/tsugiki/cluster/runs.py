"""Runs as the cluster keeps them: a workflow's state and that of each of its tasks, read off the Workflow object."""

from __future__ import annotations

import base64
import json
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from typing import Any

from tsugiki.cluster.client import Cluster
from tsugiki.cluster.view import Object, parameters, tasks
from tsugiki.errors import BadInput
from tsugiki.labels import IDENTITY, RECIPE, WORKFLOW, label

ENDED = ("Succeeded", "Failed", "Error")
WAITING = "Waiting"
"""Phase of a task that nothing was done for yet."""
GPU_SECONDS = "gpu-seconds"
_GIVEN_UP = "retryStrategy.expression evaluated to false"
"""What Argo says of a failure that is not repeated; the pod says why."""
_GZIP, _ZSTD = b"\x1f\x8b", b"\x28\xb5\x2f\xfd"


@dataclass(frozen=True)
class TaskState:
    """How far one task of a run is."""

    name: str
    phase: str
    message: str
    progress: str
    """`done/total`; empty before there is any."""
    seconds: float | None
    """From its start to its end or to now; None before it starts."""
    pods: tuple[Object, ...]
    """The nodes of its pods, in the order they were started."""
    gpu_seconds: float
    identity: str
    """Of what it makes; empty where that was not known beforehand."""
    split: bool
    """Whether it is several parts side by side."""

    @property
    def ended(self) -> bool:
        """Whether nothing more will come of it."""
        return self.phase in (*ENDED, "Skipped", "Omitted")


@dataclass(frozen=True)
class Run:
    """A Workflow object."""

    workflow: Object

    @property
    def name(self) -> str:
        """The name of the workflow."""
        return str(self.workflow["metadata"]["name"])

    @property
    def labels(self) -> dict[str, str]:
        """The labels of the workflow."""
        found: dict[str, str] = self.workflow["metadata"].get("labels", {})
        return found

    @property
    def status(self) -> Object:
        """What the controller wrote; empty before it has seen the workflow."""
        found: Object = self.workflow.get("status") or {}
        return found

    @property
    def phase(self) -> str:
        """Pending, Running, Succeeded, Failed or Error; Pending before the controller has seen the workflow."""
        return self.status.get("phase") or "Pending"

    @property
    def seen(self) -> bool:
        """Whether the controller has looked at it."""
        return bool(self.status.get("phase"))

    @property
    def ended(self) -> bool:
        """Whether nothing more will come."""
        return self.phase in ENDED

    @property
    def stopped(self) -> bool:
        """Whether somebody told it to stop."""
        return bool(self.workflow["spec"].get("shutdown"))

    @property
    def message(self) -> str:
        """Why it is where it is, as the controller says it."""
        return str(self.status.get("message", ""))

    @property
    def progress(self) -> str:
        """`done/total` over its tasks."""
        return str(self.status.get("progress", ""))

    @property
    def created(self) -> str:
        """When it was submitted (RFC 3339, UTC)."""
        return str(self.workflow["metadata"]["creationTimestamp"])

    @property
    def seconds(self) -> float | None:
        """From its start to its end or to now; None before it starts."""
        return seconds_between(self.status.get("startedAt"), self.status.get("finishedAt"))

    @cached_property
    def nodes(self) -> dict[str, Object] | None:
        """Argo's nodes by id; None where they are kept where they cannot be read from here."""
        found: dict[str, Object] | None = self.status.get("nodes")
        packed = self.status.get("compressedNodes")
        if not found and packed:
            return _unpacked(base64.b64decode(packed))
        if not found and self.status.get("offloadNodeStatusVersion"):
            return None
        return found or {}

    @cached_property
    def tasks(self) -> list[TaskState]:
        """Its tasks, each after those it needs; those that were not started too."""
        nodes = {str(node["name"]): node for node in (self.nodes or {}).values()}
        return [self._task(task, nodes) for task in tasks(self.workflow)]

    def _task(self, task: Mapping[str, Any], nodes: Mapping[str, Object]) -> TaskState:
        name = f"{self.name}.{task['name']}"
        node = nodes.get(name, {})
        pods = [item for key, item in nodes.items() if _is_attempt(key, name) and item.get("type") == "Pod"]
        pods.sort(key=lambda item: (str(item.get("startedAt")), str(item["name"])))
        last = pods[-1] if pods else node
        identity = parameters(task, "arguments").get(IDENTITY, {}).get("value", "")
        return TaskState(
            name=str(task["name"]),
            phase=_phase(node, last),
            message=_message(node, last),
            progress=str((node if node.get("type") == "TaskGroup" else last).get("progress", "")),
            seconds=seconds_between(node.get("startedAt"), node.get("finishedAt")),
            pods=tuple(pods),
            gpu_seconds=sum(_output(item, GPU_SECONDS) for item in pods if item["phase"] == "Succeeded"),
            identity=identity,
            split=node.get("type") == "TaskGroup",
        )

    @property
    def gpu_seconds(self) -> float:
        """What the artifacts that it made took."""
        return sum(task.gpu_seconds for task in self.tasks)


def _phase(node: Mapping[str, Any], last: Mapping[str, Any]) -> str:
    """The phase of a task. Argo calls it Running from its first pod on, whether or not that has a machine yet."""
    if (node.get("type"), node.get("phase"), last.get("phase")) == ("Retry", "Running", "Pending"):
        return "Pending"
    return str(node.get("phase") or WAITING)


def _message(node: Mapping[str, Any], last: Mapping[str, Any]) -> str:
    """Why a task is where it is: what its last pod says, and what Argo says of it, such as the lock it waits for."""
    if node.get("phase") == "Succeeded":
        return ""
    said = (str(item.get("message", "")) for item in (last, node))
    return "; ".join(text for text in dict.fromkeys(said) if text and text != _GIVEN_UP)


def _is_attempt(key: str, name: str) -> bool:
    # NAME, NAME(0) with retries, NAME(0:0)(1) of several parts with retries
    return key == name or key.startswith(f"{name}(")


def _output(node: Mapping[str, Any], name: str) -> float:
    for item in node.get("outputs", {}).get("parameters", ()):
        if item["name"] == name:
            return float(item.get("value") or 0)
    return 0.0


def _unpacked(data: bytes) -> dict[str, Object] | None:
    if data.startswith(_GZIP):
        text = zlib.decompress(data, wbits=zlib.MAX_WBITS | 16)
    elif data.startswith(_ZSTD):
        import zstandard

        text = zstandard.ZstdDecompressor().decompressobj().decompress(data)
    else:
        return None
    found: dict[str, Object] = json.loads(text)
    return found


def seconds_between(start: str | None, end: str | None) -> float | None:
    """Seconds from one time (RFC 3339) to another, or to now where there is no end."""
    if not start:
        return None
    last = datetime.fromisoformat(end) if end else datetime.now(UTC)
    return (last - datetime.fromisoformat(start)).total_seconds()


def runs(cluster: Cluster, workflow: str = "", recipe: str = "", labels: Mapping[str, str] | None = None) -> list[Run]:
    """The runs of a namespace, the newest first.

    Args:
        cluster: the namespace.
        workflow: of this workflow only; empty for all.
        recipe: of this recipe only; empty for all.
        labels: values of further labels.

    Raises:
        BadInput: no run can have such a name.
    """
    found = [Run(item) for item in cluster.list("Workflow", selector(workflow, recipe, labels))]
    return sorted(found, key=lambda run: (run.created, run.name), reverse=True)


def selector(workflow: str = "", recipe: str = "", labels: Mapping[str, str] | None = None) -> str:
    """What picks objects of ours by their labels; arguments and errors are those of `runs`."""
    stated = {key: label(key, name) for key, name in ((WORKFLOW, workflow), (RECIPE, recipe)) if name}
    wanted = {**stated, **(labels or {})}
    return ",".join([*(() if workflow else (WORKFLOW,)), *(f"{key}={value}" for key, value in wanted.items())])


def running(found: Sequence[Run]) -> list[Run]:
    """Those that have not ended."""
    return [run for run in found if not run.ended]


def the_run(cluster: Cluster, name: str, workflow: str, recipe: str) -> Run:
    """The run that is meant: the one of that name, or the newest of a workflow and recipe.

    Raises:
        BadInput: there is none.
    """
    if name:
        return Run(cluster.get("Workflow", name))
    found = runs(cluster, workflow, recipe)
    if not found:
        raise BadInput(f"no run{_of(workflow, recipe)} in namespace {cluster.namespace}: submit one, or give its NAME")
    return found[0]


def the_only_running(cluster: Cluster, name: str, workflow: str, recipe: str) -> Run:
    """The run that is meant: the one of that name, or the only one of a workflow and recipe that has not ended.

    Raises:
        BadInput: there is none, or several.
    """
    if name:
        return Run(cluster.get("Workflow", name))
    found = running(runs(cluster, workflow, recipe))
    if len(found) != 1:
        what = f"{_of(workflow, recipe)} under way in namespace {cluster.namespace}"
        names = ", ".join(run.name for run in found)
        raise BadInput(f"{len(found)} runs{what}: {names}; give a NAME" if found else f"no run{what}")
    return found[0]


def _of(workflow: str, recipe: str) -> str:
    return (f" of {workflow}" if workflow else "") + (f" with recipe {recipe}" if recipe else "")
