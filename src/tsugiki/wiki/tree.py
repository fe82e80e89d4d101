"""Walk a category tree breadth-first: which pages belong to it, and by which way each was found."""

import re
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Literal, Self

from pydantic import Field, model_validator

from tsugiki.config import Config
from tsugiki.rows import Rejected

CATEGORY = 14
"""Number of the category namespace on every wiki."""
Case = Literal["first-letter", "case-sensitive"]
"""How a wiki writes titles, as its `siteinfo` says it: with a capital first letter, or as they are typed."""
_BRANCHES = 12
"""Branches of the tree that a plan names: where a tree grows beyond its subject, one of them is large."""


def case_of(stated: str | None) -> Case:
    """The case that a `siteinfo` states."""
    return "case-sensitive" if stated == "case-sensitive" else "first-letter"


class TreeConfig(Config):
    """Which part of a wiki's category tree counts."""

    roots: tuple[str, ...] = Field(min_length=1)
    """Categories where the tree begins, without their prefix (`アニメ作品`)."""
    depth: int = Field(ge=0)
    """Levels of sub-categories followed below a root; 0: only the pages of the roots themselves."""
    allow: tuple[str, ...]
    """Regular expressions, searched for in category names: sub-categories that none of them fits are left out with all
    below them. Empty: all are admitted. Roots need no admission."""
    deny: tuple[str, ...]
    """Regular expressions of sub-categories to leave out with all below them, whatever `allow` says."""

    @model_validator(mode="after")
    def _can_be_walked(self) -> Self:
        for name in ("allow", "deny"):
            for pattern in getattr(self, name):
                try:
                    re.compile(pattern)
                except re.error as error:
                    raise ValueError(f"{name}: {pattern!r} is no regular expression ({error})") from error
        for root in self.roots:
            if not normalise(root):
                raise ValueError(f"the root {root!r} names no category: write its title without the prefix")
            if pattern := next((pattern for pattern in self.deny if re.search(pattern, normalise(root))), None):
                raise ValueError(f"the root {root!r} is denied by {pattern!r}: remove one of them")
        return self


@dataclass(frozen=True)
class Member:
    """A page in a category."""

    page_id: int
    title: str


@dataclass(frozen=True)
class Members:
    """What one category holds."""

    pages: tuple[Member, ...]
    categories: tuple[str, ...]
    """Titles of its sub-categories, without their prefix, their first letter as the wiki has it."""


@dataclass(frozen=True)
class Found:
    """A page of the tree."""

    member: Member
    path: tuple[str, ...]
    """Category names from a root down to the one that lists the page; no way to it is shorter."""


@dataclass
class Tally:
    """What a walk met besides the pages it found; complete when the iteration has ended."""

    categories: int = 0
    """Categories entered, roots included."""
    skipped: Counter[str] = field(default_factory=Counter)
    """Links that were not followed, by reason: `visited` (entered by another way before), `deny`, `allow`, `depth`;
    `repeated`: pages that were found before."""
    left_out: dict[str, str] = field(default_factory=dict)
    """Every category met and never entered, with its reason (`deny`, `allow` or `depth`)."""


_WHY_LEFT_OUT = {
    "depth": "deeper below every root than depth admits",
    "deny": "a pattern of deny fits",
    "allow": "no pattern of allow fits",
}


def categories_left_out(tally: Tally) -> Iterator[Rejected]:
    """A row for every category that was met and never entered (`category_depth`, `category_deny`, `category_allow`)."""
    for name, reason in tally.left_out.items():
        yield Rejected(source=f"Category:{name}", reason=f"category_{reason}", detail=_WHY_LEFT_OUT[reason])


def branches(found: Iterable[Found]) -> list[str]:
    """Lines of a plan for the branches with most pages: sub-categories of the roots, each with all below it."""
    counts = Counter(" / ".join(item.path[:2]) for item in found).most_common(_BRANCHES)
    return [f"            {count} by {branch}" for branch, count in counts]


def reasons(rejected: Iterable[Rejected]) -> str:
    """How many rows were set aside for each reason, for a line of a plan."""
    counts = Counter(row.reason for row in rejected)
    return ", ".join(f"{count} {reason}" for reason, count in sorted(counts.items())) or "nothing"


def normalise(name: str, case: Case = "first-letter") -> str:
    """A category's title as the wiki writes it: spaces for underscores, and the first letter as its case asks."""
    name = " ".join(name.replace("_", " ").split())
    # Georgian has capitals but begins no title with them, and what would become two letters (ß) stays as it is
    first = name[:1].title()
    return first + name[1:] if case == "first-letter" and len(first) == 1 else name


def walk(
    config: TreeConfig,
    members: Callable[[str], Members],
    tally: Tally | None = None,
    case: Case = "first-letter",
) -> Iterator[Found]:
    """Every page of the tree once, nearest to the roots first; ties go by the order of the roots, then by titles.

    Wikis list by sort keys and dumps by ids, so that the order of the listings says nothing of a category.

    Cycles are harmless: each category is entered once, and asked for only when the walk has come to it.

    Args:
        config: the roots, and where to stop.
        members: what the category of that normalised title holds; what it raises ends the walk.
        tally: filled while the iteration runs.
        case: how the wiki writes titles.
    """
    tally = Tally() if tally is None else tally
    gate = _Gate(config, tally)
    seen: set[int] = set()
    waiting: deque[tuple[str, ...]] = deque()
    waiting.extend((name,) for root in config.roots if gate.enter(name := normalise(root, case)))
    while waiting:
        path = waiting.popleft()
        listed = members(path[-1])
        for member in listed.pages:
            if member.page_id in seen:
                tally.skipped["repeated"] += 1
                continue
            seen.add(member.page_id)
            yield Found(member, path)
        # their first letter is the wiki's own already
        names = sorted(normalise(title, "case-sensitive") for title in listed.categories)
        waiting.extend((*path, name) for name in names if gate.admit(name, path))


class _Gate:
    """Lets each category in once, if it is wanted, and counts the others."""

    def __init__(self, config: TreeConfig, tally: Tally) -> None:
        self._depth = config.depth
        self._allow = [re.compile(pattern) for pattern in config.allow]
        self._deny = [re.compile(pattern) for pattern in config.deny]
        self._tally = tally
        self._entered: set[str] = set()

    def enter(self, name: str) -> bool:
        """Whether this category is new."""
        if name in self._entered:
            self._tally.skipped["visited"] += 1
            return False
        self._entered.add(name)
        self._tally.categories += 1
        return True

    def admit(self, name: str, path: tuple[str, ...]) -> bool:
        """Whether a sub-category of the last one on the path is wanted and new."""
        reason = None if name in self._entered else self._refusal(name, len(path))
        if reason is None:
            return self.enter(name)
        self._tally.skipped[reason] += 1
        self._tally.left_out.setdefault(name, reason)
        return False

    def _refusal(self, name: str, level: int) -> str | None:
        if any(pattern.search(name) for pattern in self._deny):
            return "deny"
        if self._allow and not any(pattern.search(name) for pattern in self._allow):
            return "allow"
        return "depth" if level > self._depth else None
