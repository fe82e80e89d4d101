"""A plan as an Argo Workflow, or as a CronWorkflow where its recipe has a schedule."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from hera.workflows import DAG, CronWorkflow, Parameter, Workflow, models

from tsugiki.argo import pod
from tsugiki.argo.layout import Layout, Placed, layout
from tsugiki.argo.text import kebab
from tsugiki.config import canonical
from tsugiki.errors import BadInput
from tsugiki.labels import IDENTITY, PROFILE, RECIPE, TARGET, WORKFLOW, label
from tsugiki.plan import NOW, Plan, Task, late_tasks
from tsugiki.profile import Profile
from tsugiki.recipe import Recipe, Schedule

KEEP_SUCCESSFUL_SECONDS = 7 * 86400
KEEP_FAILED_SECONDS = 30 * 86400
"""How long workflows stay listed once they have ended. What they made stays in the store."""


@dataclass(frozen=True)
class Target:
    """What a workflow is rendered for."""

    workflow: str
    recipe: str
    profile: str
    """Names that people chose: they become labels."""
    address: str
    """Address of the artifact that the workflow is for."""
    root: str
    """The store, `s3://bucket/prefix`."""

    @property
    def name(self) -> str:
        """The workflow and its recipe as one Kubernetes name."""
        return kebab(f"{self.workflow}-{self.recipe}")

    def labels(self) -> dict[str, str]:
        """By which runs can be found.

        Raises:
            BadInput: a name cannot be a label.
        """
        named = {WORKFLOW: self.workflow, RECIPE: self.recipe, PROFILE: self.profile}
        return {key: label(key, value) for key, value in named.items()}


def manifest(plan: Plan, target: Target, recipe: Recipe, profile: Profile) -> dict[str, Any]:
    """The Workflow or CronWorkflow of a plan, as the JSON value that the Kubernetes API takes.

    Raises:
        BadInput: a configuration holds `{{`, or two tasks get one name.
    """
    if recipe.schedule is not None:
        profile = profile.for_schedule()
    tasks = list(plan.tasks.values())
    late = late_tasks(tasks)
    late_stages = {task.call.stage.name for task in tasks if task.name in late}
    with _workflow(target, recipe, profile) as made:
        layouts: dict[str, Layout] = {}
        for stage in {task.call.stage.name: task.call.stage for task in tasks}.values():
            needs = profile.resources_for(stage, recipe.resources_for(stage))
            layouts[stage.name] = layout(stage, needs, profile, exclusive=stage.name not in late_stages)
        with DAG(name="main"):
            _place(tasks, layouts, late)
    rendered: dict[str, Any] = made.to_dict()
    if recipe.schedule is not None:
        # Hera drops it; without it the workflows that the schedule starts would be found by no label
        rendered["spec"]["workflowMetadata"] = {"labels": target.labels(), "annotations": _annotations(target, recipe)}
    return rendered


def _workflow(target: Target, recipe: Recipe, profile: Profile) -> Workflow:
    common = _common(target, profile)
    if recipe.schedule is not None:
        return _scheduled(target, recipe, recipe.schedule, common)
    identity = target.address.rpartition("-")[2]
    return Workflow(
        generate_name=f"{target.name}-",
        labels=target.labels() | {TARGET: identity},
        annotations=_annotations(target, recipe),
        **common,
    )


def _scheduled(target: Target, recipe: Recipe, schedule: Schedule, common: dict[str, Any]) -> CronWorkflow:
    return CronWorkflow(
        name=target.name,
        labels=target.labels(),
        annotations=_annotations(target, recipe),
        schedules=list(schedule.cron),
        timezone=schedule.timezone,
        concurrency_policy="Forbid",
        starting_deadline_seconds=schedule.start_within_seconds,
        successful_jobs_history_limit=schedule.keep_successful,
        failed_jobs_history_limit=schedule.keep_failed,
        cron_suspend=schedule.suspend,
        **common,
    )


def _annotations(target: Target, recipe: Recipe) -> dict[str, str]:
    return {
        "workflows.argoproj.io/title": f"{target.workflow} · {target.recipe}",
        "workflows.argoproj.io/description": recipe.description,
    }


def _common(target: Target, profile: Profile) -> dict[str, Any]:
    """What workflows and scheduled ones share."""
    queue = {"kueue.x-k8s.io/queue-name": profile.queue} if profile.queue else {}
    return {
        "namespace": profile.namespace,
        "entrypoint": "main",
        "arguments": [Parameter(name="root", value=target.root)],
        "service_account_name": "stage",
        # the stage's own container needs no right in the API; the executor beside it has a token of its own
        "automount_service_account_token": False,
        "executor": models.ExecutorConfig(service_account_name="executor"),
        "security_context": pod.pod_security(),
        "active_deadline_seconds": round(profile.days * 86400),
        "archive_logs": True,
        # said outright: the UI announces that artifacts will be deleted where nothing is said
        "artifact_gc": models.WorkflowLevelArtifactGC(strategy="Never"),
        "pod_gc": models.PodGC(strategy="OnWorkflowSuccess"),
        "ttl_strategy": models.TTLStrategy(
            seconds_after_success=KEEP_SUCCESSFUL_SECONDS, seconds_after_failure=KEEP_FAILED_SECONDS
        ),
        "pod_metadata": models.Metadata(labels=target.labels() | queue),
    }


def _place(tasks: list[Task], layouts: Mapping[str, Layout], late: set[str]) -> None:
    placed: dict[str, Placed] = {}
    for task in tasks:
        placed[task.name] = layouts[task.call.stage.name].place(kebab(task.name), _arguments(task, tasks, late))
    if len({item.last.name for item in placed.values()}) < len(placed):
        raise BadInput(f"two of the tasks {', '.join(placed)} have one name in Kubernetes: change a label")
    for task in tasks:
        for needed in task.needs:
            placed[needed].last >> placed[task.name].first


def _arguments(task: Task, tasks: list[Task], late: set[str]) -> dict[str, str]:
    """Values of the template's inputs: addresses, or where they come from once the workflow runs."""
    made = {other.call.address: kebab(other.name) for other in tasks if other.name in late}

    def reference(address: str) -> str:
        return f"{{{{tasks.{made[address]}.outputs.parameters.address}}}}" if address in made else address

    inputs = task.call.inputs.items()
    values = {kebab(name): ",".join(reference(item.address) for item in items) for name, items in inputs}
    config = canonical(task.call.config.model_dump(mode="json"))
    if "{{" in config.replace(NOW, ""):
        raise BadInput(f"{task.name}: the configuration holds '{{{{', which Argo would replace: {config}")
    identity = "" if task.name in late else task.call.address.rpartition("-")[2]
    return {**values, "config": config, IDENTITY: identity}
