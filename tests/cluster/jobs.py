"""Rendered templates as plain Kubernetes Jobs: what a container does with no Argo around it."""

import json
import re
from collections.abc import Mapping
from typing import Any

from tests.kube import Kube, until

PLACE = re.compile(r"\{\{(.*?)\}\}")
ENDED_SECONDS = 300


def job(workflow: dict[str, Any], task: dict[str, Any], number: int) -> dict[str, Any]:
    """The Job of one task of a workflow's DAG: its template with the task's values put in, and nothing else changed."""
    spec = workflow["spec"]
    template = next(item for item in spec["templates"] if item["name"] == task["template"])
    values = {f"inputs.parameters.{item['name']}": item["value"] for item in task["arguments"]["parameters"]}
    values |= {f"workflow.parameters.{item['name']}": item["value"] for item in spec["arguments"]["parameters"]}
    filled = _fill(template, values | {"workflow.name": "plain-jobs"})
    patch = json.loads(filled["podSpecPatch"])
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {"name": f"stage-{number:02d}-{task['template']}", "labels": filled["metadata"]["labels"]},
        "spec": {
            "backoffLimit": 0,
            "activeDeadlineSeconds": filled["activeDeadlineSeconds"],
            "template": {
                "metadata": {"labels": filled["metadata"]["labels"]},
                "spec": {
                    "restartPolicy": "Never",
                    "serviceAccountName": spec["serviceAccountName"],
                    "automountServiceAccountToken": spec["automountServiceAccountToken"],
                    "securityContext": spec["securityContext"],
                    "containers": [{"name": "main", **filled["container"]}],
                    "volumes": filled["volumes"],
                    "terminationGracePeriodSeconds": patch["terminationGracePeriodSeconds"],
                    "priorityClassName": patch["priorityClassName"],
                },
            },
        },
    }


def _fill(value: Any, values: Mapping[str, str]) -> Any:
    """Every `{{…}}` in a JSON value replaced; those that only Argo knows (outputs, metrics) are left out of the Job."""
    if isinstance(value, str):
        return PLACE.sub(lambda match: values.get(match[1], match[0]), value)
    if isinstance(value, list):
        return [_fill(item, values) for item in value]
    return {key: _fill(item, values) for key, item in value.items()} if isinstance(value, dict) else value


def run(kube: Kube, made: dict[str, Any]) -> None:
    """Run a Job to its end; AssertionError with its log unless it succeeds."""
    name = made["metadata"]["name"]
    kube.apply(made)

    def ended() -> bool:
        status = kube.get("job", name)["status"]
        return bool(status.get("succeeded") or status.get("failed"))

    until(ended, ENDED_SECONDS, lambda: f"{name}: {kube('describe', 'pods', '-l', f'job-name={name}')}")
    assert kube.get("job", name)["status"].get("succeeded"), kube("logs", f"job/{name}", "--tail=20")
