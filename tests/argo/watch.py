"""What the objects of a namespace went through, from a watch of the API: the pods of a workflow that ended are gone."""

import json
import subprocess
import threading
from collections.abc import Callable
from typing import Any

from tests.kube import Kube

Object = dict[str, Any]


class Watch:
    """The last state of every object of one kind, those that are gone too, and a note of each state before."""

    def __init__(self, kube: Kube, kind: str, note: Callable[[Object], Any]) -> None:
        self.last: dict[str, Object] = {}
        """By name, in the order in which they were made."""
        self.notes: list[tuple[str, Any]] = []
        """Name and note of every state, in the order in which the API server saw them."""
        self._note = note
        options = ["--watch", "--output-watch-events", "--output=json"]
        command = ["kubectl", "--namespace", kube.namespace, "get", kind, *options]
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        threading.Thread(target=self._read, daemon=True).start()

    def check(self) -> None:
        """Fail where the watch has ended: what comes later would never be seen."""
        assert self._process.poll() is None, f"kubectl ended with {self._process.returncode}"

    def close(self) -> None:
        """End the watch."""
        self._process.terminate()
        self._process.wait()

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            found = json.loads(line)["object"]
            self.last[found["metadata"]["name"]] = found
            self.notes.append((found["metadata"]["name"], self._note(found)))


def progress_of(workflow: Object) -> dict[str, str]:
    """Progress, `done/total`, of a workflow by its name, and of its running pods by the names of their nodes."""
    status = workflow.get("status", {})
    found = {workflow["metadata"]["name"]: status.get("progress", "")}
    for node in status.get("nodes", {}).values():
        if (node["type"], node["phase"]) == ("Pod", "Running"):
            found[node["displayName"]] = node.get("progress", "")
    return found


def gpus_of(pod: Object) -> dict[str, Any]:
    """What a pod asks for and holds at a moment: GPUs, whether it has a node, and why it has none."""
    asked = [item["resources"].get("requests", {}) for item in pod["spec"]["containers"]]
    conditions = pod["status"].get("conditions", [])
    refused = [item.get("message", "") for item in conditions if item.get("reason") == "Unschedulable"]
    return {
        "gpus": sum(int(item.get("nvidia.com/gpu", 0)) for item in asked),
        "placed": "nodeName" in pod["spec"] and pod["status"]["phase"] in ("Pending", "Running"),
        "refused": refused[0] if refused else "",
    }
