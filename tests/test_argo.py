"""The rendered Argo workflow: what every template and task must hold before a cluster sees it."""

import json
import re
from dataclasses import replace
from typing import Any

import pytest
import yaml

from jobs.generate import generate
from jobs.import_model import import_model
from tests.toys import UpperConfig, WriteConfig, join_corpora, upper_corpus, write_pages
from tsugiki.argo import Target, manifest, to_yaml
from tsugiki.errors import BadInput
from tsugiki.kinds import Chats, Checkpoint
from tsugiki.models.config import ImportModelConfig
from tsugiki.plan import NOW, Plan
from tsugiki.profile import GPUPool, Pool, Profile, Scratch, Toleration
from tsugiki.recipe import Recipe, Schedule
from tsugiki.serve.config import GenerateConfig
from tsugiki.stage import Resources

UPPER = UpperConfig(suffix="!")
# the toy stages are not in jobs/, where a recipe's resources must name stages of
RECIPE = Recipe.model_construct(
    description="A test", seed=0, resources={"upper_corpus": Resources(gpus=2, memory_gb=64, hours=3, retries=5)}
)

TARGET = Target("some_flow", "some_recipe", "here", "corpus/join_corpora-0123456789abcdef", "s3://bucket/prefix")
PROFILE = Profile(description="A test", namespace="work", root="s3://bucket/prefix", images="place/tsugiki-{image}:1")
ANSWER = GenerateConfig(engine="transformers", splits=("test",), samples=1, temperature=0, top_p=1, max_new_tokens=8,
                        seed=1, batch_size=4, dtype="float32")  # fmt: skip


def small_plan() -> Plan:
    plan = Plan()
    pages = plan(write_pages, WriteConfig(texts=("1e-5",)))
    first = plan["one"](upper_corpus, pages, UPPER)
    second = plan["two"](upper_corpus, pages, UpperConfig(suffix="?"))
    plan(join_corpora, (first, second), UPPER)
    return plan


@pytest.fixture
def workflow() -> dict[str, Any]:
    """The rendered workflow of a small plan."""
    return manifest(small_plan(), TARGET, RECIPE, PROFILE)


def templates(workflow: dict[str, Any]) -> dict[str, Any]:
    return {template["name"]: template for template in workflow["spec"]["templates"]}


def test_names_are_those_kubernetes_takes(workflow: dict[str, Any]) -> None:
    names = [workflow["metadata"]["generateName"].rstrip("-"), *templates(workflow)]
    names += [task["name"] for task in templates(workflow)["main"]["dag"]["tasks"]]
    assert all(re.fullmatch(r"[a-z]([-a-z0-9]*[a-z0-9])?", name) for name in names)
    assert workflow["spec"]["entrypoint"] in templates(workflow)


def test_a_name_that_no_label_takes_is_refused() -> None:
    with pytest.raises(BadInput, match="recipe '日本': .* rename the file"):
        manifest(small_plan(), replace(TARGET, recipe="日本"), RECIPE, PROFILE)


def test_one_template_a_stage_and_one_task_a_call(workflow: dict[str, Any]) -> None:
    assert set(templates(workflow)) == {"main", "write-pages", "upper-corpus", "join-corpora"}
    tasks = {task["name"]: task for task in templates(workflow)["main"]["dag"]["tasks"]}
    assert {name: task["template"] for name, task in tasks.items()} == {
        "write-pages": "write-pages",
        "upper-corpus-one": "upper-corpus",
        "upper-corpus-two": "upper-corpus",
        "join-corpora": "join-corpora",
    }
    assert tasks["upper-corpus-one"]["depends"] == "write-pages"
    assert tasks["join-corpora"]["depends"] == "upper-corpus-one && upper-corpus-two"


def test_a_task_gives_what_its_template_takes(workflow: dict[str, Any]) -> None:
    found = templates(workflow)
    for task in found["main"]["dag"]["tasks"]:
        given = {item["name"] for item in task["arguments"]["parameters"]}
        assert given == {item["name"] for item in found[task["template"]]["inputs"]["parameters"]}


def test_addresses_and_configuration_travel_as_parameters(workflow: dict[str, Any]) -> None:
    plan = {task.name: task.call for task in small_plan().tasks.values()}
    tasks = {task["name"]: task for task in templates(workflow)["main"]["dag"]["tasks"]}
    joined = {item["name"]: item["value"] for item in tasks["join-corpora"]["arguments"]["parameters"]}
    assert joined["corpora"] == f"{plan['upper_corpus.one'].address},{plan['upper_corpus.two'].address}"
    assert json.loads(joined["config"]) == {"suffix": "!", "min_chars": 0}


def test_a_container_names_its_command_and_its_options(workflow: dict[str, Any]) -> None:
    container = templates(workflow)["upper-corpus"]["container"]
    assert container["command"] == ["python", "-m", "jobs.upper_corpus"]
    assert container["args"] == ["--hours", "3", "--retries", "5", "--expect", "{{inputs.parameters.identity}}",
                                 "--show", "/tmp/shown", "--pages", "{{inputs.parameters.pages}}",
                                 "--config", "{{inputs.parameters.config}}"]  # fmt: skip
    assert container["image"] == "place/tsugiki-data:1"


def test_resources_come_from_the_stage_and_the_recipe(workflow: dict[str, Any]) -> None:
    template = templates(workflow)["upper-corpus"]
    limits = template["container"]["resources"]["limits"]
    assert limits["nvidia.com/gpu"] == "2"
    assert limits["memory"] == "64Gi"
    assert limits["ephemeral-storage"] == "10.25Gi"
    assert template["activeDeadlineSeconds"] == 3 * 3600 + 600
    assert "nvidia.com/gpu" not in templates(workflow)["write-pages"]["container"]["resources"]["limits"]
    shared = {volume["name"]: volume for volume in template["volumes"]}["shm"]
    assert shared["emptyDir"]["medium"] == "Memory"


def test_bad_input_is_never_retried_and_lost_pods_are(workflow: dict[str, Any]) -> None:
    strategy = templates(workflow)["write-pages"]["retryStrategy"]
    assert strategy["retryPolicy"] == "Always"
    again = strategy["expression"].partition(" && ")[2]
    assert again == "(lastRetry.status == 'Error' || asInt(lastRetry.exitCode) not in [2, 124])"
    # it would end all retries so long after the first attempt
    assert "maxDuration" not in strategy["backoff"]


def test_containers_are_restricted(workflow: dict[str, Any]) -> None:
    for name, template in templates(workflow).items():
        if name != "main":
            security = template["container"]["securityContext"]
            assert security["runAsNonRoot"]
            assert security["readOnlyRootFilesystem"]
            assert security["allowPrivilegeEscalation"] is False
            assert security["capabilities"] == {"drop": ["ALL"]}


@pytest.mark.parametrize(
    "text", ["1e-5", "1e3", "0o17", "007", "1_000", "12:30", "yes", "null", "~", "-.5", ".inf", ""]
)
def test_text_that_looks_like_a_number_stays_text(text: str) -> None:
    line = to_yaml({"value": text})
    assert yaml.safe_load(line) == {"value": text}
    assert re.fullmatch(r"value: (\"[^\"]*\"|'[^']*')\n", line)


def test_a_configuration_that_argo_would_rewrite_is_refused() -> None:
    plan = Plan()
    plan(write_pages, WriteConfig(texts=("{{workflow.name}}",)))
    with pytest.raises(BadInput, match="which Argo would replace"):
        manifest(plan, TARGET, RECIPE, PROFILE)


def test_two_hundred_shards_are_one_node_and_one_count() -> None:
    plan = Plan()
    model, chats = Checkpoint.at("checkpoint/a-0123456789abcdef"), Chats.at("chats/b-0123456789abcdef")
    answers = plan(generate, model, chats, ANSWER)
    recipe = Recipe.model_construct(description="A test", seed=0, resources={"generate": Resources(gpus=1, shards=200)})
    made = manifest(plan, Target("flow", "recipe", "here", answers.address, "s3://bucket/prefix"), recipe, PROFILE)
    assert len(json.dumps(made)) < 20_000
    tasks = {task["name"]: task for task in templates(made)["main"]["dag"]["tasks"]}
    assert set(tasks) == {"generate", "generate-parts"}
    assert tasks["generate-parts"]["withSequence"] == {"count": "200"}
    assert tasks["generate"]["depends"] == "generate-parts"
    part, whole = templates(made)["generate-part"], templates(made)["generate"]
    assert "{{inputs.parameters.shard}}/200" in part["container"]["args"]
    assert part["container"]["resources"]["limits"]["nvidia.com/gpu"] == "1"
    assert whole["container"]["args"][8:10] == ["--shards", "200"]
    assert "nvidia.com/gpu" not in whole["container"]["resources"]["limits"]


def test_a_stage_that_cannot_be_split_is_refused() -> None:
    recipe = Recipe.model_construct(description="A test", seed=0, resources={"upper_corpus": Resources(shards=2)})
    with pytest.raises(BadInput, match="upper_corpus cannot be split into 2 shards: set its shards to 1"):
        manifest(small_plan(), TARGET, recipe, PROFILE)


def nightly_for(profile: Profile) -> dict[str, Any]:
    """A scheduled workflow whose second task depends on the time at which it starts."""
    plan = Plan()
    pages = plan(write_pages, WriteConfig(texts=("a",)))
    upper = plan(upper_corpus, pages, UpperConfig(suffix=NOW))
    plan["joined"](join_corpora, (upper,), UPPER)
    schedule = Schedule(cron=("0 3 * * *",), timezone="Asia/Tokyo", start_within_seconds=600, keep_successful=7,
                        keep_failed=30, suspend=False)  # fmt: skip
    recipe = Recipe.model_construct(description="A test", seed=0, resources={}, schedule=schedule)
    return manifest(plan, TARGET, recipe, profile)


@pytest.fixture
def nightly() -> dict[str, Any]:
    """That workflow for the cluster of these tests."""
    return nightly_for(PROFILE)


def test_a_schedule_makes_a_cron_workflow_that_never_overlaps(nightly: dict[str, Any]) -> None:
    assert nightly["kind"] == "CronWorkflow"
    assert nightly["metadata"]["name"] == "some-flow-some-recipe"
    spec = nightly["spec"]
    assert (spec["schedules"], spec["timezone"]) == (["0 3 * * *"], "Asia/Tokyo")
    assert (spec["concurrencyPolicy"], spec["startingDeadlineSeconds"]) == ("Forbid", 600)
    assert (spec["successfulJobsHistoryLimit"], spec["failedJobsHistoryLimit"]) == (7, 30)
    assert spec["workflowMetadata"]["labels"]["tsugiki/recipe"] == "some-recipe"
    assert "workflows.argoproj.io/title" in spec["workflowMetadata"]["annotations"]


@pytest.mark.parametrize(("scheduled", "used"), [("lowest", "lowest"), ("", "low")])
def test_what_a_schedule_starts_has_a_priority_of_its_own(scheduled: str, used: str) -> None:
    profile = PROFILE.model_copy(update={"priority_class": "low", "scheduled_priority_class": scheduled})
    made = nightly_for(profile)["spec"]["workflowSpec"]["templates"]
    patches = [json.loads(template["podSpecPatch"]) for template in made if "podSpecPatch" in template]
    assert {patch["priorityClassName"] for patch in patches} == {used}
    once = manifest(small_plan(), TARGET, RECIPE, profile)
    assert '"priorityClassName": "low"' in templates(once)["upper-corpus"]["podSpecPatch"]


def test_the_token_of_the_hub_goes_to_what_fetches_from_it_alone() -> None:
    plan = Plan()
    model = plan(import_model, ImportModelConfig(repo="some/model", revision="0" * 40, licence="MIT"))
    answers = plan(generate, model, Chats.at("chats/b-0123456789abcdef"), ANSWER)
    recipe = Recipe.model_construct(description="A test", seed=0, resources={})
    found = templates(manifest(plan, replace(TARGET, address=answers.address), recipe, PROFILE))
    env = {name: {item["name"]: item for item in found[name]["container"]["env"]}
           for name in ("import-model", "generate")}  # fmt: skip
    key = {"name": "hub", "key": "HF_TOKEN", "optional": True}
    assert env["import-model"]["HF_TOKEN"] == {"name": "HF_TOKEN", "valueFrom": {"secretKeyRef": key}}
    assert "HF_TOKEN" not in env["generate"]


def test_what_depends_on_the_time_takes_its_addresses_from_the_tasks_before(nightly: dict[str, Any]) -> None:
    found = {template["name"]: template for template in nightly["spec"]["workflowSpec"]["templates"]}
    tasks = {task["name"]: task for task in found["main"]["dag"]["tasks"]}
    values = {name: {item["name"]: item["value"] for item in task["arguments"]["parameters"]}
              for name, task in tasks.items()}  # fmt: skip
    assert values["write-pages"]["identity"]
    assert values["upper-corpus"]["identity"] == ""
    assert values["upper-corpus"]["pages"].startswith("pages/write_pages-")
    assert values["join-corpora-joined"]["corpora"] == "{{tasks.upper-corpus.outputs.parameters.address}}"
    assert "synchronization" in found["write-pages"]
    assert "synchronization" not in found["upper-corpus"]


def test_pods_go_where_the_profile_says() -> None:
    profile = PROFILE.model_copy(update={
        "gpu_pool": GPUPool(
            products=("H200", "H100"), node_selector={"pool": "gpu"}, tolerations=(Toleration(key="gpu"),)
        ),
        "cpu_pool": Pool(node_selector={"pool": "cpu"}),
        "scratch": Scratch(storage_class="fast"),
        "priority_class": "low",
        "queue": "team",
        "resources": {"upper_corpus": Resources(memory_gb=8)},
    })  # fmt: skip
    made = manifest(small_plan(), TARGET, RECIPE, profile)
    gpu, cpu = templates(made)["upper-corpus"], templates(made)["write-pages"]
    assert (gpu["nodeSelector"], cpu["nodeSelector"]) == ({"pool": "gpu"}, {"pool": "cpu"})
    assert gpu["tolerations"] == [{"key": "gpu", "operator": "Exists"}]
    affinity = gpu["affinity"]["nodeAffinity"]
    required = affinity["requiredDuringSchedulingIgnoredDuringExecution"]["nodeSelectorTerms"][0]["matchExpressions"]
    assert required == [{"key": "nvidia.com/gpu.product", "operator": "In", "values": ["H200", "H100"]}]
    preferred = affinity["preferredDuringSchedulingIgnoredDuringExecution"]
    assert [item["weight"] for item in preferred] == [100, 90]
    assert "affinity" not in cpu
    volume = {item["name"]: item for item in gpu["volumes"]}["scratch"]
    assert volume["ephemeral"]["volumeClaimTemplate"]["spec"]["storageClassName"] == "fast"
    assert gpu["container"]["resources"]["limits"]["memory"] == "8Gi"
    assert gpu["container"]["resources"]["limits"]["nvidia.com/gpu"] == "2"
    assert json.loads(gpu["podSpecPatch"])["priorityClassName"] == "low"
    assert made["spec"]["podMetadata"]["labels"]["kueue.x-k8s.io/queue-name"] == "team"
