"""A namespace, a bucket and a profile for tests on Argo, with the commands that people use there."""

import json
import subprocess
import sys
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from tests.argo.watch import Object, Watch
from tests.kube import Kube, until
from tsugiki.cluster.order import make_order
from tsugiki.cluster.runs import Run, TaskState
from tsugiki.labels import IDENTITY

ROOT = Path(__file__).parents[2]
RECIPE = ROOT / "tests" / "tiny.toml"


@dataclass(frozen=True)
class Space:
    """Where one test session runs its workflows."""

    kube: Kube
    bucket: str
    profile: Path
    pods: Watch
    workflows: Watch

    @property
    def root(self) -> str:
        """The store that tests share, so that each model is made once."""
        return f"s3://{self.bucket}/store"

    @cached_property
    def s3(self) -> Any:
        """A boto3 client, for what tests look up or damage behind the product's back."""
        import boto3

        return boto3.session.Session().client("s3")

    def keys(self, prefix: str) -> list[str]:
        """Keys of the bucket below a prefix."""
        pages = self.s3.get_paginator("list_objects_v2").paginate(Bucket=self.bucket, Prefix=prefix)
        return [item["Key"] for page in pages for item in page.get("Contents", [])]

    def read(self, key: str) -> bytes:
        """An object of the bucket."""
        return bytes(self.s3.get_object(Bucket=self.bucket, Key=key)["Body"].read())

    def copy(self, address: str, store: str) -> None:
        """Copy an artifact of the shared store to another one in the bucket."""
        for key in self.keys(f"store/{address}/"):
            to = f"{store}/{key.removeprefix('store/')}"
            self.s3.copy_object(Bucket=self.bucket, Key=to, CopySource={"Bucket": self.bucket, "Key": key})

    def saved(self, address: str) -> bool:
        """Whether a training has saved its state."""
        index = f"store/.work/{address}/index.json"
        return index in self.keys(index) and b"training.pt" in self.read(index)

    def record(self, address: str) -> Object:
        """The record of an artifact of the shared store."""
        return dict(json.loads(self.read(f"store/{address}/_RECORD.json")))

    def tsugiki(self, *arguments: str, code: int = 0) -> subprocess.CompletedProcess[str]:
        """Run a command of tsugiki, which must end with this code."""
        command = [sys.executable, "-m", "tsugiki.cli", *arguments]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
        assert done.returncode == code, f"{' '.join(arguments)}: exit {done.returncode}\n{done.stdout}\n{done.stderr}"
        return done

    def submit(self, *settings: str, options: tuple[str, ...] = (), recipe: Path = RECIPE) -> "Flow":
        """Submit the workflow of a recipe with the command that people use."""
        changed = [part for setting in settings for part in ("--set", setting)]
        given = ("--recipe", str(recipe), "--profile", str(self.profile), *options)
        last = self.tsugiki("submit", "cpt_sft", *given, *changed).stdout.splitlines()[-1]
        assert last.startswith("workflow: "), last
        return Flow(self, last.removeprefix("workflow: "))

    def render(self, task: str, *settings: str, root: str = "", profile: Path | None = None) -> Object:
        """A workflow of one task alone, whose inputs exist."""
        order = make_order("cpt_sft", str(RECIPE), str(profile or self.profile), settings, root or self.root)
        return only(order.manifest(), task)

    def create(self, *manifests: Object) -> list["Flow"]:
        """Create workflows, all in one go."""
        text = json.dumps({"apiVersion": "v1", "kind": "List", "items": manifests})
        names = self.kube("create", "--output=name", "-f", "-", stdin=text).split()
        return [Flow(self, name.rpartition("/")[2]) for name in names]

    def start(self, task: str, *settings: str) -> "Flow":
        """Start a workflow of one task alone, whose inputs exist."""
        return self.create(self.render(task, *settings))[0]


def only(manifest: Object, task: str) -> Object:
    """The manifest of a workflow with one task, and its parts where it has some."""
    spec = manifest["spec"]
    entry = next(item for item in spec["templates"] if "dag" in item)
    names = {task, f"{task}-parts"}
    tasks = [item for item in entry["dag"]["tasks"] if item["name"] in names]
    for item in tasks:
        needed = [name for name in item.pop("depends", "").split(" && ") if name in names]
        item.update({"depends": " && ".join(needed)} if needed else {})
    entry["dag"]["tasks"] = tasks
    used = {item["template"] for item in tasks} | {entry["name"]}
    spec["templates"] = [item for item in spec["templates"] if item["name"] in used]
    manifest["metadata"]["generateName"] = f"{task}-"
    return manifest


@dataclass(frozen=True)
class Flow:
    """A workflow on the cluster."""

    space: Space
    name: str

    @property
    def run(self) -> Run:
        """Its last state."""
        self.space.workflows.check()
        return Run(self.space.workflows.last[self.name])

    def task(self, name: str) -> TaskState:
        """One task of it."""
        return next(task for task in self.run.tasks if task.name == name)

    def identity(self, task: str) -> str:
        """The identity of what a task makes."""
        tasks = next(item["dag"]["tasks"] for item in self.run.workflow["spec"]["templates"] if "dag" in item)
        arguments = next(item["arguments"]["parameters"] for item in tasks if item["name"] == task)
        return str(next(item["value"] for item in arguments if item["name"] == IDENTITY))

    def pods(self, task: str = "") -> list[Object]:
        """Pods of it, or of one task of it, in the order in which they were made; those that are gone too."""
        self.space.pods.check()
        return [pod for pod in list(self.space.pods.last.values()) if node_of(pod).startswith(f"{self.name}.{task}")]

    def running(self, task: str, attempt: int, seconds: float = 300) -> str:
        """Wait until the main container of an attempt runs; the name of its pod. Attempts are counted from 0."""

        def runs() -> bool:
            pods = self.pods(task)[attempt:]
            return bool(pods) and "running" in main_of(pods[0])

        until(runs, seconds, lambda: f"attempt {attempt} at {task} of {self.name}: {self.describe()}")
        return str(self.pods(task)[attempt]["metadata"]["name"])

    def ended(self, seconds: float = 300) -> str:
        """Wait until it has ended; Succeeded, Failed or Error."""
        until(lambda: self.name in self.space.workflows.last and self.run.ended, seconds, self.describe)
        return self.run.phase

    def succeeded(self, seconds: float = 300) -> None:
        """Wait until it has ended, and well."""
        assert self.ended(seconds) == "Succeeded", self.describe()

    def log(self, pod: str) -> list[Object]:
        """What the main container of a pod has logged so far."""
        return events(self.space.kube("logs", pod, "--container=main"))

    def archived(self, pod: str) -> list[Object]:
        """The log that Argo kept of a pod."""
        return events(self.space.read(f"argo/{self.name}/{pod}/main.log").decode())

    def describe(self) -> str:
        """Its state, for messages."""
        lines = [f"{task.name}: {task.phase} {task.progress} {task.message}" for task in self.run.tasks]
        pods = [f"{pod['metadata']['name']}: {pod['status']['phase']} {main_of(pod)}" for pod in self.pods()]
        return "\n".join([f"{self.name}: {self.run.phase} {self.run.message}", *lines, *pods])


def node_of(pod: Object) -> str:
    """Name of the node of a workflow that a pod is for."""
    return str(pod["metadata"]["annotations"].get("workflows.argoproj.io/node-name", ""))


def main_of(pod: Object) -> Object:
    """The state of a pod's main container; empty before there is one."""
    found = [item for item in pod["status"].get("containerStatuses", []) if item["name"] == "main"]
    return dict(found[0]["state"]) if found else {}


def events(log: str) -> list[Object]:
    """The lines of a log that are JSON objects."""
    return [json.loads(line) for line in log.splitlines() if line.startswith("{")]


def steps(log: list[Object]) -> list[int]:
    """The steps that a log says were done, in order."""
    return [item["done"] for item in log if item["event"] == "progress"]
