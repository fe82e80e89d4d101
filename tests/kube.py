"""kubectl for tests: a thin helper over the cluster that KUBECONFIG names."""

import json
import os
import shutil
import subprocess
import time
from collections.abc import Callable
from typing import Any


class KubectlError(AssertionError):
    """kubectl failed; the text is what it wrote to stderr."""


def missing() -> str:
    """Why there is no cluster for tests, in one line; empty if there is one.

    Only a KUBECONFIG that is set counts: tests must never find somebody's cluster by kubectl's default.
    """
    if "KUBECONFIG" not in os.environ:
        return "no cluster for tests: set KUBECONFIG to one that tests may change"
    if shutil.which("kubectl") is None:
        return "no kubectl on PATH"
    try:
        Kube()("version", "--request-timeout=5s")
    except KubectlError as error:
        return f"no cluster answers at {os.environ['KUBECONFIG']}: {str(error).strip().splitlines()[-1]}"
    return ""


class Kube:
    """kubectl in one namespace."""

    def __init__(self, namespace: str = "default") -> None:
        self.namespace = namespace

    def __call__(self, *arguments: str, stdin: str | None = None) -> str:
        """Run kubectl with these arguments.

        Returns:
            What it wrote to stdout.

        Raises:
            KubectlError: It failed.
        """
        command = ["kubectl", "--namespace", self.namespace, *arguments]
        done = subprocess.run(command, input=stdin, capture_output=True, text=True, check=False)
        if done.returncode:
            raise KubectlError(done.stderr or done.stdout)
        return done.stdout

    def apply(self, *objects: dict[str, Any], flags: tuple[str, ...] = ()) -> None:
        """Apply objects, server-side, in the order given."""
        text = json.dumps({"apiVersion": "v1", "kind": "List", "items": objects})
        self("apply", "--server-side", "--force-conflicts", *flags, "-f", "-", stdin=text)

    def get(self, *arguments: str) -> dict[str, Any]:
        """One object, or a List of objects."""
        return dict(json.loads(self("get", *arguments, "--output=json")))

    def phase(self, pod: str) -> str:
        """The phase of a pod: Pending, Running, Succeeded, Failed."""
        return str(self.get("pod", pod)["status"].get("phase", ""))

    def ended(self, pod: str, seconds: float = 120) -> str:
        """Wait until a pod has ended; return Succeeded or Failed."""
        ends = ("Succeeded", "Failed")
        until(lambda: self.phase(pod) in ends, seconds, lambda: f"{pod} to end: {self('describe', 'pod', pod)}")
        return self.phase(pod)

    def can(self, account: str, verb: str, resource: str, *flags: str) -> bool:
        """Whether a service account of this namespace may do this here."""
        user = f"system:serviceaccount:{self.namespace}:{account}"
        try:
            return self("auth", "can-i", verb, resource, f"--as={user}", *flags).strip() == "yes"
        except KubectlError as error:  # `no` is exit status 1 without a word on stderr
            if str(error).strip() not in ("no", ""):
                raise
            return False

    def rights(self, account: str) -> dict[str, set[str]]:
        """The verbs that a service account may use here, by resource, without those that every account has."""
        user = f"system:serviceaccount:{self.namespace}:{account}"
        review = {
            "apiVersion": "authorization.k8s.io/v1",
            "kind": "SelfSubjectRulesReview",
            "spec": {"namespace": self.namespace},
        }
        text = self("create", f"--as={user}", "--validate=false", "-f", "-", "--output=json", stdin=json.dumps(review))
        found: dict[str, set[str]] = {}
        for rule in json.loads(text)["status"]["resourceRules"]:
            if rule["apiGroups"] not in (["authorization.k8s.io"], ["authentication.k8s.io"]):
                for resource in rule["resources"]:
                    found.setdefault(resource, set()).update(rule["verbs"])
        return found


def until(holds: Callable[[], bool], seconds: float, what: str | Callable[[], str]) -> None:
    """Poll twice a second until it holds; AssertionError that names `what` after so many seconds."""
    end = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > end:
            raise AssertionError(f"waited {seconds:.0f} s for {what if isinstance(what, str) else what()}")
        time.sleep(0.5)
