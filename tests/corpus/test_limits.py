"""Pages built to break a cleaner: bounded time, and nothing raised whatever the text."""

import random
import tracemalloc

import pytest

from tsugiki.corpus.clean import clean
from tsugiki.corpus.pipeline import RULES
from tsugiki.rows import Page, Rejected

N = 100_000
M = 30_000
WIDE = "{|\n! colspan=1000 | " + "あ" * 200_000 + "\n! b\n|-\n! colspan=1000 | " + "い" * 200_000 + "\n! c\n|-\n|"
DEEP = {
    "nested templates": "{{a|" * N + "}}" * N,
    "open templates": "{{a" * N,
    "open parameters": "{" * 3 * N,
    "nested links": "[[a|" * N + "]]" * N,
    "open references": "text<ref>a\n" * N,
    "open tables": "{|\n|a\n" * N,
    "open HTML tables": "<table><tr><td>" * N,
    "multiplying spans": "{|\n|" + "||".join(["rowspan=65000 | 0123456789"] * 1000) + "\n" + "|-\n|y\n" * N + "|}",
    "multiplying labels": "{|\n! " + "長" * 1000 + " !! b\n" + "|-\n|y||z\n" * N + "|}",
    "wide labels": WIDE + "||".join(["y"] * 1000) + "\n|}",
}
PLAIN = {
    "closers": "}}]]" * M,
    "abandoned links": "[[a\n\n" * M,
    "comments": "<!-- " * M,
    "tags": "<a <br <ref name=" * M,
    "quotes": "'" * 4 * M,
    "nested brackets": "(" * M + ")" * M,
    "commas": "（、" * M + "、 " * M,
    "markers": "*" * M + "\n" + "* " * M + "\n" + "#" * M + "=" * M,
    "lone dashes": "-\n" * M + "a\n-\n" * M,
    "spaces": " " * 5 * M + "\u3000" * 5 * M + "\n" * 5 * M,
    "rows": "{|\n" + "|a||b\n|-\n" * M + "|}",
    "Markdown links": '[a](b "' * M + "](" * M + "![" * M,
    "Markdown footnotes": "[^1]: a\n[2] b\n" * M,
    "Markdown code": "`" * 2 * M + "\n" + "`a " * M + "```{=mediawiki}\n" * M,
    "Markdown tables": "|a|\n|--|\n" * M + "  -- --\n" * M + "+--+\n" * M,
    "Markdown marks": "~a" * M + "^a" * M + "*a" * M + "\\" * M + "> " * M + "# a\n" * M,
    "HTML inline": "<a><b><i><font>" * M,
    "HTML formatting": "<p><font><b>a" * M,
    "HTML rows": "<table>" + "<tr><td>a<td>b" * M,
    "HTML lists": "<ul>" + "<li>a" * M,
    "HTML attributes": '<p class="' + "a " * M + '">b' + '<p style="x"' * M,
    "residues": '( "wikilink"' * M,
}


@pytest.mark.timeout(60)
@pytest.mark.parametrize("name", DEEP)
def test_pathological_markup_is_left_to_the_simple_rules(config, name):
    cleaned = clean(Page(title="x", text=DEEP[name]), config())
    result = cleaned.result
    assert cleaned.hits["fallback"] == 1
    if isinstance(result, Rejected):
        assert result.reason == "empty"
    else:
        assert result.fallback.startswith(("too_deep: ", "too_long: "))
        assert "max_" in result.fallback
        again = clean(Page(title="x", text=result.text, markup="text"), config()).result
        assert again.text == result.text


DEEP_PAGE = """'''甲'''は[[乙 (丙)|乙]]。<ref>x</ref><!-- y -->
== 丁 ==
* 戊
{|
|-
| rowspan="2" | 己 || [https://a.example 庚]
|}
== 脚注 ==
注
== 辛 ==
DEEP壬"""


def test_the_simple_rules_keep_the_words_and_drop_the_sections(config):
    text = DEEP_PAGE.replace("DEEP", "{{a|" * 200 + "}}" * 200)
    document = clean(Page(title="x", text=text), config(max_depth=20)).result
    lines = [line for line in document.text.replace("a|", "").split("\n") if line]
    assert lines == ["甲は乙。", "丁", "戊", "己 [https://a.example 庚]", "辛", "壬"]
    assert clean(Page(title="x", text=text), config(max_depth=300)).result.fallback is None


def test_a_fault_of_the_rules_marks_the_page_and_ends_nothing(config, monkeypatch):
    def fault(_text, _ledger):
        raise ZeroDivisionError("甲")

    monkeypatch.setitem(RULES, "wikitext", (fault,))
    document = clean(Page(title="x", text="[[乙]]"), config()).result
    assert (document.text, document.fallback) == ("乙", "error: ZeroDivisionError: 甲")


@pytest.mark.parametrize(("text", "why"), [("f()" * 334, None), ("{{a|{{b|{{c" + "f()" * 334, "too_deep")])
def test_marks_of_cleaning_do_not_count_as_growth(config, text, why):
    document = clean(Page(title="x", text=text), config(max_chars=len(text), max_depth=1)).result
    assert document.text.endswith("f()" * 334)
    assert (document.fallback or "").partition(":")[0] == (why or "")


@pytest.mark.timeout(90)
@pytest.mark.parametrize("markup", ["wikitext", "markdown", "html"])
@pytest.mark.parametrize("name", PLAIN)
def test_hostile_text_takes_bounded_time_and_stays_clean(config, name, markup):
    result = clean(Page(title="x", text=PLAIN[name], markup=markup), config(max_chars=10_000_000)).result
    if not isinstance(result, Rejected):
        again = clean(Page(title="x", text=result.text, markup="text"), config(max_chars=10_000_000)).result
        assert again.text == result.text


def test_a_page_over_the_limit_is_not_even_read(config):
    cleaned = clean(Page(title="x", text="{{" * 5_000_000), config())
    assert (cleaned.result.reason, cleaned.chars_in) == ("too_long", 10_000_000)
    assert not cleaned.hits


MARKUP = r"""
{{ }} {{{ }}} [[ ]] [ ] {| |} |- || ! !! | = == === * # : ; - QQ QQQ <ref> </ref> <ref/> <nowiki> </nowiki> <!-- -->
<br> <table> <tr> <td> </table> ( ) （ ） 「 」 『 』 、 &amp; &#x5b; \ \[ \* ` ``` ~ ^ > +--+ |--| --- ![ ]( "wikilink"
{.wikilink} [^1] [^1]: [1] 1. File: Category: http://a Ⅱ ～ ｶﾞ infobox a=b あ 灯台 rowspan=2
"""
PIECES = [*MARKUP.replace("Q", "'").split(), "\u3000", "\u3099", "\x01", "\x05", "\ufdd0"]


@pytest.mark.parametrize("markup", ["wikitext", "markdown", "text"])
def test_any_mixture_of_markup_is_cleaned_without_raising_and_for_good(config, markup):
    choose = random.Random(7)
    for policy in ("nfkc", "nfkc_letters", "none"):
        for _ in range(300):
            text = "".join(choose.choice(PIECES) + choose.choice(("", "", " ", "\n", "\n\n")) for _ in range(60))
            result = clean(Page(title="x", text=text, markup=markup), config(normalisation=policy)).result
            if isinstance(result, Rejected):
                continue
            again = clean(Page(title="x", text=result.text, markup="text"), config(normalisation=policy)).result
            assert getattr(again, "text", "") == result.text


def test_labels_over_many_columns_are_in_memory_once(config):
    page = Page(title="x", text=WIDE + "y||z\n|}")
    tracemalloc.start()
    try:
        text = clean(page, config()).result.text
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert text.count("あ") == 600_000
    assert most < 50_000_000  # for each column by itself it would be 800 MB
