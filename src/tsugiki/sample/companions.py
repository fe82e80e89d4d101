"""The pages around the articles: people, songs, characters, studios, years, lists, redirects and disambiguation."""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from tsugiki.sample.articles import link, sentences
from tsugiki.sample.world import Anime, facts


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


def around(work: Anime, rng: random.Random) -> Iterator[Draft]:
    """The pages about one work's people, song and characters; each states a fact of the work in two wordings."""
    for attribute, kind in (("director", "アニメ監督"), ("author", "漫画家")):
        name = facts(work)[attribute]
        yield _draft(
            name,
            [f"'''{name}'''は、{kind}。", "", "== 人物 ==", "".join(sentences(work, attribute, rng, 2))],
            kind,
        )
    yield _draft(
        work.song,
        [f"「'''{work.song}'''」は、{link(work.singer)}の楽曲。" + "".join(sentences(work, "song", rng, 2))],
        "アニメソング",
    )
    yield _draft(
        f"{work.title}の登場人物一覧",
        [
            f"アニメ『{work.title}』の登場人物の一覧である。",
            f"; {work.hero}",
            f": 声 - {link(work.voice)}",
            f": {''.join(sentences(work, 'hero', rng, 2))}",
        ],
        "アニメの登場人物",
    )


def studio_pages(works: Sequence[Anime], rng: random.Random) -> Iterator[Draft]:
    """One page for each studio, which names its works."""
    for studio in sorted({work.studio for work in works}):
        own = [work for work in works if work.studio == studio]
        lines = [f"'''{studio}'''は、アニメの制作会社。", "", "== 作品 =="]
        lines += ["* " + "".join(sentences(work, "studio", rng, 2)) for work in own]
        yield _draft(studio, lines, "アニメ制作会社")


def year_pages(works: Sequence[Anime], rng: random.Random) -> Iterator[Draft]:
    """One page for each year, with a paragraph on each work that states each fact once."""
    for year in sorted({work.year for work in works}):
        lines = [f"'''{year}年のアニメ'''では、{year}年に放送されたアニメについて述べる。"]
        for work in (work for work in works if work.year == year):
            stated = [sentences(work, name, rng, 1)[0] for name in facts(work)]
            rng.shuffle(stated)
            lines += ["", f"=== {work.month}月 ===", f"[[{work.title}]]。" + "".join(stated)]
        yield _draft(f"{year}年のアニメ", lines, "年ごとのアニメ")


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
