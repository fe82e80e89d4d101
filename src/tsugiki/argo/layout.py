"""How a stage is laid out on a cluster: in one pod, as parts and a pod that joins them, or on several machines."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from hera.workflows import Container, Parameter, Resource, Task, models

from tsugiki.argo.nodes import JOB, job_name, nodes
from tsugiki.argo.template import SHARD, Role, container, input_of
from tsugiki.argo.text import kebab
from tsugiki.errors import BadInput
from tsugiki.profile import Profile
from tsugiki.stage import Resources, Stage


@dataclass(frozen=True)
class Placed:
    """The nodes of the DAG that one task became."""

    first: Task
    """The node that waits for what the task needs."""
    last: Task
    """The node after which the artifact exists."""


@dataclass(frozen=True)
class Layout:
    """The templates of one stage."""

    whole: Container
    """Makes the artifact; after `parts` it joins them, after `nodes` it shows what they made."""
    parts: Container | None = None
    """Makes one part."""
    count: int = 1
    """Number of parts."""
    nodes: Resource | None = None
    """Makes the artifact on several machines."""

    def place(self, name: str, arguments: Mapping[str, str]) -> Placed:
        """Add a task to the DAG that is being defined. All parts are one node, so that a manifest stays small."""
        whole = Task(name=name, template=self.whole, arguments=dict(arguments))
        if self.nodes is not None:
            machines = Task(name=f"{name}-nodes", template=self.nodes, arguments={**arguments, JOB: job_name(name)})
            _ = machines >> whole
            return Placed(machines, whole)
        if self.parts is None:
            return Placed(whole, whole)
        given = {**arguments, SHARD: "{{item}}"}
        parts = Task(
            name=f"{name}-parts",
            template=self.parts,
            arguments=[Parameter(name=key, value=value) for key, value in given.items()],
            with_sequence=models.Sequence(count=str(self.count)),
        )
        _ = parts >> whole
        return Placed(parts, whole)


def layout(stage: Stage[Any, Any], needs: Resources, profile: Profile, exclusive: bool) -> Layout:
    """The templates of a stage with these needs.

    Raises:
        BadInput: shards of a stage that cannot be split, or nodes of one that works in one process.
    """
    name = kebab(stage.name)
    if needs.nodes > 1:
        return _on_nodes(stage, needs, profile, exclusive)
    if needs.shards == 1:
        return Layout(container(stage, Role(name, needs), profile, exclusive))
    if stage.join is None:
        raise BadInput(f"{stage.name} cannot be split into {needs.shards} shards: set its shards to 1")
    part = Role(f"{name}-part", needs, ("--shard", f"{input_of(SHARD)}/{needs.shards}"), (SHARD,))
    whole = Role(name, _joining(needs), ("--shards", f"{needs.shards}"), image="data")
    return Layout(container(stage, whole, profile, exclusive), container(stage, part, profile, exclusive), needs.shards)


def _on_nodes(stage: Stage[Any, Any], needs: Resources, profile: Profile, exclusive: bool) -> Layout:
    if not stage.distributed or needs.shards > 1:
        raise BadInput(f"{stage.name} cannot run on {needs.nodes} nodes in {needs.shards} shards: set its nodes to 1")
    whole = Role(kebab(stage.name), _joining(needs), ("--existing",), image="data")
    made = container(stage, whole, profile, exclusive)
    return Layout(made, nodes=nodes(stage, needs, profile, exclusive))


def _joining(needs: Resources) -> Resources:
    """What it takes to put parts together: no GPU, and little of the rest."""
    small = {"cpus": min(needs.cpus, 1.0), "memory_gb": min(needs.memory_gb, 4.0), "disk_gb": min(needs.disk_gb, 20.0)}
    return needs.model_copy(update={**small, "gpus": 0, "nodes": 1, "hours": min(needs.hours, 1.0)})
