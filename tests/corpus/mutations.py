"""Pages broken at random, by a seed: what editors, converters and cut-off files do to markup, and worse."""

import random

SEEDS = {
    "wikitext": """{{Infobox animanga/TVAnime
| 監督 = [[風間凪]]<ref name="a">{{Cite web|title=本|date=2031}}</ref>、{{仮リンク|雨宮|en|Kaede}}
| 放送開始 = 2031年4月2日<br />（第2期：{{lang|en|2032}}）
| 声優 =
* {{nowrap|月島 {{small|（代役）}}}}
}}
'''星屑の灯台'''（ほしくずのとうだい、{{lang-en|Starlight}}）は、<ruby>架空<rt>かくう</rt></ruby>の作品{{要出典}}。__NOTOC__
[[File:a.jpg|thumb|港の[[灯台]]{{small|x}}]]『』「{{x}}」
== 登場人物 ==
; 星見（{{ルビ|星|ほし}}） : 声 - [[風間凪|風間]]
: 灯台守。&amp;&nbsp;&#x5b;
-
*# 甲
:* 乙
=== 各話 ===
{| class="wikitable" style="x"
|+ 一覧
! 話 !! 題 || colspan=2 | 脚本
|-
| rowspan="2" | 1 || '''始まり'''<!-- 注 --> || 風間
|-
| <nowiki>{{</nowiki> || {| class=x
| 内 || 表
|}
|}
<gallery>
a.jpg|甲
</gallery>
<table><tr><td>a<td colspan=2>b</table>[https://a.example 公式]
== 脚注 ==
{{Reflist}}
=== 注 ===
== 音楽 ==
<math>x^2</math>10<sup>6</sup>{{#if:a|b}}{{{1|既定}}}
{{DEFAULTSORT:ほし}}[[Category:作品]][[en:Star]]
""",
    "markdown": r"""星屑
====

**星屑の灯台**（`{{要出典|date=x}}`{=mediawiki}、*Starlight*）は
[灯台の](灯台_\(架空\) "wikilink")[話](話 "話"){.wikilink}[^1]。\[2\]
<a href="港" class="wikilink" title="港">港</a>[thumb\|写真[甲](甲 "wikilink")](ファイル:a_(b).jpg "wikilink")

```{=mediawiki}
{{Infobox
| 監督 = [[風間]]
}}
```

## 登場人物 {#x}

語
:   意味

  - 甲
      - 乙

  -
  - 丙

-
1.  丁\
    戊

| 話 | 題 |
|----|:---|
| 1  | 甲\|乙 |

+------+------------+
| 話数 | 題         |
+======+============+
| 1    | **始まり** |
+      +------------+
|      | 海 `x`     |
+------+------------+

  話数   題
  ------ --------
  1      始まり

<table><caption>x</caption><tr><th>a</th></tr><tr><td rowspan="2"><p>b</p></td></tr></table>
\<!\--注\--\>\*: 甲 style=\"x\"\|乙 H~2~O 10^6^ ~~旧~~ <https://a.example/> &amp;amp;
## 脚注

[^1]: 本。

    続。

1.  本
2.  別
""",
    "html": """<div class="mw-parser-output"><table class="infobox"><caption>星屑</caption><tr><th>監督</th>
<td>風間<br>雨宮</td></tr></table><p><b>星屑</b>（<sup
class="reference">[1]</sup>、<ruby>架<rt>か</rt></ruby>）は10<sup>6</sup>。</p>
<h2><span class="mw-headline">人物</span><span class="mw-editsection">x</span></h2>
<dl><dt>星見</dt><dd>声 - 風間</dd></dl>
<ul><li>甲<ul><li><p>乙</p></li></ul></li></ul><table class="wikitable"><tr><th>話</th><th colspan="2">題</th></tr>
<tr><td rowspan="2">1</td><td>甲<table><tr><td>内</td></tr></table></td></tr></table><h2>脚注</h2>
<ol class="references"><li>本
</li></ol><h2>音楽</h2><math alttext="x"></math><div style="display:none">隠</div>&amp;lt;&lt;ref&gt;</div>""",
    "text": "星屑の灯台（ほし）\n\n- 甲\n  - 乙\n\n語\n: 意味\n\n# 丙 ①～Ⅱｶﾞ（）「」『、』",
}
TOKENS = r"""
{{ }} {{{ }}} [[ ]] [ ] {| |} |- || ! !! | = == === * # : ; - QQ QQQ <ref> </ref> <ref/> <nowiki> </nowiki> <!-- -->
<br> <table> <tr> <td> </table> <math> <pre> </div> <ruby> <rt> <ul> <li> <h2> <svg> <template> ( ) （ ） 「 」 『 』 、
&amp; &#x5b; &#0; \ \[ \* \| ` ``` ~ ^ > +--+ |--| --- ![ ]( "wikilink" {.wikilink} [^1] [^1]: [1] 1. File: Category: http://a
Ⅱ ～ ｶﾞ infobox a=b あ 灯台 rowspan=99 colspan=0
"""
_TOKENS = [
    *TOKENS.replace("Q", "'").split(),
    " ",
    "\n",
    "\n\n",
    "\t",
    "\u3000",
    "\u3099",
    "\x01",
    "\x05",
    "\x0e",
    "\ufdd0",
]
_BRACKETS = str.maketrans("{}[]<>()（）「」", "}{][><)(）（」「")


def mutate(text: str, choose: random.Random) -> str:
    """The text after one to six random changes; it grows to at most a few times its length."""
    for _ in range(choose.randint(1, 6)):
        start = choose.randrange(len(text) + 1)
        end = min(len(text), start + choose.choice((1, 3, 20, 200, 2000)))
        text = choose.choice(_CHANGES)(text, start, end, choose)
    return text


def _delete(text: str, start: int, end: int, _choose: random.Random) -> str:
    return text[:start] + text[end:]


def _duplicate(text: str, start: int, end: int, choose: random.Random) -> str:
    return text[:end] + text[start:end] * choose.choice((1, 2, 20 if end - start < 50 else 1)) + text[end:]


def _move(text: str, start: int, end: int, choose: random.Random) -> str:
    rest = text[:start] + text[end:]
    place = choose.randrange(len(rest) + 1)
    return rest[:place] + text[start:end] + rest[place:]


def _turn_brackets(text: str, start: int, end: int, _choose: random.Random) -> str:
    return text[:start] + text[start:end].translate(_BRACKETS) + text[end:]


def _insert(text: str, start: int, _end: int, choose: random.Random) -> str:
    inserted = "".join(choose.choice(_TOKENS) for _ in range(choose.choice((1, 1, 3, 10))))
    return text[:start] + inserted + text[start:]


def _nest(text: str, start: int, end: int, choose: random.Random) -> str:
    opening, closing = choose.choice(
        (("{{a|", "}}"), ("[[a|", "]]"), ("<div>", "</div>"), ("（", "）"), ("{|\n|", "\n|}\n"))
    )
    times = choose.choice((2, 10, 90, 300))
    closed = choose.choice((times, times, 0, times // 2))
    return text[:start] + opening * times + text[start:end] + closing * closed + text[end:]


def _scatter(text: str, start: int, end: int, choose: random.Random) -> str:
    random_chars = "".join(
        chr(
            choose.choice(
                (choose.randrange(1, 0x500), choose.randrange(0x3000, 0xD800), choose.randrange(0xE000, 0x110000))
            )
        )
        for _ in range(min(20, end - start))
    )
    return text[:start] + random_chars + text[end:]


def _shuffle_lines(text: str, start: int, end: int, choose: random.Random) -> str:
    lines = text[start:end].split("\n")
    choose.shuffle(lines)
    return text[:start] + "\n".join(lines) + text[end:]


def _cut(text: str, start: int, _end: int, choose: random.Random) -> str:
    return text[:start] if choose.random() < 0.5 else text[start:]


_CHANGES = (
    _delete,
    _delete,
    _duplicate,
    _move,
    _turn_brackets,
    _insert,
    _insert,
    _insert,
    _nest,
    _scatter,
    _shuffle_lines,
    _cut,
)
