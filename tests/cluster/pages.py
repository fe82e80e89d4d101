"""A workflow of two real stages that take no time: pages of the embedded wiki, and the corpus of their text."""

from pathlib import Path
from typing import Any

from jobs.clean_corpus import clean_corpus
from jobs.make_sample_pages import make_sample_pages
from tsugiki.argo import Target, manifest
from tsugiki.plan import Plan
from tsugiki.profile import Profile
from tsugiki.recipe import load_recipe, load_workflow
from tsugiki.stage import Resources

SMALL = Resources(cpus=0.1, memory_gb=0.5, disk_gb=0.5, hours=0.1)
RECIPE = str(Path(__file__).parents[2] / "workflows" / "recipes" / "sample.toml")


def profile(namespace: str, root: str, images: str = "localhost/tsugiki-{image}:dev") -> Profile:
    """A profile for tests."""
    small = {"make_sample_pages": SMALL, "clean_corpus": SMALL}
    return Profile(description="A test", namespace=namespace, root=root, images=images, resources=small)


def pages_plan(seed: int = 1) -> Plan:
    """The plan: two tasks."""
    recipe: Any = load_recipe(RECIPE, load_workflow("cpt_sft").recipe_type, [f"seed={seed}"])
    plan = Plan()
    plan(clean_corpus, plan(make_sample_pages, recipe.sample), recipe.clean_corpus)
    return plan


def pages_manifest(cluster: Profile, seed: int = 1) -> dict[str, Any]:
    """The Workflow of the plan."""
    recipe = load_recipe(RECIPE, load_workflow("cpt_sft").recipe_type, [f"seed={seed}"])
    plan = pages_plan(seed)
    address = list(plan.tasks)[-1]
    return manifest(plan, Target("pages", "sample", "test", address, cluster.root), recipe, cluster)
