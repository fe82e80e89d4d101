"""Wikitext that a converter wrote out as text: it goes, and the words in it stay."""

import pytest


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (r"| 日 | 名 | 注 |" + "\n|--|--|--|\n" + r"| 1日 | lang=\"\"\| | 港 |", "日 / 名 / 注\n日：1日 / 注：港"),
        (r": style=\"background:green; color:white;\"\|架空の山", "架空の山"),
        (
            '<table><caption>都市 |- style="background:#f5f5f5;"|</caption><tr><td>甲</td><td>乙</td></tr></table>',
            "都市\n甲 / 乙",
        ),
        ('<table><caption>style="color:white;"|架空の山</caption><tr><td>甲</td></tr></table>', "架空の山\n甲"),
        (r"\'\'\'甲\'\'\'と\'乙\'", "甲と'乙'"),
        ("甲。\n\n\\*: 乙。\n\n:\\*丙 - 3", "甲。\n\n乙。\n\n丙 - 3"),
        ("## 甲\n\n**乙**\n\n\\#1", "甲\n乙\n#1"),
        ("\\#1 始まり\n\n\\*注意", "#1 始まり\n\n*注意"),
        ("甲\\<!\\--\n\n乙\n\n丙\\--\\>丁", "甲丁"),
        ("甲\\<!--乙--\\>丙", "甲丙"),
        ("甲\\<!-- 乙", "甲<!-- 乙"),
        (r"甲<File:a_b.jpg>\|乙 File:c.png\|thumb\|丙", "甲乙 丙"),
        ("甲 <File:a.jpg%7C乙>丙", "甲 丙"),
        ("| 日 | 名 |\n|--|--|\n| \\|1日 | 甲 |", "日：1日 / 名：甲"),
        ("|--|\n\n甲\n| 乙 | 丙 |\n| 丁 | 戊 |\n| 己", "甲\n乙 / 丙\n丁 / 戊\n| 己"),
        ("<figure><img src=x><figcaption>写真</figcaption></figure>甲", "甲"),
        (r"甲 \| total = 5 \| note = \| area = 7", "甲\ntotal = 5\narea = 7"),
        ('[:en:Star](:en:Star "wikilink")と<a href=":en:Sea" class="wikilink">:en:Sea</a>', "en:Starとen:Sea"),
        ('<a href="x" class="wikilink">U&amp;amp;I</a>', "U&I"),
        ("憲法\\[<http://a.example/b.html%5Dの第3条>の話<http://c.example/>", "憲法の第3条の話"),
        ("`<ref>` と `\\*`", "<ref> と \\*"),
    ],
)
def test_stray_wikitext_goes_and_its_words_stay(cleaned, text, expected):
    lines = [line for line in cleaned(text, "markdown").split("\n") if line]
    assert sorted(lines) == sorted(line for line in expected.split("\n") if line)


def test_strays_in_drawn_tables_leave_no_empty_label(cleaned):
    grid = """
+------------+----+
| 名         | 日 |
+============+====+
| lang=""\\|  | 1  |
+------------+----+
| 港         | 2  |
+------------+----+"""
    assert cleaned(grid, "markdown") == "日：1\n名：港 / 日：2"


def test_the_mark_of_a_header_is_no_part_of_its_label(cleaned):
    assert cleaned("{|\n! 話 !!! 題\n|-\n| 1 || 甲\n|}") == "話：1 / 題：甲"
