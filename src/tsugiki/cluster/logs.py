"""Logs of a run: from its pods while they are there, afterwards from what Argo archived in S3."""

from __future__ import annotations

import json
import re
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from tsugiki.cluster.client import Cluster
from tsugiki.cluster.refusals import NotThere
from tsugiki.cluster.runs import Run, TaskState
from tsugiki.cluster.view import Object
from tsugiki.errors import BadInput, TsugikiError
from tsugiki.labels import RUN

NODE_ID = "workflows.argoproj.io/node-id"
"""Argo's annotation with the node that a pod is for."""
MAIN = "main"
ARCHIVED = "main-logs"
_OF_ARGO = re.compile(r"time=\S+ level=\S+ msg=.* argo=true( .*)?")
"""What Argo's emissary says about itself on the container's output."""
LOOK_SECONDS = 2.0


def formatted(source: str, line: str) -> str:
    """A line as a person reads it: time (UTC), source, text.

    Args:
        source: the task, and which of its attempts.
        line: with or without a time before it; a stage's own lines are JSON objects (`tsugiki.log`).
    """
    stamp, text = _split(line)
    try:
        said = json.loads(text)
    except ValueError:
        said = None
    if isinstance(said, dict) and "text" in said:
        event = said.get("event", "progress")
        stamp, text = str(said.get("time", stamp)), f"{'' if event == 'progress' else f'{event} '}{said['text']}"
    clock = f"{stamp[11:19]} " if stamp else ""
    return f"{clock}{source}: {text}"


def _split(line: str) -> tuple[str, str]:
    """The time that Kubernetes put before a line, and the line; no time where there is none."""
    first, _, rest = line.partition(" ")
    return (first, rest) if len(first) >= 20 and first[10] == "T" and first[4] == "-" else ("", line)


@dataclass(frozen=True)
class Source:
    """The main container of one pod."""

    title: str
    node: str
    """What it is for, whether or not the pod is still there: Argo's node, or a Job's pod by its name."""
    pod: str
    """Name of the pod; empty where it is gone."""
    begun: bool
    """Whether the container has started."""
    there: bool
    """Whether the pod is there."""
    ended: bool
    key: str
    """Key of the archived log in the bucket of Argo's artifacts; empty where there is none."""


def sources(cluster: Cluster, run: Run, task: str) -> list[Source]:
    """The containers of a run in the order of its tasks and their attempts.

    Raises:
        BadInput: the run has no such task.
    """
    wanted = [state for state in run.tasks if task in ("", state.name)]
    if not wanted:
        raise BadInput(f"{run.name} has no task {task!r}: there is {', '.join(state.name for state in run.tasks)}")
    pods = {_node_of(pod): pod for pod in cluster.list("Pod", f"{RUN}={run.name}")}
    found = [_source(state, node, pods.get(node["id"])) for state in wanted for node in state.pods]
    return [*found, *_of_jobs(pods, wanted)]


def _node_of(pod: Object) -> str:
    """The node that a pod is for; its own name where a Job made it."""
    metadata = pod["metadata"]
    return str(metadata.get("annotations", {}).get(NODE_ID) or metadata["name"])


def _source(state: TaskState, node: Object, pod: Object | None) -> Source:
    name = str(node["displayName"])
    title = name if len(state.pods) > 1 else state.name
    artifacts = node.get("outputs", {}).get("artifacts", ())
    key = next((str(item.get("s3", {}).get("key", "")) for item in artifacts if item["name"] == ARCHIVED), "")
    if pod is None:
        return Source(title, str(node["id"]), "", begun=False, there=False, ended=True, key=key)
    return _of_pod(title, pod, key)


def _of_pod(title: str, pod: Object, key: str = "") -> Source:
    states = {item["name"]: item["state"] for item in pod.get("status", {}).get("containerStatuses", ())}
    state = states.get(MAIN, {})
    ended = "terminated" in state
    begun, name = ended or "running" in state, pod["metadata"]["name"]
    return Source(title, _node_of(pod), name, begun, there=True, ended=ended, key=key)


def _of_jobs(pods: dict[str, Object], wanted: list[TaskState]) -> Iterator[Source]:
    """Pods that are no nodes of Argo: those of Jobs over several machines, told apart by the artifact they make."""
    identities = {state.identity for state in wanted}
    for pod in pods.values():
        metadata = pod["metadata"]
        if NODE_ID not in metadata.get("annotations", {}) and metadata["labels"].get("tsugiki/artifact") in identities:
            yield _of_pod(metadata["name"], pod)


def archived(run: Run, key: str) -> Iterator[str]:
    """Lines of a log that Argo archived.

    Raises:
        TsugikiError: S3 refuses or does not answer.
    """
    from tsugiki.store.client import Limits, make_client, s3_errors

    repository = run.status.get("artifactRepositoryRef", {}).get("artifactRepository", {})
    bucket = repository.get("s3", {}).get("bucket", "")
    with s3_errors(f"s3://{bucket}/{key}"):
        body = make_client(Limits(attempts=2)).get_object(Bucket=bucket, Key=key)["Body"]
        for line in body.iter_lines():
            yield bytes(line).decode("utf-8", errors="replace")


def _of_stage(line: str) -> bool:
    return not _OF_ARGO.fullmatch(_split(line)[1])


def show(cluster: Cluster, run: Run, task: str) -> None:
    """Print what there is, one container after the other.

    Raises:
        BadInput: the run has no such task.
    """
    found = sources(cluster, run, task)
    for source in found:
        for line in filter(_of_stage, _lines(cluster, run, source)):
            print(formatted(source.title, line), flush=True)
    if not found:
        print(f"{run.name}: no container has started yet")


def _lines(cluster: Cluster, run: Run, source: Source) -> Iterator[str]:
    if source.there and source.begun:
        try:
            yield from cluster.log(source.pod, MAIN)
            return
        except NotThere:
            # the pod went while we looked
            pass
    if source.key:
        yield from archived(run, source.key)
    elif source.there:
        yield "(its container has not started yet)"
    else:
        yield "(its pod is gone, and Argo archived no log of it)"


def _to_stdout(line: str) -> None:
    # in one piece: several threads print
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


@dataclass
class Follower:
    """Prints the lines of all containers of a run as they come, until it ends."""

    cluster: Cluster
    name: str
    task: str
    say: Callable[[str], None] = _to_stdout
    pace: float = LOOK_SECONDS
    """Seconds between two looks for containers that have started."""
    _threads: dict[str, threading.Thread] = field(default_factory=dict)
    """By node: what a pod that is gone left in the archive was printed while it was there."""

    def follow(self) -> None:
        """Print until the run, or the one task, has ended.

        Raises:
            TsugikiError: the cluster fails.
        """
        while True:
            run = Run(self.cluster.get("Workflow", self.name))
            for source in sources(self.cluster, run, self.task):
                self._begin(run, source)
            states = [state for state in run.tasks if self.task in ("", state.name)]
            if run.ended or all(state.ended for state in states):
                break
            time.sleep(self.pace)
        for thread in self._threads.values():
            thread.join()

    def _begin(self, run: Run, source: Source) -> None:
        if source.node in self._threads or not (source.begun or not source.there):
            return
        thread = threading.Thread(target=self._print, args=(run, source), daemon=True)
        self._threads[source.node] = thread
        thread.start()

    def _print(self, run: Run, source: Source) -> None:
        try:
            lines = self._live(source) if source.there and not source.ended else _lines(self.cluster, run, source)
            for line in filter(_of_stage, lines):
                self.say(formatted(source.title, line))
        except TsugikiError as error:
            self.say(f"{source.title}: {error}")

    def _live(self, source: Source) -> Iterator[str]:
        """Lines until the container ends, over breaks of the connection."""
        last = ""
        while True:
            for line in self.cluster.log(source.pod, MAIN, since=last, follow=True):
                stamp = _split(line)[0]
                # what follows a break begins with the second of the last line
                if stamp > last:
                    last = stamp
                    yield line
            if not self._runs(source.pod):
                return
            time.sleep(1.0)

    def _runs(self, pod: str) -> bool:
        try:
            return not _of_pod("", self.cluster.get("Pod", pod)).ended
        except NotThere:
            return False
