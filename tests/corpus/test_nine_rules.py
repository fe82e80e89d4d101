"""The nine rules of the reference cleaning, one by one, on every markup they apply to."""

import pytest

from tsugiki.rows import Page

WIKILINK_FORMS = {
    "wikitext": ("wikitext", "[[星見 (灯台守)|星見]]は[[灯台]]を守る。"),
    "pandoc 2.19": ("markdown", '[星見は](星見_\\(灯台守\\) "wikilink")[灯台を](灯台 "wikilink")守る。'),
    "pandoc 2.19 plain parens": ("markdown", '[星見は](星見_(灯台守) "wikilink")[灯台](灯台 "wikilink")を守る。'),
    "pandoc 3.9 markdown": (
        "markdown",
        '[星見](星見_(灯台守) "星見"){.wikilink}は[灯台](灯台 "灯台"){.wikilink}を守る。',
    ),
    "pandoc 3.9 gfm": (
        "markdown",
        '<a href="星見_(灯台守)" class="wikilink" title="星見">星見</a>は'
        '<a href="灯台" class="wikilink" title="灯台">灯台</a>を守る。',
    ),
    "chinapedia": (
        "markdown",
        '[星見](https://wiki.example/wiki/星見_\\(灯台守\\) "wikilink")は[灯台](../Page/灯台.md "wikilink")を守る。',
    ),
}


@pytest.mark.parametrize(
    ("markup", "text", "expected"),
    [
        (
            "wikitext",
            "== 概要 ==\n'''星見'''は''灯台守''。<!-- 注意 -->\n* 甲\n** 乙\n# 丙\n:: 丁",
            "概要\n星見は灯台守。\n甲\n乙\n丙\n丁",
        ),
        (
            "markdown",
            "## 概要 {#gaiyo}\n\n**星見**は*灯台守*。<!-- 注意 -->\n\n- 甲\n  - 乙\n\n1. 丙\n\n・丁",
            "概要\n\n星見は灯台守。\n\n甲\n乙\n\n丙\n\n丁",
        ),
        ("markdown", "概要\n====\n\n語\n:   意味\n\n> 引用\n\n甲  \n乙", "概要\n\n語\n意味\n\n引用\n\n甲\n乙"),
    ],
)
def test_rule_1_removes_syntax(cleaned, markup, text, expected):
    assert cleaned(text, markup) == expected


@pytest.mark.parametrize("form", WIKILINK_FORMS)
def test_rule_2_keeps_the_labels_of_links(cleaned, form):
    markup, text = WIKILINK_FORMS[form]
    assert cleaned(text, markup) == "星見は灯台を守る。"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('灯台（星見 "wikilink")の話', "灯台の話"),
        ('灯台(～ "wikilink")の話', "灯台の話"),
        ('[歌「"夜"」](歌 "歌「"夜"」"){.wikilink}を聴く', '歌「"夜"」を聴く'),
        ('[thumb|灯台の[写真](写真 "wikilink")](ファイル:a_(b).jpg "wikilink")本文![代替](a.png)', "本文"),
        ('本文\n\n[Category:灯台](Category:灯台 "wikilink") [\\*](Category:架空 "wikilink")', "本文"),
        ('本文 <a href="Category:灯台" class="wikilink" title="Category:灯台">Category:灯台</a>', "本文"),
        ("[公式](https://a.example/x_(y)?z=1)と<https://b.example/>", "公式と"),
    ],
)
def test_rule_2_removes_residues_files_and_categories(cleaned, text, expected):
    assert cleaned(text, "markdown") == expected


@pytest.mark.parametrize(
    ("markup", "text", "expected"),
    [
        ("wikitext", '灯台<ref name="a">本</ref>の<ref name="a" />話<ref>別の本。', "灯台の話別の本。"),
        (
            "markdown",
            "灯台[^1]の話[^2]。\n\n後の段落。\n\n[^1]: 本。\n\n    続。\n\n[^2]:\n    ```\n    {{Cite}}\n    ```",
            "灯台の話。\n\n後の段落。",
        ),
        ("markdown", "灯台[1]の話[2][3]。『灯台[4]』\n\n[1] 本\n\n[2]\n\n[3] 別の本", "灯台の話。『灯台[4]』"),
        ("markdown", "灯台\\[1\\]の話\\[2\\]。\n\n1.  本\n\n2.  別の本\n    続き", "灯台の話。"),
        ("markdown", "一覧[3]\n\n1.  甲\n2.  乙", "一覧[3]\n\n甲\n乙"),
    ],
)
def test_rule_3_removes_footnotes_and_keeps_other_numbers(cleaned, markup, text, expected):
    assert cleaned(text, markup) == expected


@pytest.mark.parametrize("markup", ["wikitext", "markdown"])
@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("星見\n-\n風間 凪", "星見 - 風間 凪"),
        ("星見\n\n- \n\n風間 凪", "星見\n\n風間 凪"),
        ("星見\n\n  -\n  - 風間 凪", "星見\n\n風間 凪"),
        ("* 星見\n-\n* 風間 凪", "星見\n風間 凪"),
        ("-\n星見\n-", "星見"),
    ],
)
def test_rule_4_joins_a_lone_dash_only_between_plain_lines(cleaned, markup, text, expected):
    assert cleaned(text, markup) == expected


def test_rule_4_never_joins_across_a_definition_list(cleaned):
    assert cleaned("; 星見\n-\n: 声 - 風間 凪") == "星見\n声 - 風間 凪"
    assert cleaned("星見\n-\n:   声 - 風間 凪", "markdown") == "星見\n声 - 風間 凪"


def test_rule_5_unescapes(cleaned):
    assert cleaned(r"A \< B \! ラブ\*コン \[x\] C\_D \# \- 1\.", "markdown") == "A < B ! ラブ*コン [x] C_D # - 1."
    assert cleaned("A &lt; B &amp; C&nbsp;D &#42;") == "A < B & C D *".replace(" D", "\u00a0D")
    assert cleaned(r"顔文字 \(^o^)/ と \*", "text") == r"顔文字 \(^o^)/ と \*"


HEADINGS = [
    "脚注",
    "注釈",
    "出典",
    "参考文献",
    "関連項目",
    "外部リンク",
    "脚注・出典",
    "出典・脚注",
    "注",
    "注記",
    "脚注と出典",
    "References",
    "External links",
]


@pytest.mark.parametrize("heading", HEADINGS)
@pytest.mark.parametrize(("markup", "mark"), [("wikitext", "={}="), ("markdown", "#{}")])
def test_rule_6_drops_the_section_with_its_subsections(cleaned, heading, markup, mark):
    level = {"wikitext": lambda n, t: f"{'=' * n} {t} {'=' * n}", "markdown": lambda n, t: f"{'#' * n} {t}\n"}[markup]
    text = "\n".join(
        [level(2, "物語"), "灯台。", level(2, heading), "本。", level(3, "一覧"), "別の本。", level(2, "音楽"), "歌。"]
    )
    assert [line for line in cleaned(text, markup).split("\n") if line] == ["物語", "灯台。", "音楽", "歌。"]


def test_rule_6_keeps_sections_that_only_sound_alike(cleaned):
    text = "== 注目の作品 ==\n甲\n== 関連作品 ==\n乙\n== 参考人 ==\n丙"
    assert all(word in cleaned(text) for word in ("注目の作品", "甲", "関連作品", "乙", "参考人", "丙"))


@pytest.mark.parametrize("name", ["リンク", "資料", "引用", "文献", "参考"])
def test_rule_6_keeps_what_is_only_named_like_sources(cleaned, name):
    told = f"== 登場人物 ==\n=== {name} ===\n本作の主人公。声 - 風間凪\n=== 甲 ===\n乙"
    assert cleaned(told).split("\n\n") == ["登場人物", f"{name}\n本作の主人公。声 - 風間凪", "甲\n乙"]
    assert "声 - 風間凪" in cleaned(f"== 登場人物 ==\n=== {name} ===\n* 声 - 風間凪")
    assert "主人公" in cleaned(f"丙\n== {name} ==\n; 声 - 風間凪\n: 主人公。")
    for sources in ("* 雨宮楓『灯台史』\n* [http://example.org 公式]", "* {{Cite book|title=灯台}}"):
        assert cleaned(f"丙\n== 乙 ==\n=== {name} ===\n{sources}\n== 丁 ==\n戊") == "丙\n\n丁\n戊"
    assert cleaned(f"丙\n== {name} ==\n* 灯台\n* 港\n== 丁 ==\n戊") == "丙\n\n丁\n戊"


@pytest.mark.parametrize("markup", ["wikitext", "markdown", "text"])
def test_rule_7_normalises_by_policy(cleaned, markup):
    text = "ＴＶ第１話～「Ⅱ」①…ｶﾞﾝﾊﾞﾚ！"
    assert cleaned(text, markup, normalisation="nfkc") == "TV第1話~「II」1...ガンバレ!"
    assert cleaned(text, markup, normalisation="nfkc_letters") == "TV第1話～「Ⅱ」①…ガンバレ！"
    assert cleaned(text, markup, normalisation="none") == text


@pytest.mark.parametrize("markup", ["wikitext", "markdown", "text"])
def test_rule_8_squeezes_lines(cleaned, markup):
    assert cleaned("\r\n甲  \r\n\n\n\n乙 \t 丙　\n", markup) == "甲\n\n乙 丙"


@pytest.mark.parametrize("markup", ["wikitext", "markdown"])
@pytest.mark.parametrize(
    ("title", "expected"),
    [
        ("架空社の作品一覧", "<list_page>"),
        ("架空のアニメ一覧 (た行)", "<list_page>"),
        ("星屑の灯台の話数一覧", "<list_page>"),
        ("星屑の灯台のOVA一覧", "<list_page>"),
        ("ニュース一覧2031", "<list_page>"),
        ("星屑の灯台の登場人物一覧", "本文"),
        ("星屑の灯台の登場人物", "本文"),
        ("一覧性", "本文"),
    ],
)
def test_rule_9_sets_list_pages_aside(cleaned, markup, title, expected):
    assert cleaned("本文", markup, title=title) == expected
    assert cleaned("本文", markup, title=title, list_pages="keep") == "本文"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("#REDIRECT [[星屑の灯台]]", "<redirect>"),
        ("#転送 [[星屑の灯台]]", "<redirect>"),
        ("'''灯台'''\n* [[甲]]\n{{aimai}}", "<disambiguation>"),
        ("甲<!-- 乙 -->\n{{aimai}}", "<disambiguation>"),
        ("本文<!-- {{aimai}} __DISAMBIG__ -->", "本文"),
        ("<nowiki>{{aimai}}</nowiki>を貼る", "{{aimai}}を貼る"),
        ("{{Template:曖昧さ回避}}", "<disambiguation>"),
        ("{{Otheruses||その他|灯台 (曖昧さ回避)}}本文", "本文"),
        ("[[Category:灯台]]<!-- 空 -->", "<empty>"),
        ("本", "<too_short>"),
    ],
)
def test_pages_that_are_no_articles(cleaned, text, reason):
    assert cleaned(text, min_chars=2) == reason


def test_a_rejected_page_keeps_its_reason_and_the_beginning_of_its_content(config):
    from tsugiki.corpus.clean import clean

    result = clean(Page(title="作品一覧", text="長" * 5000), config()).result
    assert (result.source, result.reason, len(result.content)) == ("作品一覧", "list_page", 1000)
