"""Labels of table cells: a wrong one states what is not so, and none is better."""

import pytest

SEASONS = """{|
! 話数 !! 題 !! 放送日
|-
! colspan=3 | 第1期
|-
| 1 || 始まり || 4月
|-
! colspan=3 | 第2期
|-
| 1 || 再び || 5月
|}"""
HTML_SEASONS = """<table><tr><th>話数</th><th>題</th><th>放送日</th></tr><tr><th colspan="3">第1期</th></tr>
<tr><td>1</td><td>始まり</td><td>4月</td></tr><tr><th colspan="3">第2期</th></tr>
<tr><td>1</td><td>再び</td><td>5月</td></tr></table>"""


@pytest.mark.parametrize("text", [SEASONS, HTML_SEASONS])
def test_a_wide_cell_heads_the_rows_below_it_and_labels_none(cleaned, text):
    lines = [line for line in cleaned(text).split("\n") if line]
    assert lines == [
        "第1期",
        "話数：1 / 題：始まり / 放送日：4月",
        "第2期",
        "話数：1 / 題：再び / 放送日：5月",
    ]


def test_a_second_row_of_labels_still_labels(cleaned):
    text = "{|\n! 話 !! colspan=2 | 放送\n|-\n! !! 日\n|-\n| 1 || 4月 || 港\n|}"
    assert cleaned(text) == "話：1 / 放送 日：4月 / 放送：港"


HEADER = "| 年 | 題 | 会場 |\n|---|---|---|\n"
OLD_LINK = '[港](港 "wikilink")'
NEW_LINK = '[港](港 "港"){.wikilink}'


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f"{HEADER}| 2031年 | 甲 | {OLD_LINK} |\n| 乙 | 丘 |  |", "年 / 題 / 会場\n2031年 / 甲 / 港\n乙 / 丘"),
        (
            f"{HEADER}| 2031年 | 甲 | {OLD_LINK} |\n| 2032年 | 丘 | 海 |",
            "年：2031年 / 題：甲 / 会場：港\n年：2032年 / 題：丘 / 会場：海",
        ),
        (
            f"{HEADER}| 2031年 | 甲 | {NEW_LINK} |\n| 2032年 | 丘 |  |",
            "年：2031年 / 題：甲 / 会場：港\n年：2032年 / 題：丘",
        ),
        (f"{HEADER}| 甲 | {NEW_LINK} |  |\n| 2032年 | 丘 | 海 |", "年 / 題 / 会場\n甲 / 港\n2032年 / 丘 / 海"),
        ("| !題 | 会場 | 年 |\n|---|---|---|\n| 1 | 甲 | 港 |", "題 / 会場 / 年\n1 / 甲 / 港"),
    ],
    ids=["a shifted row", "none", "spans kept", "a span of the header lost", "a cell of the header lost"],
)
def test_a_table_with_a_row_that_shifted_has_no_labels(cleaned, text, expected):
    """Releases of pandoc before 3.6.3 lose cells that span rows; later ones only those that reach out of the header."""
    assert cleaned(text, "markdown") == expected


CUT = """<table><thead><tr><th colspan="2">月</th><th>東</th></tr></thead>
<tbody><tr><td>甲市</td><td>乙市</td><td></td></tr>
<tr><td rowspan="2">気温</td><td>最高</td><td>9</td></tr><tr><td>最低</td><td>3</td></tr></tbody></table>"""


def test_a_converted_table_whose_header_lost_a_span_has_no_labels(cleaned):
    lines = [line for line in cleaned(CUT, "markdown").split("\n") if line]
    assert lines == ["月 / 東", "甲市 / 乙市", "気温 / 最高 / 9", "気温 / 最低 / 3"]


def test_a_table_written_by_hand_keeps_labels_beside_empty_cells(cleaned):
    text = "<table><tr><th>話</th><th>題</th></tr><tr><td>1</td><td></td></tr><tr><td>2</td><td>海</td></tr></table>"
    assert [line for line in cleaned(text).split("\n") if line] == ["話：1", "話：2 / 題：海"]


@pytest.mark.parametrize(
    ("labels", "below", "row", "expected"),
    [
        ("春 !! 夏 !! 話", "夏 !! 春 !! 題", "colspan=2 | 甲 || 乙", "春 夏：甲 / 話 題：乙"),
        ("春 !! 夏 !! 春 !! 夏 !! 話", "夏 !! 春 !! 夏 !! 春 !! 題", "colspan=4 | 甲 || 乙", "春 夏：甲 / 話 題：乙"),
        (
            "A B !! A B !! A B !! A !! C",
            "A B !! A B !! A B !! B !! D",
            "colspan=4 | x || y",
            "A B / A / B / C / D\nx / C D：y",
        ),
    ],
)
def test_columns_share_their_labels_if_these_are_the_same_in_any_order(cleaned, labels, below, row, expected):
    assert cleaned(f"{{|\n! {labels}\n|-\n! {below}\n|-\n| {row}\n|}}") == expected
