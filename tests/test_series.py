"""Nights in a real store: earlier ones are found, the last good one is compared with, and the gate follows."""

import json
import shutil
from pathlib import Path
from typing import TypeVar

import pytest

from jobs.check_night import CheckNightConfig, check_night
from jobs.compare_nights import compare_nights
from jobs.score import ArmsConfig, score
from tests.nights.rows import MARGIN, SCORING
from tsugiki.artifact import Artifact, Metrics, require_record
from tsugiki.config import Config
from tsugiki.errors import BadInput, GateFailed
from tsugiki.execute import Conditions, execute
from tsugiki.kinds import Answers, Chats, Checkpoint, Report
from tsugiki.nights.config import NightConfig
from tsugiki.nights.figures import NightFigures
from tsugiki.rows import Answer, Chat, Message
from tsugiki.stage import Call, Resources, stage
from tsugiki.store import Store, open_store

A = TypeVar("A", bound=Artifact)
QUIET = Conditions()
COUNT = 100


class AskConfig(Config):
    """What is asked."""

    changed: int
    """Questions, from the first, that have another reference than usual."""


class LearnConfig(Config):
    """What a checkpoint knows."""

    known: int
    """Questions, from the first, that it answers right."""


class SayConfig(Config):
    """When answers are made."""

    repeat: str
    """The night."""
    splits: tuple[str, ...] = ("test",)
    """As a generation names them."""


@stage(image="data", resources=Resources())
def ask(out: Chats, config: AskConfig) -> Metrics:
    """Ask questions of one fact each."""

    def chat(number: int) -> Chat:
        said = (Message(role="user", content=f"問{number}"),)
        references = (f"{'別の' if number < config.changed else ''}答え",)
        return Chat(id=f"q{number:02d}", messages=said, fact=f"f{number}", split="test", references=references)

    return out.write(map(chat, range(COUNT))).metrics()


@stage(image="data", resources=Resources())
def learn(out: Checkpoint, config: LearnConfig) -> Metrics:
    """Make a checkpoint that knows the first answers."""
    (out.path / "known").write_text(str(config.known), encoding="utf-8")
    return {}


@stage(image="data", resources=Resources())
def say(out: Answers, model: Checkpoint, chats: Chats, config: SayConfig) -> Metrics:
    """Answer what the checkpoint knows right, the rest wrong."""
    known = int(model.file("known").read_text(encoding="utf-8"))

    def answer(number: int, chat: Chat) -> Answer:
        text = chat.references[0] if number < known else "知りません"
        return Answer(id=chat.id, text=text, finish="stop", prompt_tokens=1, output_tokens=1)

    return out.write(answer(number, chat) for number, chat in enumerate(chats.rows())).metrics()


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """A store over a directory."""
    return open_store(str(tmp_path / "store"))


@pytest.fixture(params=["directory", "s3"])
def any_store(request: pytest.FixtureRequest, store: Store, tmp_path: Path) -> Store:
    """A store over a directory and one over a real S3 server."""
    return store if request.param == "directory" else open_store(request.getfixturevalue("s3_root"), tmp_path / "cache")


def make(store: Store, call: Call[A]) -> A:
    execute(call, store, QUIET)
    return call.output


def evaluate(store: Store, night: str, series: str = "s", changed: int = 0, **known: int) -> Call[Report]:
    """A night: each checkpoint answers, all are scored and compared. `known` is what each knows, by its name."""
    chats = make(store, ask.call(AskConfig(changed=changed)))
    models = [make(store, learn.call(LearnConfig(known=count))) for count in known.values()]
    answers = tuple(make(store, say.call(model, chats, SayConfig(repeat=night))) for model in models)
    scores = make(store, score.call(chats, answers, ArmsConfig(arms=tuple(known), **SCORING.model_dump())))
    config = NightConfig(series=series, night=night, **MARGIN.model_dump())
    call = compare_nights.call(scores, config)
    make(store, call)
    return call


def figures(store: Store, call: Call[Report]) -> NightFigures:
    return NightFigures.of(call.address, require_record(store, call.address).metrics)


def check(store: Store, call: Call[Report]) -> Report:
    return make(store, check_night.call(call.output, CheckNightConfig()))


def test_a_regression_leaves_its_report_and_fails_the_gate_and_the_next_night_looks_past_it(any_store: Store) -> None:
    store = any_store
    first, second = evaluate(store, "2026-11-21", a=80), evaluate(store, "2026-11-22", a=81)
    bad, after = evaluate(store, "2026-11-23", a=40), evaluate(store, "2026-11-24", a=80)
    found = [figures(store, call) for call in (first, second, bad, after)]
    assert [night.good for night in found] == [True, True, False, True]
    than = [night.compared and night.compared.night for night in found]
    assert than == [None, "2026-11-21", "2026-11-22", "2026-11-22"]
    line = r"^regression in series s: a on test fell from 0\.810 on 2026-11-22 to 0\.400, simultaneous 95 % interval "
    with pytest.raises(GateFailed, match=line):
        check(store, bad)
    assert "Regression" in Report.open(store, bad.address).file("report.html").read_text(encoding="utf-8")
    passed = Report.open(store, check(store, after).address)
    metrics = json.loads(passed.file("metrics.json").read_text(encoding="utf-8"))
    assert [night["good"] for night in metrics["history"]] == [True, True, False, True]
    assert [night["report"] for night in metrics["history"]] == [it.address for it in (first, second, bad, after)]


def test_a_night_that_is_run_again_is_not_made_again_nor_compared_with_itself(store: Store) -> None:
    evaluate(store, "2026-11-22", a=80)
    first = evaluate(store, "2026-11-23", a=40)
    before = require_record(store, first.address)
    again = evaluate(store, "2026-11-23", a=40)
    assert again.address == first.address
    assert require_record(store, again.address) == before
    changed = figures(store, evaluate(store, "2026-11-23", a=41))
    assert changed.compared is not None
    assert changed.compared.night == "2026-11-22"


def test_only_earlier_nights_of_the_series_count_whenever_they_were_made(store: Store) -> None:
    late = evaluate(store, "2026-11-24", a=80)
    early = evaluate(store, "2026-11-20", a=20)
    evaluate(store, "2026-11-21", series="other", a=90)
    between = evaluate(store, "2026-11-22T03:00:00+09:00", a=81)
    assert figures(store, late).compared is None
    assert figures(store, early).compared is None
    compared = figures(store, between).compared
    assert compared is not None
    assert (compared.night, compared.report) == ("2026-11-20", early.address)


def test_a_night_that_was_evaluated_twice_counts_as_it_was_evaluated_last(store: Store, tmp_path: Path) -> None:
    first, second = evaluate(store, "2026-11-22", a=80), evaluate(store, "2026-11-22", a=60)
    for call, started in ((first, "2026-11-22T05:00:00+00:00"), (second, "2026-11-22T04:00:00+00:00")):
        restart(store, call.address, started, tmp_path)
    compared = figures(store, evaluate(store, "2026-11-23", a=80)).compared
    assert compared is not None
    assert compared.report == first.address


def restart(store: Store, address: str, started: str, folder: Path) -> None:
    """Write an artifact again, with another time at which it was begun."""
    record = require_record(store, address).model_copy(update={"started": started})
    copy = shutil.copytree(store.fetch(address, record.files), folder / "copy")
    store.delete(address)
    store.commit(address, copy, record.model_dump_json().encode(), record.files)


def test_a_question_whose_reference_was_corrected_is_left_out(store: Store) -> None:
    evaluate(store, "2026-11-22", a=80)
    compared = figures(store, evaluate(store, "2026-11-23", changed=30, a=80)).compared
    assert compared is not None
    assert (compared.comparisons[0].n, compared.comparisons[0].left_out) == (70, 30)


def test_the_page_says_what_changed_and_which_answers_were_lost(store: Store) -> None:
    evaluate(store, "2026-11-22", a=80, same=50)
    bad = evaluate(store, "2026-11-23", a=40, same=50)
    opened = Report.open(store, bad.address)
    found = json.loads(opened.file("metrics.json").read_text(encoding="utf-8"))["changes"]
    known = {count: learn.call(LearnConfig(known=count)).address for count in (40, 80)}
    assert found == [{"what": "checkpoint a", "before": known[80], "tonight": known[40]}]
    page = opened.file("report.html").read_text(encoding="utf-8")
    assert page.count("<article") == 8
    assert "問40" in page
    assert "問39" not in page


def test_a_last_good_night_whose_scores_were_deleted_is_named(store: Store) -> None:
    first = evaluate(store, "2026-11-22", a=80)
    (scores,) = require_record(store, first.address).sources()
    store.delete(scores)
    with pytest.raises(
        BadInput, match=rf"^the last good night of series s, 2026-11-22, .*no artifact {scores}"
    ) as error:
        evaluate(store, "2026-11-23", a=80)
    assert "\n" not in str(error.value)


def test_a_night_that_was_killed_midway_left_nothing_to_compare_with(store: Store) -> None:
    chats = make(store, ask.call(AskConfig(changed=0)))
    model = make(store, learn.call(LearnConfig(known=10)))
    make(store, say.call(model, chats, SayConfig(repeat="2026-11-22")))
    assert figures(store, evaluate(store, "2026-11-23", a=80)).compared is None


def test_a_record_that_is_no_night_is_named(store: Store) -> None:
    night = evaluate(store, "2026-11-22", a=80)
    record = require_record(store, night.address)
    with pytest.raises(BadInput, match=f"the record of {night.address} is not that of a night .*margin is missing"):
        NightFigures.of(night.address, {name: value for name, value in record.metrics.items() if name != "margin"})
