"""Pages built to break a cleaner: bounded time, and nothing raised whatever the text."""

import random

import pytest

from tsugiki.corpus.clean import clean
from tsugiki.rows import Page, Rejected

N = 100_000
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
}
PLAIN = {
    "closers": "}}]]" * N,
    "abandoned links": "[[a\n\n" * N,
    "comments": "<!-- " * N,
    "tags": "<a <br <ref name=" * N,
    "quotes": "'" * 4 * N,
    "nested brackets": "(" * N + ")" * N,
    "commas": "（、" * N + "、 " * N,
    "markers": "*" * N + "\n" + "* " * N + "\n" + "#" * N + "=" * N,
    "lone dashes": "-\n" * N + "a\n-\n" * N,
    "spaces": " " * 5 * N + "\u3000" * 5 * N + "\n" * 5 * N,
    "rows": "{|\n" + "|a||b\n|-\n" * N + "|}",
    "Markdown links": '[a](b "' * N + "](" * N + "![" * N,
    "Markdown footnotes": "[^1]: a\n[2] b\n" * N,
    "Markdown code": "`" * 2 * N + "\n" + "`a " * N + "```{=mediawiki}\n" * N,
    "Markdown tables": "|a|\n|--|\n" * N + "  -- --\n" * N + "+--+\n" * N,
    "Markdown marks": "~a" * N + "^a" * N + "*a" * N + "\\" * N + "> " * N + "# a\n" * N,
    "residues": '( "wikilink"' * N,
}


@pytest.mark.timeout(60)
@pytest.mark.parametrize("name", DEEP)
def test_pathological_markup_is_set_aside(config, name):
    result = clean(Page(title="x", text=DEEP[name]), config()).result
    assert isinstance(result, Rejected)
    assert result.reason in ("too_deep", "too_long")
    assert "max_" in result.detail


@pytest.mark.timeout(90)
@pytest.mark.parametrize("markup", ["wikitext", "markdown"])
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
{{ }} {{{ }}} [[ ]] [ ] {| |} |- || ! !! | = == === * # : ; - QQ QQQ <ref> </ref> <ref/> <nowiki> </nowiki> <!-- --> <br>
<table> <tr> <td> </table> ( ) （ ） 「 」 『 』 、 &amp; &#x5b; \ \[ \* ` ``` ~ ^ > +--+ |--| --- ![ ]( "wikilink"
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
