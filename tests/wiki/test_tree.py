"""The walk over a category tree: order, shortest ways, cycles, and what is left out for which reason."""

import random

import pytest

from tsugiki.config import Config
from tsugiki.errors import BadInput
from tsugiki.wiki.tree import Found, Member, Members, Tally, TreeConfig, normalise, walk

GRAPH = {
    "作品": ([1, 2], ["TV", "映画", "曲"]),
    "TV": ([3, 2], ["年代別", "作品"]),
    "映画": ([4], ["年代別"]),
    "曲": ([5, 1], []),
    "年代別": ([6], ["TV", "1990年代"]),
    "1990年代": ([7, 3], ["作品"]),
}


def listing(name: str) -> Members:
    pages, categories = GRAPH[name]
    return Members(tuple(Member(number, f"頁{number}") for number in pages), tuple(categories))


def tree(**values: object) -> TreeConfig:
    return TreeConfig.parse({"roots": ["作品"], "depth": 9, "allow": [], "deny": []} | values, "tree")


def ways(config: TreeConfig, tally: Tally | None = None) -> dict[int, str]:
    found = list(walk(config, listing, tally))
    assert len({item.member.page_id for item in found}) == len(found)
    return {item.member.page_id: "/".join(item.path) for item in found}


def test_each_page_is_found_once_by_its_shortest_way_nearest_first():
    tally = Tally()
    assert list(ways(tree(), tally).items()) == [
        (1, "作品"),
        (2, "作品"),
        (3, "作品/TV"),
        (4, "作品/映画"),
        (5, "作品/曲"),
        (6, "作品/TV/年代別"),
        (7, "作品/TV/年代別/1990年代"),
    ]
    assert tally == Tally(6, {"visited": 4, "repeated": 3}, {})


def test_ties_go_to_the_root_named_first():
    assert ways(tree(roots=["映画", "TV"]))[6] == "映画/年代別"
    assert ways(tree(roots=["TV", "映画"]))[6] == "TV/年代別"


def test_ties_go_to_the_title_that_comes_first_however_a_wiki_lists_them():
    for names in (("ん", "あ"), ("あ", "ん")):
        graph = {"作品": Members((), names), **dict.fromkeys(names, Members((Member(1, "頁"),), ()))}
        assert [item.path for item in walk(tree(), graph.__getitem__)] == [("作品", "あ")]


def test_depth_counts_levels_below_the_roots():
    assert list(ways(tree(depth=0))) == [1, 2]
    tally = Tally()
    assert list(ways(tree(depth=1), tally)) == [1, 2, 3, 4, 5]
    assert tally.skipped == {"depth": 2, "visited": 1, "repeated": 2}
    assert tally.left_out == {"年代別": "depth"}


def test_deny_wins_over_allow_and_both_cut_off_what_is_below():
    tally = Tally()
    assert list(ways(tree(allow=["^TV$", "年代"], deny=["^19"]), tally)) == [1, 2, 3, 6]
    assert tally.left_out == {"映画": "allow", "曲": "allow", "1990年代": "deny"}
    assert tally.skipped["allow"] == 2
    assert tally.skipped["deny"] == 1


def test_only_what_is_entered_is_asked_for():
    asked = []
    for _ in walk(tree(depth=1, deny=["曲"]), lambda name: asked.append(name) or listing(name)):
        pass
    assert asked == ["作品", "TV", "映画"]


def test_titles_are_compared_as_the_wiki_writes_them():
    graph = {
        "Anime films": Members((), ("Anime_films", " Films__of 1990 ", "ß", "ანიმე")),
        "Films of 1990": Members((Member(1, "A"),), ()),
        "ß": Members((), ()),
        "ანიმე": Members((), ()),
    }
    found = list(walk(tree(roots=["anime_films"]), graph.__getitem__))
    assert found == [Found(Member(1, "A"), ("Anime films", "Films of 1990"))]
    strict = {"a": Members((), ("A",)), "A": Members((Member(1, "A"),), ())}
    assert [item.path for item in walk(tree(roots=["a"]), strict.__getitem__, case="case-sensitive")] == [("a", "A")]


def test_the_first_letter_becomes_a_capital_where_mediawiki_makes_it_one():
    for typed, written in {"anime_films": "Anime films", "éa": "Éa", "ß": "ß", "ანიმე": "ანიმე", "ｱ": "ｱ"}.items():
        assert normalise(typed) == written
        assert normalise(typed, "case-sensitive") == typed.replace("_", " ")


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"deny": ["("]}, r"deny: '\(' is no regular expression"),
        ({"allow": ["a{2,1}"]}, "allow: .* is no regular expression"),
        ({"deny": ["作"]}, "the root '作品' is denied by '作'"),
        ({"roots": []}, "roots: "),
        ({"roots": ["_ "]}, "the root '_ ' names no category"),
        ({"depth": -1}, "depth: "),
    ],
)
def test_a_tree_that_cannot_be_walked_is_refused(values, message):
    with pytest.raises(BadInput, match=message):
        tree(**values)


def test_a_tree_is_a_config():
    assert issubclass(TreeConfig, Config)
    assert tree().identity() == {"roots": ["作品"], "depth": 9, "allow": [], "deny": []}


def test_random_graphs_agree_with_distances_found_by_relaxation():
    rng = random.Random(7)
    for _ in range(60):
        count = rng.randint(2, 12)
        links = {n: [rng.randrange(count) for _ in range(rng.randint(0, 4))] for n in range(count)}
        depth = rng.randint(0, 4)
        distance = {0: 0}
        for _ in range(count):
            for parent, children in links.items():
                for child in children if parent in distance else []:
                    distance[child] = min(distance.get(child, 99), distance[parent] + 1)
        graph = {f"C{n}": Members((Member(n, ""),), tuple(f"C{c}" for c in links[n])) for n in links}
        found = list(walk(tree(roots=["C0"], depth=depth), graph.__getitem__))
        expected = {number: far for number, far in distance.items() if far <= depth}
        assert {item.member.page_id: len(item.path) - 1 for item in found} == expected
        for item in found:
            for parent, child in zip(item.path, item.path[1:], strict=False):
                assert child in graph[parent].categories
