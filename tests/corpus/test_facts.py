"""Facts outlive cleaning: infoboxes, casts, tables, readings, and the text around what was removed."""

import pytest

from tsugiki.corpus.clean import clean
from tsugiki.rows import Page

INFOBOX = """{{Infobox animanga/TVAnime
| タイトル = 星屑の灯台
| 監督 = [[風間凪]]<ref>本</ref>、{{仮リンク|雨宮楓|en|Kaede}}
| 画像 = Lighthouse of stars.jpg
| 放送開始 = 2031年4月2日<br />（第2期：2032年）
| 声優 =
* [[星見]]
* {{nowrap|月島 {{small|（代役）}}}}
| 関連 = {{声優/活動
 | 職種 = 歌手
}}
| 空 =
}}
'''星屑の灯台'''（ほしくずのとうだい、{{lang-en|Starlight}}）は、{{ruby|架空|かくう}}の<ruby>作品<rp>(</rp><rt>さくひん</rt></ruby>。"""


def test_an_infobox_becomes_one_line_a_field(cleaned):
    assert cleaned(INFOBOX).split("\n") == [
        "タイトル：星屑の灯台",
        "監督：風間凪、雨宮楓",
        "放送開始：2031年4月2日 （第2期：2032年）",
        "声優：星見、月島 （代役）",
        "職種：歌手",
        "",
        "星屑の灯台（ほしくずのとうだい、英語: Starlight）は、架空（かくう）の作品（さくひん）。",
    ]


def test_fields_of_one_number_are_one_line(cleaned):
    text = """{{Track listing
| headline = 収録曲
| extra_column = 歌
| title1 = 灯
| lyrics1 = 甲
| title2 = 海
| length2 = {{small|3:59}}
| note = 乙
}}
{{Infobox animanga/Footer|ウィキプロジェクト=[[プロジェクト:x|x]]|ウィキポータル=[[Portal:x]]}}"""
    assert cleaned(text).split("\n") == [
        "headline：収録曲",
        "title1：灯 / lyrics1：甲",
        "title2：海 / length2：3:59",
        "note：乙",
    ]


def test_technical_fields_go_and_are_counted(config):
    text = """{{Infobox settlement
| name = 灯台市
| latd = 52
| latNS = N
| coordinates_display = inline,title
| image_size = 250
| 人口大きさ = 1 E7
| 国章リンク = (国章)
| header_color = red
| width = 3 km
| Jan record high C = 15.0
| Feb record high C = 16.2
| Jan low C = -1
| metric first = yes
}}"""
    cleaned = clean(Page(title="x", text=text), config())
    assert cleaned.result.text.split("\n") == [
        "name：灯台市",
        "width：3 km",
        "Jan record high C：15.0 / Feb record high C：16.2",
        "Jan low C：-1",
    ]
    assert cleaned.names["technical_field", "latd"] == 1
    assert cleaned.hits["technical_field"] == 8


def test_a_template_for_an_episode_is_a_row(cleaned):
    text = "{{Episode list\n|EpisodeNumber = 3\n|Title = 再び\n|空 =\n}}\n{{Episode list|EpisodeNumber=4|Title=果て}}"
    lines = [line for line in cleaned(text).split("\n") if line]
    assert lines == ["EpisodeNumber：3 / Title：再び", "EpisodeNumber：4 / Title：果て"]


def test_an_infobox_inside_markdown_is_read_too(cleaned):
    box = INFOBOX[: INFOBOX.index("\n'''")]
    text = f"```{{=mediawiki}}\n{box}\n```\n**星屑の灯台**`{{{{要出典|date=x}}}}`{{=mediawiki}}は"
    assert cleaned(text, "markdown").startswith("タイトル：星屑の灯台\n監督：風間凪、雨宮楓\n")
    assert cleaned(text, "markdown").endswith("\n\n星屑の灯台は")


def test_cast_lists_stay_one_pair_after_the_other(cleaned):
    text = "; 星見（ほしみ）\n: 声 - [[風間凪]]\n: 灯台守。\n; 月島 : 声 - 雨宮楓\n-\n: 船乗り。"
    assert cleaned(text).split("\n") == ["星見（ほしみ）", "声 - 風間凪", "灯台守。", "月島", "声 - 雨宮楓", "船乗り。"]


TABLES = {
    "wikitext": """{| class="wikitable"
|+ 各話一覧
! 話数 !! 題
! style="x" | 脚本
|-
| 1 || '''[[始まり]]''' || rowspan="2" | 風間
|-
| 2 || 海へ<br />再び
|- style="y"
| 3 || colspan=2 | 休止
|}
後の文。""",
    "html": """<table><caption>各話一覧</caption><thead><tr><th><p>話数</p></th><th>題</th><th>脚本</th></tr></thead>
<tr><td>1</td><td><strong>始まり</strong></td><td rowspan="2">風間</td></tr>
<tr><td>2</td><td><p>海へ<br />
再び</p></td></tr>
<tr><td>3</td><td colspan="2">休止</td></tr></table>後の文。""",
    "grid": """
+------+------------+------+
| 話数 | 題         | 脚本 |
+======+============+======+
| 1    | **始まり** | 風間 |
+------+------------+      |
| 2    | 海へ\\      |      |
|      | 再び       |      |
+------+------------+------+
| 3    | 休止              |
+------+-------------------+

後の文。""",
}


@pytest.mark.parametrize("kind", TABLES)
def test_tables_become_one_line_a_row(cleaned, kind):
    lines = cleaned(TABLES[kind], "wikitext" if kind == "wikitext" else "markdown").split("\n")
    assert [line for line in lines if line and line != "各話一覧"] == [
        "話数：1 / 題：始まり / 脚本：風間",
        "話数：2 / 題：海へ 再び / 脚本：風間",
        "話数：3 / 題・脚本：休止",
        "後の文。",
    ]
    assert ("各話一覧" in lines) == (kind != "grid")


@pytest.mark.parametrize(
    "text",
    [
        '| 話数 | 題 |\n|----|:---|\n| 1 | [始まり](a "wikilink") |\n| 2 | 海\\|山 |\n',
        "  話数   題\n  ------ --------\n  1      始まり\n  2      海|山\n",
        "  --------------\n  話数   題\n  ------ -------\n  1      始まり\n\n  2      海|山\n  --------------\n",
    ],
)
def test_markdown_tables_without_spans(cleaned, text):
    assert (
        cleaned(f"前\n\n{text}\n後", "markdown").split("\n\n")[1:]
        == ["話数：1 / 題：始まり\n話数：2 / 題：海|山", "後"]
        or cleaned(f"前\n\n{text}\n後", "markdown").replace("\n\n", "\n")
        == "前\n話数：1 / 題：始まり\n話数：2 / 題：海|山\n後"
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{|\n! 年\n| 2031\n|-\n! 場所\n| 港\n|}", "年：2031\n場所：港"),
        ("{|\n| 甲 || 乙\n|}", "甲 / 乙"),
        ("{|\n|\n{|\n! 話 !! 題\n|-\n| 1 || 甲\n|}\n|\n{|\n| 2 || 乙\n|}\n|}", "話：1 / 題：甲\n2 / 乙"),
        ("{|\n! 話 !! 題 !! 空\n|-\n| 1 || 甲 ||\n|}", "話 / 題 / 空\n話：1 / 題：甲"),
        ("{|\n! 名 !! けいか<nowiki>!!</nowiki>\n|-\n| 甲 || {{!}}\n|}", "名 / けいか!!\n名：甲"),
        ("{|\n! 話 !! 題\n|-\n| 1 || 甲\n== 次 ==\n文。", "話：1 / 題：甲\n\n次\n文。"),
        ("{|\n! a !! b !! c !! d\n|-\n| colspan=4 | 甲 || 乙\n|}", "a / b / c / d\n甲 / 乙"),
        ("{|\n! a !! b !! c\n|-\n| 1 || colspan=2 | 甲\n|}", "a：1 / b・c：甲"),
        ("{|\n| rowspan=2 | 甲 || 乙\n|-\n| 丙\n|}", "甲 / 乙\n甲 / 丙"),
    ],
)
def test_tables_of_other_shapes(cleaned, text, expected):
    assert cleaned(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("星見（ほしみ、1990年5月6日 - ）は", "星見（ほしみ、1990年5月6日 - ）は"),
        ("星見（{{要出典}}、[[1990年]]）は", "星見（1990年）は"),
        ("星見（{{R|a}}）と『{{x}}』「」の（（{{x}}、）{{y}}）話", "星見と「」の話"),
        ("{{Lang|fr|L'étoile}}と{{llang|en|Star}}", "L'étoileとStar"),
        ("{{仮リンク|灯台 (架空)|en|x}}と{{仮リンク|甲|label=乙|en|y}}", "灯台と乙"),
        ("{{JPN}}・{{Flagicon|JPN}}[[港]]{{要出典範囲|の話|date=x}}", "日本・港の話"),
        ("生年 {{生年月日と年齢|1990|5|6}}", "生年 1990年5月6日"),
        ("{{Flag|USA}}と{{flagcountry|架空国}}", "アメリカ合衆国と架空国"),
        ("{{和暦|2031}}、{{和暦|1989}}、{{和暦|1868}}、{{和暦|1800}}", "令和13年、昭和64年/平成元年、明治元年、1800年"),
        ("首都 {{weight|normal|(港)}}", "首都 (港)"),
        ("{{Harvtxt|風間|雨宮|2031}}と{{ISBN2|1-2}}と{{fontsize|80%|小}}", "風間、雨宮 (2031)とISBN 1-2と小"),
        ("10<sup>6</sup>と x<sub>1</sub>", "10^6と x1"),
        ("[[File:a.jpg|thumb|港の[[灯台]]{{small|x}}]]本文<gallery>\na.jpg|甲\n</gallery>", "本文"),
        ("[[en:Star]][[:en:Star|星]]と[[Re:起点]]と[[港 (町)|]]", "星とRe:起点と港"),
        ("[https://a.example/?b=c 公式]と[https://a.example]", "公式と"),
        ("<nowiki>&lt;ref&gt; # &#91;[甲]]; ''乙''</nowiki>", "<ref> # [[甲]]; ''乙''"),
        ("__NOTOC__本文{{DEFAULTSORT:ほし}}{{Tv-stub}}", "本文"),
        ("甲<!-- 乙 -->丙<nowiki>[[丁]]</nowiki>", "甲丙[[丁]]"),
        ("{{前後番組|放送局=a|番組名=b|前番組=c|次番組=d}}本文", "本文"),
        ("{{Infobox\n| 名前 = 星見\n| 年齢 = 15\n本文", "名前 = 星見\n年齢 = 15\n本文"),
        ("没 {{死亡年月日と没年齢|1928|11|3|1989|2|9}}", "没 1989年2月9日"),
        ("没 {{没年月日と没年齢|1928|11||1989|2|}}、{{死亡年月日|1990|3|4}}", "没 1989年2月、1990年3月4日"),
        ("没 {{Death date and age|1989|2|9|1928|11|3}}", "没 1989年2月9日"),
        ("1989年{{没年齢|1928|11|3|1989|2|9}}と{{没年齢2|1928|1|3|1989|2|9}}", "1989年（60歳没）と61歳没"),
        ("1989年{{没年齢|1928||?|1989|2|9}}", "1989年"),
        ("{{ruby|2=かな|1=漢字}}と{{生年月日と年齢|3=5|1=1990|2=4}}", "漢字（かな）と1990年4月5日"),
        (
            "{{ruby|2=海|漢字|かな}}と{{small|甲|1=a=b}}と{{hlist|99999999999=丙|甲|3=乙}}",
            "漢字（かな）とa=bと甲、乙、丙",
        ),
        ("[[ファイル:a.jpg|thumb|説明。\n\n[[続き]]。]]本文", "本文"),
        ("甲[[ファイル:a.jpg|thumb|説明。\n\n乙\n== 次 ==\n丙", "甲ファイル:a.jpg|thumb|説明。\n\n乙\n\n次\n丙"),
        ("{{Maplink2|zoom=10|frame=yes|plain=yes|stroke-color=cc0000}}本文", "本文"),
    ],
)
def test_templates_and_links(cleaned, text, expected):
    assert cleaned(text) == expected


def test_an_empty_heading_goes_and_its_parent_stays(cleaned):
    assert cleaned("== 甲 ==\n=== 乙 ===\n{{Main|x}}\n=== 丙 ===\n文。\n== 丁 ==\n") == "甲\n\n丙\n文。"


def test_markdown_leaves_ranges_faces_and_numbers_in_brackets(cleaned):
    text = "北緯7~10度、西経77~83度。（1155年~1809年~1917年）(^o^)と(^^)、甲*、乙*\n\n(1) 第一説"
    assert cleaned(text, "markdown") == text


def test_markdown_inline(cleaned):
    text = "H~2~O、10^6^、~~旧~~`*code*`、[斜体]{.underline}、ラブ*コン"
    assert cleaned(text, "markdown") == "H2O、10^6、旧*code*、斜体、ラブ*コン"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("5~6時と7~8時", "5~6時と7~8時"),
        ("東京~名古屋~大阪、A~B~C、『灯 ~海~』", "東京~名古屋~大阪、A~B~C、『灯 ~海~』"),
        ("C~6~H~12~O~6~とV~max~は(CH~2~)~n~", "C6H12O6とVmaxは(CH2)n"),
        ("2*3*4=24と2**3**4と2 * 3 * 4とa*b*c", "2*3*4=24と2**3**4と2 * 3 * 4とa*b*c"),
        ("2*x*は*斜体*です。***甲***と**太**字", "2xは斜体です。甲と太字"),
    ],
)
def test_marks_between_words_and_digits_are_text(cleaned, text, expected):
    assert cleaned(text, "markdown") == expected
