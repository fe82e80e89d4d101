"""Look up what the tables of a dump say of single pages: their categories, and whether they only disambiguate."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from tsugiki.pool import side_by_side
from tsugiki.wiki.dumps.graph import Graph, Links
from tsugiki.wiki.dumps.sql import rows_of
from tsugiki.work import Work


@dataclass(frozen=True)
class Facts:
    """What is known of some pages, by page id."""

    categories: Mapping[int, tuple[str, ...]] | None = None
    """Titles of the categories that readers see; None: they are not asked for."""
    disambiguations: frozenset[int] = field(default_factory=frozenset)


LookUp = Callable[[Collection[int]], Facts]


def look_up(
    ids: Collection[int], links: Links | None, page_props: Path | None, graph: Graph, work: Work, workers: int
) -> Facts:
    """Read the tables once for all these pages.

    Args:
        ids: the pages.
        links: where their categories are read; None: they are not.
        page_props: where disambiguations are marked; None: none is known.
        graph: names the categories.
        work: tells when to stop.
        workers: processes.

    Raises:
        BadInput: a file is damaged.
        Preempted: told to stop.
    """
    tasks: list[Callable[[], dict[int, list[int | str]]]] = []
    if links is not None:
        tasks.append(partial(_keys, links, ids))
    if page_props is not None:
        tasks.append(partial(_marked, page_props, ids))
    found = side_by_side(tasks, workers, work.stop)
    marked = frozenset(found.pop()) if page_props is not None else frozenset[int]()
    if links is None:
        return Facts(None, marked)
    names = graph.names({key for keys in found[0].values() for key in keys})
    return Facts({page: tuple(names[key] for key in keys if key in names) for page, keys in found[0].items()}, marked)


def _keys(links: Links, ids: Collection[int]) -> dict[int, list[int | str]]:
    """What stands for the categories of each page."""
    found: dict[int, list[int | str]] = {}
    for row in rows_of(links.path, "categorylinks", ("cl_from", *links.columns), ids):
        found.setdefault(int(row[0]), []).append(links.key(row[1:]))
    return found


def _marked(page_props: Path, ids: Collection[int]) -> dict[int, list[int | str]]:
    """The pages that the wiki marks as disambiguations."""
    rows = rows_of(page_props, "page_props", ("pp_page",), ids, ("pp_propname", "disambiguation"))
    return {int(row[0]): [] for row in rows}
