"""The fictional works behind the sample: every name and every pairing is drawn from the seed."""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields

from tsugiki.sample import names
from tsugiki.sample.config import SampleConfig


@dataclass(frozen=True)
class Anime:
    """One anime work; `ASKED` names the attributes that are facts to be asked for."""

    title: str
    reading: str
    year: int
    month: int
    day: int
    station: str
    episodes: int
    director: str
    author: str
    studio: str
    hero: str
    song: str
    writer: str
    voice: str
    singer: str
    town: str

    ASKED = ("director", "author", "studio", "hero", "song")


@dataclass(frozen=True)
class Novel:
    """One novel, the kind of work outside the domain."""

    title: str
    reading: str
    year: int
    author: str
    publisher: str
    hero: str

    ASKED = ("author", "publisher", "hero")


Work = Anime | Novel


@dataclass(frozen=True)
class World:
    """Every work of one sample."""

    works: tuple[Anime, ...]
    """The anime works that the wiki describes."""
    background: tuple[Anime, ...]
    """Anime works that only the base model's text describes."""
    novels: tuple[Novel, ...]
    """Works outside the domain, which only the base model's text describes."""


def facts(work: Work) -> dict[str, str]:
    """The facts to be asked for about a work: attribute to answer."""
    return {field.name: getattr(work, field.name) for field in fields(work) if field.name in work.ASKED}


def _deck(rng: random.Random, firsts: Sequence[str], seconds: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Pairs of halves in random order, no pair twice; each half returns only after all others were drawn."""
    left, right = rng.sample(firsts, len(firsts)), rng.sample(seconds, len(seconds))
    for turn in range(len(right)):
        for index in rng.sample(range(len(left)), len(left)):
            yield left[index], right[(index + turn) % len(right)]


class _Draw:
    """The decks from which names are drawn, so that none is given twice."""

    def __init__(self, seed: int) -> None:
        self.rng = random.Random(seed)
        self.readings = dict((*names.MODIFIERS, *names.NOUNS))
        self.titles = _deck(self.rng, [word for word, _ in names.MODIFIERS], [word for word, _ in names.NOUNS])
        self.people = _deck(self.rng, names.SURNAMES, names.GIVEN_NAMES)
        self.songs = _deck(self.rng, names.SONG_HEADS, names.SONG_TAILS)
        self.studios = ["".join(pair) for pair in _deck(self.rng, names.STUDIO_HEADS, names.STUDIO_TAILS)]
        self.publishers = ["".join(pair) for pair in _deck(self.rng, names.STUDIO_HEADS, names.PUBLISHER_TAILS)]

    def title(self) -> tuple[str, str]:
        """A title and its reading."""
        first, second = next(self.titles)
        return f"{first}の{second}", f"{self.readings[first]}の{self.readings[second]}"

    def person(self) -> str:
        """A person's or a character's name."""
        return "".join(next(self.people))

    def anime(self) -> Anime:
        """One anime work."""
        title, reading = self.title()
        pick = self.rng.choice
        return Anime(
            title=title,
            reading=reading,
            year=self.rng.randint(1996, 2019),
            month=pick((1, 4, 7, 10)),
            day=self.rng.randint(1, 14),
            station=pick(names.STATIONS),
            episodes=pick((12, 13, 24, 26)),
            director=self.person(),
            author=self.person(),
            studio=pick(self.studios),
            hero=self.person(),
            song="の".join(next(self.songs)),
            writer=self.person(),
            voice=self.person(),
            singer=self.person(),
            town=pick(names.TOWNS),
        )

    def novel(self) -> Novel:
        """One novel."""
        title, reading = self.title()
        return Novel(
            title=title,
            reading=reading,
            year=self.rng.randint(1950, 2019),
            author=self.person(),
            publisher=self.rng.choice(self.publishers),
            hero=self.person(),
        )


def draw_world(config: SampleConfig) -> World:
    """Draw every work of the sample; the same configuration gives the same world."""
    draw = _Draw(config.seed)
    return World(
        works=tuple(draw.anime() for _ in range(config.works)),
        background=tuple(draw.anime() for _ in range(config.background_works)),
        novels=tuple(draw.novel() for _ in range(config.novels)),
    )
