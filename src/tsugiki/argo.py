"""The Argo reader of a plan: each stage becomes a template, each task a node of one DAG, each input an edge."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

import yaml
from hera.workflows import (
    DAG,
    Container,
    EmptyDirVolume,
    Parameter,
    Resources,
    RetryStrategy,
    SecretEnvFrom,
    Task,
    Workflow,
    models,
)

from tsugiki.command import ROOT_VARIABLE
from tsugiki.config import canonical
from tsugiki.errors import BAD_INPUT, BadInput
from tsugiki.plan import Plan
from tsugiki.plan import Task as PlannedTask
from tsugiki.recipe import Recipe
from tsugiki.stage import Resources as StageResources
from tsugiki.stage import Stage

SECRET = "tsugiki-s3"
GRACE_SECONDS = 120
"""Time between SIGTERM and SIGKILL, in which a stage saves its state."""
SLACK_SECONDS = 600
"""Time that the hard deadline grants beyond the soft one."""
EXECUTOR_GIB = 0.25
"""The executor's own binaries lie in the pod's ephemeral storage and count against the container's limit."""
RETRY_EXPRESSION = (
    f"lastRetry.status == 'Error' || (asInt(lastRetry.exitCode) not in [{BAD_INPUT}] "
    "&& not (lastRetry.message contains 'deadline'))"
)
"""Again after a lost pod, a preemption or a failure; not after bad input or a spent deadline."""


def manifest(plan: Plan, workflow: str, recipe_name: str, recipe: Recipe, root: str) -> dict[str, Any]:
    """The Argo Workflow of a plan, as the JSON value that the Kubernetes API takes.

    Raises:
        BadInput: a configuration holds `{{`, or two tasks get one name.
    """
    name = _kebab(f"{workflow}-{recipe_name}")
    tasks = list(plan.tasks.values())
    with Workflow(
        generate_name=f"{name}-",
        entrypoint="main",
        labels={"tsugiki/workflow": _kebab(workflow), "tsugiki/recipe": _kebab(recipe_name)},
        annotations={
            "workflows.argoproj.io/title": f"{workflow} · {recipe_name}",
            "workflows.argoproj.io/description": recipe.description,
        },
        arguments=[Parameter(name="root", value=root), Parameter(name="images", value="tsugiki/")],
    ) as made:
        stages = {task.call.stage.name: task.call.stage for task in tasks}
        templates = {stage: _template(item, recipe.resources_for(item)) for stage, item in stages.items()}
        with DAG(name="main"):
            _edges({task.name: _task(task, templates[task.call.stage.name]) for task in tasks}, tasks)
    rendered: dict[str, Any] = made.to_dict()
    return rendered


def _template(stage: Stage[Any, Any], needs: StageResources) -> Container:
    names = [*stage.signature.inputs, "config"]
    options = [part for name in names for part in (f"--{_kebab(name)}", f"{{{{inputs.parameters.{_kebab(name)}}}}}")]
    disk = f"{needs.disk_gb + EXECUTOR_GIB:g}Gi"
    return Container(
        name=_kebab(stage.name),
        image=f"{{{{workflow.parameters.images}}}}{stage.image}",
        command=["python", "-m", f"jobs.{stage.name}"],
        args=["--hours", f"{needs.hours:g}", *options],
        inputs=[Parameter(name=_kebab(name)) for name in names],
        env=[models.EnvVar(name=ROOT_VARIABLE, value="{{workflow.parameters.root}}")],
        env_from=[SecretEnvFrom(name=SECRET)],
        resources=Resources(
            cpu_request=needs.cpus,
            memory_request=f"{needs.memory_gb:g}Gi",
            memory_limit=f"{needs.memory_gb:g}Gi",
            ephemeral_request=disk,
            ephemeral_limit=disk,
            gpus=needs.gpus or None,
        ),
        active_deadline_seconds=round(needs.hours * 3600) + SLACK_SECONDS,
        retry_strategy=RetryStrategy(
            limit=str(needs.retries),
            retry_policy="Always",
            expression=RETRY_EXPRESSION,
            backoff=models.Backoff(duration="10s", factor="2", max_duration="10m"),
        ),
        pod_spec_patch=json.dumps({"terminationGracePeriodSeconds": GRACE_SECONDS}),
        volumes=_volumes(needs),
        security_context=models.SecurityContext(
            run_as_non_root=True,
            read_only_root_filesystem=True,
            allow_privilege_escalation=False,
            capabilities=models.Capabilities(drop=["ALL"]),
        ),
    )


def _volumes(needs: StageResources) -> list[EmptyDirVolume]:
    volumes = [EmptyDirVolume(name="tmp", mount_path="/tmp")]
    if needs.gpus:
        # torch's workers exchange tensors through /dev/shm, of which a container has 64 MB unless told otherwise
        size = f"{max(1.0, needs.memory_gb / 4):g}Gi"
        volumes.append(EmptyDirVolume(name="shm", mount_path="/dev/shm", medium="Memory", size_limit=size))
    return volumes


def _task(task: PlannedTask, template: Container) -> Task:
    addresses = task.call.input_addresses().items()
    values = {name: address if isinstance(address, str) else ",".join(address) for name, address in addresses}
    config = canonical(task.call.config.model_dump(mode="json"))
    if "{{" in config:
        raise BadInput(f"{task.name}: the configuration holds '{{{{', which Argo would replace: {config}")
    return Task(
        name=_kebab(task.name),
        template=template,
        arguments={_kebab(name): value for name, value in {**values, "config": config}.items()},
    )


def _edges(made: Mapping[str, Task], tasks: list[PlannedTask]) -> None:
    if len({task.name for task in made.values()}) < len(made):
        raise BadInput(f"two of the tasks {', '.join(made)} have one name in Kubernetes: change a label")
    for task in tasks:
        for needed in task.needs:
            made[needed] >> made[task.name]


def _kebab(name: str) -> str:
    """A Kubernetes name: lower case letters, digits and dashes."""
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")


class _Dumper(yaml.SafeDumper):
    """YAML that Kubernetes reads as it was meant."""


def _quote_if_needed(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    # YAML 1.2 readers take 1e-5 and 0o17 for numbers, PyYAML does not: so quote whatever begins like a number
    style = '"' if re.match(r"[-+]?[.]?[0-9]", text) else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, _quote_if_needed)


def to_yaml(value: Mapping[str, Any]) -> str:
    """The manifest as YAML, in which every string stays a string for Go's reader too."""
    return yaml.dump(value, Dumper=_Dumper, allow_unicode=True, sort_keys=False, width=120)
