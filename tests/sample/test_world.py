"""Names and pairings: drawn from the seed, no name twice, sizes that cannot work refused."""

import unicodedata
from collections import Counter

import pytest
from pydantic import ValidationError

from tsugiki.sample.config import MAX_WORKS, SampleConfig
from tsugiki.sample.world import draw_world, facts

LARGEST = SampleConfig(
    seed=3,
    works=MAX_WORKS,
    asked_works=2,
    retellings=1,
    background_works=MAX_WORKS,
    novels=MAX_WORKS,
    asked_novels=2,
)


def test_same_seed_same_world_and_another_seed_another() -> None:
    assert draw_world(LARGEST) == draw_world(LARGEST)
    titles, others = (
        {work.title for work in draw_world(c).works} for c in (LARGEST, LARGEST.model_copy(update={"seed": 4}))
    )
    assert titles != others


def test_no_title_or_person_is_given_twice_in_the_largest_world() -> None:
    world = draw_world(LARGEST)
    everything = (*world.works, *world.background, *world.novels)
    assert len({work.title for work in everything}) == 3 * MAX_WORKS
    people = Counter(work.author for work in everything)
    people.update(work.hero for work in everything)
    people.update(work.director for work in (*world.works, *world.background))
    assert max(people.values()) == 1


def test_answers_survive_normalisation() -> None:
    world = draw_world(LARGEST)
    for work in (*world.works, *world.novels):
        for answer in (work.title, *facts(work).values()):
            assert unicodedata.normalize("NFKC", answer) == answer


@pytest.mark.parametrize(("asked", "of"), [("asked_works", "works"), ("asked_novels", "novels")])
def test_nothing_left_to_test_on_is_refused(asked: str, of: str) -> None:
    sizes = LARGEST.model_dump() | {asked: MAX_WORKS}
    with pytest.raises(ValidationError, match=f"{asked}={MAX_WORKS} leaves nothing to test on; keep it below {of}="):
        SampleConfig.model_validate(sizes)
