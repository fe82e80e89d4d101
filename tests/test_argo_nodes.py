"""The rendered template of a training on several machines, and the Job or JobSet inside it."""

import json
import re
from typing import Any

import pytest
import yaml

from jobs.make_base import make_base
from jobs.train_cpt import train_cpt
from jobs.train_sft import train_sft
from tests.train import tiny
from tsugiki.argo import Target, manifest
from tsugiki.argo.nodes import job_name
from tsugiki.cluster.lint import check
from tsugiki.errors import BadInput
from tsugiki.kinds import Checkpoint, Corpus
from tsugiki.plan import Plan
from tsugiki.profile import GPUPool, Profile, Toleration
from tsugiki.recipe import Recipe
from tsugiki.stage import Resources

NODES = Resources(cpus=8, memory_gb=64, disk_gb=100, gpus=4, nodes=3, hours=5, retries=2)
PROFILE = Profile(
    description="A test",
    namespace="work",
    root="s3://bucket/prefix",
    images="place/tsugiki-{image}:1",
    priority_class="some-class",
    gpu_pool=GPUPool(
        products=("H100",), node_selector={"pool": "gpus"}, tolerations=(Toleration(key="nvidia.com/gpu"),)
    ),
)
BASE, CORPUS = Checkpoint.at("checkpoint/make_base-0000000000000000"), Corpus.at("corpus/x-0000000000000000")
CONFIG = tiny.cpt_config("llama")
VALUE = '{"a":"\\"quoted\\" \\\\ # : - |","b":1e-05}'
"""A configuration with everything that has a meaning in YAML."""


def rendered(profile: Profile = PROFILE, needs: Resources = NODES) -> dict[str, Any]:
    """The workflow of one training, by template."""
    plan = Plan()
    made = plan["some_label"](train_cpt, BASE, CORPUS, CONFIG)
    recipe = Recipe.model_construct(description="A test", seed=0, resources={"train_cpt": needs})
    target = Target("some_flow", "some_recipe", "here", made.address, "s3://bucket/prefix")
    return manifest(plan, target, recipe, profile)


def templates(workflow: dict[str, Any]) -> dict[str, Any]:
    return {template["name"]: template for template in workflow["spec"]["templates"]}


def tasks(workflow: dict[str, Any]) -> dict[str, Any]:
    return {task["name"]: task for task in templates(workflow)["main"]["dag"]["tasks"]}


def inside(workflow: dict[str, Any]) -> dict[str, Any]:
    """The Job or JobSet, after Argo has put the values in."""
    task = tasks(workflow)["train-cpt-some-label-nodes"]
    values = {f"inputs.parameters.{item['name']}": item["value"] for item in task["arguments"]["parameters"]}
    values |= {"inputs.parameters.config": VALUE, "workflow.parameters.root": "s3://bucket/prefix"}
    values |= {"workflow.name": "some-flow-abcde", "workflow.uid": "0" * 36}
    text = templates(workflow)["train-cpt-nodes"]["resource"]["manifest"]
    found: dict[str, Any] = yaml.safe_load(re.sub(r"\{\{(.*?)\}\}", lambda match: values[match[1]], text))
    return found


def main(pod: dict[str, Any]) -> dict[str, Any]:
    """The container of a pod."""
    (container,) = pod["containers"]
    return dict(container)


def test_the_job_is_watched_to_its_end_and_then_shown() -> None:
    workflow = rendered()
    check(workflow, "the workflow")
    resource = templates(workflow)["train-cpt-nodes"]["resource"]
    assert (resource["action"], resource["setOwnerReference"]) == ("apply", True)
    assert resource["successCondition"] == "status.completionTime"
    assert "status.conditions.1.type == Failed" in resource["failureCondition"]
    assert templates(workflow)["train-cpt-nodes"]["executor"] == {"serviceAccountName": "nodes"}
    assert tasks(workflow)["train-cpt-some-label"]["depends"] == "train-cpt-some-label-nodes"
    shown = templates(workflow)["train-cpt"]["container"]
    assert shown["command"] == ["python", "-m", "jobs.train_cpt"]
    assert "--existing" in shown["args"]
    assert shown["image"] == "place/tsugiki-data:1"
    assert "nvidia.com/gpu" not in shown["resources"]["limits"]


def test_every_machine_runs_the_launcher_with_the_arguments_of_the_stage() -> None:
    container = main(inside(rendered())["spec"]["template"]["spec"])
    launcher = ["python", "-m", "tsugiki.launch", "--nodes", "3", "--gpus", "4", "--", "jobs.train_cpt"]
    assert container["command"] == launcher
    identity = tasks(rendered())["train-cpt-some-label"]["arguments"]["parameters"][3]["value"]
    assert container["args"] == ["--hours", "5", "--retries", "2", "--expect", identity, "--base", BASE.address,
                                 "--corpus", CORPUS.address, "--config", VALUE]  # fmt: skip
    environment = {item["name"]: item["value"] for item in container["env"]}
    assert environment["TSUGIKI_RENDEZVOUS"] == f"{job_name('train-cpt-some-label')}-{'0' * 36}-0.nodes:29500"
    assert (environment["TSUGIKI_GPUS"], environment["OMP_NUM_THREADS"]) == ("12", "8")
    assert environment["TSUGIKI_RUN"] == "some-flow-abcde"


def test_a_watcher_that_the_api_server_refuses_is_not_started_again() -> None:
    found = templates(rendered())
    again, of_stage = (found[name]["retryStrategy"]["expression"] for name in ("train-cpt-nodes", "train-cpt"))
    refused = re.search(r"lastRetry\.message matches '([^']+)'", of_stage)
    assert refused
    assert again.startswith(f"not (lastRetry.message matches '{refused[1]}') && (lastRetry.status == 'Error' || ")
    assert re.search(refused[1], 'pods "a-b" is forbidden: violates PodSecurity "restricted:latest"')


def test_a_task_on_machines_is_measured_as_others_are_and_its_cost_once() -> None:
    """A training that fails there never comes to the pod that shows it."""
    found = templates(rendered())
    machines, shown = ({item["name"]: item for item in found[name]["metrics"]["prometheus"]}
                       for name in ("train-cpt-nodes", "train-cpt"))  # fmt: skip
    assert set(machines) == {"tsugiki_stage_duration_seconds", "tsugiki_stages_total"}
    assert all(machines[name] == shown[name] for name in machines)
    labels = {item["key"]: item["value"] for item in machines["tsugiki_stages_total"]["labels"]}
    assert (labels["stage"], labels["status"]) == ("train_cpt", "{{status}}")
    assert shown["tsugiki_gpu_seconds_total"]["counter"] == {"value": "{{outputs.parameters.gpu-seconds}}"}


def test_its_pods_are_what_the_pod_of_one_machine_is() -> None:
    alone = templates(rendered(needs=NODES.model_copy(update={"nodes": 1})))["train-cpt"]
    pod = inside(rendered())["spec"]["template"]["spec"]
    for name in ("image", "resources", "volumeMounts", "securityContext", "envFrom"):
        assert main(pod)[name] == alone["container"][name], name
    for name in ("nodeSelector", "tolerations", "affinity", "volumes"):
        assert pod[name] == alone[name], name
    assert pod["securityContext"] == rendered()["spec"]["securityContext"]
    assert (pod["serviceAccountName"], pod["automountServiceAccountToken"]) == ("stage", False)
    assert (pod["priorityClassName"], pod["terminationGracePeriodSeconds"]) == ("some-class", 120)
    assert pod["activeDeadlineSeconds"] == 5 * 3600 + 600
    assert pod["subdomain"] == "nodes"


def test_preemptions_do_not_count_and_bad_input_ends_the_job() -> None:
    spec = inside(rendered())["spec"]
    assert (spec["completions"], spec["parallelism"], spec["completionMode"]) == (3, 3, "Indexed")
    assert spec["backoffLimit"] == 2
    rules = spec["podFailurePolicy"]["rules"]
    by_code = {
        code: rule["action"] for rule in rules if "onExitCodes" in rule for code in rule["onExitCodes"]["values"]
    }
    assert by_code == {2: "FailJob", 124: "FailJob", 75: "Ignore"}
    assert {"action": "Ignore", "onPodConditions": [{"type": "DisruptionTarget", "status": "True"}]} in rules
    assert spec["template"]["spec"]["restartPolicy"] == "Never"


def test_job_and_pods_are_found_by_run_artifact_and_service() -> None:
    made = inside(rendered(PROFILE.model_copy(update={"queue": "some-queue"})))
    labels = made["metadata"]["labels"]
    assert labels["kueue.x-k8s.io/queue-name"] == "some-queue"
    assert labels["workflows.argoproj.io/workflow"] == "some-flow-abcde"
    pod = made["spec"]["template"]["metadata"]["labels"]
    assert pod["tsugiki/nodes"] == "true"
    assert pod["tsugiki/artifact"] == labels["tsugiki/artifact"] != ""
    assert "kueue.x-k8s.io/queue-name" not in pod


def test_a_cluster_with_jobset_gets_one() -> None:
    workflow = rendered(PROFILE.model_copy(update={"jobset": True}))
    check(workflow, "the workflow")
    resource = templates(workflow)["train-cpt-nodes"]["resource"]
    assert resource["successCondition"] == "status.terminalState == Completed"
    assert resource["failureCondition"] == "status.terminalState == Failed"
    made = inside(workflow)
    assert (made["apiVersion"], made["kind"]) == ("jobset.x-k8s.io/v1alpha2", "JobSet")
    (group,) = made["spec"]["replicatedJobs"]
    job, plain = group["template"]["spec"], inside(rendered())["spec"]
    assert job["podFailurePolicy"] == plain["podFailurePolicy"]
    assert main(job["template"]["spec"])["args"] == main(plain["template"]["spec"])["args"]
    name = made["metadata"]["name"]
    environment = {item["name"]: item["value"] for item in main(job["template"]["spec"])["env"]}
    assert environment["TSUGIKI_RENDEZVOUS"] == f"{name}-n-0-0.{name}:29500"
    assert "subdomain" not in job["template"]["spec"]
    # the longest name of a pod, which is that of its host: job, machine and five characters
    assert len(f"{name}-n-0-999-abcde") <= 63


def test_several_gpus_of_one_machine_are_one_pod() -> None:
    workflow = rendered(needs=NODES.model_copy(update={"nodes": 1}))
    assert set(templates(workflow)) == {"main", "train-cpt"}
    container = templates(workflow)["train-cpt"]["container"]
    assert container["command"] == [
        "python",
        "-m",
        "tsugiki.launch",
        "--nodes",
        "1",
        "--gpus",
        "4",
        "--",
        "jobs.train_cpt",
    ]
    assert "--show" in container["args"]


def test_a_stage_that_works_in_one_process_takes_one_machine() -> None:
    plan = Plan()
    made = plan(make_base, CORPUS, tiny.base_config("llama"))
    recipe = Recipe.model_construct(description="A test", seed=0, resources={"make_base": NODES})
    with pytest.raises(BadInput, match="make_base cannot run on 3 nodes"):
        manifest(plan, Target("f", "r", "p", made.address, "s3://b/p"), recipe, PROFILE)
    assert train_cpt.distributed
    assert train_sft.distributed
    assert not make_base.distributed


def test_names_of_jobs_tell_tasks_apart() -> None:
    names = [job_name(name) for name in ("train-sft-sft", "train-sft-cpt-sft", "train-cpt", "train-sft")]
    assert len(set(names)) == 4
    assert all(re.fullmatch(r"[a-z]([-a-z0-9]*[a-z0-9])?", name) and len(name) <= 10 for name in names)
    assert json.loads(VALUE)["b"] == 1e-05
