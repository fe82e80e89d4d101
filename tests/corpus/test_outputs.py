"""What the configuration decides: Markdown as output, titles, list pages by their lines, pairs that are kept."""

import pytest

from tsugiki.corpus.clean import clean
from tsugiki.rows import Page

WIKITEXT = """'''星屑の灯台'''は作品。
{{Infobox animanga/TVAnime
| 監督 = 風間凪
| 局 = 港
}}
== 登場人物 ==
; 星見
: 声 - 風間凪<br>（子役）
=== 脇役 ===
* 月島
** 妹
*# 弟
文。
{|
! 話 !! 題
|-
| 1 || 甲
|}
<nowiki># 乙</nowiki>
"""
MARKDOWN = """星屑の灯台は作品。

- 監督：風間凪
- 局：港

## 登場人物

星見
: 声 - 風間凪 （子役）

### 脇役

- 月島
  - 妹
  - 弟

文。

- 話：1 / 題：甲

\\# 乙"""


def test_markdown_keeps_headings_lists_and_definitions(cleaned):
    assert cleaned(WIKITEXT, output="markdown") == MARKDOWN


@pytest.mark.parametrize("markup", ["text", "markdown"])
def test_markdown_cleaned_again_stays_as_it_is(cleaned, markup):
    assert cleaned(MARKDOWN, markup, output="markdown") == MARKDOWN


def test_an_item_is_at_most_one_list_deeper_than_the_one_above(cleaned):
    assert cleaned("*** 甲\n** 乙\n*** 丙\n文。\n:* 丁", output="markdown") == "- 甲\n  - 乙\n    - 丙\n\n文。\n\n- 丁"


def test_an_item_that_was_emptied_has_no_depth(cleaned):
    assert cleaned("- 甲\n  - （、）\n  - 乙", "text", output="markdown") == "- 甲\n-\n  - 乙"


def test_the_document_says_what_it_is(config):
    page = Page(title="x", text="* 甲")
    assert clean(page, config()).result.markup == "text"
    assert clean(page, config(output="markdown")).result.markup == "markdown"


@pytest.mark.parametrize(
    "text",
    [
        "- 甲\n  - 乙\n    - 丙\n  - 丁\n\n- 戊",
        "-   甲\n    -   乙\n        -   丙\n    -   丁\n\n-   戊",
        "  - 甲\n      - 乙\n          1. 丙\n      - 丁\n\n  - 戊",
    ],
)
def test_depth_in_markdown_is_told_by_what_is_indented_less(cleaned, text):
    lines = [line for line in cleaned(text, "markdown", output="markdown").split("\n") if line]
    assert lines == ["- 甲", "  - 乙", "    - 丙", "  - 丁", "- 戊"]
    assert cleaned("- 甲\n  - 乙\n\n文。\n\n    - 丙", "markdown", output="markdown").endswith("文。\n\n- 丙")


def test_a_title_keeps_its_characters_by_policy(config):
    page = Page(title="Ｇメンⅱ (ドラマ)", text="『Ｇメンⅱ』のⅡ期とＧメンの話。")
    kept = clean(page, config(normalisation="nfkc")).result
    assert (kept.title, kept.text) == ("Ｇメンⅱ (ドラマ)", "『Ｇメンⅱ』のII期とGメンの話。")
    assert clean(
        page.model_copy(update={"text": kept.text, "markup": "text"}), config(normalisation="nfkc")
    ).result.text
    normalised = clean(page, config(normalisation="nfkc", titles="normalised")).result
    assert (normalised.title, normalised.text) == ("Gメンii (ドラマ)", "『Gメンii』のII期とGメンの話。")


LISTED = "甲は作品。\n" + "* [[乙]]\n" * 30 + "{|\n" + "| 丙 || 丁\n|-\n" * 30 + "|}"


@pytest.mark.parametrize(
    ("text", "title", "share", "expected"),
    [
        (LISTED, "海の作品", 0.9, "list_page"),
        (LISTED, "海の作品", 0.99, None),
        (LISTED, "海の登場人物一覧", 0.9, None),
        (LISTED, "海の登場人物の一覧 (第2期)", 0.9, None),
        (LISTED.replace("*", ":"), "海の作品", 0.7, None),
        ("* [[乙]]\n" * 9, "海の作品", 0.9, None),
        ("{{Infobox\n" + "".join(f"|k{n}=v{n}\n" for n in range(40)) + "}}", "海の作品", 0.5, None),
    ],
)
def test_a_list_page_is_told_by_its_lines(config, text, title, share, expected):
    result = clean(Page(title=title, text=text), config(list_share=share)).result
    assert getattr(result, "reason", None) == expected
    if expected:
        assert "0.984 of its lines" in result.detail
    assert hasattr(clean(Page(title=title, text=text), config(list_share=share, list_pages="keep")).result, "text")


@pytest.mark.parametrize(
    ("title", "is_list"),
    [
        ("星屑の灯台のエピソード一覧", True),
        ("架空のアニメ一覧 (た行)", True),
        ("日本の架空作品一覧 - 2030年代", True),
        ("星屑の灯台の各話リスト", True),
        ("List of stars", True),
        ("架空・リスト", False),
        ("シンドラーのリスト", False),
        ("ジャーナリスト", False),
        ("星屑の灯台の登場人物", False),
        ("List of stars characters", False),
    ],
)
def test_list_titles(config, title, is_list):
    result = clean(Page(title=title, text="本文"), config()).result
    assert (getattr(result, "reason", None) == "list_page") == is_list


@pytest.mark.parametrize(
    ("text", "markup", "expected"),
    [
        ("main()と（）と「」と『』", "wikitext", "main()と（）と「」と『』"),
        ("甲（{{x}}）と（<!-- y -->）と「<ref>z</ref>」と『[[File:a.png]]』", "wikitext", "甲とと と".replace(" ", "")),
        ("甲（、乙）と（；丙）と（丁、）と（戊；）", "wikitext", "甲（乙）と（丙）と（丁）と（戊）"),
        ("甲(, 乙)と( ; 丙)", "wikitext", "甲(乙)と(丙)"),
        ("main()と（）と()と「」", "markdown", "main()ととと"),
        ("main()と（）", "text", "main()と（）"),
    ],
)
def test_only_emptied_pairs_go(cleaned, text, markup, expected):
    assert cleaned(text, markup) == expected
    assert cleaned(expected, "text") == expected
