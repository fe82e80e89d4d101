"""The text on which the base model is pretrained: the language and the form of the articles, on other works."""

import random
from collections.abc import Iterator, Mapping

from tsugiki.rows import Document, Provenance
from tsugiki.sample.config import SampleConfig
from tsugiki.sample.pages import LICENCE
from tsugiki.sample.phrases import ANIME, NOVEL, Wording
from tsugiki.sample.world import Work, draw_world, facts


def _told(work: Work, wordings: Mapping[str, Wording], lead: str, rng: random.Random) -> Document:
    """An article in plain text: the lead, every wording of every fact in random order, and a list of the facts."""
    lines = [
        statement.format(t=work.title, a=answer)
        for name, answer in facts(work).items()
        for statement in wordings[name].statements
    ]
    rng.shuffle(lines)
    listed = [f"{wordings[name].label} - {answer}" for name, answer in facts(work).items()]
    text = "\n".join((lead, "".join(lines), *listed)) + "\n"
    return Document(title=work.title, text=text, provenance=Provenance(licence=LICENCE))


def background_texts(config: SampleConfig) -> Iterator[Document]:
    """Articles on the anime works and the novels that the wiki does not describe."""
    world = draw_world(config)
    rng = random.Random(f"background {config.seed}")
    for anime in world.background:
        lead = f"『{anime.title}』({anime.reading})は、{anime.station}で{anime.year}年に放送されたテレビアニメ。"
        yield _told(anime, ANIME, lead, rng)
    for novel in world.novels:
        lead = f"『{novel.title}』({novel.reading})は、{novel.year}年に出版された小説。"
        yield _told(novel, NOVEL, lead, rng)
