"""A run once more: its manifest for a new run, which finishes what the first one began."""

from __future__ import annotations

import json
import re
from typing import Any

from tsugiki.cluster.runs import Run
from tsugiki.cluster.view import Object, parameters, tasks
from tsugiki.errors import BadInput
from tsugiki.labels import RECIPE, RETRY_OF, TARGET, WORKFLOW
from tsugiki.plan import NOW

_KEPT_ANNOTATIONS = ("workflows.argoproj.io/title", "workflows.argoproj.io/description")


def again(run: Run) -> Object:
    """The manifest that a run was made from, for a new run that says what it repeats.

    Raises:
        BadInput: the run is none of ours.
    """
    if WORKFLOW not in run.labels or RECIPE not in run.labels:
        raise BadInput(f"{run.name} was not submitted by tsugiki (no label {WORKFLOW}): use argo resubmit")
    metadata: Object = run.workflow["metadata"]
    labels = {key: value for key, value in run.labels.items() if not key.startswith("workflows.argoproj.io/")}
    annotations: dict[str, Any] = metadata.get("annotations", {})
    spec = {key: value for key, value in run.workflow["spec"].items() if key != "shutdown"}
    # what a schedule started has a name alone
    prefix = metadata.get("generateName") or f"{run.labels[WORKFLOW]}-{run.labels[RECIPE]}-"
    return {
        "apiVersion": run.workflow["apiVersion"],
        "kind": run.workflow["kind"],
        "metadata": {
            "generateName": prefix,
            "namespace": metadata["namespace"],
            "labels": {TARGET: run.name, **labels, RETRY_OF: run.name},
            "annotations": {key: value for key, value in annotations.items() if key in _KEPT_ANNOTATIONS},
        },
        "spec": json.loads(json.dumps(spec).replace(NOW, _time_of(run))),
    }


def _time_of(run: Run) -> str:
    """What Argo put for `NOW`, which is part of what the run made: with another time nothing of it would be found.

    Argo writes the time in the zone of its controller, so what a task got counts. Where no task got any, nothing was
    made, and any zone will do.
    """
    for task in tasks(run.workflow):
        planned = _config(task, "arguments")
        pattern = re.escape(planned).replace(re.escape(NOW), '([^"]+)', 1).replace(re.escape(NOW), r"\1")
        for node in (run.nodes or {}).values():
            if NOW in planned and (found := re.fullmatch(pattern, _config(node, "inputs"))):
                return found[1]
    return run.created


def _config(holder: Object, key: str) -> str:
    return str(parameters(holder, key).get("config", {}).get("value", ""))
