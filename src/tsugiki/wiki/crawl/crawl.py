"""A crawl from its first request to its last row, and the account of it that a record keeps."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import Any, Self

from tsugiki.rows import Page, Rejected
from tsugiki.wiki.api.answers import Answers
from tsugiki.wiki.api.query import batches
from tsugiki.wiki.crawl.config import CrawlConfig
from tsugiki.wiki.crawl.fetch import MOST_CATEGORIES, query, rows
from tsugiki.wiki.crawl.survey import Survey, survey
from tsugiki.wiki.tree import Found, branches, reasons
from tsugiki.work import Work

_CATEGORIES_EACH = (10, 20, 30)
"""Visible categories of a page, for which a plan tells the requests: they are known only once they are asked for."""


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
        fetches, minutes = _requests(found.batches, config)
        return [
            f"wiki        {config.api} ({found.site.software}; it states the licence: {found.site.licence or 'none'})",
            f"categories  {found.tally.categories} listed below {', '.join(tree.roots)}, to depth {tree.depth}",
            f"left out    {reasons(found.rejected)}",
            f"pages       {found.pages}, {found.bytes / 1e6:.1f} MB of text",
            *branches(item for batch in found.batches for item in batch),
            f"requests    {self._listing_requests} to list the categories, {self._answers.client.answered} of them now",
            f"            {fetches}",
            f"time        {minutes} min at least, at {config.requests_per_minute:g} requests a minute",
        ]


def _requests(batches: Sequence[Sequence[Found]], config: CrawlConfig) -> tuple[str, str]:
    """How many requests fetch the pages, and how many minutes they take, as far as that is known beforehand."""
    if config.categories == "text":
        return f"{len(batches)} to fetch the pages", f"{len(batches) / config.requests_per_minute:.1f}"
    few, *more = (sum(-(-len(batch) * each // MOST_CATEGORIES) for batch in batches) for each in _CATEGORIES_EACH)
    otherwise = ", ".join(f"{count} for {each}" for count, each in zip(more, _CATEGORIES_EACH[1:], strict=True))
    return (
        f"{few} to fetch the pages with up to {_CATEGORIES_EACH[0]} visible categories each; {otherwise}",
        f"{few / config.requests_per_minute:.1f} to {more[-1] / config.requests_per_minute:.1f}",
    )
