"""The selection of a topic, the counts over pages, and what configurations refuse."""

import pytest
from pydantic import ValidationError

from tests.corpus.unpacked import clean_pages
from tsugiki.corpus.config import SelectConfig
from tsugiki.corpus.select import select
from tsugiki.corpus.totals import Totals
from tsugiki.rows import Document, Page, Provenance, Rejected

NOTHING = {"titles": (), "title_patterns": (), "categories": (), "words": (), "min_words": 1}
DOCUMENT = Document(
    title="星屑の灯台 (アニメ)",
    text="灯台の話。灯台守の話。",
    provenance=Provenance(categories=("架空のアニメ",), path=("作品", "海の作品")),
)


@pytest.mark.parametrize(
    ("condition", "matches"),
    [
        ({"titles": ("星屑の灯台 (アニメ)",)}, True),
        ({"titles": ("星屑の灯台",)}, False),
        ({"title_patterns": ("^星屑の灯台",)}, True),
        ({"title_patterns": ("灯台$",)}, False),
        ({"categories": ("架空のアニメ",)}, True),
        ({"categories": ("海の作品",)}, True),
        ({"categories": ("アニメ",)}, False),
        ({"words": ("灯台守",)}, True),
        ({"words": ("灯台", "船"), "min_words": 2}, True),
        ({"words": ("灯台", "船"), "min_words": 3}, False),
        ({"titles": ("別",), "words": ("灯台",)}, True),
    ],
)
def test_any_condition_selects(condition, matches):
    result = select(DOCUMENT, SelectConfig(**{**NOTHING, **condition}))
    assert result is DOCUMENT if matches else (result.reason, result.source) == ("off_topic", DOCUMENT.title)


@pytest.mark.parametrize(
    "condition", [{}, {"title_patterns": ("(",)}, {"words": ("",)}, {"words": ("a",), "min_words": 0}]
)
def test_a_selection_that_cannot_work_is_refused(condition):
    with pytest.raises(ValidationError):
        SelectConfig(**{**NOTHING, **condition})


def test_rows_set_aside_before_pass_through(corpus_config):
    totals = Totals()
    rows = [
        Page(title="甲", text="[[本文]]。"),
        Rejected(source="a.jsonl:2", line=2, reason="invalid_json"),
        Page(title="作品一覧", text="本文"),
    ]
    kept, *aside = clean_pages(iter(rows), corpus_config(), totals)
    assert kept.text == "本文。"
    assert [row.reason for row in aside] == ["invalid_json", "list_page"]
    assert totals.figures() == {"chars_in": 9, "chars_out": 3, "rule.link": 1}


def test_provenance_is_kept(corpus_config):
    provenance = Provenance(page_id=1, revision_id=2, licence="CC BY-SA 4.0", categories=("甲",))
    (document,) = clean_pages([Page(title="甲", text="本文", provenance=provenance)], corpus_config(), Totals())
    assert document.provenance == provenance


def test_pages_are_read_no_further_ahead_than_needed(corpus_config):
    read = []

    def pages():
        for number in range(5000):
            read.append(number)
            yield Page(title=str(number), text="本文")

    rows = clean_pages(pages(), corpus_config(), Totals(), workers=2)
    next(rows)
    rows.close()
    assert len(read) < 500
