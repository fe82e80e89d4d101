"""What is asked for by names, as a manifest that was checked as far as that goes without a cluster."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tsugiki.cluster.lint import check
from tsugiki.cluster.view import Object
from tsugiki.config import Config
from tsugiki.errors import BadInput
from tsugiki.profile import Profile, load_profile
from tsugiki.recipe import Recipe, Workflow, load_recipe, load_workflow
from tsugiki.source import Source


@dataclass(frozen=True)
class Order:
    """A workflow with its recipe, for the cluster that a profile describes."""

    workflow: Workflow
    recipe_name: str
    recipe: Recipe
    profile_name: str
    profile: Profile
    root: str
    """The store."""

    def manifest(self) -> Object:
        """The Workflow or CronWorkflow.

        Raises:
            BadInput: the cluster would refuse it.
        """
        from tsugiki.argo import Target, manifest

        recipe = self.recipe.priced(self.profile.prices)
        plan, made = self.workflow.plan(recipe)
        target = Target(self.workflow.name, self.recipe_name, self.profile_name, made.address, self.root)
        rendered = manifest(plan, target, recipe, self.profile)
        check(rendered, f"the manifest of {self.workflow.name} with recipe {self.recipe_name}")
        return rendered

    def refuse_local_sources(self) -> None:
        """Refuse sources that a pod cannot read.

        Raises:
            BadInput: a source is a path of this machine.
        """
        for key, source in local_sources(self.recipe):
            raise BadInput(
                f"{key} = {source!r} is a path of this machine, where no pod can read it: "
                f"upload it (aws s3 cp) and give s3://bucket/key"
            )


def make_order(
    workflow: str, recipe: str, profile: str, settings: Sequence[str] = (), root: str | None = None
) -> Order:
    """Read workflow, recipe and profile.

    Args:
        workflow: name of a file in workflows/.
        recipe: name of a recipe, or a path.
        profile: name of a profile, or a path.
        settings: changes of the recipe, `table.key=value`.
        root: the store, `s3://bucket/prefix`; None for the profile's.

    Raises:
        BadInput: one of them cannot be used.
    """
    found, cluster = load_workflow(workflow), load_profile(profile)
    store = root or cluster.root
    if not store.startswith("s3://"):
        raise BadInput(f"root {store!r} cannot be reached from a cluster: give s3://bucket/prefix")
    read = load_recipe(recipe, found.recipe_type, settings)
    return Order(found, Path(recipe).stem, read, Path(profile).stem, cluster, store)


def local_sources(value: Any, key: str = "") -> Iterator[tuple[str, str]]:
    """Key and path of every source in a recipe that is not in S3."""
    if isinstance(value, Source):
        if not value.uri.startswith("s3://"):
            yield key, value.uri
    elif isinstance(value, Config):
        for name in type(value).model_fields:
            yield from local_sources(getattr(value, name), f"{key}.{name}" if key else name)
    elif isinstance(value, Mapping):
        for name, item in value.items():
            yield from local_sources(item, f"{key}.{name}")
