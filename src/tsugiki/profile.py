"""Profiles: TOML files that describe a cluster: where its GPUs are, what its images are called, where artifacts lie."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal, Self

from pydantic import Field, model_validator

from tsugiki.catalogue import stage_names
from tsugiki.config import Config
from tsugiki.named import named_file, read_toml
from tsugiki.prices import Prices
from tsugiki.stage import Resources, Stage

FOLDER = "profiles"
_PLACE = "{image}"


class Toleration(Config):
    """A taint that pods of a pool put up with."""

    key: str
    """The taint's key."""
    value: str | None = None
    """The taint's value; left out, any value is tolerated."""
    effect: Literal["NoSchedule", "PreferNoSchedule", "NoExecute"] | None = None
    """The taint's effect; left out, every effect is tolerated."""


class Pool(Config):
    """Nodes on which stages run."""

    node_selector: dict[str, str] = Field(default={})
    """Labels that a node must have."""
    tolerations: tuple[Toleration, ...] = ()
    """Taints that pods put up with."""


class GPUPool(Pool):
    """Nodes with GPUs."""

    resource: str = "nvidia.com/gpu"
    """The extended resource that a pod asks for."""
    product_label: str = "nvidia.com/gpu.product"
    """The node label that names the GPU's product."""
    products: tuple[str, ...] = ()
    """Products that will do, the best first: a node with an earlier one is preferred. Empty: any GPU."""


class Scratch(Config):
    """A volume for each pod, where nodes have too little disk of their own."""

    storage_class: str
    """The storage class of the volume, which lives as long as its pod."""


class Profile(Config):
    """One cluster, as workflows see it. Nothing here changes a result."""

    description: str
    """Which cluster this is, in a sentence."""
    namespace: str
    """Where workflows run."""
    root: str = Field(pattern=r"^s3://")
    """The store, `s3://bucket/prefix`."""
    images: str
    """Name of the images with `{image}` for data, train or serve: `registry/tsugiki-{image}:tag`."""
    pull_policy: Literal["Always", "IfNotPresent", "Never"] = "IfNotPresent"
    """When nodes pull images."""
    argo_url: str = ""
    """Address of the Argo UI as people open it; empty where there is none."""
    priority_class: str = ""
    """Priority class of the pods; empty for the namespace's default."""
    scheduled_priority_class: str = ""
    """Priority class of the pods that a schedule starts; empty for `priority_class`."""
    queue: str = ""
    """Kueue's LocalQueue that pods wait in; empty where the cluster has no Kueue."""
    days: float = Field(default=14, gt=0)
    """Time limit of a whole workflow, waiting included, in days."""
    jobset: bool = False
    """Whether several machines that train together are a JobSet; otherwise an Indexed Job, which every cluster has."""
    cpu_pool: Pool = Field(default_factory=Pool)
    """Nodes for stages without a GPU."""
    gpu_pool: GPUPool = Field(default_factory=GPUPool)
    """Nodes for stages with GPUs."""
    scratch: Scratch | None = None
    """A volume for inputs and outputs; left out, the node's ephemeral storage is used."""
    prices: Prices | None = None
    """What the cluster's machines cost; left out, reports show no money."""
    resources: dict[str, Resources] = Field(default={})
    """What stages get on this cluster, by stage: what is stated replaces the recipe's and the stage's own."""

    @model_validator(mode="after")
    def _names_exist(self) -> Self:
        if _PLACE not in self.images:
            raise ValueError(f"images {self.images!r} has no {_PLACE}: write it where data, train or serve stands")
        unknown = sorted(set(self.resources) - set(stage_names()))
        if unknown:
            raise ValueError(f"[resources.{unknown[0]}] names no stage: there is {', '.join(stage_names())}")
        return self

    def image(self, name: str) -> str:
        """The full name of an image."""
        return self.images.replace(_PLACE, name)

    def for_schedule(self) -> Profile:
        """The cluster as what a schedule starts sees it: nobody waits for that, so it may have to give way."""
        return self.model_copy(update={"priority_class": self.scheduled_priority_class or self.priority_class})

    def pool_for(self, needs: Resources) -> Pool:
        """The nodes that a stage with these needs runs on."""
        return self.gpu_pool if needs.gpus else self.cpu_pool

    def resources_for(self, stage: Stage[Any, Any], needs: Resources) -> Resources:
        """What a stage gets here: `needs`, replaced where the profile states others."""
        return needs.replaced_by(self.resources.get(stage.name))


def profile_path(name: str) -> Path:
    """The file of a profile: a path that ends in .toml, or the name of one in workflows/profiles.

    Raises:
        BadInput: there is none.
    """
    return named_file("profile", FOLDER, name)


def load_profile(name: str) -> Profile:
    """Read and check a profile.

    Raises:
        BadInput: an unreadable file, an unknown key or a value that cannot work.
    """
    path = profile_path(name)
    return Profile.parse(read_toml(path), f"profile {path.stem}")
