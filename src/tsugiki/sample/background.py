"""The text on which the base model is pretrained: the language and the form of the articles, on other works."""

import random
from collections.abc import Iterator, Mapping

from tsugiki.rows import Document, Provenance
from tsugiki.sample.config import SampleConfig
from tsugiki.sample.pages import LICENCE
from tsugiki.sample.phrases import ANIME, NOVEL, Wording
from tsugiki.sample.world import Work, draw_world, facts


def _told(work: Work, wordings: Mapping[str, Wording], lead: str, rng: random.Random) -> Iterator[Document]:
    """One short text for each wording of the facts: the lead and every fact once, in random order."""
    orders = {name: rng.sample(wordings[name].statements, len(wordings[name].statements)) for name in facts(work)}
    for told in zip(*orders.values(), strict=True):
        lines = [line.format(t=work.title, a=answer) for line, answer in zip(told, facts(work).values(), strict=True)]
        rng.shuffle(lines)
        text = f"{lead}\n{''.join(lines)}\n"
        yield Document(title=work.title, text=text, provenance=Provenance(licence=LICENCE))


def background_texts(config: SampleConfig) -> Iterator[Document]:
    """Texts on the anime works and the novels that the wiki does not describe, one for each wording."""
    world = draw_world(config)
    rng = random.Random(f"background {config.seed}")
    for anime in world.background:
        lead = f"『{anime.title}』({anime.reading})は、{anime.station}で{anime.year}年に放送されたテレビアニメ。"
        yield from _told(anime, ANIME, lead, rng)
    for novel in world.novels:
        lead = f"『{novel.title}』({novel.reading})は、{novel.year}年に出版された小説。"
        yield from _told(novel, NOVEL, lead, rng)
