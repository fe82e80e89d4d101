"""The pages around the articles: people, songs, studios, years, a magazine, lists, redirects."""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from tsugiki.sample.articles import link, paragraph, sentence
from tsugiki.sample.world import Anime, facts

WORKS_PER_ISSUE = 4
"""Works in one issue of the magazine."""


@dataclass(frozen=True)
class Draft:
    """A page before it gets its ids."""

    title: str
    text: str
    categories: tuple[str, ...] = ()


def _draft(title: str, lines: Sequence[str], *categories: str) -> Draft:
    """A page of these lines, followed by its categories."""
    text = "\n".join((*lines, "", *(f"[[Category:{name}]]" for name in categories)))
    return Draft(title, text.rstrip() + "\n", categories)


def people_pages(works: Sequence[Anime]) -> Iterator[Draft]:
    """For every sixth work a page on its director, one on its author, one on its song and one on its characters."""
    for work in works[::6]:
        for attribute, kind in (("director", "アニメ監督"), ("author", "漫画家")):
            name = facts(work)[attribute]
            told = sentence(work, attribute, 1)
            yield _draft(name, [f"'''{name}'''は、{kind}。", "", "== 人物 ==", told], kind)
        lead = f"「'''{work.song}'''」は、{link(work.singer)}の楽曲。"
        yield _draft(work.song, [lead + sentence(work, "song", 1)], "アニメソング")
        cast = [
            f"アニメ『{work.title}』の登場人物の一覧である。",
            f"; {work.hero}",
            f": 声 - {link(work.voice)}",
            f": {sentence(work, 'hero', 1)}",
        ]
        yield _draft(f"{work.title}の登場人物一覧", cast, "アニメの登場人物")


def studio_pages(works: Sequence[Anime]) -> Iterator[Draft]:
    """One page for each studio of several works, which names them."""
    for studio in sorted({work.studio for work in works}):
        own = [work for work in works if work.studio == studio]
        lines = [f"'''{studio}'''は、アニメの制作会社。", "", "== 作品 =="]
        if len(own) > 1:
            yield _draft(studio, lines + ["* " + sentence(work, "studio", 1) for work in own], "アニメ制作会社")


def year_pages(works: Sequence[Anime]) -> Iterator[Draft]:
    """One page for each year, with a paragraph on each work."""
    for year in sorted({work.year for work in works}):
        lines = [f"'''{year}年のアニメ'''では、{year}年に放送されたアニメについて述べる。"]
        own = [work for work in works if work.year == year]
        for work in sorted(own, key=lambda work: (work.month, work.day)):
            lines += ["", f"=== {work.month}月{work.day}日 ===", paragraph(work, 1)]
        yield _draft(f"{year}年のアニメ", lines, "年ごとのアニメ")


def magazine_pages(works: Sequence[Anime], retellings: int, rng: random.Random) -> Iterator[Draft]:
    """Issues of a magazine, each on a few works; every work is in `retellings` of them, worded differently."""
    number = 0
    for telling in range(2, 2 + retellings):
        order = rng.sample(works, len(works))
        for start in range(0, len(order), WORKS_PER_ISSUE):
            number += 1
            lines = [f"'''アニメ便り第{number}号'''は、雑誌『月刊アニメ便り』の一冊。"]
            for work in order[start : start + WORKS_PER_ISSUE]:
                lines += ["", f"== [[{work.title}]] ==", paragraph(work, telling)]
            yield _draft(f"アニメ便り第{number}号", lines, "アニメ雑誌")


def list_pages(works: Sequence[Anime]) -> Iterator[Draft]:
    """One list of works for each broadcaster: titles and nothing to learn."""
    for station in sorted({work.station for work in works}):
        own = [work for work in works if work.station == station]
        lines = [f"'''{station}のアニメ作品一覧'''", "", '{| class="wikitable sortable"', "! 年 !! 作品"]
        for work in own:
            lines += ["|-", f"| {work.year} || [[{work.title}]]"]
        yield _draft(f"{station}のアニメ作品一覧", [*lines, "|}"], "アニメ作品一覧")


def pointer_pages(works: Sequence[Anime]) -> Iterator[Draft]:
    """Pages without text of their own: a redirect for every fifth work, and one disambiguation page."""
    for work in works[::5]:
        yield Draft(f"{work.title} (アニメ)", f"#転送 [[{work.title}]]\n")
    first = works[0].title.split("の")[0]
    lines = ["{{aimai}}", f"'''{first}'''", f"* [[{works[0].title}]] - アニメ。", f"* [[{first}]] - 言葉。"]
    yield _draft(f"{first} (曖昧さ回避)", lines, "曖昧さ回避")
