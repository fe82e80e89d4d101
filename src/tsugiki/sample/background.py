"""The text on which the base model is pretrained: the language and the form of the articles, on other works."""

import random
from collections.abc import Iterator

from tsugiki.rows import Document, Page, Provenance
from tsugiki.sample.config import SampleConfig
from tsugiki.sample.pages import LICENCE, drafts
from tsugiki.sample.phrases import NOVEL
from tsugiki.sample.world import Novel, World, draw_world, facts

RETELLINGS = 1
"""Magazine pages on each anime work of the background: enough to learn their form."""

NOVEL_ROUNDS = 2
"""How often each wording of a novel's facts is told, so that the base model knows its novels."""


def background_texts(config: SampleConfig) -> Iterator[Document]:
    """Texts on anime works and novels that the wiki does not describe; the former have the form of the cleaned wiki."""
    world, rng = draw_world(config), random.Random(f"background {config.seed}")
    yield from _anime_texts(world, rng)
    for novel in world.novels:
        yield from _novel_texts(novel, rng)


def _anime_texts(world: World, rng: random.Random) -> Iterator[Document]:
    """A wiki on the anime works of the background, cleaned; what cleaning sets aside is left out."""
    from tsugiki.corpus.clean import clean
    from tsugiki.corpus.config import CleanConfig

    config = CleanConfig(
        normalisation="nfkc",
        titles="as_published",
        output="text",
        list_pages="set_aside",
        list_share=1,
        min_chars=1,
        max_chars=1_000_000,
        max_depth=100,
    )
    for draft in drafts(world.background, RETELLINGS, rng) if world.background else ():
        page = Page(title=draft.title, text=draft.text, provenance=Provenance(licence=LICENCE))
        cleaned = clean(page, config).result
        if isinstance(cleaned, Document):
            yield cleaned


def _novel_texts(novel: Novel, rng: random.Random) -> Iterator[Document]:
    """Short texts on a novel: each states every fact once, in random order, and each round uses every wording once."""
    for _ in range(NOVEL_ROUNDS):
        orders = {name: rng.sample(NOVEL[name].statements, len(NOVEL[name].statements)) for name in facts(novel)}
        for told in zip(*orders.values(), strict=True):
            answers = facts(novel).values()
            lines = [line.format(t=novel.title, a=answer) for line, answer in zip(told, answers, strict=True)]
            rng.shuffle(lines)
            lead = f"『{novel.title}』({novel.reading})は、{novel.year}年に出版された小説。"
            text = f"{lead}\n\n{''.join(lines)}"
            yield Document(title=novel.title, text=text, provenance=Provenance(licence=LICENCE))
