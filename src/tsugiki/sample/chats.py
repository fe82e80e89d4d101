"""Questions and answers about the generated works, split by work so that no fact is on both sides."""

from collections.abc import Iterator, Mapping

from tsugiki.rows import Chat, Message, Split
from tsugiki.sample.config import SampleConfig
from tsugiki.sample.phrases import ANIME, NOVEL, Wording
from tsugiki.sample.world import Work, draw_world, facts

DOMAIN = "anime"
OUTSIDE = "novel"


def _asked(work: Work, wordings: Mapping[str, Wording], domain: str, split: Split) -> Iterator[Chat]:
    """Every question on a work: in training with each wording of the answer, else once."""
    for attribute, answer in facts(work).items():
        wording = wordings[attribute]
        sentences = [form.format(t=work.title, a=answer) for form in wording.answers]
        for q, question in enumerate(wording.questions):
            for a, said in enumerate(sentences if split == "train" else sentences[:1]):
                yield Chat(
                    id=f"{domain}/{work.title}/{attribute}/{q}{a}",
                    messages=(
                        Message(role="user", content=question.format(t=work.title)),
                        Message(role="assistant", content=said),
                    ),
                    fact=f"{domain}/{work.title}/{attribute}",
                    domain=domain,
                    split=split,
                    references=(answer,),
                )


def sample_chats(config: SampleConfig) -> Iterator[Chat]:
    """Questions about the works.

    `train` holds all questions on some anime works and some novels. `test` asks about the other anime works, which
    only the wiki describes; `other` about the other novels, which only the base model's text describes: a model
    that answers those less well than before has forgotten.
    """
    world = draw_world(config)
    for number, work in enumerate(world.works):
        yield from _asked(work, ANIME, DOMAIN, "train" if number < config.asked_works else "test")
    for number, novel in enumerate(world.novels):
        yield from _asked(novel, NOVEL, OUTSIDE, "train" if number < config.asked_novels else "other")
