"""Submitting to a real API server, where no controller heeds it: once for each target, without what exists."""

import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest

from tests.cluster.pages import pages_manifest, pages_plan, profile
from tests.cluster.test_lint import NIGHTLY
from tests.cluster.test_schema import Manifest, load, tasks
from tests.kube import Kube
from tsugiki.cluster.client import Cluster, connect
from tsugiki.cluster.runs import Run, runs, the_only_running, the_run
from tsugiki.cluster.submission import Submission
from tsugiki.errors import BadInput
from tsugiki.execute import Conditions, execute
from tsugiki.store import open_store

pytestmark = pytest.mark.cluster

UNHEEDED = {"workflows.argoproj.io/controller-instanceid": "nobody"}

Submit = Callable[..., list[str]]


@pytest.fixture
def cluster_here(namespace: Kube) -> Cluster:
    """A new namespace of a cluster with Argo's CRDs."""
    if "argoproj.io" not in namespace("api-versions"):
        pytest.skip("the cluster has no CRDs of Argo")
    return connect(namespace.namespace)


@pytest.fixture
def root(cluster_s3: dict[str, str]) -> Iterator[str]:
    """A store in a new bucket of the S3 server beside the cluster; it is deleted afterwards."""
    client, bucket = boto3.session.Session().client("s3"), f"test-{uuid.uuid4().hex[:12]}"
    client.create_bucket(Bucket=bucket)
    yield f"s3://{bucket}/store"
    for item in client.list_objects_v2(Bucket=bucket).get("Contents", []):
        client.delete_object(Bucket=bucket, Key=item["Key"])
    client.delete_bucket(Bucket=bucket)


@pytest.fixture
def submit(cluster_here: Cluster, root: str, capsys: pytest.CaptureFixture[str]) -> Submit:
    """Submits the workflow of pages, and returns what was said."""
    cluster = profile(cluster_here.namespace, root).model_copy(update={"argo_url": "https://argo.example/"})

    def run(manifest: Manifest | None = None, **options: Any) -> list[str]:
        manifest = manifest or pages_manifest(cluster)
        manifest["metadata"]["labels"].update(UNHEEDED)
        Submission(cluster_here, cluster, manifest, **options).submit()
        return capsys.readouterr().out.splitlines()

    return run


def make(root: str, index: int) -> str:
    """Make one artifact of the plan of pages; its address."""
    call = list(pages_plan().tasks.values())[index].call
    execute(call, open_store(root), Conditions())
    return call.address


def test_what_is_submitted_is_told_and_is_there(submit: Submit, cluster_here: Cluster) -> None:
    first, done, left, address, last = submit()
    name = last.removeprefix("workflow: ")
    assert first.startswith(f"{name}: submitted (namespace {cluster_here.namespace}, context ")
    assert (done, left) == ("0 done before: none", "2 to run: make-sample-pages, clean-corpus")
    assert address == f"https://argo.example/workflows/{cluster_here.namespace}/{name}"
    (run,) = runs(cluster_here, "pages", "sample")
    assert (run.name, run.phase, run.seen) == (name, "Pending", False)
    assert [state.name for state in run.tasks] == ["make-sample-pages", "clean-corpus"]


def test_for_one_target_one_run_is_enough(submit: Submit, cluster_here: Cluster) -> None:
    name = submit()[-1]
    said = submit()
    assert said[0].startswith("it runs already: https://argo.example/workflows/")
    assert said[-1] == name
    assert len(runs(cluster_here)) == 1
    assert submit(again=True)[-1] != name
    assert len(runs(cluster_here)) == 2


def test_another_target_is_another_run(submit: Submit, cluster_here: Cluster, root: str) -> None:
    submit()
    submit(pages_manifest(profile(cluster_here.namespace, root), seed=2))
    assert len(runs(cluster_here)) == 2


def test_what_exists_is_not_submitted(submit: Submit, cluster_here: Cluster, root: str) -> None:
    make(root, 0)
    said = submit()
    assert said[1:3] == ["1 done before: make-sample-pages", "1 to run: clean-corpus"]
    (run,) = runs(cluster_here)
    assert [state.name for state in run.tasks] == ["clean-corpus"]


def test_where_everything_exists_nothing_is_submitted(submit: Submit, cluster_here: Cluster, root: str) -> None:
    make(root, 0)
    corpus = make(root, 1)
    said, page, address = submit()
    assert said == "nothing to run: the artifacts of all 2 tasks exist"
    copy = Path(page.removeprefix("corpus: "))
    assert copy.name == "loss.html"
    assert copy.read_text(encoding="utf-8").startswith("<!doctype html>")
    assert address == f"corpus: {root}/{corpus}"
    assert runs(cluster_here) == []
    assert submit(pruned=False)[2] == "2 to run: make-sample-pages, clean-corpus"


def test_a_dry_run_asks_the_cluster_and_leaves_nothing(submit: Submit, cluster_here: Cluster) -> None:
    assert "accepted, not submitted" in submit(dry_run=True)[0]
    assert runs(cluster_here) == []


def test_a_schedule_is_installed_and_changed_in_place(submit: Submit, cluster_here: Cluster) -> None:
    schedule = load(NIGHTLY)
    schedule["metadata"]["namespace"] = cluster_here.namespace
    times = schedule["spec"]["schedules"][0]
    said = submit(schedule)
    name = schedule["metadata"]["name"]
    assert said[0] == f"{name}: installed in namespace {cluster_here.namespace}"
    assert said[1].startswith(f"runs at {times} ({schedule['spec']['timezone']}); each time: ")
    assert said[2:] == [
        f"https://argo.example/cron-workflows/{cluster_here.namespace}/{name}", f"schedule: {name}"
    ]  # fmt: skip
    schedule["spec"]["schedules"] = ["5 4 * * *"]
    schedule["spec"]["suspend"] = True
    assert submit(schedule)[1].startswith("suspended (")
    (installed,) = cluster_here.list("CronWorkflow")
    assert installed["spec"]["schedules"] == ["5 4 * * *"]
    assert len(tasks(load(NIGHTLY) | {"spec": installed["spec"]["workflowSpec"]})) > 1


def test_the_newest_run_is_meant_where_none_is_named(submit: Submit, cluster_here: Cluster) -> None:
    with pytest.raises(BadInput, match="no run of pages with recipe sample in namespace"):
        the_run(cluster_here, "", "pages", "sample")
    submit()
    newest = submit(again=True)[-1].removeprefix("workflow: ")
    # of runs that were made in one second the names decide
    made = {run.created: run.name for run in reversed(runs(cluster_here))}
    assert the_run(cluster_here, "", "pages", "sample").name == made[max(made)]
    assert the_run(cluster_here, newest, "", "").name == newest
    with pytest.raises(BadInput, match="there is no workflow away"):
        the_run(cluster_here, "away", "", "")


def test_only_one_can_be_stopped_without_its_name(submit: Submit, cluster_here: Cluster) -> None:
    with pytest.raises(BadInput, match="no run of pages under way in namespace"):
        the_only_running(cluster_here, "", "pages", "")
    first = submit()[-1].removeprefix("workflow: ")
    assert the_only_running(cluster_here, "", "pages", "").name == first
    second = submit(again=True)[-1].removeprefix("workflow: ")
    with pytest.raises(BadInput, match="2 runs of pages under way in namespace .*; give a NAME") as caught:
        the_only_running(cluster_here, "", "pages", "")
    assert first in str(caught.value)
    assert second in str(caught.value)
    cluster_here.patch("Workflow", second, {"status": {"phase": "Failed"}})
    assert Run(cluster_here.get("Workflow", second)).ended
    assert the_only_running(cluster_here, "", "pages", "").name == first
