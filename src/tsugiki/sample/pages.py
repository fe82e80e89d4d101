"""The generated wiki as page rows, with ids, revisions, checksums and licence."""

import hashlib
import random
from collections.abc import Iterator, Sequence

from tsugiki.rows import Page, Provenance
from tsugiki.sample.articles import article, categories
from tsugiki.sample.companions import (
    Draft,
    list_pages,
    magazine_pages,
    people_pages,
    pointer_pages,
    studio_pages,
    year_pages,
)
from tsugiki.sample.config import SampleConfig
from tsugiki.sample.world import Anime, draw_world

LICENCE = "CC0-1.0"
SHA1_DIGITS = 31
"""Length of a revision's checksum as MediaWiki writes it, in base 36."""


def _sha1(text: str) -> str:
    """The SHA-1 of a text in base 36, as MediaWiki gives it."""
    rest, digits = int(hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest(), 16), ""
    while rest:
        rest, digit = divmod(rest, 36)
        digits = "0123456789abcdefghijklmnopqrstuvwxyz"[digit] + digits
    return digits.zfill(SHA1_DIGITS)


def drafts(works: Sequence[Anime], retellings: int, rng: random.Random) -> Iterator[Draft]:
    """Every page of a wiki on these works, in the order of the ids."""
    for work in works:
        yield Draft(work.title, article(work, rng), categories(work))
    yield from people_pages(works)
    yield from studio_pages(works)
    yield from year_pages(works)
    yield from magazine_pages(works, retellings, rng)
    yield from list_pages(works)
    yield from pointer_pages(works)


def sample_pages(config: SampleConfig) -> Iterator[Page]:
    """The wiki on the anime works: articles, the pages around them, lists, redirects and a disambiguation page.

    The same configuration gives the same pages. Their text was written for tsugiki and is free of rights (CC0);
    every fact in it is a random pairing of invented names.
    """
    works, rng = draw_world(config).works, random.Random(f"pages {config.seed}")
    for number, draft in enumerate(drafts(works, config.retellings, rng), start=1):
        yield Page(
            title=draft.title,
            text=draft.text,
            provenance=Provenance(
                page_id=1000 + number,
                revision_id=500000 + 7 * number,
                timestamp=f"2024-{1 + number % 12:02}-{1 + number % 28:02}T{number % 24:02}:00:00Z",
                sha1=_sha1(draft.text),
                url=f"https://wiki.example/?curid={1000 + number}",
                licence=LICENCE,
                categories=draft.categories,
                path=("アニメ", *draft.categories[:1]),
            ),
        )
