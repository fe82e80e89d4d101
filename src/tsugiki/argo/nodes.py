"""Training over several machines: a template that makes an Indexed Job, or a JobSet, and watches it to its end."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from hera.workflows import Parameter, Resource, RetryStrategy, models

from tsugiki.argo import pod
from tsugiki.argo.template import (
    ATTEMPTS,
    REFUSED,
    SLACK_SECONDS,
    Role,
    command_line,
    ends,
    input_of,
    launch_command,
    lock,
    parameters,
)
from tsugiki.argo.text import template_text
from tsugiki.errors import BAD_INPUT, OUT_OF_TIME, PREEMPTED
from tsugiki.labels import IDENTITY, RUN, STAGE, kebab
from tsugiki.meeting import PLACE_VARIABLE
from tsugiki.profile import Profile
from tsugiki.stage import Resources, Stage

JOB = "job"
"""Parameter with the part of the name that tells the tasks of a workflow apart."""
LABEL = "tsugiki/nodes"
"""Label of the pods, by which the service and the network policy find them."""
SERVICE = "nodes"
"""Headless service that gives each pod of a Job its stable name."""
PORT = 29500
ACCOUNT = "nodes"
"""Service account that may make Jobs and JobSets; only Argo's own container has its token."""
# unique among runs, and the same whenever Argo has to start the task again: it finds what it made
NAME = f"{input_of(JOB)}-{{{{workflow.uid}}}}"
CONDITIONS = 5
"""A Job has few conditions; their order is not fixed."""
RETRY_EXPRESSION = (
    f"not (lastRetry.message matches '{REFUSED}') && (lastRetry.status == 'Error' || "
    "not (lastRetry.message contains 'failure condition' || lastRetry.message contains 'no more retries'))"
)
"""Watch again after a lost pod; not where the Job failed, which repeats attempts itself, or where it or the pod that
watches was refused."""


def nodes(stage: Stage[Any, Any], needs: Resources, profile: Profile, exclusive: bool) -> Resource:
    """The template that trains on several machines.

    Args:
        stage: the stage.
        needs: of each machine.
        profile: the cluster.
        exclusive: whether a workflow waits for another one that is at the same artifact.
    """
    role = Role(f"{kebab(stage.name)}-nodes", needs)
    job = _job_set(stage, role, profile) if profile.jobset else _job(stage, role, profile)
    done, failed = ("status.terminalState == Completed", "status.terminalState == Failed") if profile.jobset else _ENDS
    return Resource(
        name=role.name,
        inputs=[Parameter(name=name) for name in (*parameters(stage), JOB)],
        # applied, not created: a task that starts again finds what it made
        action="apply",
        set_owner_reference=True,
        manifest=template_text(job),
        success_condition=done,
        failure_condition=failed,
        executor=models.ExecutorConfig(service_account_name=ACCOUNT),
        labels=_labels(stage),
        retry_strategy=RetryStrategy(
            limit=str(ATTEMPTS),
            retry_policy="Always",
            expression=RETRY_EXPRESSION,
            backoff=models.Backoff(duration="5s", factor="2", cap="5m"),
        ),
        pod_spec_patch=json.dumps(pod.patch(profile)),
        # what it took is told by the pod that shows what was made
        metrics=models.Metrics(prometheus=ends(stage)),
        synchronization=lock(role) if exclusive else None,
    )


# a Job has a completion time only if it succeeded; of several failure conditions one is enough
_ENDS = ("status.completionTime", ",".join(f"status.conditions.{n}.type == Failed" for n in range(CONDITIONS)))


def job_name(task: str) -> str:
    """What `JOB` is for a task: so short that the names of a JobSet's pods stay names of hosts, of 63 characters."""
    return f"{kebab(task)[:5].strip('-')}-{hashlib.sha256(task.encode()).hexdigest()[:4]}"


def _labels(stage: Stage[Any, Any]) -> dict[str, str]:
    return {STAGE: kebab(stage.name), "tsugiki/artifact": input_of(IDENTITY)}


def _metadata(stage: Stage[Any, Any], profile: Profile) -> dict[str, Any]:
    queue = {"kueue.x-k8s.io/queue-name": profile.queue} if profile.queue else {}
    return {"name": NAME, "labels": {**_labels(stage), RUN: "{{workflow.name}}", **queue}}


def _job(stage: Stage[Any, Any], role: Role, profile: Profile) -> dict[str, Any]:
    spec = _job_spec(stage, role, profile, f"{NAME}-0.{SERVICE}:{PORT}")
    spec["template"]["spec"]["subdomain"] = SERVICE
    return {"apiVersion": "batch/v1", "kind": "Job", "metadata": _metadata(stage, profile), "spec": spec}


def _job_set(stage: Stage[Any, Any], role: Role, profile: Profile) -> dict[str, Any]:
    """A JobSet of one Job; it brings the service of its own name."""
    spec = _job_spec(stage, role, profile, f"{NAME}-n-0-0.{NAME}:{PORT}")
    return {
        "apiVersion": "jobset.x-k8s.io/v1alpha2",
        "kind": "JobSet",
        "metadata": _metadata(stage, profile),
        "spec": {
            # the Job repeats attempts itself
            "failurePolicy": {"maxRestarts": 0},
            "replicatedJobs": [{"name": "n", "replicas": 1, "template": {"spec": spec}}],
        },
    }


def _job_spec(stage: Stage[Any, Any], role: Role, profile: Profile, place: str) -> dict[str, Any]:
    labels = {**_labels(stage), RUN: "{{workflow.name}}", LABEL: "true"}
    return {
        "completions": role.needs.nodes,
        "parallelism": role.needs.nodes,
        "completionMode": "Indexed",
        "backoffLimit": role.needs.retries,
        "podFailurePolicy": {"rules": _rules()},
        "template": {"metadata": {"labels": labels}, "spec": _pod_spec(stage, role, profile, place)},
    }


def _rules() -> list[dict[str, Any]]:
    """Preemptions do not count; bad input and a reached time limit end the Job; anything else counts."""

    def on_codes(action: str, *codes: int) -> dict[str, Any]:
        return {"action": action, "onExitCodes": {"containerName": "main", "operator": "In", "values": [*codes]}}

    lost = {"action": "Ignore", "onPodConditions": [{"type": "DisruptionTarget", "status": "True"}]}
    return [on_codes("FailJob", BAD_INPUT, OUT_OF_TIME), on_codes("Ignore", PREEMPTED), lost]


def _pod_spec(stage: Stage[Any, Any], role: Role, profile: Profile, place: str) -> dict[str, Any]:
    pool, needs = profile.pool_for(role.needs), role.needs
    placed = {
        "nodeSelector": pool.node_selector,
        "tolerations": _plain(pod.tolerations(pool)),
        "affinity": _plain(pod.affinity(pool)),
    }
    return {
        "restartPolicy": "Never",
        "serviceAccountName": "stage",
        "automountServiceAccountToken": False,
        "securityContext": _plain(pod.pod_security()),
        # of one attempt, from its start: waiting for room does not count
        "activeDeadlineSeconds": round(needs.hours * 3600) + SLACK_SECONDS,
        **pod.precedence(profile),
        **{key: value for key, value in placed.items() if value},
        "containers": [_container(stage, role, profile, place)],
        "volumes": _plain(pod.volumes(needs, profile)),
    }


def _container(stage: Stage[Any, Any], role: Role, profile: Profile, place: str) -> dict[str, Any]:
    needs = role.needs
    return {
        "name": "main",
        "image": profile.image(stage.image),
        "imagePullPolicy": profile.pull_policy,
        "command": launch_command(stage, needs),
        "args": command_line(stage, role),
        "env": [*_plain(pod.environment(needs)), {"name": PLACE_VARIABLE, "value": place}],
        "envFrom": _plain(pod.settings()),
        "resources": _plain(pod.resources(needs, profile)),
        "volumeMounts": _plain(pod.mounts()),
        "securityContext": _plain(pod.container_security()),
    }


def _plain(value: Any) -> Any:
    """JSON of Hera's models."""
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return None if value is None else json.loads(value.model_dump_json(exclude_none=True, by_alias=True))
