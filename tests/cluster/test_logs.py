"""Logs of runs: how a line is shown, which container it comes from, and what is left when the pods are gone."""

import json
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cluster.api import Answer, Api, kubeconfig
from tests.cluster.objects import Object, node, outputs, pod, task, workflow
from tests.s3 import Server
from tsugiki.cluster.client import Cluster, connect
from tsugiki.cluster.logs import Follower, formatted, show, sources
from tsugiki.cluster.runs import Run
from tsugiki.errors import BadInput

STAMP = "2026-11-24T22:35:23.001234567Z"
SAID = {"time": "2026-11-24T22:35:20.123+00:00", "run": "run-abcde", "stage": "corpus", "event": "progress"}


@pytest.mark.parametrize(
    ("line", "text"),
    [
        (f"{STAMP} {json.dumps({**SAID, 'text': '3/8 loss 2.1'})}", "22:35:20 corpus: 3/8 loss 2.1"),
        (json.dumps({**SAID, "event": "failed", "text": "no such page"}), "22:35:20 corpus: failed no such page"),
        (f"{STAMP} Loading checkpoint shards", "22:35:23 corpus: Loading checkpoint shards"),
        ("Loading checkpoint shards", "corpus: Loading checkpoint shards"),
        (f'{STAMP} {{"loss": 2.1}}', '22:35:23 corpus: {"loss": 2.1}'),
        (f"{STAMP} [1, 2", "22:35:23 corpus: [1, 2"),
        (f"{STAMP} 17", "22:35:23 corpus: 17"),
        ("", "corpus: "),
    ],
)
def test_a_line_is_shown_with_its_time_and_task(line: str, text: str) -> None:
    assert formatted("corpus", line) == text


TASKS = (task("pages"), task("corpus", "pages"), task("report", "corpus"))


def run_with(key: str = "", bucket: str = "", phase: str = "Running") -> Object:
    """A run: pages made in a second attempt and gone, corpus under way, report not begun."""
    repository = {"artifactRepository": {"s3": {"bucket": bucket}}}
    return workflow(
        *TASKS,
        nodes=(
            node("pages", "Retry", "Succeeded"),
            node("pages(0)", "Pod", "Error"),
            node("pages(1)", "Pod", "Succeeded", outputs=outputs(key=key)),
            node("corpus", "Retry", "Running" if phase == "Running" else phase),
            node("corpus(0)", "Pod", "Running" if phase == "Running" else phase),
        ),
        phase=phase,
        artifactRepositoryRef=repository,
    )


class Served:
    """An API server with a run, its pods and the log of one of them."""

    def __init__(self) -> None:
        self.run = run_with()
        self.pods = [pod("corpus-pod", "run-abcde-corpus(0)")]
        emissary = f'{STAMP} time={STAMP} level=INFO msg="capturing logs" argo=true path=/var/run'
        self.logs: dict[str, list[str]] = {"corpus-pod": [emissary, f"{STAMP} first"]}
        self.breaks = 0
        self.deleted = False
        """Whether the pod goes when its container ends."""

    def answer(self, _verb: str, path: str) -> Answer:
        """What the API server says."""
        if "/log?" in path:
            return self._log(path.partition("/pods/")[2].partition("/")[0])
        if "/pods?" in path:
            return 200, json.dumps({"items": self.pods, "metadata": {}})
        if "/pods/" in path:
            name = path.rpartition("/")[2].partition("?")[0]
            found = [item for item in self.pods if item["metadata"]["name"] == name]
            if self.breaks > 0:
                self.breaks -= 1
            elif found:
                self._end(found[0])
            return (200, json.dumps(found[0])) if found else (404, json.dumps({"details": {"name": name}}))
        return 200, json.dumps(self.run)

    def _log(self, name: str) -> Answer:
        # each break of the connection ends the answer one line later
        lines = self.logs[name][: len(self.logs[name]) - self.breaks]
        return 200, "".join(f"{line}\n" for line in lines)

    def _end(self, ended: Object) -> None:
        ended["status"]["containerStatuses"][0]["state"] = {"terminated": {}}
        if self.deleted:
            self.pods.remove(ended)
        self.run = {**self.run, "status": {**self.run["status"], "phase": "Succeeded"}}


@pytest.fixture
def served() -> Served:
    """What the API server holds."""
    return Served()


@pytest.fixture
def cluster(served: Served, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Cluster]:
    """The namespace on that server."""
    with Api(served.answer).running() as api:
        monkeypatch.setenv("KUBECONFIG", str(kubeconfig(tmp_path / "config", api.url)))
        yield connect("work")


def test_every_attempt_is_a_source_in_order(cluster: Cluster, served: Served) -> None:
    found = sources(cluster, Run(served.run), "")
    assert [(item.title, item.there, item.begun, item.ended) for item in found] == [
        ("pages(0)", False, False, True), ("pages(1)", False, False, True), ("corpus", True, True, False),
    ]  # fmt: skip


def test_pods_of_a_job_belong_to_the_task_whose_artifact_they_make(cluster: Cluster, served: Served) -> None:
    served.pods += [
        pod("job-0", "", **{"tsugiki/artifact": "of-corpus"}),
        pod("job-1", "", **{"tsugiki/artifact": "of-another"}),
    ]
    assert [item.title for item in sources(cluster, Run(served.run), "corpus")] == ["corpus", "job-0"]


def test_a_task_that_is_not_there_is_named_beside_those_that_are(cluster: Cluster, served: Served) -> None:
    with pytest.raises(BadInput, match="run-abcde has no task 'copus': there is pages, corpus, report"):
        sources(cluster, Run(served.run), "copus")


def test_a_container_that_has_not_started_says_so(
    cluster: Cluster, served: Served, capsys: pytest.CaptureFixture[str]
) -> None:
    served.pods = [pod("corpus-pod", "run-abcde-corpus(0)", "waiting")]
    show(cluster, Run(served.run), "corpus")
    assert capsys.readouterr().out == "corpus: (its container has not started yet)\n"


def test_what_pods_left_behind_is_read_from_the_archive(
    cluster: Cluster, served: Served, s3_server: Server, capsys: pytest.CaptureFixture[str]
) -> None:
    bucket = f"logs-{uuid.uuid4().hex}"
    s3_server.client.create_bucket(Bucket=bucket)
    body = json.dumps({**SAID, "text": "8/8"}) + "\npages/make_pages-0123\n"
    s3_server.client.put_object(Bucket=bucket, Key="argo/main.log", Body=body.encode())
    served.run = run_with("argo/main.log", bucket)
    show(cluster, Run(served.run), "")
    assert capsys.readouterr().out.splitlines() == [
        "pages(0): (its pod is gone, and Argo archived no log of it)",
        "22:35:20 pages(1): 8/8",
        "pages(1): pages/make_pages-0123",
        "22:35:23 corpus: first",
    ]


def test_before_anything_starts_there_is_nothing(
    cluster: Cluster, served: Served, capsys: pytest.CaptureFixture[str]
) -> None:
    show(cluster, Run(served.run), "report")
    assert capsys.readouterr().out == "run-abcde: no container has started yet\n"


def test_a_followed_log_goes_on_after_a_break_and_repeats_nothing(cluster: Cluster, served: Served) -> None:
    served.logs["corpus-pod"] = [f"2026-11-24T22:35:2{second}.000000000Z line {second}" for second in range(4)]
    served.breaks = 2
    said: list[str] = []
    Follower(cluster, "run-abcde", "corpus", say=said.append).follow()
    assert said == [f"22:35:2{second} corpus: line {second}" for second in range(4)]


def test_what_was_followed_is_not_told_again_once_its_pod_is_gone(cluster: Cluster, served: Served) -> None:
    served.deleted = True
    served.logs["corpus-pod"] = [f"{STAMP} first"]
    said: list[str] = []
    Follower(cluster, "run-abcde", "corpus", say=said.append, pace=0.01).follow()
    assert served.pods == []
    assert said == ["22:35:23 corpus: first"]
