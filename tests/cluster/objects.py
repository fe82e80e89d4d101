"""Workflow objects and pods as Argo 4.1.2 leaves them, without what nobody here reads."""

from typing import Any

Object = dict[str, Any]

STARTED, ENDED = "2026-11-24T22:35:09Z", "2026-11-24T22:36:09Z"


def task(name: str, *needs: str, identity: str = "") -> Object:
    """A task of a DAG."""
    depends = {"depends": " && ".join(needs)} if needs else {}
    given = [{"name": "identity", "value": identity or f"of-{name}"}]
    return {"name": name, "template": name, "arguments": {"parameters": given}, **depends}


def workflow(*tasks: Object, nodes: tuple[Object, ...] = (), name: str = "run-abcde", **status: Any) -> Object:
    """A Workflow whose DAG has these tasks; no status where nothing is said of it."""
    labels = {"tsugiki/workflow": "run", "tsugiki/recipe": "sample", "tsugiki/target": "0123456789abcdef"}
    templates = [{"name": "main", "dag": {"tasks": list(tasks)}}, *({"name": item["name"]} for item in tasks)]
    return {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "Workflow",
        "metadata": {
            "name": name,
            "generateName": "run-",
            "namespace": "work",
            "creationTimestamp": STARTED,
            "labels": {**labels, "workflows.argoproj.io/completed": "true"},
            "annotations": {
                "workflows.argoproj.io/title": "run · sample",
                "workflows.argoproj.io/pod-name-format": "v2",
            },
        },
        "spec": {"entrypoint": "main", "templates": templates},
        "status": {**status, "nodes": {item["id"]: item for item in nodes}} if status else {},
    }


def node(name: str, kind: str, phase: str, run: str = "run-abcde", **more: Any) -> Object:
    """A node of a run: a task (`corpus`), an attempt (`corpus(0)`), an attempt at a part (`corpus-parts(0:0)(0)`)."""
    return {
        "id": f"{run}-{name}",
        "name": f"{run}.{name}",
        "displayName": name,
        "type": kind,
        "phase": phase,
        "startedAt": STARTED,
        "finishedAt": ENDED if phase in ("Succeeded", "Failed", "Error") else None,
        **more,
    }


def outputs(seconds: float = 0.0, key: str = "") -> Object:
    """Outputs of a node: GPU seconds, and the key of its archived log."""
    logs = [{"name": "main-logs", "s3": {"key": key}}] if key else []
    return {"parameters": [{"name": "gpu-seconds", "value": str(seconds)}], "artifacts": logs}


def pod(name: str, node_id: str, state: str = "running", **labels: str) -> Object:
    """A pod of a run with the state of its main container: waiting, running or terminated."""
    annotations = {"workflows.argoproj.io/node-id": node_id} if node_id else {}
    phase = {"waiting": "Pending", "running": "Running", "terminated": "Succeeded"}[state]
    return {
        "metadata": {"name": name, "labels": labels, "annotations": annotations},
        "status": {"phase": phase, "containerStatuses": [{"name": "main", "state": {state: {}}}]},
    }
