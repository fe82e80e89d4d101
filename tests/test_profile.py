"""Profiles: those that come with the project can be read, and what cannot work is refused on one line."""

from pathlib import Path

import pytest

from tsugiki.errors import BadInput
from tsugiki.profile import Profile, load_profile
from tsugiki.recipe import load_recipe, load_workflow

ROOT = Path(__file__).parents[1]
NAMES = sorted(path.stem for path in (ROOT / "workflows" / "profiles").glob("*.toml"))
LINES = 'description = "a"\nnamespace = "n"\nroot = "s3://b/p"\nimages = "x-{image}"\n'


def written(folder: Path, text: str) -> Profile:
    path = folder / "here.toml"
    path.write_text(text, encoding="utf-8")
    return load_profile(str(path))


@pytest.mark.parametrize("name", NAMES)
def test_every_profile_can_be_read(name: str) -> None:
    assert load_profile(name).image("train").count("tsugiki-train:") == 1


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (LINES.replace("x-{image}", "x"), "profile here: configuration: images 'x' has no {image}"),
        (LINES.replace("s3://b/p", "build/store"), "profile here: root: .*s3://"),
        (LINES + "[resources.train_ctp]\ngpus = 1\n", r"\[resources.train_ctp\] names no stage"),
        (LINES + "[gpu_pool]\nproduct = 'H100'\n", "unknown key gpu_pool.product"),
        (LINES + "days =\n", "here.toml is not TOML"),
    ],
)
def test_what_cannot_work_is_refused(tmp_path: Path, text: str, line: str) -> None:
    with pytest.raises(BadInput, match=line) as refused:
        written(tmp_path, text)
    assert "\n" not in str(refused.value)


def test_an_unknown_profile_lists_those_there_are() -> None:
    with pytest.raises(BadInput, match="no profile 'moon': .*dev"):
        load_profile("moon")


def test_the_profile_replaces_what_the_recipe_states_and_nothing_else(tmp_path: Path) -> None:
    from jobs.train_cpt import train_cpt

    profile = written(tmp_path, LINES + "[resources.train_cpt]\nmemory_gb = 7\n")
    recipe = load_recipe("sample", load_workflow("cpt_sft").recipe_type)
    wanted = recipe.resources_for(train_cpt)
    assert profile.resources_for(train_cpt, wanted) == wanted.model_copy(update={"memory_gb": 7})


def test_prices_change_no_address() -> None:
    flow = load_workflow("cpt_sft")
    recipe = load_recipe("sample", flow.recipe_type)
    priced = recipe.priced(load_profile("production").prices)
    assert priced != recipe
    assert flow.plan(priced)[1].address == flow.plan(recipe)[1].address
