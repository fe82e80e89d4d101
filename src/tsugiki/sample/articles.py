"""The article on one anime work in MediaWiki markup, with the constructs that make real articles hard to clean."""

import random

from tsugiki.sample import names
from tsugiki.sample.phrases import ANIME
from tsugiki.sample.world import Anime, facts


def link(name: str) -> str:
    """A wiki link to the page of that name."""
    return f"[[{name}]]"


def sentence(work: Anime, attribute: str, telling: int) -> str:
    """One sentence for one fact of a work, the answer linked to its page.

    Args:
        work: What is told of.
        attribute: Which of its facts.
        telling: Which telling of the work this is; the first eight have eight different wordings.
    """
    wordings = ANIME[attribute].statements
    first = random.Random(f"{work.title} {attribute}").randrange(len(wordings))
    return wordings[(first + telling) % len(wordings)].format(t=work.title, a=link(facts(work)[attribute]))


def paragraph(work: Anime, telling: int) -> str:
    """A paragraph that states every fact of a work once, in random order."""
    lines = [sentence(work, name, telling) for name in facts(work)]
    random.Random(f"{work.title} {telling}").shuffle(lines)
    return "".join(lines)


def _infobox(work: Anime) -> str:
    """The box of key and value at the top; values carry links, line breaks and small print."""
    return "\n".join(
        (
            "{{Infobox animanga/TVAnime",
            f"| タイトル = {work.title}",
            f"| 原作 = {link(work.author)}",
            f"| 監督 = {link(work.director)}",
            f"| 脚本 = {link(work.writer)}<!-- 全話 -->",
            f"| アニメーション制作 = {link(work.studio)}",
            f"| 放送局 = {{{{nowrap|{link(work.station)}}}}}<br />{{{{small|ほか}}}}",
            f"| 放送開始 = {work.year}年{work.month}月{work.day}日",
            f"| 話数 = 全{work.episodes}話",
            "}}",
        )
    )


def _lead(work: Anime) -> str:
    """The first sentence, with the reading in parentheses and a footnote."""
    source = f"{{{{Cite web|和書|title=作品情報|publisher={work.station}|accessdate={work.year}-12-01}}}}"
    return (
        f"『'''{work.title}'''』（{work.reading}）は、{link(work.station)}で[[{work.year}年]]に放送された"
        f'[[テレビアニメ]]。<ref name="site">{source}</ref>'
    )


def _overview(work: Anime, rng: random.Random) -> str:
    """The paragraph of the facts, with notes and a maintenance mark."""
    source = f"<ref>『月刊アニメ便り』{work.year}年{work.month}月号、{rng.randint(8, 96)}頁。</ref>"
    first, *rest = paragraph(work, 0).split("。", 1)
    return f'{first}。<ref name="site" />{"".join(rest)}{{{{要出典|date=2021年5月}}}}{source}'


def _cast(work: Anime, rng: random.Random) -> str:
    """The characters as a definition list."""
    role = rng.choice(("語り手", "転校生", "案内役", "見習い"))
    return "\n".join(
        (
            f"; {work.hero}",
            f": 声 - {link(work.voice)}",
            f": 『{work.title}』の主人公。[[{work.town}]]で暮らす{role}。",
        )
    )


def _staff(work: Anime) -> str:
    """The staff as a bullet list."""
    return "\n".join(
        (
            f"* 原作 - {link(work.author)}",
            f"* 監督 - {link(work.director)}",
            f"* 制作 - {link(work.studio)}",
            f"* 主題歌 - 「{link(work.song)}」（歌 - {link(work.singer)}）",
        )
    )


def _episodes(work: Anime, rng: random.Random) -> str:
    """The episodes as a table whose last column spans rows."""
    subtitles = rng.sample(names.EPISODE_WORDS, 3)
    return "\n".join(
        (
            '{| class="wikitable" style="font-size:90%"',
            "! 話数 !! サブタイトル !! 脚本",
            "|-",
            f'| 第1話 || {{{{ルビ|{subtitles[0]}|だいいちわ}}}} || rowspan="2" | {link(work.writer)}',
            "|-",
            f"| 第2話 || {subtitles[1]}",
            "|-",
            f"| 第3話 || {subtitles[2]} || {{{{仮リンク|{work.director}|en|Director}}}}",
            "|}",
        )
    )


def _ending(work: Anime) -> str:
    """The sections and lines after the text: footnotes, links, the box of neighbours, sort key and categories."""
    return "\n".join(
        (
            "== 脚注 ==",
            "{{脚注ヘルプ}}",
            "{{Reflist}}",
            "",
            "== 外部リンク ==",
            f"* [https://anime.example/{work.year}/{work.month} 公式サイト]",
            f"{{{{前後番組|放送局={work.station}|放送枠=深夜アニメ|番組名={work.title}}}}}",
            "",
            f"{{{{DEFAULTSORT:{work.reading}}}}}",
            *(f"[[Category:{name}]]" for name in categories(work)),
        )
    )


def categories(work: Anime) -> tuple[str, ...]:
    """Names of the categories of the article on a work."""
    return (f"{work.year}年のテレビアニメ", f"{work.station}のアニメ", "架空のアニメ作品")


def article(work: Anime, rng: random.Random) -> str:
    """The article on a work as wikitext; every third also lists its staff and its episodes."""
    parts = [
        "{{Pathnav|アニメ|テレビアニメ|frame=1}}",
        _infobox(work),
        _lead(work),
        "== 概要 ==",
        _overview(work, rng),
        "== 登場人物 ==",
        _cast(work, rng),
    ]
    if rng.random() < 1 / 3:
        parts += ["== スタッフ ==", _staff(work), "== 各話リスト ==", _episodes(work, rng)]
    return "\n\n".join((*parts, _ending(work))) + "\n"
