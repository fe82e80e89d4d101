"""The loss report: its figures add up, its memory is bounded, and its page is one static page that fits the panel."""

import json
import re
from pathlib import Path

import pytest

from tests.corpus.unpacked import clean_pages
from tests.report.test_browser import PANEL, measured
from tests.report.test_page import HOSTILE, Page, svgs
from tsugiki.corpus.excerpt import excerpt
from tsugiki.corpus.loss import LISTED_NAMES, loss, write_loss
from tsugiki.corpus.losspage import render
from tsugiki.corpus.samples import KEPT_CHARS, Sample, Samples
from tsugiki.corpus.tally import Tally
from tsugiki.corpus.totals import Totals, find_remains
from tsugiki.rows import Page as WikiPage

SOURCE = """{{Infobox 作品
| 監督 = [[風間凪]]
| 放送 = 2031年
| latd = 35
}}
'''星屑の灯台'''（{{読み仮名|星屑|ほしくず}}）は{{謎の表}}{{謎の表|番号=1}}{{要出典}}{{謎の名|丙}}の作品。<ref>本の題</ref>
* [[星見]]
{|
! 話 !! 題
|-
| 1 || 始まり
|}
== 脚注 ==
{{Reflist}}
"""


def figures_of(pages, config):
    totals = Totals()
    rows = list(clean_pages(pages, config, totals))
    return loss(totals, config.duplicates), totals, rows


def test_every_character_is_accounted_for(corpus_config):
    pages = [WikiPage(title="星屑の灯台", text=SOURCE), WikiPage(title="作品一覧", text="本文")]
    figures, totals, (document, _) = figures_of(pages, corpus_config())
    one = figures["markups"]["wikitext"]
    assert (one["pages"], one["documents"], one["set_aside"]) == (2, 1, {"list_page": 1})
    assert one["chars_in"] == len(SOURCE) + 2
    assert one["chars_of_documents"] == len(SOURCE)
    assert one["chars_of_documents"] - sum(step["removed"] for step in one["steps"]) == one["chars_out"]
    assert one["chars_out"] == len(document.text)
    (sample,) = totals.samples.ordered()[0]
    assert (sample.before, sample.after) == (SOURCE, document.text)
    assert all(step["does"].endswith(".") for step in one["steps"])


def test_templates_sections_tables_and_lists_are_counted_by_name(corpus_config):
    pages = [WikiPage(title=f"頁{n}", text=SOURCE.replace("星屑の灯台", f"作品{n}")) for n in range(3)]
    figures, _, _ = figures_of(pages, corpus_config({"action": "report"}))
    names = {rule: found["listed"] for rule, found in figures["names"].items()}
    assert names["template_dropped"] == {"謎の表": 6, "要出典": 3}
    assert names["template_mapped"] == {"読み仮名": 3}
    assert names["template_parts_kept"] == {"謎の名": 3}
    assert names["technical_field"] == {"latd": 3}
    assert names["infobox"] == {"infobox 作品": 3}
    assert names["dropped_section"] == {"脚注": 3}
    rules = figures["markups"]["wikitext"]["rules"]
    assert (rules["table"], rules["table_row"]) == ({"times": 3, "pages": 3}, {"times": 3, "pages": 3})
    assert rules["list_marker"]["times"] == 3
    assert rules["template_dropped"] == {"times": 9, "pages": 3}


def test_what_is_left_is_counted_where_it_is_left(corpus_config):
    assert find_remains("甲（）乙「」「」 [[丙") == {"（）": 1, "「」": 2, "[[": 1}
    text = "<nowiki>[[</nowiki>本文{{x}}（{{x}}）。"
    figures, _, _ = figures_of([WikiPage(title="甲", text=text)], corpus_config())
    assert figures["markups"]["wikitext"]["remains"] == {"[[": 1}


def test_names_are_counted_in_bounded_memory():
    tally = Tally(limit=100)
    for number in range(100_000):
        tally.add(f"名{number}", 1)
        tally.add("多", 2)
        assert len(tally.counts) <= 100
    assert tally.counts["多"] == 200_000
    assert tally.counts.total() + tally.merged == 300_000
    assert not tally.exact
    assert Tally().exact


def test_rare_names_are_one_number(corpus_config):
    text = "".join(f"{{{{謎{n:04d}}}}}" * (2 if n < 5 else 1) for n in range(LISTED_NAMES + 50)) + "本文"
    figures, _, _ = figures_of([WikiPage(title="甲", text=text)], corpus_config())
    found = figures["names"]["template_dropped"]
    assert len(found["listed"]) == LISTED_NAMES
    assert [*found["listed"].values()][:6] == [2, 2, 2, 2, 2, 1]
    assert found["others"] == {"names": 50, "times": 50}


def test_samples_are_those_that_lost_the_most_and_some_drawn_whatever_the_order():
    pages = [(f"頁{n}", "あ" * (1000 + n), "い" * n) for n in range(200)]
    forward, backward = Samples(), Samples()
    for samples, order in ((forward, pages), (backward, reversed(pages))):
        for title, before, after in order:
            samples.offer(title, len(before), len(after), lambda texts=(before, after): texts)
    assert forward.ordered() == backward.ordered()
    drawn, lost = forward.ordered()
    assert [sample.title for sample in lost] == [f"頁{n}" for n in range(6)]
    assert 0 < len(drawn) <= 6
    assert {sample.title for sample in drawn}.isdisjoint(sample.title for sample in lost)
    assert [(len(sample.before), sample.after) for sample in lost] == [(1000 + n, "い" * n) for n in range(6)]
    forward.offer("長", 10**6, 1, lambda: ("あ" * 10**6, "い"))
    assert max(len(sample.before) for sample in forward.ordered()[1]) == KEPT_CHARS


def test_an_excerpt_begins_where_most_was_lost_and_the_document_with_it():
    kept = [f"第{n}段落には固有の話題{n * 7919}番がある。" for n in range(200)]
    gone = [f"{{{{一覧の行|架空人物{n}|役割{n}|備考{n}}}}}" for n in range(20)]
    before = "\n".join([*kept[:150], *gone, *kept[150:]])
    after = "\n".join(kept)
    passage = excerpt(Sample(1.0, "題", len(before), len(after), before, after), where_most_was_lost=True)
    text = "\n".join("".join(piece.text for piece in line) for line in passage.before)
    lost = [piece.text for line in passage.before for piece in line if piece.lost]
    assert before.split("\n")[passage.skipped] in text
    assert text in before
    assert sum("架空人物" in piece for piece in lost) == 20
    assert not any("段落" in piece for piece in lost)
    begin = int(re.match("第([0-9]+)段落", passage.after)[1])
    assert 146 <= passage.skipped <= 150
    assert passage.skipped - 10 <= begin <= passage.skipped
    start = excerpt(Sample(1.0, "題", len(before), len(after), before, after), where_most_was_lost=False)
    assert (start.skipped, start.after[:4]) == (0, "第0段落")


@pytest.fixture
def report(corpus_config):
    """Figures and samples of a small corpus in two markups, with repetitions and pages set aside."""
    prose = "".join(chr(0x4E00 + n * 7) for n in range(900))
    pages = [WikiPage(title=f"頁{n}", text=f"{prose}{n % 9}番\n{SOURCE}") for n in range(20)]
    pages += [
        WikiPage(title=f"節{n}", text=f'# 題\n\n[星見](x "wikilink")の話{n}。\n', markup="markdown") for n in range(5)
    ]
    pages.append(WikiPage(title="作品一覧", text="本文"))
    return figures_of(pages, corpus_config())


def test_the_page_tells_what_was_removed_and_runs_nothing(report):
    figures, totals, _ = report
    page = render(figures, *totals.samples.ordered())
    parsed = Page(page)
    said = "".join(parsed.text)
    for text in (
        "Dropped, since cleaning does not know",
        "謎の表",
        "Not known, but their words kept",
        "謎の名",
        "near_duplicate",
        "Repeats",
        "Infobox 作品",
        "Fields of infoboxes left out",
        "latd",
        "40 uses of templates dropped that cleaning does not know",
        "脚注",
    ):
        assert text in said
    assert not {tag for tag, _ in parsed.tags} & {"script", "link", "img", "iframe", "object"}
    assert not re.search(r"url\(|@import|data:|https?:|javascript:", page)
    anchors = {attributes["href"] for tag, attributes in parsed.tags if tag == "a"}
    assert anchors == {f"#{attributes['id']}" for _, attributes in parsed.tags if "id" in attributes}
    drawings = svgs(page)
    assert len(drawings) == 2
    assert all(float(drawing.attrib["viewBox"].split()[2]) <= 440 for drawing in drawings)
    assert page == render(figures, *totals.samples.ordered())


def test_hostile_pages_stay_texts(corpus_config):
    text = f"{{{{{HOSTILE}|a}}}}{{{{<script>|b}}}}== {HOSTILE} ==\n== 脚注 ==\n{HOSTILE}\n本文{HOSTILE}"
    title = HOSTILE.encode("utf-8", "ignore").decode()  # no row has half of a surrogate pair
    pages = [WikiPage(title=f"{title}{n}", text=text * 20) for n in range(2)]
    figures, totals, _ = figures_of(pages, corpus_config())
    parsed = Page(render(figures, *totals.samples.ordered()))
    assert not {tag for tag, _ in parsed.tags} & {"script", "img"}
    assert "alert(1)" in "".join(parsed.text)


def test_the_files_are_written_and_say_the_same(report, corpus_config, tmp_path: Path):
    figures, totals, _ = report
    write_loss(totals, corpus_config().duplicates, tmp_path)
    assert json.loads((tmp_path / "loss.json").read_text(encoding="utf-8")) == json.loads(json.dumps(figures))
    assert (tmp_path / "loss.html").read_text(encoding="utf-8").startswith("<!doctype html>")


def test_pages_read_by_simple_rules_are_counted_and_accounted_for(corpus_config):
    deep = "本文<ref>注</ref>。" * 30 + "{{a|" * 200 + "深" + "}}" * 200
    figures, totals, (document,) = figures_of([WikiPage(title="深", text=deep)], corpus_config())
    one = figures["markups"]["wikitext"]
    assert document.fallback
    assert one["rules"]["fallback"] == {"times": 1, "pages": 1}
    assert one["chars_of_documents"] - sum(step["removed"] for step in one["steps"]) == len(document.text)
    said = "".join(Page(render(figures, *totals.samples.ordered())).text)
    assert "1 page read by simple rules only" in said


def test_no_page_at_all_is_a_report_too(corpus_config):
    figures, totals, _ = figures_of([], corpus_config())
    assert "0 documents" in "".join(Page(render(figures, *totals.samples.ordered())).text)


def test_the_page_fits_the_panel(report, tmp_path: Path):
    figures, totals, _ = report
    for width, found in measured(render(figures, *totals.samples.ordered()), tmp_path).items():
        assert found["wide"] == []
        assert found["closed"] <= int(width)
        assert found["open"] <= int(width)
        assert int(width) != PANEL or 50 < found["verdict"] <= 500
