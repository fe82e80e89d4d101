"""The page: well-formed, self-contained, escaped, narrow enough and the same each time."""

import json
import re
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from html.parser import HTMLParser
from xml.etree import ElementTree

import pytest

from tsugiki.prices import Prices
from tsugiki.report.answers import SHOWN, select
from tsugiki.report.data import ArmAnswer, LossPoint, ReportData, StageRun, TrainingRun
from tsugiki.report.markup import el, percent, points
from tsugiki.report.metrics import metrics
from tsugiki.report.page import render

VOID = {"meta", "br"}
HOSTILE = "</title></style><script>alert(1)</script><img src=x onerror=alert(1)>\"'&\x00\ud800\u202e"


class Page(HTMLParser):
    """Tags in order, the text outside `time`, and whether every element is closed in turn."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text: list[str] = []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        assert len(attrs) == len(dict(attrs)), f"an attribute of {tag} is given twice"
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if not {"time", "style"} & set(self.open):
            self.text.append(data)


def svgs(page: str) -> list[ElementTree.Element]:
    return [ElementTree.fromstring(drawing) for drawing in re.findall(r"<svg.*?</svg>", page, re.DOTALL)]


def hostile(data: ReportData) -> ReportData:
    """The same report with a hostile text wherever a text comes from outside."""
    questions = tuple(
        replace(
            question,
            id=f"{question.id}{HOSTILE}",
            question=HOSTILE,
            references=(HOSTILE,),
            domain=HOSTILE,
            by_arm={arm: ArmAnswer(HOSTILE, False, False, "length") for arm in question.by_arm},
        )
        for question in data.questions
    )
    stage = StageRun(
        HOSTILE,
        1.0,
        1.0,
        device=HOSTILE,
        address=HOSTILE,
        inputs=(HOSTILE,),
        metrics={HOSTILE: HOSTILE, "list": [HOSTILE]},
    )
    training = replace(data.trainings[0], label=HOSTILE, targets=(HOSTILE,))
    counts = replace(data.counts, pages_set_aside={HOSTILE: 1})
    return replace(
        data, title=HOSTILE, description=HOSTILE, stages=(stage,), trainings=(training,), questions=questions,
        counts=counts, provenance={HOSTILE: HOSTILE}, prices=Prices(currency="EUR", gpu_hour={HOSTILE + HOSTILE: 1.0}),
    )  # fmt: skip


def test_the_page_is_well_formed_and_its_drawings_are_xml(data: ReportData) -> None:
    page = render(data)
    tags = Counter(tag for tag, _ in Page(page).tags)
    assert page.startswith('<!doctype html>\n<html lang="en">')
    assert tags["html"] == tags["main"] == tags["h1"] == 1
    assert len(svgs(page)) == tags["svg"] > 5


def test_nothing_comes_from_outside_and_nothing_runs(data: ReportData) -> None:
    page = render(data)
    parsed = Page(page)
    assert not {tag for tag, _ in parsed.tags} & {"script", "link", "img", "iframe", "object", "use", "image", "base"}
    for _, attributes in parsed.tags:
        assert not any(name.startswith("on") or name in ("src", "style") for name in attributes)
        assert (attributes.get("href") or "#").startswith("#")
    assert not re.search(r"url\(|@import|@font-face|data:|https?:|javascript:", page)


def test_hostile_texts_stay_texts(data: ReportData) -> None:
    clean, attacked = Page(render(data)), Page(render(hostile(data)))
    added = {tag for tag, _ in attacked.tags} - {tag for tag, _ in clean.tags}
    assert not added & {"script", "img"}
    assert "<script>alert(1)</script>" in "".join(attacked.text)
    assert {name for _, attributes in attacked.tags for name in attributes} <= {
        name for _, attributes in clean.tags for name in attributes
    }
    assert not re.search(r"[\x00-\x08\ud800-\udfff]", render(hostile(data)))
    render(hostile(data)).encode("utf-8")


def test_nothing_is_wider_than_the_panel(data: ReportData) -> None:
    page = render(data)
    style = page[page.index("<style>") : page.index("</style>")]
    outside_queries = re.sub(r"@media\(min-width:\d+px\)\{.*?\}\}", "", style, flags=re.DOTALL)
    fixed = re.findall(r"(?<![-a-z])(?:min-width|width):(\d+)px", outside_queries)
    assert fixed
    assert all(int(pixels) <= 440 for pixels in fixed)
    assert "svg{display:block;width:100%" in style
    for drawing in svgs(page):
        assert "width" not in drawing.attrib
        assert float(drawing.attrib["viewBox"].split()[2]) <= 440
    tables = re.findall(r'(<div class="scroll"[^>]*>)?<table(?: class="(\w+)")?', page)
    assert tables
    assert all(box or style == "said" for box, style in tables)


def test_the_page_is_accessible(data: ReportData) -> None:
    page = render(data)
    for drawing in svgs(page):
        assert drawing.attrib.get("aria-hidden") == "true" or drawing.find("title") is not None
    heads = [attributes for tag, attributes in Page(page).tags if tag == "th"]
    assert heads
    assert all(attributes.get("scope") in ("row", "col") for attributes in heads)
    anchors = {attributes["href"] for tag, attributes in Page(page).tags if tag == "a"}
    assert anchors == {f"#{attributes['id']}" for _, attributes in Page(page).tags if "id" in attributes}


def test_the_same_data_gives_the_same_bytes_and_times_stand_apart(data: ReportData) -> None:
    slower = replace(data, stages=tuple(replace(stage, seconds=stage.seconds * 3) for stage in data.stages))
    timed = replace(data.stages[0], metrics={"tokens_per_second": 5.0, "prefill_seconds": 2.0})
    other = replace(data.stages[0], metrics={"tokens_per_second": 7.0, "prefill_seconds": 9.0})
    assert render(data) == render(data) != render(slower)
    assert Page(render(data)).text == Page(render(slower)).text
    assert Page(render(replace(data, stages=(timed,)))).text == Page(render(replace(data, stages=(other,)))).text


@pytest.mark.parametrize(
    "said",
    [
        "78.0\u00a0%",
        "q_proj, v_proj",
        "1,000",
        "1.00\u00a0%",
        "12,345",
        "list_page 2",
        "train_cpt",
        "CC0-1.0",
        "from import_pages",
    ],
)
def test_the_page_tells_what_it_must(data: ReportData, said: str) -> None:
    assert said in "".join(Page(render(data)).text)


def test_the_verdict_comes_before_everything_else(data: ReportData) -> None:
    page = render(data)
    places = [page.index(f"<{mark}") for mark in ("header", 'section class="verdict', "nav", 'section id="accuracy"')]
    assert places == sorted(places)


def test_questions_on_which_arms_differ_come_first_and_the_rest_is_counted(data: ReportData) -> None:
    chosen = select(data.questions, "test", "exact")
    assert len(chosen) == SHOWN["test"]
    assert all(len({answer.exact for answer in question.by_arm.values()}) == 2 for question in chosen)
    page = render(data)
    assert page.count('<article class="card">') == sum(SHOWN.values())
    assert "Arms differ on 78 questions; these come first. 76 further questions are not shown." in page
    assert select(tuple(reversed(data.questions)), "test", "exact") == chosen


def test_a_curve_without_finite_losses_is_said_and_not_drawn(data: ReportData) -> None:
    broken = TrainingRun("cpt", (LossPoint(1, float("nan")),), 1, 1)
    flat = TrainingRun("sft", (LossPoint(1, 2.0), LossPoint(2, 2.0), LossPoint(3, float("inf"))), 1, 1)
    page = render(replace(data, trainings=(broken, flat)))
    assert "No step with a finite loss was logged." in page
    assert "1 steps had no finite loss." in page
    assert "nan" not in "".join(re.findall(r'\bd="[^"]*"', page))


def test_a_long_curve_stays_small(data: ReportData) -> None:
    long = TrainingRun("cpt", tuple(LossPoint(step, 1 / (1 + step), 1e-3) for step in range(50_000)), 1, 1)
    assert len(render(replace(data, trainings=(long,)))) < len(render(replace(data, trainings=()))) + 40_000


def test_a_report_without_training_or_second_arm_renders(build: Callable[..., ReportData]) -> None:
    page = render(replace(build({"base": (0.5, 0.5, 0.5)}), trainings=(), stages=()))
    assert 'id="training"' not in page
    assert 'id="differences"' not in page
    Page(page)


def test_metrics_have_the_documented_layout(data: ReportData) -> None:
    found = json.loads(json.dumps(metrics(data), allow_nan=False))
    assert set(found["arms"]) == {"base", "cpt", "sft", "cpt_sft"}
    for cells in found["arms"].values():
        assert set(cells) == {"train", "test", "other"}
        assert all({"accuracy", "low", "high", "n"} <= set(cell) for cell in cells.values())
    assert found["differences"]["test"]["cpt_sft"]["sft"]["difference"] == pytest.approx(0.72)
    assert found["stages"]["train_cpt"]["gpu_seconds"] == 122.0
    assert found["total"]["seconds"] == 64.25


def test_text_is_escaped_once_and_numbers_are_rounded() -> None:
    assert el("b", "<&>", title='"') == '<b title="&quot;">&lt;&amp;&gt;</b>'
    assert el("line", x1=1.26, class_="grid") == '<line x1="1.3" class="grid"/>'
    assert (percent(0.004), percent(0.996), percent(1.0)) == ("0.4\u00a0%", "99.6\u00a0%", "100\u00a0%")
    assert (points(-0.0001), points(0.123), points(-0.5)) == ("0.0", "+12.3", "−50.0")
