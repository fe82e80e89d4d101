"""Gather a dump's category tree into small databases on disk, so that memory does not grow with the wiki."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from difflib import get_close_matches
from functools import partial
from pathlib import Path

from tsugiki.errors import BadInput
from tsugiki.wiki.dumps.sql import Row, as_title, read_table, table_columns
from tsugiki.wiki.tree import CATEGORY

_LIKE_PREFIX = 2
_LIKE_ROWS = 20_000
_LIKE_SHOWN = 5


@dataclass(frozen=True)
class Tables:
    """The SQL files of a dump, on this machine."""

    page: Path
    categorylinks: Path
    linktarget: Path | None
    page_props: Path | None


@dataclass(frozen=True)
class Links:
    """How categorylinks names the category of a link: by its title (before 2025), by a linktarget's id, or both."""

    path: Path
    columns: tuple[str, ...]
    """Of `cl_target_id` and `cl_to`, those to read, the decisive one first."""

    def batches(self, *columns: str, where: tuple[str, str] | None = None) -> Iterator[list[Row]]:
        """The named columns, followed by those of the category."""
        return read_table(self.path, "categorylinks", (*columns, *self.columns), where)

    @property
    def by_target(self) -> bool:
        """Whether linktarget is needed."""
        return self.columns[0] == "cl_target_id"

    def key(self, values: Row) -> int | str:
        """What stands for the category of a link: the id of its linktarget, or its title; 0 for a link to nothing."""
        if not self.by_target:
            return as_title(values[0])
        if values[0] not in (b"NULL", b"0"):
            return int(values[0])
        return as_title(values[1]) if len(values) > 1 else 0


def read_links(tables: Tables) -> Links:
    """Find out how categorylinks names categories.

    Raises:
        BadInput: linktarget is needed and not given, or there is no column that names a category.
    """
    columns = table_columns(tables.categorylinks, "categorylinks")
    if "cl_target_id" in columns and tables.linktarget:
        return Links(tables.categorylinks, ("cl_target_id", "cl_to") if "cl_to" in columns else ("cl_target_id",))
    if "cl_to" in columns:
        return Links(tables.categorylinks, ("cl_to",))
    if "cl_target_id" in columns:
        raise BadInput(
            f"{tables.categorylinks}: it names categories by cl_target_id; give linktarget of the same dump too"
        )
    raise BadInput(
        f"{tables.categorylinks}: no column cl_target_id or cl_to names a category, only {', '.join(columns)}; "
        "give the categorylinks of a MediaWiki"
    )


def gather_categories(page: Path, file: Path) -> None:
    """Write id and title of every category page to a new database."""
    with _new(file) as database:
        database.execute("CREATE TABLE page (id INTEGER PRIMARY KEY, title TEXT NOT NULL)")
        batches = read_table(page, "page", ("page_id", "page_title"), ("page_namespace", CATEGORY))
        _fill(database, "page", ((int(page_id), as_title(title)) for rows in batches for page_id, title in rows))
        database.execute("CREATE INDEX page_title ON page (title)")


def gather_targets(linktarget: Path, file: Path) -> None:
    """Write id and title of every linktarget that is a category to a new database."""
    with _new(file) as database:
        database.execute("CREATE TABLE target (id INTEGER PRIMARY KEY, title TEXT NOT NULL)")
        batches = read_table(linktarget, "linktarget", ("lt_id", "lt_title"), ("lt_namespace", CATEGORY))
        _fill(database, "target", ((int(target), as_title(title)) for rows in batches for target, title in rows))
        database.execute("CREATE INDEX target_title ON target (title)")


def gather_links(links: Links, file: Path) -> None:
    """Write every link from a sub-category to its parent to a new database."""
    with _new(file) as database:
        # without a type, so that ids stay numbers and titles texts
        database.execute("CREATE TABLE subcat (parent, child INTEGER NOT NULL)")
        batches = links.batches("cl_from", where=("cl_type", "subcat"))
        _fill(database, "subcat", ((links.key(row[1:]), int(row[0])) for rows in batches for row in rows))
        database.execute("CREATE INDEX subcat_parent ON subcat (parent, child)")


def gather_hidden(page_props: Path, file: Path) -> None:
    """Write the page id of every category that the wiki hides from readers to a new database."""
    with _new(file) as database:
        database.execute("CREATE TABLE hidden (id INTEGER PRIMARY KEY, mark TEXT)")
        batches = read_table(page_props, "page_props", ("pp_page",), ("pp_propname", "hiddencat"))
        _fill(database, "hidden", ((int(row[0]), "") for rows in batches for row in rows))


@contextmanager
def _new(file: Path) -> Iterator[sqlite3.Connection]:
    """A database that appears under its name when it is complete."""
    part = file.with_name(file.name + ".part")
    part.unlink(missing_ok=True)
    with closing(sqlite3.connect(part, isolation_level=None)) as database:
        # a file that a kill leaves half written is not used, so that nothing need be synchronised on the way
        database.executescript("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; BEGIN")
        yield database
        database.execute("COMMIT")
    part.replace(file)


def _fill(database: sqlite3.Connection, table: str, rows: Iterable[tuple[int | str, int | str]]) -> None:
    # a page that changed its title while the dump was written may stand in it twice
    database.executemany(f"INSERT OR REPLACE INTO {table} VALUES (?, ?)", rows)


@dataclass(frozen=True)
class Databases:
    """Where the parts of a graph are gathered; those that the tables do not need are None."""

    categories: Path
    links: Path
    targets: Path | None
    hidden: Path | None

    @classmethod
    def below(cls, directory: Path, links: Links, hidden: bool) -> Databases:
        """The files in a directory; `hidden` says whether it matters which categories are."""
        return cls(
            directory / "categories.sqlite",
            directory / "links.sqlite",
            directory / "targets.sqlite" if links.by_target else None,
            directory / "hidden.sqlite" if hidden else None,
        )

    def tasks(self, tables: Tables, links: Links) -> list[Callable[[], None]]:
        """What is still to be gathered, the longest first."""
        tasks: list[tuple[Path | None, Callable[[], None]]] = [(self.links, partial(gather_links, links, self.links))]
        if self.targets and tables.linktarget:
            tasks.append((self.targets, partial(gather_targets, tables.linktarget, self.targets)))
        tasks.append((self.categories, partial(gather_categories, tables.page, self.categories)))
        if self.hidden and tables.page_props:
            tasks.append((self.hidden, partial(gather_hidden, tables.page_props, self.hidden)))
        return [task for file, task in tasks if file and not file.exists()]


class Graph:
    """The categories of a wiki and which is in which."""

    def __init__(self, databases: Databases) -> None:
        self._database = sqlite3.connect(":memory:", isolation_level=None)
        for name in ("categories", "links", "targets", "hidden"):
            if file := getattr(databases, name):
                self._database.execute(f"ATTACH ? AS {name}", (str(file),))
        if databases.targets is None:
            self._database.execute("CREATE TABLE target (id INTEGER PRIMARY KEY, title TEXT)")
        if databases.hidden is None:
            self._database.execute("CREATE TABLE hidden (id INTEGER PRIMARY KEY)")

    def close(self) -> None:
        """Close the databases."""
        self._database.close()

    def keys(self, name: str) -> list[int | str]:
        """What may stand for a category of that title in the links."""
        return [name, *(row[0] for row in self._database.execute("SELECT id FROM target WHERE title = ?", (name,)))]

    def children(self, name: str) -> list[tuple[int, str | None]]:
        """Page ids and titles of the sub-categories, in the order of the ids; None for a page that is not there."""
        keys = self.keys(name)
        marks = ", ".join("?" * len(keys))
        found = f"SELECT DISTINCT child FROM subcat WHERE parent IN ({marks})"
        query = f"SELECT child, title FROM ({found}) LEFT JOIN page ON page.id = child ORDER BY child"
        return self._database.execute(query, keys).fetchall()

    def names(self, keys: Iterable[int | str]) -> dict[int | str, str]:
        """Titles of the categories that the wiki shows to readers, by what stands for them in the links."""
        # the few pages of that title first, whatever the planner of queries thinks
        hidden = "SELECT 1 FROM page WHERE title = ? AND EXISTS (SELECT 1 FROM hidden WHERE hidden.id = page.id)"
        found = {}
        for key in keys:
            title = key if isinstance(key, str) else self._title(key)
            if title and not self._one(hidden, title):
                found[key] = title
        return found

    def _title(self, target: int) -> str:
        row = self._database.execute("SELECT title FROM target WHERE id = ?", (target,)).fetchone()
        return row[0] if row else ""

    def require(self, roots: Iterable[str], depth: int) -> None:
        """Check that the roots exist and, where sub-categories are wanted, that links lead anywhere at all.

        Raises:
            BadInput: a root is no category, with the names of near ones; or no link fits the other tables.
        """
        if not self._one("SELECT 1 FROM page"):
            raise BadInput("the page table holds no category (namespace 14): give the complete *-page.sql.gz")
        if depth:
            self._require_links()
        for root in roots:
            known = self._one("SELECT 1 FROM page WHERE title = ?", root) or len(self.keys(root)) > 1
            if not (known or self._one("SELECT 1 FROM subcat WHERE parent = ?", root)):
                near = f"near it: {', '.join(names)}" if (names := self._near(root)) else "no name is near it"
                raise BadInput(f"the root {root!r} is no category of the dump; {near}")

    def _require_links(self) -> None:
        if not self._one("SELECT 1 FROM subcat"):
            raise BadInput(
                "categorylinks holds no link between categories: give the complete *-categorylinks.sql.gz, or set "
                "depth = 0, which takes the pages of the roots alone"
            )
        joined = "SELECT 1 FROM subcat JOIN page ON page.id = child"
        if not self._one(f"{joined} WHERE typeof(parent) = 'text' OR parent IN (SELECT id FROM target)"):
            raise BadInput(
                "no link of categorylinks leads from a category of page to one of linktarget: give tables of one dump"
            )

    def _near(self, root: str) -> list[str]:
        """Names that hold the root, and names that begin alike and differ little."""
        pattern = root.replace("^", "^^").replace("%", "^%").replace("_", "^_")
        query = "SELECT title FROM page WHERE title LIKE ? ESCAPE '^' ORDER BY length(title), title LIMIT ?"
        holding = [row[0] for row in self._database.execute(query, (f"%{pattern}%", _LIKE_SHOWN))]
        alike = self._database.execute(query, (f"{root[:_LIKE_PREFIX]}%", _LIKE_ROWS))
        close = get_close_matches(root, [row[0] for row in alike], _LIKE_SHOWN)
        return list(dict.fromkeys((*close, *holding)))[:_LIKE_SHOWN]

    def _one(self, query: str, *values: str) -> bool:
        return bool(self._database.execute(f"SELECT EXISTS ({query})", values).fetchone()[0])
