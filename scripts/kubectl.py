"""Kubectl for the deploy script: one context, server-side apply, errors of one line."""

from __future__ import annotations

import base64
import json
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tsugiki.errors import BadInput, TsugikiError

Object = dict[str, Any]
"""A Kubernetes object, as JSON has it."""


@dataclass(frozen=True)
class Rendered:
    """The objects of an overlay, in the order to apply them."""

    objects: list[Object]

    def of(self, *kinds: str) -> list[Object]:
        """The objects of these kinds."""
        return [item for item in self.objects if item["kind"] in kinds]

    def find(self, kind: str, name: str) -> Object | None:
        """The object of a kind and name, if there is one."""
        return next((item for item in self.of(kind) if item["metadata"]["name"] == name), None)

    @property
    def namespace(self) -> str:
        """The namespace that workflows run in: the one with the artifact repository."""
        return str(self._repositories["metadata"]["namespace"])

    @property
    def bucket(self) -> str:
        """The bucket of the artifact repository."""
        return str(self._repository["bucket"])

    @property
    def region(self) -> str:
        """The region of the artifact repository."""
        return str(self._repository["region"])

    @property
    def needs_keys(self) -> bool:
        """Whether the artifact repository is reached with keys of a Secret."""
        return "secretKeySecret" in self._repository

    @property
    def _repositories(self) -> Object:
        found = self.find("ConfigMap", "artifact-repositories")
        if found is None:
            raise BadInput("the overlay has no ConfigMap artifact-repositories: take k8s/base into it")
        return found

    @property
    def _repository(self) -> Object:
        import yaml

        return dict(yaml.safe_load(self._repositories["data"]["s3"])["s3"])


class Kubectl:
    """Runs kubectl on one context of the kubeconfig."""

    def __init__(self, context: str, force: bool) -> None:
        self.command = ["kubectl", *(["--context", context] if context else [])]
        self._apply = ["apply", "--server-side", "--field-manager=tsugiki", *(["--force-conflicts"] if force else [])]

    def __call__(self, *arguments: str, stdin: str | None = None) -> str:
        """Run kubectl.

        Returns:
            What it wrote to stdout.

        Raises:
            TsugikiError: it failed; the message is its first complaint.
        """
        if shutil.which("kubectl") is None:
            raise BadInput("kubectl is not on the PATH: install it (https://kubernetes.io/docs/tasks/tools)")
        command = [*self.command, *arguments]
        done = subprocess.run(command, input=stdin, capture_output=True, text=True, check=False)
        if done.returncode:
            raise TsugikiError(explain(done.stderr or done.stdout))
        return done.stdout

    def describe(self) -> str:
        """Context, address and version of the cluster.

        Raises:
            BadInput: no cluster answers.
        """
        try:
            config = json.loads(self("config", "view", "--minify", "-o", "json"))
            version = json.loads(self("version", "-o", "json", "--request-timeout=10s"))["serverVersion"]["gitVersion"]
        except TsugikiError as error:
            raise BadInput(
                f"no cluster: {error}; set KUBECONFIG, or CONTEXT to one of kubectl config get-contexts"
            ) from error
        context, cluster = config["contexts"][0]["name"], config["clusters"][0]["cluster"]
        return f"context {context}, {cluster['server']}, Kubernetes {version}"

    def render(self, overlay: Path) -> Rendered:
        """The objects of an overlay."""
        import yaml

        return Rendered([item for item in yaml.safe_load_all(self("kustomize", str(overlay))) if item])

    def apply(self, objects: list[Object]) -> None:
        """Apply objects in their order."""
        self(*self._apply, "-f", "-", stdin=json.dumps({"apiVersion": "v1", "kind": "List", "items": objects}))

    def apply_folder(self, folder: Path) -> None:
        """Apply the manifests of a folder."""
        self(*self._apply, "-f", str(folder))

    def secret(self, namespace: str, name: str) -> dict[str, str]:
        """The decoded values of a Secret."""
        data = json.loads(self("-n", namespace, "get", "secret", name, "-o", "json"))["data"]
        return {key: base64.b64decode(value).decode() for key, value in data.items()}

    def config(self, namespace: str, name: str) -> dict[str, str]:
        """The values of a ConfigMap; none if it is not there."""
        text = self("-n", namespace, "get", "configmap", name, "--ignore-not-found", "-o", "json")
        return dict(json.loads(text)["data"]) if text else {}

    def wait_rollout(self, item: Object, seconds: int) -> None:
        """Wait until a Deployment or StatefulSet is there.

        Raises:
            TsugikiError: it is not after so many seconds; the message says what its pods wait for.
        """
        kind, name, namespace = item["kind"], item["metadata"]["name"], item["metadata"]["namespace"]
        print(f"waiting for {kind} {name} in {namespace}", flush=True)
        try:
            self("-n", namespace, "rollout", "status", f"{kind}/{name}", f"--timeout={seconds}s")
        except TsugikiError as error:
            labels = ",".join(f"{key}={value}" for key, value in item["spec"]["selector"]["matchLabels"].items())
            pods = json.loads(self("-n", namespace, "get", "pods", "-l", labels, "-o", "json"))["items"]
            reasons = [reason for pod in pods for reason in waits(pod)] or [str(error)]
            raise TsugikiError(f"{kind} {name} in {namespace} is not ready after {seconds} s: {reasons[0]}") from error

    @contextmanager
    def forward(self, namespace: str, target: str, port: int) -> Iterator[int]:
        """A port of this machine that leads to a port of a pod or service, while inside."""
        command = [*self.command, "-n", namespace, "port-forward", target, f":{port}"]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
            try:
                assert process.stdout is not None
                assert process.stderr is not None
                line = process.stdout.readline()  # Forwarding from 127.0.0.1:40000 -> 7070
                if not line:
                    raise TsugikiError(explain(process.stderr.read()))
                yield int(line.split(" -> ")[0].rpartition(":")[2])
            finally:
                process.terminate()


def waits(pod: Object) -> list[str]:
    """What a pod waits for, if it waits."""
    status = pod["status"]
    states = [container.get("state", {}).get("waiting") for container in status.get("containerStatuses", [])]
    found = [f"{state['reason']} {state.get('message', '')}".strip() for state in states if state and "reason" in state]
    conditions = [item for item in status.get("conditions", []) if item["type"] == "PodScheduled"]
    return found + [str(item["message"]) for item in conditions if item["status"] == "False" and "message" in item]


def explain(complaint: str) -> str:
    """The first complaint of kubectl as one line, and how many more there are."""
    lines = [line.strip() for line in complaint.splitlines() if line.strip() and not line.startswith("Warning:")]
    if not lines:
        return "kubectl failed without a word"
    if any("conflict with" in line or "conflicts with" in line for line in lines):
        fields = ", ".join(line.removeprefix("- ") for line in lines if line.startswith("- "))
        return f"{lines[0].removeprefix('error: ')} ({fields}); change it there, or take it over with FORCE=1"
    more = f" (and {len(lines) - 1} more lines)" if len(lines) > 1 else ""
    return lines[0].removeprefix("error: ") + more
