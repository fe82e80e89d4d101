"""Rendered HTML, as MediaWiki's parser and its REST interface write it."""

import pytest

from tsugiki.rows import Page
from tsugiki.wiki.markup import find_categories

PARSER = """<!DOCTYPE html><html><body><h1 id="firstHeading">星屑の灯台</h1><div id="mw-content-text">
<div class="mw-content-ltr mw-parser-output" lang="ja">
<div class="hatnote">この項目では作品を説明しています。</div>
<table class="ambox"><tr><td>出典が必要です。</td></tr></table>
<table class="infobox bordered"><caption>星屑の灯台</caption><tbody>
<tr><th colspan="2">アニメ</th></tr>
<tr><td colspan="2"><span typeof="mw:File"><a href="/wiki/F"><img src="a.jpg"></a></span></td></tr>
<tr><th>監督</th><td><a href="/wiki/x">風間凪</a><sup class="reference"><a href="#n">[1]</a></sup><br>雨宮楓</td></tr>
<tr><th>声優</th><td><ul><li>星見</li><li>月島</li></ul></td></tr></tbody></table>
<p><b>星屑の灯台</b>（ほしくずのとうだい、<span lang="en">Starlight</span>）は、
<ruby>架空<rp>（</rp><rt>かくう</rt><rp>）</rp></ruby>の作品<sup id="c" class="reference">&#91;1&#93;</sup>。
（<span class="noprint">要出典</span>）10<sup>6</sup>人が見た &lt;br&gt;。
</p>
<div id="toc" class="toc"><ul><li>目次</li></ul></div>
<div class="mw-heading mw-heading2"><h2 id="登場人物">登場人物</h2>
<span class="mw-editsection">[<a>編集</a>]</span></div>
<dl><dt>星見</dt><dd>声 - <a href="/wiki/k">風間凪</a></dd><dd>灯台守。</dd></dl>
<ul><li>甲<ul><li>乙</li></ul></li><li><p>丙</p></li></ul>
<h2><span class="mw-headline" id="x">各話一覧</span></h2>
<table class="wikitable"><tbody><tr><th>話数</th><th>題</th><th>脚本</th></tr>
<tr><td>1</td><td>始まり</td><td rowspan="2">風間</td></tr><tr><td>2</td><td>海へ<br>再び</td></tr></tbody></table>
<figure typeof="mw:File/Thumb"><img src="x"><figcaption>写真</figcaption></figure>
<h2>脚注</h2><div class="mw-references-wrap"><ol class="references"><li>本。</li></ol></div><h3>注釈</h3><p>注。</p>
<h2>音楽</h2><p>歌。<span style="display:none">隠</span><math alttext="x^2"><mi>x</mi></math></p>
<table class="navbox"><tr><td>前番組</td></tr></table><style>.a{}</style>
<!-- NewPP limit report --></div></div><div class="printfooter">取得元</div></body></html>"""

EXPECTED = """星屑の灯台
アニメ
監督：風間凪 雨宮楓
声優：星見、月島
星屑の灯台（ほしくずのとうだい、Starlight）は、 架空（かくう）の作品。 10^6人が見た <br>。
登場人物
星見
声 - 風間凪
灯台守。
甲
乙
丙
各話一覧
話数：1 / 題：始まり / 脚本：風間
話数：2 / 題：海へ 再び / 脚本：風間
音楽
歌。x^2"""

REST = """<html prefix="dc:"><head><title>x</title><meta property="mw:pageId"/></head><body class="mw-parser-output">
<section data-mw-section-id="0"><p><b>甲</b>は<sup typeof="mw:Extension/ref" class="mw-ref reference">[1]</sup>、
<a rel="mw:WikiLink" href="./乙">乙</a>。<link rel="mw:PageProp/Category" href="./Category:丙"/></p></section>
<section data-mw-section-id="1"><h2 id="概要">概要</h2><ul><li>丁</li></ul>
<section data-mw-section-id="2"><h3>細目</h3><p>戊</p></section></section></body></html>"""


def test_what_a_reader_reads_is_kept_and_nothing_else(cleaned):
    assert [line for line in cleaned(PARSER, "html").split("\n") if line] == EXPECTED.split("\n")


def test_html_of_the_rest_interface_is_read(cleaned):
    assert [line for line in cleaned(REST, "html").split("\n") if line] == ["甲は、 乙。", "概要", "丁", "細目", "戊"]


def test_html_and_wikitext_of_one_page_give_the_same(cleaned):
    wikitext = (
        "'''甲'''は[[乙]]（{{x}}）の話。\n\n== 概要 ==\n* 丁\n** 戊\n; 己\n: 庚\n{|\n! 年 !! 題\n|-\n| 1 || 辛\n|}"
    )
    html = """<div class="mw-parser-output"><p><b>甲</b>は<a>乙</a>（<span class="noprint">x</span>）の話。</p>
<h2>概要</h2><ul><li>丁<ul><li>戊</li></ul></li></ul><dl><dt>己</dt><dd>庚</dd></dl>
<table class="wikitable"><tr><th>年</th><th>題</th></tr><tr><td>1</td><td>辛</td></tr></table></div>"""
    for output in ("text", "markdown"):
        ours, theirs = cleaned(html, "html", output=output), cleaned(wikitext, output=output)
        assert [line for line in ours.split("\n") if line] == [line for line in theirs.split("\n") if line]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ('<div class="mw-parser-output"><div class="redirectMsg"><p>転送先:</p></div></div>', "<redirect>"),
        ('<body><link rel="mw:PageProp/redirect" href="./甲"/></body>', "<redirect>"),
        ('<body><meta property="mw:PageProp/disambiguation"/><p>甲</p></body>', "<disambiguation>"),
        ('<body><table id="disambigbox"><tr><td>甲</td></tr></table></body>', "<disambiguation>"),
        ("<div class=navbox>甲</div>", "<empty>"),
        ("", "<empty>"),
    ],
)
def test_pages_that_are_no_articles(cleaned, text, reason):
    assert cleaned(text, "html") == reason


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("甲<br/>乙", "甲\n乙"),
        (
            "<table><tr><td><table class='wikitable'><tr><td>甲</td><td>乙</td></tr></table></td></tr></table>",
            "甲 / 乙",
        ),
        (
            "<table><tr><td>外</td><td><table><tr><td>甲<td>乙<tr><td>丙<td>丁</table></td></tr></table>",
            "外\n甲 / 乙\n丙 / 丁",
        ),
        ("<table><tr><td>甲<td>乙<tr><td>丙", "甲 / 乙\n丙"),
        ("<ul><li>甲<li>乙</ul>丙", "甲\n乙\n丙"),
        ("main()と「」と（<sup class=reference>[1]</sup>）{{x}} [[y]] ''z''", "main()と「」と{{x}} [[y]] ''z''"),
        ("&amp;lt; &lt;ref&gt; &amp;amp;", "&lt; <ref> &amp;"),
        ('<a class="external autonumber">[1]</a>甲<a class="external">公式</a>', "甲公式"),
        ("<table class=infobox><tr><td>界</td><td>:</td><td>動物界</td></tr></table>", "界：動物界"),
        ("<pre>甲  乙</pre>丙", "甲 乙\n丙"),
        ("<pre># 甲\n** 乙 &lt;\n</pre>丙", "# 甲\n** 乙 <\n丙"),
        (
            r"<math alttext='{\displaystyle E=mc^{2}}'><mi>E</mi></math>と<math alttext='a_{1}'>a</math>",
            "E=mc^{2}とa_{1}",
        ),
        (
            "<div class=NavFrame><div class=NavHead>配役</div>"
            "<div class=NavContent style='display:none'>星見 - 風間凪</div></div><p style='display:none'>甲</p>",
            "配役\n星見 - 風間凪",
        ),
        (
            "<div class=mw-parser-output><p>甲</p><div class=mw-parser-output>乙</div></div>"
            "<div class=mw-parser-output>丙</div>",
            "甲\n\n乙\n丙",
        ),
    ],
)
def test_pieces_of_html(cleaned, text, expected):
    assert cleaned(text, "html") == expected


def test_a_list_ends_where_it_is_closed(cleaned):
    text = "<ul><li>甲<ul><li>乙</li></ul></li></ul><p>丙</p><ul><li>丁</li></ul>"
    assert cleaned(text, "html", output="markdown") == "- 甲\n  - 乙\n\n丙\n\n- 丁"


def test_html_nested_beyond_the_limit_is_read_by_the_simple_rules(config):
    from tsugiki.corpus.clean import clean

    text = "<div>" * 500 + "甲<h2>脚注</h2>注<h2>音楽</h2>歌&amp;声" + "</div>" * 500
    document = clean(Page(title="x", text=text, markup="html"), config()).result
    assert document.fallback.startswith("too_deep")
    assert [line for line in document.text.split("\n") if line] == ["甲", "音楽", "歌&声"]


@pytest.mark.parametrize(
    "text",
    [
        '<link rel="mw:PageProp/Category" href="./Category:%E7%81%AF%E5%8F%B0_(%E6%9E%B6%E7%A9%BA)#ほし" id="x"/>'
        '<link href="./Category:A&amp;B" rel="mw:PageProp/Category"><link rel="mw:PageProp/nocc" href="./Category:丙">',
        '<div id="catlinks"><ul><li><a href="/wiki/%E7" title="Category:灯台 (架空)">灯台</a></li>'
        '<li><a href="/wiki/x" title="Category:A&amp;B">A</a></li></ul></div>'
        '<a href="/wiki/y" title="Category:丙">丙</a>',
    ],
)
def test_categories_are_read_from_html(text):
    assert find_categories(text, "html") == ("灯台 (架空)", "A&B")


@pytest.mark.parametrize("reference", ["&#1;2 ", "&#x1;9 ", "&#2;", "&#x7;", "&#xFDD0;"])
def test_a_character_reference_is_no_mark(cleaned, reference):
    shown = reference.partition(";")[2]
    assert cleaned(f"<div>前<p>{reference}甲</p><pre>{reference}乙</pre>後</div>", "html").split() == [
        "前",
        *f"{shown}甲".split(),
        *f"{shown}乙".split(),
        "後",
    ]
