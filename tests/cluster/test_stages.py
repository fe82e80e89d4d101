"""Every stage of the workflow as a plain Job from its rendered template: the containers alone, on S3, with GPUs."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.cluster.jobs import job, run
from tests.kube import Kube, KubectlError, until
from tests.test_workflow import contents
from tsugiki.argo import Target, manifest
from tsugiki.profile import load_profile
from tsugiki.recipe import load_recipe, load_workflow

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(1500)]

ROOT = Path(__file__).parents[2]
RECIPE = ROOT / "tests" / "tiny.toml"


def tasks_of(workflow: dict[str, Any]) -> list[dict[str, Any]]:
    """The tasks of a workflow's DAG, each after those it needs."""
    main = next(item for item in workflow["spec"]["templates"] if item["name"] == "main")
    return list(main["dag"]["tasks"])


def task_of(workflow: dict[str, Any], template: str) -> dict[str, Any]:
    """The first task of a template."""
    return next(task for task in tasks_of(workflow) if task["template"] == template)


@pytest.fixture(scope="module")
def workflow(module_namespace: Kube, bucket: str) -> dict[str, Any]:
    """The tiny workflow, rendered for the namespace."""
    profile = load_profile("dev").model_copy(update={"namespace": module_namespace.namespace})
    flow = load_workflow("cpt_sft")
    recipe = load_recipe(str(RECIPE), flow.recipe_type)
    plan, made = flow.plan(recipe)
    return manifest(plan, Target(flow.name, "tiny", "dev", made.address, f"s3://{bucket}/store"), recipe, profile)


@pytest.fixture(scope="module")
def gpus(cluster: Kube) -> int:
    """GPUs, true or advertised, of the first node."""
    node = cluster.get("nodes")["items"][0]["status"]["allocatable"]
    count = int(node.get("nvidia.com/gpu", 0))
    if count < 1:
        pytest.skip("no node has nvidia.com/gpu: advertise some")
    return count


@pytest.fixture(scope="module")
def made(prepared: Kube, workflow: dict[str, Any], bucket: str, gpus: int) -> str:
    """The store after every task of the workflow ran as a Job, each in its turn."""
    for number, task in enumerate(tasks_of(workflow)):
        run(prepared, job(workflow, task, number))
    return f"s3://{bucket}/store"


def test_every_stage_runs_as_a_plain_job(made: str, prepared: Kube) -> None:
    jobs = prepared.get("jobs")["items"]
    assert len(jobs) == 16
    assert all(item["status"]["succeeded"] == 1 for item in jobs)


def test_the_logs_are_json_lines_that_name_run_stage_and_artifact(made: str, prepared: Kube) -> None:
    name = next(
        item["metadata"]["name"] for item in prepared.get("jobs")["items"] if "train-cpt" in str(item["metadata"])
    )
    lines = [line for line in prepared("logs", f"job/{name}").splitlines() if line.startswith("{")]
    said = [json.loads(line) for line in lines]
    assert said[-1]["event"] == "done"
    assert {line["run"] for line in said} == {"plain-jobs"}
    assert {line["stage"] for line in said} == {"train_cpt"}
    assert all(line["artifact"].startswith("adapter/train_cpt-") for line in said)


def test_what_the_jobs_made_is_what_a_local_run_makes(made: str, tmp_path: Path) -> None:
    """The same addresses and the same bytes; and a local run on the jobs' store has nothing left to make."""
    command = [sys.executable, "-m", "tsugiki.cli", "run", "cpt_sft", "--recipe", str(RECIPE)]
    here = tmp_path / "store"
    for root in (str(here), made):
        out = [*command, "--root", root, "--out", str(tmp_path / "out")]
        done = subprocess.run(out, cwd=ROOT, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
    metrics = json.loads((tmp_path / "out" / "metrics.json").read_text(encoding="utf-8"))
    assert all(stage["cached"] for stage in metrics["stages"].values())
    ours, theirs = contents(here), contents(made)
    assert ours.keys() == theirs.keys()
    # the page names the run that made what it is about, which a local one has no name for
    assert {name: ours[name] for name in ours if not name.startswith("report/")} == {
        name: theirs[name] for name in theirs if not name.startswith("report/")
    }


def test_a_stage_waits_for_a_gpu_gets_one_and_shares_it_with_nobody(
    prepared: Kube, workflow: dict[str, Any], gpus: int
) -> None:
    """One pod more than there are GPUs: all but one run, and the last one runs when another has left."""
    spec = job(workflow, task_of(workflow, "train-cpt"), 90)["spec"]["template"]["spec"]
    names = [f"gpu-{number}" for number in range(gpus + 1)]
    for name in names:
        container = {**spec["containers"][0], "command": ["sleep"], "args": ["600"]}
        pod = {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {"name": name},
            "spec": {**spec, "containers": [container]},
        }
        prepared.apply(pod)

    def running() -> list[str]:
        return [name for name in names if prepared.phase(name) == "Running"]

    until(lambda: len(running()) == gpus, 120, "all GPUs to be taken")
    waiting = next(name for name in names if name not in running())
    condition = prepared.get("pod", waiting)["status"]["conditions"][0]
    assert condition["reason"] == "Unschedulable"
    assert "nvidia.com/gpu" in condition["message"]
    gone = running()[0]
    names.remove(gone)
    prepared("delete", "pod", gone, "--grace-period=0", "--force")
    until(lambda: waiting in running(), 120, f"{waiting} to get the GPU that was left")
    prepared("delete", "pods", "--wait=false", "--grace-period=0", "--force", *names)


def test_a_container_that_fails_says_why_where_kubernetes_shows_it(prepared: Kube, workflow: dict[str, Any]) -> None:
    task = json.loads(json.dumps(task_of(workflow, "make-sample-pages")))
    for item in task["arguments"]["parameters"]:
        if item["name"] == "identity":
            item["value"] = "0" * 16
    made = job(workflow, task, 91)
    with pytest.raises(AssertionError):
        run(prepared, made)
    pods = prepared.get("pods", "-l", f"job-name={made['metadata']['name']}")["items"]
    ended = pods[0]["status"]["containerStatuses"][0]["state"]["terminated"]
    assert ended["exitCode"] == 2
    assert ended["message"].startswith(
        "the run was planned for identity 0000000000000000, but the code here would make"
    )


def test_nothing_was_left_out_of_the_schema(prepared: Kube, workflow: dict[str, Any]) -> None:
    """The API server itself refuses what it does not know."""
    try:
        text = prepared("create", "--dry-run=server", "--validate=strict", "-f", "-", stdin=json.dumps(workflow))
    except KubectlError as error:
        if "no matches for kind" in str(error):
            pytest.skip("the cluster has no Argo CRDs")
        raise
    assert "created (server dry run)" in text
