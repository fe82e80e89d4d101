"""A workflow traced: its tasks in order, every address known, nothing run."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, ParamSpec, TypeVar

from tsugiki.artifact import Artifact
from tsugiki.config import canonical
from tsugiki.errors import BadInput
from tsugiki.stage import Call, Stage

NOW = "{{workflow.creationTimestamp.RFC3339}}"
"""Stands in a configuration for the time at which a scheduled workflow starts; Argo puts it in."""

P = ParamSpec("P")
A = TypeVar("A", bound=Artifact)


@dataclass(frozen=True)
class Task:
    """One call of a stage under the name that progress, Argo and the report show."""

    name: str
    call: Call[Any]
    needs: tuple[str, ...]
    """Names of the tasks whose artifacts it reads."""


@dataclass
class Plan:
    """The runner that notes down. Two calls with one address are one task."""

    tasks: dict[str, Task] = field(default_factory=dict)
    """By address, each after those it needs."""
    label: str = ""

    def __call__(self, stage: Stage[P, A], /, *args: P.args, **kwargs: P.kwargs) -> A:
        """Note the call and return the address of what it will make."""
        call = stage.call(*args, **kwargs)
        if call.address not in self.tasks:
            self.tasks[call.address] = Task(self._name(stage.name), call, self._needs(call))
        return call.output

    def __getitem__(self, label: str) -> Plan:
        """A view on the same plan that names its tasks `<stage>.<label>`."""
        return Plan(self.tasks, label)

    def _name(self, stage: str) -> str:
        name = f"{stage}.{self.label}" if self.label else stage
        if any(task.name == name for task in self.tasks.values()):
            raise BadInput(f"two tasks are called {name}: name one of them with run[label](…)")
        return name

    def _needs(self, call: Call[Any]) -> tuple[str, ...]:
        found = (self.tasks.get(item.address) for items in call.inputs.values() for item in items)
        return tuple(dict.fromkeys(task.name for task in found if task is not None))


def expanded(tasks: Iterable[Task], shards: Callable[[Task], int]) -> list[Task]:
    """The tasks in order; one to be split becomes its parts, `<name>.<index>-of-<count>`, and the task that joins them.

    Args:
        tasks: of a plan.
        shards: how many parts a task is made in.

    Raises:
        BadInput: the stage of such a task cannot be split.
    """
    found = []
    for task in tasks:
        count = shards(task)
        if count == 1:
            found.append(task)
            continue
        parts = [
            Task(f"{task.name}{call.shard.suffix}", call, task.needs) for call in task.call.split(count) if call.shard
        ]
        found += [*parts, Task(task.name, task.call.joined(count), (*task.needs, *(part.name for part in parts)))]
    return found


def missing(needs: Mapping[str, Iterable[str]], done: Collection[str], wanted: Iterable[str]) -> list[str]:
    """Names of what must be made, in the order of `needs`: what is wanted and not done, and the same of what it needs.

    Args:
        needs: every name with those that it reads from.
        done: names of what exists.
        wanted: names of what it is all for.
    """
    found: set[str] = set()
    open_names = list(wanted)
    while open_names:
        name = open_names.pop()
        if name not in found and name not in done:
            found.add(name)
            open_names += needs[name]
    return [name for name in needs if name in found]


def late_tasks(tasks: Iterable[Task]) -> set[str]:
    """Names of the tasks whose artifacts depend on when the workflow runs: their addresses are not known yet."""
    found: set[str] = set()
    for task in tasks:
        if NOW in canonical(task.call.config.model_dump(mode="json")) or found.intersection(task.needs):
            found.add(task.name)
    return found
