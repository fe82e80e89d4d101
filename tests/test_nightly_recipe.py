"""The recipe of nightly_eval: what it states, what it leaves to the schedule, and what is refused."""

import re
from pathlib import Path

import pytest

from scripts.render_all import stand_ins
from tsugiki.errors import BadInput
from tsugiki.plan import NOW, Plan, late_tasks
from tsugiki.recipe import load_recipe, load_workflow, recipe_path

NIGHTLY = load_workflow("nightly_eval")
TINY = Path(__file__).parent / "nightly.toml"
CHECKPOINT = "checkpoint/train_sft-0123456789abcdef"


def plan(*settings: str) -> Plan:
    recipe = load_recipe("nightly", NIGHTLY.recipe_type, settings)
    return NIGHTLY.plan(recipe)[0]


def test_every_checkpoint_answers_anew_each_night_and_the_questions_stay() -> None:
    named = [f"checkpoints.{name}={CHECKPOINT}{name}" for name in ("a", "b")]
    one, two = plan("night=2026-11-23", *named), plan("night=2026-11-24", *named)
    again = plan("night=2026-11-23", *named)
    assert [task.name for task in one.tasks.values()] == [
        "make_sample_chats", "generate.a", "generate.b", "score", "compare_nights", "check_night",
    ]  # fmt: skip
    assert list(one.tasks) == list(again.tasks)
    assert set(one.tasks) & set(two.tasks) == {next(iter(one.tasks))}


def test_only_the_schedule_leaves_the_night_open() -> None:
    open_plan = plan(*stand_ins(recipe_path("nightly").read_text(encoding="utf-8")))
    assert late_tasks(open_plan.tasks.values()) == {"generate.cpt_sft", "score", "compare_nights", "check_night"}
    stated = plan("night=2026-11-24T03:00:00+09:00", f"checkpoints.a={CHECKPOINT}")
    assert late_tasks(stated.tasks.values()) == set()


@pytest.mark.parametrize(
    ("settings", "line"),
    [
        ([], "no checkpoint is named: SET='checkpoints.NAME=checkpoint/…'; the section Provenance of a report"),
        (["checkpoints.a=adapter/x-1"], "checkpoints.a: 'adapter/x-1' is not the address of a checkpoint"),
        (["checkpoints.a=latest"], "checkpoints.a: 'latest' is not the address of an artifact"),
        (["checkpoints.a/b=checkpoint/x-1"], r"checkpoints.a/b.*\(got 'a/b'\)"),
        ([f"checkpoints.a={CHECKPOINT}", "night=yesterday"], "night: 'yesterday' is no night: write a date"),
        ([f"checkpoints.a={CHECKPOINT}", "chats=chats/x-1"], r"\[sample\] and chats exclude each other"),
        ([f"checkpoints.a={CHECKPOINT}", "generate.repeat=x"], "generate.repeat is set by the night: leave it out"),
    ],
)
def test_what_cannot_work_is_refused_on_one_line(settings: list[str], line: str) -> None:
    with pytest.raises(BadInput, match=line) as refused:
        plan(*settings)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("times", ["99 99 * * *", "a b c d e", "0 3 31 2 *"])
def test_a_schedule_that_never_starts_a_night_is_refused(times: str) -> None:
    with pytest.raises(BadInput, match=re.escape(f"schedule: cron '{times}': ")) as refused:
        plan(f"checkpoints.a={CHECKPOINT}", f'schedule.cron=["0 3 * * *", "{times}"]')
    assert "\n" not in str(refused.value)


def test_without_a_schedule_the_night_must_be_stated() -> None:
    with pytest.raises(BadInput, match="night: '' is no night: write a date"):
        load_recipe(str(TINY), NIGHTLY.recipe_type, [f"checkpoints.a={CHECKPOINT}", "night="])


def test_a_night_is_given_to_answers_and_comparison_alike() -> None:
    made = plan("night=2026-11-24", f"checkpoints.a={CHECKPOINT}")
    configs = {task.name: task.call.config.model_dump(mode="json") for task in made.tasks.values()}
    assert configs["generate.a"]["repeat"] == configs["compare_nights"]["night"] == "2026-11-24"
    assert NOW not in str(configs)
