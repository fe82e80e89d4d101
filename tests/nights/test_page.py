"""The page of a night: complete, well formed, the same each time, and readable without anything from outside."""

import json
import re
from xml.etree import ElementTree

import pytest

from tests.nights.rows import Build
from tsugiki.nights.data import BEFORE, TONIGHT, Change, Lost, NightData
from tsugiki.nights.metrics import metrics
from tsugiki.nights.page import render
from tsugiki.report.data import ArmAnswer, Question

GOOD, BAD = [True] * 80 + [False] * 20, [True] * 40 + [False] * 60


@pytest.fixture
def regression(build: Build) -> NightData:
    """A night on which one of two checkpoints fell, with a question that was lost."""
    from dataclasses import replace

    data = build({"cpt_sft": BAD, "added": BAD}, {"cpt_sft": GOOD})
    assert data.figures.compared is not None
    answers = {
        BEFORE: ArmAnswer("答です。", exact=True, contained=True, finish="stop"),
        TONIGHT: ArmAnswer("<b>否", exact=False, contained=False, finish="stop"),
    }
    lost = Question("test-41", "監督は誰ですか。", ("答",), "test", "anime", answers)
    return replace(
        data,
        changes=(Change("vllm", "0.24.0", "0.25.0"),),
        lost=(Lost(data.figures.compared.falls[0], (lost,)),),
    )


def sections(page: str) -> dict[str, str]:
    return dict(re.findall(r'<section id="(\w+)">(.*?)</section>', page, re.DOTALL))


def test_every_section_is_there(regression: NightData) -> None:
    found = sections(render(regression))
    assert list(found) == ["comparison", "changes", "answers", "accuracy", "history", "cost"]
    assert "−40.0" in found["comparison"]
    assert re.search(r"vllm.*0\.24\.0.*0\.25\.0", found["changes"], re.DOTALL)
    assert re.search(r"答です。.*&lt;b&gt;否", found["answers"], re.DOTALL)


def test_the_first_night_compares_nothing_and_has_a_history_of_one(build: Build) -> None:
    found = sections(render(build({"cpt_sft": GOOD})))
    assert list(found) == ["accuracy", "history", "cost"]
    assert "1 night, 1 of them good" in found["history"]


def test_the_history_shows_every_night_and_marks_the_regression(regression: NightData) -> None:
    history = sections(render(regression))["history"]
    listed = re.findall(r"20\d\d-\d\d-\d\d(?=</td>)", history)
    assert listed == ["2026-11-24", "2026-11-23", "2026-11-22", "2026-11-21"]
    assert history.count(": regression</title>") == 1
    assert len(re.findall(r"<circle", history)) == 5


def test_a_long_history_is_drawn_whole_and_listed_in_part(build: Build) -> None:
    from dataclasses import replace

    data = build({"cpt_sft": GOOD}, {"cpt_sft": GOOD})
    nights = {f"report/n-{n}": data.figures.model_copy(update={"night": f"{2000 + n}-01-01"}) for n in range(400)}
    found = sections(render(replace(data, history=nights)))["history"]
    assert "340 nights before these are in metrics.json" in found
    (line,) = re.findall(r'<path d="([^"]*)" class="whisker s0" fill="none"/>', found)
    assert line.count("L") == 399
    assert len(found) < 100_000


def test_the_page_is_well_formed_and_loads_nothing(regression: NightData) -> None:
    page = render(regression)
    body = page[page.index("<body>") : page.index("</html>")]
    ElementTree.fromstring(body)
    assert "anime &lt;1&gt;" in page
    assert re.search(r"<script|https?://|src=|url\(", page) is None
    assert page == render(regression)


def test_metrics_say_the_same_to_programs(regression: NightData) -> None:
    found = json.loads(json.dumps(metrics(regression)))
    assert (found["series"], found["night"], found["good"]) == ("anime <1>", "2026-11-24", False)
    assert found["arms"]["cpt_sft"]["test"]["accuracy"] == 0.4
    (fall,) = found["compared"]["comparisons"]
    assert (fall["checkpoint"], fall["before"], fall["tonight"], fall["fell"]) == ("cpt_sft", 0.8, 0.4, True)
    assert [night["night"] for night in found["history"]] == ["2026-11-21", "2026-11-22", "2026-11-23", "2026-11-24"]
    assert found["history"][-1]["good"] is False
    assert found["total"]["seconds"] == 3.25
