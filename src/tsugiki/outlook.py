"""What a workflow has still to do, before it does anything: which artifacts exist, and what the others would take."""

from __future__ import annotations

import threading
from collections.abc import Iterator

from tsugiki.execute import Conditions, existing, preview
from tsugiki.log import Log
from tsugiki.plan import Plan, late_tasks
from tsugiki.store import Store


def outlook(plan: Plan, store: Store, stop: threading.Event) -> Iterator[str]:
    """One line for each task, in order; indented below it what its stage can tell of what it takes.

    A stage can tell once its inputs exist. What it finds out is kept for the run that follows.

    Args:
        plan: a traced workflow.
        store: where artifacts are looked for.
        stop: set when told to stop.

    Raises:
        TsugikiError: a stage that was asked cannot go on, or was told to stop.
    """
    late, missing = late_tasks(plan.tasks.values()), set[str]()
    for task in plan.tasks.values():
        call = task.call
        if task.name in late:
            yield f"{task.name}: to make, at an address that depends on when it runs"
            continue
        if existing(call, store) is not None:
            yield f"{task.name}: exists, {call.address}"
            continue
        missing.add(task.name)
        yield f"{task.name}: to make, {call.address}"
        if call.stage.planner and missing.isdisjoint(task.needs):
            log = Log(task.name)
            conditions = Conditions(report=log.progress, stop=stop, say=log.note)
            yield from (f"  {line}" for line in preview(call, store, conditions))
