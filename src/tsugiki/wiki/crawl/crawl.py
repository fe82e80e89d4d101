"""A crawl from its first request to its last row, and the account of it that a record keeps."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable, Iterator
from functools import cached_property
from typing import Any, Self

from tsugiki.rows import Page, Rejected
from tsugiki.wiki.api.answers import Answers
from tsugiki.wiki.api.query import batches
from tsugiki.wiki.crawl.config import CrawlConfig
from tsugiki.wiki.crawl.fetch import query, rows
from tsugiki.wiki.crawl.survey import Survey, survey
from tsugiki.work import Work

_BRANCHES = 12
"""Branches of the tree that a plan names: where a tree grows beyond its subject, one of them is large."""


class Crawl:
    """One attempt at a crawl; a context manager. What an earlier attempt was answered is not asked for again."""

    def __init__(self, config: CrawlConfig, work: Work) -> None:
        self._config = config
        self._work = work
        self._answers = Answers(config, work)
        self._listing_requests = 0

    def __enter__(self) -> Self:
        self._answers.__enter__()
        return self

    def __exit__(self, *fault: object) -> None:
        self._answers.__exit__(*fault)

    @cached_property
    def survey(self) -> Survey:
        """The pages of the tree, none of them fetched; the wiki is asked on first use.

        Raises:
            BadInput: no MediaWiki, a root that is not there, or no page in the whole tree.
            Unanswered: the wiki does not answer within the patience; what it answered is kept.
            Preempted: told to stop; what was answered is kept.
        """
        # how many categories there are is only known at the end: one more than those seen keeps the figure open
        found = survey(self._answers, self._config, lambda done, known: self._work.progress(done, known + 1))
        self._listing_requests = self._answers.used
        return found

    def rows(self) -> Iterator[Page | Rejected]:
        """What was left out, then every page of the tree with its text, nearest to the roots first.

        Raises:
            BadInput: the wiki refuses what it is asked.
            Unanswered, Preempted: as `survey`.
        """
        found, done, fetched = self.survey, 0, 0
        yield from found.rejected
        began = time.monotonic()
        for batch in found.batches:
            known = len(self._answers)
            (answer,) = batches(self._answers, query(batch, self._config))
            yield from rows(batch, answer, found.site, self._config)
            done += len(batch)
            fetched += len(batch) if len(self._answers) > known else 0
            left = (time.monotonic() - began) / fetched * (found.pages - done) if fetched else 0.0
            self._work.progress(done, found.pages, minutes_left=left / 60)

    def metrics(self) -> dict[str, Any]:
        """What a record keeps of a crawl that has ended, besides the counts of its rows."""
        found, asked = self.survey, self._answers
        return {
            "wiki": found.site.software,
            "licence": self._config.licence,
            "licence_of_the_wiki": found.site.licence,
            "fetched": list(asked.times),
            "categories": found.tally.categories,
            "links_not_followed": dict(sorted(found.tally.skipped.items())),
            "requests": {
                "listing": self._listing_requests,
                "pages": asked.used - self._listing_requests,
                "in_the_last_attempt": asked.client.answered,
                "repeated_in_the_last_attempt": dict(sorted(asked.client.repeated.items())),
            },
            "bytes_in_the_last_attempt": asked.client.bytes,
            "warnings": sorted(asked.warnings),
        }

    def plan(self) -> list[str]:
        """Lines that say what the crawl will fetch, after the tree is walked and before any page is."""
        found, config, tree = self.survey, self._config, self._config.tree
        to_come = len(found.batches)
        return [
            f"wiki        {config.api} ({found.site.software}; it states the licence: {found.site.licence or 'none'})",
            f"categories  {found.tally.categories} listed below {', '.join(tree.roots)}, to depth {tree.depth}",
            f"left out    {_counts(row.reason for row in found.rejected)}",
            f"pages       {found.pages}, {found.bytes / 1e6:.1f} MB of text",
            *(f"            {count} by {branch}" for branch, count in found.branches(_BRANCHES)),
            f"requests    {self._listing_requests} to list the categories, {self._answers.client.answered} of them now",
            f"            {to_come} to fetch the pages{_more(config)}",
            f"time        {to_come / config.requests_per_minute:.1f} min at least, at "
            f"{config.requests_per_minute:g} requests a minute",
        ]


def _counts(reasons: Iterable[str]) -> str:
    return ", ".join(f"{count} {reason}" for reason, count in sorted(Counter(reasons).items())) or "nothing"


def _more(config: CrawlConfig) -> str:
    return "; one more for each 500 categories beyond the first of a batch" if config.categories == "wiki" else ""
