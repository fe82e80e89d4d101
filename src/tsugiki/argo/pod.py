"""What the pod of a stage gets from its resources and the cluster's profile: space, devices, nodes, rights."""

from __future__ import annotations

import math
from typing import Any

from hera.workflows import models

from tsugiki.command import CPUS_VARIABLE, GPUS_VARIABLE
from tsugiki.log import RUN_VARIABLE
from tsugiki.options import ROOT_VARIABLE
from tsugiki.profile import GPUPool, Pool, Profile
from tsugiki.stage import Resources

SETTINGS = "s3"
"""Name of the ConfigMap (endpoint, region) and of the Secret (keys, where no workload identity serves) of the store."""
HUB = "hub"
"""Name of the Secret with the token for models that not everybody may fetch."""
HUB_TOKEN = "HF_TOKEN"
"""Key of that Secret, and the variable that a stage finds it in."""
USER = 10001
GRACE_SECONDS = 120
"""Time between SIGTERM and SIGKILL, in which a stage saves its state."""
EXECUTOR_GIB = 0.25
"""Argo's executor lies in the pod's ephemeral storage and counts against the container's limit."""
SCRATCH = "/tmp"
SHOWN = "/tmp/shown"
"""Where a container leaves what Argo shows."""


def environment(needs: Resources) -> list[models.EnvVar]:
    """Variables of the container: the store, the run, and what is set aside for it and those that work with it."""
    values = {
        ROOT_VARIABLE: "{{workflow.parameters.root}}",
        RUN_VARIABLE: "{{workflow.name}}",
        CPUS_VARIABLE: f"{needs.cpus * needs.nodes:g}",
        GPUS_VARIABLE: f"{needs.gpus * needs.nodes}",
        # as many threads as cores are set aside, so that a result does not depend on the node's size
        "OMP_NUM_THREADS": f"{math.ceil(needs.cpus)}",
        "TOKENIZERS_PARALLELISM": "false",
        "HOME": SCRATCH,
    }
    return [models.EnvVar(name=name, value=value) for name, value in values.items()]


def hub_token() -> models.EnvVar:
    """The variable in which a model hub's client looks for its token; the Secret may be absent."""
    key = models.SecretKeySelector(name=HUB, key=HUB_TOKEN, optional=True)
    return models.EnvVar(name=HUB_TOKEN, value_from=models.EnvVarSource(secret_key_ref=key))


def settings() -> list[models.EnvFromSource]:
    """Endpoint and credentials of the store; each may be absent."""
    return [
        models.EnvFromSource(config_map_ref=models.ConfigMapEnvSource(name=SETTINGS, optional=True)),
        models.EnvFromSource(secret_ref=models.SecretEnvSource(name=SETTINGS, optional=True)),
    ]


def resources(needs: Resources, profile: Profile) -> models.ResourceRequirements:
    """Requests and limits. Cores are not limited: what lies idle may be used."""
    disk = f"{(1 if profile.scratch else needs.disk_gb) + EXECUTOR_GIB:g}Gi"
    limits = {"memory": f"{needs.memory_gb:g}Gi", "ephemeral-storage": disk}
    if needs.gpus:
        limits[profile.gpu_pool.resource] = f"{needs.gpus}"
    return models.ResourceRequirements(requests={"cpu": f"{needs.cpus:g}", **limits}, limits=limits)


def container_security() -> models.SecurityContext:
    """What restricted pod security asks of a container."""
    return models.SecurityContext(
        run_as_non_root=True,
        read_only_root_filesystem=True,
        allow_privilege_escalation=False,
        capabilities=models.Capabilities(drop=["ALL"]),
    )


def pod_security() -> models.PodSecurityContext:
    """What restricted pod security asks of a pod; the group makes its volumes writable."""
    return models.PodSecurityContext(
        run_as_non_root=True,
        run_as_user=USER,
        run_as_group=USER,
        fs_group=USER,
        seccomp_profile=models.SeccompProfile(type="RuntimeDefault"),
    )


def volumes(needs: Resources, profile: Profile) -> list[models.Volume]:
    """Scratch space and shared memory."""
    size = f"{needs.disk_gb:g}Gi"
    if profile.scratch is None:
        scratch = models.Volume(name="scratch", empty_dir=models.EmptyDirVolumeSource(size_limit=size))
    else:
        scratch = models.Volume(name="scratch", ephemeral=_claim(profile.scratch.storage_class, size))
    # torch's workers, NCCL and vLLM exchange tensors through /dev/shm, of which a container has 64 MB by itself; only
    # what is used counts, as memory
    memory = models.EmptyDirVolumeSource(medium="Memory", size_limit=f"{max(0.25, needs.memory_gb / 4):g}Gi")
    return [scratch, models.Volume(name="shm", empty_dir=memory)]


def mounts() -> list[models.VolumeMount]:
    """Where the container sees its volumes."""
    return [
        models.VolumeMount(name="scratch", mount_path=SCRATCH),
        models.VolumeMount(name="shm", mount_path="/dev/shm"),
    ]


def _claim(storage_class: str, size: str) -> models.EphemeralVolumeSource:
    return models.EphemeralVolumeSource(
        volume_claim_template=models.PersistentVolumeClaimTemplate(
            spec=models.PersistentVolumeClaimSpec(
                access_modes=["ReadWriteOnce"],
                storage_class_name=storage_class,
                resources=models.VolumeResourceRequirements(requests={"storage": size}),
            )
        )
    )


def tolerations(pool: Pool) -> list[models.Toleration]:
    """The taints that pods of a pool put up with."""
    return [
        models.Toleration(
            key=item.key, operator="Exists" if item.value is None else "Equal", value=item.value, effect=item.effect
        )
        for item in pool.tolerations
    ]


def affinity(pool: Pool) -> models.Affinity | None:
    """Only nodes with a GPU product that will do, the best preferred; None where any node will."""
    if not isinstance(pool, GPUPool) or not pool.products:
        return None

    def one_of(*products: str) -> models.NodeSelectorTerm:
        match = models.NodeSelectorRequirement(key=pool.product_label, operator="In", values=list(products))
        return models.NodeSelectorTerm(match_expressions=[match])

    preferred = [
        models.PreferredSchedulingTerm(weight=max(1, 100 - 10 * place), preference=one_of(product))
        for place, product in enumerate(pool.products)
    ]
    return models.Affinity(
        node_affinity=models.NodeAffinity(
            required_during_scheduling_ignored_during_execution=models.NodeSelector(
                node_selector_terms=[one_of(*pool.products)]
            ),
            preferred_during_scheduling_ignored_during_execution=preferred if len(preferred) > 1 else None,
        )
    )


def precedence(profile: Profile) -> dict[str, Any]:
    """Which pods go first, and how long one that must go may take, as fields of a pod's specification."""
    named = {"priorityClassName": profile.priority_class} if profile.priority_class else {}
    return {"terminationGracePeriodSeconds": GRACE_SECONDS, **named}


def patch(profile: Profile) -> dict[str, Any]:
    """The part of a pod's specification for which templates have no field."""
    # a controller whose configuration says nothing makes containers of its own that restricted pod security refuses
    secure = {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}}
    argo = {
        "initContainers": [{"name": "init", "securityContext": secure}],
        "containers": [{"name": "wait", "securityContext": secure}],
    }
    return {**precedence(profile), **argo}
