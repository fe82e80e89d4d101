"""Recipes: TOML files that state every decision of a workflow, one table a stage."""

from __future__ import annotations

import importlib
import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self, TypeVar, get_args, get_type_hints

from pydantic import AfterValidator, Field, model_validator

from tsugiki.artifact import Artifact
from tsugiki.catalogue import stage_names
from tsugiki.config import Config
from tsugiki.cron import Times
from tsugiki.errors import BadInput
from tsugiki.named import named_file, package_folder, read_toml
from tsugiki.plan import Plan
from tsugiki.prices import Prices
from tsugiki.stage import Resources, Stage
from tsugiki.store.base import check_address

T = TypeVar("T")
FOLDER = "recipes"


class Schedule(Config):
    """When a workflow runs by itself. Two runs never overlap: one that is due while another runs is left out."""

    cron: tuple[str, ...] = Field(min_length=1)
    """Times in the five fields of cron, or `@daily` and the like; several are several times."""
    timezone: str
    """Time zone of `cron`, as the tz database names it (`Asia/Tokyo`)."""
    start_within_seconds: int = Field(ge=10)
    """How late a run may start, where the controller was down when it was due; later it is left out."""
    keep_successful: int = Field(ge=1)
    """Successful runs that stay listed."""
    keep_failed: int = Field(ge=1)
    """Failed runs that stay listed."""
    suspend: bool
    """Whether the schedule is installed but waits."""

    @model_validator(mode="after")
    def _can_be_read(self) -> Self:
        from zoneinfo import available_timezones

        # Argo takes any text and then never starts
        if self.timezone not in available_timezones():
            raise ValueError(f"timezone {self.timezone!r} is in no tz database: write it as Asia/Tokyo")
        for times in self.cron:
            try:
                Times.read(times)
            except ValueError as error:
                raise ValueError(f"cron {times!r}: {error}") from error
        return self


class Recipe(Config):
    """Base of every workflow's recipe."""

    workflow: str
    """The workflow that the recipe is for; each workflow's own recipe type narrows it to that name."""
    description: str
    """What the recipe is for, in a sentence."""
    seed: int
    """Seed of every table that has a seed and states none of its own."""
    resources: dict[str, Resources] = Field(default={})
    """Where stages run, by stage: what is stated replaces the stage's own. Never part of an identity."""

    schedule: Schedule | None = None
    """When a cluster runs the workflow by itself; left out, it runs when it is submitted. Never part of an identity."""

    @model_validator(mode="after")
    def _stages_exist(self) -> Self:
        unknown = sorted(set(self.resources) - set(stage_names()))
        if unknown:
            raise ValueError(f"[resources.{unknown[0]}] names no stage: there is {', '.join(stage_names())}")
        return self

    def resources_for(self, stage: Stage[Any, Any]) -> Resources:
        """What the stage runs with: its own needs, replaced where the recipe states others."""
        return stage.resources.replaced_by(self.resources.get(stage.name))

    def priced(self, prices: Prices | None) -> Self:
        """The same recipe with prices in every table that takes some and states none of its own."""
        found = {name: getattr(self, name) for name in type(self).model_fields}
        tables = {
            name: table
            for name, table in found.items()
            if isinstance(table, Config) and "prices" in type(table).model_fields
        }
        return self.model_copy(
            update={
                name: table.model_copy(update={"prices": prices})
                for name, table in tables.items()
                if getattr(table, "prices") is None  # noqa: B009 (the attribute is that of some tables)
            }
        )

    def one_of(self, *names: str) -> None:
        """Check that exactly one of several alternative tables is given.

        Raises:
            ValueError: none or more than one.
        """
        self.at_most_one_of(*names)
        if all(getattr(self, name) is None for name in names):
            raise ValueError(f"give {' or '.join(map(self._shown, names))}: none of them is there")

    def at_most_one_of(self, *names: str) -> None:
        """Check that alternative tables are not given together.

        Raises:
            ValueError: more than one.
        """
        found = [self._shown(name) for name in names if getattr(self, name) is not None]
        if len(found) > 1:
            raise ValueError(f"{' and '.join(found)} exclude each other: remove one")

    def _shown(self, name: str) -> str:
        """A table in its brackets; a single value by its name."""
        return f"[{name}]" if _tables(type(self).model_fields[name].annotation) else name

    def needs(self, name: str, why: str) -> None:
        """Check that a table is given.

        Raises:
            ValueError: it is not.
        """
        if getattr(self, name) is None:
            raise ValueError(f"[{name}] is missing: it is needed {why}")


def address_of(kind: type[Artifact]) -> AfterValidator:
    """Makes a field the address of an existing artifact of a kind; whether it exists is seen when it is read."""

    def check(address: str) -> str:
        try:
            return kind.at(check_address(address)).address
        except BadInput as error:
            raise ValueError(str(error)) from error

    return AfterValidator(check)


def given(table: T | None) -> T:
    """A table that the recipe's own checks have made sure of."""
    assert table is not None
    return table


@dataclass(frozen=True)
class Workflow:
    """A function `(run, recipe) -> artifact` in workflows/NAME.py, named as its file."""

    name: str
    function: Callable[[Any, Any], Artifact]
    recipe_type: type[Recipe]

    def plan(self, recipe: Recipe) -> tuple[Plan, Artifact]:
        """Trace the workflow: its tasks, and the artifact it is for. Sources are hashed; nothing is run."""
        plan = Plan()
        return plan, self.function(plan, recipe)


def load_workflow(name: str) -> Workflow:
    """The workflow of that name.

    Raises:
        BadInput: there is none.
    """
    try:
        function = getattr(importlib.import_module(f"workflows.{name}"), name)
    except (ModuleNotFoundError, AttributeError) as error:
        known = sorted(path.stem for path in package_folder("workflows").glob("[a-z]*.py"))
        raise BadInput(f"no workflow is called {name!r}: there is {', '.join(known)} ({error})") from error
    return Workflow(name, function, get_type_hints(function)["recipe"])


def recipe_path(name: str) -> Path:
    """The file of a recipe: a path that ends in .toml, or the name of one in workflows/recipes.

    Raises:
        BadInput: there is none.
    """
    return named_file("recipe", FOLDER, name)


def load_recipe(name: str, recipe_type: type[Recipe], settings: Sequence[str] = ()) -> Recipe:
    """Read a recipe, change what `settings` (`table.key=value`, TOML values) say, fill in seeds and check it.

    Raises:
        BadInput: an unreadable file, an unknown key or a value that cannot work.
    """
    path = recipe_path(name)
    values = read_toml(path)
    for setting in settings:
        _set(values, setting)
    # before everything else: a recipe of another workflow would be found at fault in every table
    _check_workflow(values.get("workflow"), recipe_type, path)
    return recipe_type.parse(_with_seed(values, recipe_type), f"recipe {path.stem}")


def recipe_workflow(name: str) -> str:
    """The workflow that a recipe states.

    Raises:
        BadInput: no such file, or it states none.
    """
    path = recipe_path(name)
    stated = read_toml(path).get("workflow")
    if not isinstance(stated, str):
        raise BadInput(f'recipe {path.stem} names no workflow: write workflow = "…" at its top')
    return stated


def _check_workflow(stated: Any, recipe_type: type[Recipe], path: Path) -> None:
    wanted = get_args(recipe_type.model_fields["workflow"].annotation)
    if stated is not None and wanted and stated not in wanted:
        raise BadInput(
            f"recipe {path.stem} is for the workflow {stated}, not {wanted[0]}: "
            f"choose another recipe, or WORKFLOW={stated}"
        )


def _set(values: dict[str, Any], setting: str) -> None:
    key, equals, text = setting.partition("=")
    if not equals:
        raise BadInput(f"{setting!r} sets nothing: write table.key=value")
    *tables, last = key.strip().split(".")
    for table in tables:
        values = values.setdefault(table, {})
        if not isinstance(values, dict):
            raise BadInput(f"{setting!r}: {table} is a value, not a table")
    try:
        parsed = tomllib.loads(f"value = {text}")
    except tomllib.TOMLDecodeError:
        parsed = {"value": text}
    # text of several lines could state more than one value
    values[last] = parsed["value"] if len(parsed) == 1 else text


def _with_seed(values: dict[str, Any], recipe_type: type[Recipe]) -> dict[str, Any]:
    filled = dict(values)
    for name, info in recipe_type.model_fields.items():
        table = filled.get(name)
        if isinstance(table, Mapping) and "seed" in values and _takes_seed(info.annotation) and "seed" not in table:
            filled[name] = {**table, "seed": values["seed"]}
    return filled


def _takes_seed(annotation: Any) -> bool:
    return any("seed" in table.model_fields for table in _tables(annotation))


def _tables(annotation: Any) -> list[type[Config]]:
    options = (annotation, *getattr(annotation, "__args__", ()))
    return [item for item in options if isinstance(item, type) and issubclass(item, Config)]
