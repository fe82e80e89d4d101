"""A stage as a template: command line, limits, retries, what Argo shows and measures."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import Any

from hera.workflows import Artifact, Container, NoneArchiveStrategy, Parameter, RetryStrategy, S3Artifact, models

from tsugiki.argo import pod
from tsugiki.argo.text import kebab
from tsugiki.errors import BAD_INPUT, OUT_OF_TIME
from tsugiki.labels import IDENTITY
from tsugiki.profile import Profile
from tsugiki.show import CURVE_FILE, PARAMETERS, RECORD_FILE
from tsugiki.stage import Resources, Stage

SHARD = "shard"
SLACK_SECONDS = 600
"""Time that the hard deadline of an attempt grants beyond the time limit."""
ATTEMPTS = 100
"""Attempts of every kind. Argo does not tell failures from preemptions: the stage does, and exits 2 in the end."""
REFUSED = "^(pods .+ is forbidden|admission webhook .+ denied the request)"
"""How the API server says that it takes no such pod; it would say so again."""
RETRY_EXPRESSION = (
    f"not (lastRetry.message matches '{REFUSED}' || lastRetry.message contains 'the specified deadline') "
    f"&& (lastRetry.status == 'Error' || asInt(lastRetry.exitCode) not in [{BAD_INPUT}, {OUT_OF_TIME}])"
)
"""Again after a lost pod, a preemption or a failure; not after bad input, a reached time limit, the hard deadline, or
a pod that may not be."""


@dataclass(frozen=True)
class Role:
    """What one container of a stage is there for."""

    name: str
    """Name of the template."""
    needs: Resources
    options: tuple[str, ...] = ()
    """Options of the command besides those that every container of the stage has."""
    parameters: tuple[str, ...] = ()
    """Inputs of the template besides those that every container of the stage has."""
    image: str | None = None
    """Name of the image; None for the stage's own."""


def parameters(stage: Stage[Any, Any]) -> tuple[str, ...]:
    """Inputs of every template of a stage: addresses by parameter name, configuration and identity."""
    return (*(kebab(name) for name in stage.signature.inputs), "config", IDENTITY)


def command_line(stage: Stage[Any, Any], role: Role) -> list[str]:
    """Arguments of the stage's command, with Argo's placeholders."""
    names = [kebab(name) for name in (*stage.signature.inputs, "config")]
    limits = ["--hours", f"{role.needs.hours:g}", "--retries", f"{role.needs.retries}"]
    given = [part for name in names for part in (f"--{name}", input_of(name))]
    return [*limits, "--expect", input_of(IDENTITY), *role.options, *given]


def launch_command(stage: Stage[Any, Any], needs: Resources) -> list[str]:
    """The command of a container: the stage's own, or the launcher of its processes where it has several."""
    python, module = ["python", "-m"], f"jobs.{stage.name}"
    if needs.nodes == 1 and (needs.gpus < 2 or not stage.distributed):
        return [*python, module]
    return [*python, "tsugiki.launch", "--nodes", f"{needs.nodes}", "--gpus", f"{needs.gpus}", "--", module]


def input_of(name: str) -> str:
    """Argo's placeholder of an input."""
    return f"{{{{inputs.parameters.{name}}}}}"


def container(stage: Stage[Any, Any], role: Role, profile: Profile, exclusive: bool) -> Container:
    """The template of one container.

    Args:
        stage: the stage.
        role: which of its containers.
        profile: the cluster.
        exclusive: whether a workflow waits for another one that is at the same artifact.
    """
    pool = profile.pool_for(role.needs)
    return Container(
        name=role.name,
        image=profile.image(role.image or stage.image),
        image_pull_policy=profile.pull_policy,
        # without a command Argo would ask the registry for the image's own
        command=launch_command(stage, role.needs),
        args=command_line(stage, replace(role, options=("--show", pod.SHOWN, *role.options))),
        inputs=[Parameter(name=name) for name in (*parameters(stage), *role.parameters)],
        outputs=[*_values(), *_files(stage)],
        env=[*pod.environment(role.needs), *([pod.hub_token()] if stage.hub else [])],
        env_from=pod.settings(),
        resources=pod.resources(role.needs, profile),
        volumes=pod.volumes(role.needs, profile),
        volume_mounts=pod.mounts(),
        security_context=pod.container_security(),
        node_selector=pool.node_selector or None,
        tolerations=pod.tolerations(pool) or None,
        affinity=pod.affinity(pool),
        labels={"tsugiki/stage": kebab(stage.name), "tsugiki/artifact": input_of(IDENTITY)},
        active_deadline_seconds=round(role.needs.hours * 3600) + SLACK_SECONDS,
        retry_strategy=retries(),
        synchronization=lock(role) if exclusive else None,
        pod_spec_patch=json.dumps(pod.patch(profile)),
        metrics=_metrics(stage),
    )


def retries() -> RetryStrategy:
    """When an attempt is repeated, and how long Argo waits before it does."""
    return RetryStrategy(
        limit=str(ATTEMPTS),
        retry_policy="Always",
        expression=RETRY_EXPRESSION,
        # `cap` bounds one wait; `max_duration` would end all retries so long after the first attempt
        backoff=models.Backoff(duration="5s", factor="2", cap="5m"),
    )


def lock(role: Role) -> models.Synchronization:
    """The mutex of what the container makes."""
    part = f"-{input_of(SHARD)}" if SHARD in role.parameters else ""
    return models.Synchronization(mutexes=[models.Mutex(name=f"{input_of(IDENTITY)}{part}")])


def _values() -> list[Parameter]:
    """Output parameters; a container that fails has none."""
    return [
        Parameter(name=name, value_from=models.ValueFrom(path=f"{pod.SHOWN}/{name}", default="0"))
        for name in PARAMETERS
    ]


def _files(stage: Stage[Any, Any]) -> list[Artifact]:
    """Small files that the UI opens. Everything large goes through the store, never through Argo."""
    names = (RECORD_FILE, *stage.signature.output.shown)
    stems = [_stem(name) for name in names]
    # Two files that differ in their ending only, such as a page and its figures, go by their whole names.
    files = [_file(name, _stem(name) if stems.count(_stem(name)) == 1 else name.replace(".", "-")) for name in names]
    return [*files, _file(CURVE_FILE, _stem(CURVE_FILE), optional=True)] if stage.image == "train" else files


def _stem(name: str) -> str:
    return name.rpartition(".")[0]


def _file(name: str, called: str, optional: bool = False) -> Artifact:
    return S3Artifact(
        name=kebab(called),
        path=f"{pod.SHOWN}/{name}",
        key=f"argo/{{{{workflow.name}}}}/{{{{pod.name}}}}/{name}",
        archive=NoneArchiveStrategy(),
        optional=optional or None,
    )


def ends(stage: Stage[Any, Any]) -> list[models.Prometheus]:
    """Metrics of a task that ended, well or not: how long it was, and that it is one more."""
    labels = [*_metric_labels(stage), models.MetricLabel(key="status", value="{{status}}")]
    duration = models.Histogram(value="{{duration}}", buckets=[10, 60, 600, 3600, 21600, 86400])
    return [
        models.Prometheus(
            name="tsugiki_stage_duration_seconds",
            help="Time from a task's start to its end, waiting and retries included",
            labels=labels,
            histogram=duration,
        ),
        models.Prometheus(
            name="tsugiki_stages_total", help="Tasks that ended", labels=labels, counter=models.Counter(value="1")
        ),
    ]


def _metrics(stage: Stage[Any, Any]) -> models.Metrics:
    """Prometheus metrics that the controller publishes when the task ends."""
    labels, succeeded = _metric_labels(stage), "{{status}} == Succeeded"
    return models.Metrics(
        prometheus=[
            *ends(stage),
            models.Prometheus(
                name="tsugiki_gpu_seconds_total",
                help="Time times GPUs that artifacts took",
                labels=labels,
                when=succeeded,
                counter=models.Counter(value="{{outputs.parameters.gpu-seconds}}"),
            ),
            models.Prometheus(
                name="tsugiki_tokens_per_second",
                help="Tokens trained or generated per second by the last task",
                labels=labels,
                when=succeeded,
                gauge=models.Gauge(value="{{outputs.parameters.tokens-per-second}}", realtime=False),
            ),
        ]
    )


def _metric_labels(stage: Stage[Any, Any]) -> list[models.MetricLabel]:
    return [
        models.MetricLabel(key="stage", value=stage.name),
        models.MetricLabel(key="recipe", value="{{workflow.labels.tsugiki/recipe}}"),
    ]
