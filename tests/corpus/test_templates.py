"""Templates whose parts hold words: known ones show what a reader sees, unknown ones keep the words of a sentence."""

import pytest

from tsugiki.corpus.clean import clean
from tsugiki.rows import Page, Provenance


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "{{dts|2031|2|3}}、{{Dts|2031-02-03}}、{{dts|3|Feb|2031}}、{{年月日|2031|4}}",
            "2031年2月3日、" * 3 + "2031年4月",
        ),
        ("{{sort|a|灯台}}{{ntsh|5}}と{{nts|1000}}と{{Sortname|太郎|風間}}", "灯台と1000と太郎 風間"),
        ("{{frac|1|2}}、{{frac|3|1|2}}、{{分数|4}}、{{sfrac|2|3}}", "1/2、3 1/2、1/4、2/3"),
        ("{{Yes}}、{{No}}、{{○}}、{{×}}、{{won|大賞}}、{{TBA}}", "はい、いいえ、○、×、大賞、未定"),
        ("{{convert|5|to|10|km|mi}}、{{convert|10|km}}、{{Convert|2|x|3|m|ft}}", "5–10 km、10 km、2 × 3 m"),
        ("{{年数|1990|4|1|2000|3|31}}年、{{年数|1990|4|1|2000|4|1}}年", "9年、10年"),
        ("{{ウィキ座標度分|0|32||S|166|55||E|}} にあり、", "南緯0度32分 東経166度55分 にあり、"),
        ("位置{{coord|35.5|N|139|5|7|E}}と{{Coord|-1.5|20}}", "位置北緯35.5度 東経139度5分7秒と緯度-1.5度 経度20度"),
        ("甲{{coord|35|N|139|E|display=title}}乙", "甲乙"),
        ("{{PNG}}と{{FJI}}", "パプアニューギニアとフィジー"),
        ("{{#if:x|甲|乙}}{{#if: |丙|丁}}", "甲丁"),
        ("{{Col|\n* 甲\n* 乙\n|\n* 丙\n}}", "甲\n乙\n\n丙"),
    ],
)
def test_values_are_worked_out(cleaned, text, expected):
    assert cleaned(text) == expected


def test_years_until_today_are_those_until_the_revision(config):
    page = Page(
        title="港", text="創立から{{年数|1990|4|1}}年。", provenance=Provenance(timestamp="2031-03-31T00:00:00Z")
    )
    assert clean(page, config()).result.text == "創立から40年。"
    unknown = clean(page.model_copy(update={"provenance": Provenance()}), config())
    assert unknown.names["template_dropped", "年数"] == 1


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("主役は{{謎の名|風間凪}}である。", "主役は風間凪である。"),
        ("* {{配役|星見|風間凪}}", "星見、風間凪"),
        ("{|\n! 役 !! 声\n|-\n| {{謎の名|星見}} || 風間\n|}", "役：星見 / 声：風間"),
        ("{{謎の名|風間凪}}は{{別の名|灯台守}}", "風間凪は灯台守"),
        ("港{{謎|甲|灯台.jpg|20px|red|#ff0000|en|https://example.org/x|example.org|left|float:left}}町", "港甲町"),
        ("港{{要出典|甲}}{{Anchors|乙}}{{flagicon|丙}}{{謎|丁|date=2031年}}{{戊icon|己}}{{imdb|1}}町", "港町"),
        ("{{謎の案内|甲|乙}}\n本文", "本文"),
        ("{{謎の案内}} {{別の案内|甲}}\n本文", "本文"),
        ("本文\n{{市の人口|1|甲市|100}}\n{{市の人口|2|乙市|90}}", "本文\n\n1 / 甲市 / 100\n\n2 / 乙市 / 90"),
        (
            "{|\n! 順位 !! 市 !! 増減\n{{市の人口|1|甲市|100}}\n{{市の人口|2|乙市|90}}\n|}",
            "順位 / 市 / 増減\n1 / 甲市 / 100\n2 / 乙市 / 90",
        ),
        ("{{基礎情報 会社\n|名称={{謎の名|港湾社}}\n|代表=風間}}", "名称：港湾社\n代表：風間"),
    ],
)
def test_unknown_templates_keep_the_words_of_a_sentence(cleaned, text, expected):
    assert cleaned(text) == expected


def test_what_is_kept_of_unknown_templates_is_counted_by_name(config):
    names = clean(Page(title="港", text="甲{{謎の名|乙}}\n{{謎の案内|丙}}\n丁"), config()).names
    assert names == {("template_parts_kept", "謎の名"): 1, ("template_dropped", "謎の案内"): 1}


def test_raw_wikitext_in_markdown_is_part_of_a_sentence(cleaned):
    assert cleaned("甲`{{謎の名|乙}}`{=mediawiki}丙", "markdown") == "甲乙丙"


def test_rows_that_are_templates_do_not_join_the_cells_of_a_table(cleaned):
    rows = "".join(f"{{{{エピソードリスト|話数={number}|サブタイトル=題{number}}}}}\n" for number in (1, 2))
    text = f"{{|\n! 話 !! 題 !! 日\n{rows}|-\n| 3 || 海 || 4月\n|}}"
    assert cleaned(text).split("\n") == [
        "話数：1 / サブタイトル：題1",
        "話数：2 / サブタイトル：題2",
        "話：3 / 題：海 / 日：4月",
    ]


def test_templates_on_one_line_without_end_are_cleaned_in_bounded_time(config):
    text = "{{謎|甲}}" * 20_000 + "\n" + "{{謎|甲}}\n" * 20_000
    result = clean(Page(title="港", text=text), config())
    assert sum(result.names.values()) == 40_000


def test_a_technical_field_is_counted_only_if_it_has_a_value(config):
    text = "{{Infobox 山\n| 標高 = 300\n| 所在地 = 灯台町\n| latd = \n| longd = 135\n}}本文"
    names = clean(Page(title="山", text=text), config()).names
    assert [name for rule, name in names if rule == "technical_field"] == ["longd"]
