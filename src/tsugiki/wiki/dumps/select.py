"""Find the pages of a category tree in the tables of a dump."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from tsugiki.errors import BadInput
from tsugiki.pool import run, side_by_side
from tsugiki.rows import Rejected
from tsugiki.wiki.admit import set_aside
from tsugiki.wiki.dumps.graph import Databases, Graph, Links, Tables
from tsugiki.wiki.dumps.sql import as_text, as_title, rows_of
from tsugiki.wiki.tree import Case, Found, Member, Members, Tally, TreeConfig, categories_left_out, normalise, walk
from tsugiki.work import Work

_SUBCAT = b"subcat"


@dataclass(frozen=True)
class Selection:
    """The pages of a tree, none of them read yet."""

    pages: Mapping[int, Found]
    """By page id, nearest to the roots first."""
    rejected: tuple[Rejected, ...]
    """Members that are not wanted, and categories that were met and not entered."""
    tally: Tally


def gather(tables: Tables, links: Links, hidden: bool, work: Work, workers: int) -> Graph:
    """The category graph, its parts read from the tables side by side.

    Args:
        tables: the SQL files.
        links: how categorylinks names categories.
        hidden: whether it matters which categories readers do not see; page_props says it.
        work: its directory takes databases of the wiki's categories; those that are there already are used.
        workers: processes.

    Raises:
        BadInput: a file is damaged or none of its kind.
        Preempted: told to stop.
    """
    databases = Databases.below(work.path, links, hidden)
    side_by_side(databases.tasks(tables, links), workers, work.stop)
    return Graph(databases)


def select(
    tables: Tables, links: Links, graph: Graph, tree: TreeConfig, namespaces: Collection[int], case: Case, work: Work
) -> Selection:
    """Walk the tree in the tables of a dump, which are read as streams: memory grows with the tree, not the wiki.

    Args:
        tables: the SQL files.
        links: how categorylinks names categories.
        graph: the categories, as `gather` gives them.
        tree: the tree.
        namespaces: numbers of those whose pages are wanted.
        case: how the wiki writes titles.
        work: tells when to stop.

    Raises:
        BadInput: a file is damaged, none of its kind or of another dump, a root is not there, or no page is found.
        Preempted: told to stop.
    """
    roots = [normalise(root, case) for root in tree.roots]
    graph.require(roots, tree.depth)
    tally, rejected = Tally(), dict[int, Rejected]()
    categories = _categories(graph, tree, case, rejected)
    keys = {key: name for name in categories for key in graph.keys(name)}
    pages = run(partial(_pages_in, links, keys), work.stop)
    ids = frozenset(page_id for listed in pages.values() for page_id in listed)
    titles = run(partial(_titles, tables.page, ids), work.stop)
    listing = _Listing(categories, pages, titles, namespaces, rejected)
    found = {item.member.page_id: item for item in walk(tree, listing, tally, case)}
    if not found:
        raise BadInput(
            f"no page is in the tree below {', '.join(roots)} ({tally.categories} categories, {len(rejected)} "
            "members left out): check roots, depth, allow, deny and namespaces"
        )
    return Selection(found, (*rejected.values(), *categories_left_out(tally)), tally)


def _categories(
    graph: Graph, tree: TreeConfig, case: Case, rejected: dict[int, Rejected]
) -> dict[str, tuple[str, ...]]:
    """Sub-categories of every category that the walk enters; those without a page are rejected."""
    found: dict[str, tuple[str, ...]] = {}

    def members(name: str) -> Members:
        children = graph.children(name)
        for page_id, title in children:
            if title is None:
                rejected[page_id] = _not_in_table(page_id, name)
        found[name] = tuple(title for _, title in children if title is not None)
        return Members((), found[name])

    for _ in walk(tree, members, case=case):
        pass
    return found


def _not_in_table(page_id: int, category: str) -> Rejected:
    return set_aside(f"page {page_id}", "missing", f"listed in {category}, but not in the page table")


def _pages_in(links: Links, keys: Mapping[int | str, str]) -> dict[str, list[int]]:
    """Ids of the pages in each category, as the table orders them.

    Args:
        links: where to read.
        keys: the title of the category for whatever stands for it in the table.
    """
    pages: dict[str, list[int]] = {}
    for page_id, kind, name in _links_to(links, keys):
        if as_text(kind) != _SUBCAT:
            pages.setdefault(name, []).append(int(page_id))
    return pages


def _links_to(links: Links, keys: Mapping[int | str, str]) -> Iterator[tuple[bytes, bytes, str]]:
    """Page id, type and title of the category of every link to one of these categories."""
    # most links lead elsewhere: where ids name categories, that is told from the digits, without taking each apart
    digits = {b"%d" % key: name for key, name in keys.items() if isinstance(key, int)}
    for rows in links.batches("cl_from", "cl_type"):
        if links.columns == ("cl_target_id",):
            yield from [(row[0], row[1], digits[row[2]]) for row in rows if row[2] in digits]
        else:
            named = ((row, keys.get(links.key(row[2:]))) for row in rows)
            yield from [(row[0], row[1], name) for row, name in named if name is not None]


@dataclass
class _Listing:
    """What each category holds; calling it lists one."""

    categories: Mapping[str, tuple[str, ...]]
    pages: Mapping[str, list[int]]
    titles: Mapping[int, tuple[int, str]]
    """Namespace and title of every page in a category, by id."""
    namespaces: Collection[int]
    rejected: dict[int, Rejected]
    """Takes the members that are not wanted, by page id."""

    def __call__(self, name: str) -> Members:
        """The members of the category of this title."""
        wanted = [page_id for page_id in self.pages.get(name, ()) if self._is_wanted(page_id, name)]
        return Members(tuple(Member(page_id, self.titles[page_id][1]) for page_id in wanted), self.categories[name])

    def _is_wanted(self, page_id: int, category: str) -> bool:
        if page_id in self.rejected:
            return False
        if page_id not in self.titles:
            self.rejected[page_id] = _not_in_table(page_id, category)
        elif self.titles[page_id][0] not in self.namespaces:
            namespace, title = self.titles[page_id]
            self.rejected[page_id] = set_aside(title, "namespace", f"namespace {namespace}")
        return page_id not in self.rejected


def _titles(page: Path, ids: Collection[int]) -> dict[int, tuple[int, str]]:
    """Namespace and title of the pages of these ids."""
    rows = rows_of(page, "page", ("page_id", "page_namespace", "page_title"), ids)
    return {int(page_id): (int(namespace), as_title(title)) for page_id, namespace, title in rows}
