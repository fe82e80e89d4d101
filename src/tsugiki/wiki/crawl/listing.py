"""What a category holds, as the API lists it: pages to fetch, sub-categories to follow, and what is left out."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tsugiki.errors import BadInput
from tsugiki.rows import Rejected
from tsugiki.wiki.admit import set_aside
from tsugiki.wiki.api.query import Ask, batches
from tsugiki.wiki.crawl.config import CrawlConfig
from tsugiki.wiki.tree import CATEGORY, Member, Members

MOST_PAGES = 50
"""Ids in one request, of those who have no special rights."""
# As a generator and not as a list: one request then also says which members redirect and to where, which only
# disambiguate, and how long each is, so that none of these has to be fetched to be seen through.
_QUERY = {
    "generator": "categorymembers",
    # not by namespace: large wikis go through the whole category for that, and answer with less than a full list
    "gcmtype": "page|subcat",
    "gcmlimit": "500",
    "redirects": "1",
    "prop": "info|pageprops",
    "ppprop": "disambiguation",
}


@dataclass
class Listing:
    """The members of categories, asked for one category at a time; calling it lists one."""

    ask: Ask
    config: CrawlConfig
    roots: frozenset[str]
    """Titles of the root categories as the wiki writes them."""
    listed: Callable[[], None]
    """Called before each category."""
    lengths: dict[int, int] = field(default_factory=dict)
    """Bytes of each page's text, by page id."""
    rejected: dict[str, Rejected] = field(default_factory=dict)
    """What is in a category and not collected, by title."""

    def __call__(self, name: str) -> Members:
        """What the category of this title holds.

        Raises:
            BadInput: a root that is no category of the wiki, or holds nothing.
        """
        self.listed()
        pages: list[Member] = []
        categories: dict[str, None] = {}
        empty = True
        for batch in batches(self.ask, {**_QUERY, "gcmtitle": f"Category:{name}"}):
            empty = empty and not batch
            for redirect in batch.get("redirects", []):
                self._reject(redirect["from"], "redirect", f"to {redirect['to']}")
            strangers = self._strangers(name, batch)
            for page in batch.get("pages", []):
                if _is_category(page) and page["pageid"] not in strangers:
                    categories[page["title"].partition(":")[2]] = None
                elif self._admits(page):
                    self.lengths[page["pageid"]] = page.get("length", 0)
                    pages.append(Member(page["pageid"], page["title"]))
        if empty and name in self.roots:
            raise BadInput(f"{self.config.api} has nothing in Category:{name}: check how the wiki writes this root")
        return Members(tuple(pages), tuple(categories))

    def _strangers(self, name: str, batch: Mapping[str, Any]) -> set[int]:
        """Ids of the categories in a batch that are no sub-categories: an article redirects to them.

        The answer holds one entry for a category that is both, so that the wiki is asked which of them are.
        """
        titles = _led_to_by_articles(batch.get("redirects", []))
        doubtful = [page["pageid"] for page in batch.get("pages", []) if _is_category(page) and page["title"] in titles]
        found = set(doubtful)
        for start in range(0, len(doubtful), MOST_PAGES):
            ids = "|".join(map(str, doubtful[start : start + MOST_PAGES]))
            params = {"pageids": ids, "prop": "categories", "clcategories": f"Category:{name}", "cllimit": "max"}
            for answer in batches(self.ask, params):
                found -= {page["pageid"] for page in answer.get("pages", []) if page.get("categories")}
        return found

    def _admits(self, page: dict[str, Any]) -> bool:
        title = page.get("title", "")
        reason = unwanted(page, self.config)
        if reason is None:
            return True
        self._reject(title, *reason)
        return False

    def _reject(self, title: str, reason: str, detail: str) -> None:
        self.rejected.setdefault(title, set_aside(title, reason, detail))


def _is_category(page: Mapping[str, Any]) -> bool:
    return page.get("ns") == CATEGORY and "missing" not in page


def _led_to_by_articles(redirects: Sequence[Mapping[str, str]]) -> set[str]:
    """Titles to which a page redirects that is no category itself, at once or by way of others."""
    ways = [(way["from"], way["to"]) for way in redirects]
    found: set[str] = set()
    reached = {to for origin, to in ways if origin.partition(":")[0] != to.partition(":")[0]}
    while reached - found:
        found |= reached
        reached = {to for origin, to in ways if origin in found}
    return found


def unwanted(page: Mapping[str, Any], config: CrawlConfig) -> tuple[str, str] | None:
    """Why a page, as `prop=info|pageprops` shows it, is not collected: reason and detail; None if it is wanted."""
    if "invalid" in page:
        return "invalid", page.get("invalidreason", "the wiki has no page of that title")
    if "missing" in page or "pageid" not in page:
        return "missing", "the wiki has no such page"
    if page["ns"] not in config.namespaces:
        return "namespace", f"namespace {page['ns']}"
    if page.get("redirect"):
        return "redirect", "it leads nowhere, or to another redirect"
    if "disambiguation" in page.get("pageprops", {}):
        return "disambiguation", "the wiki marks it as a disambiguation page"
    if page.get("contentmodel", "wikitext") != "wikitext":
        return "not_wikitext", f"content model {page['contentmodel']}"
    length = page.get("length", 0)
    if length == 0:
        return "empty", "the page has no text"
    if length > config.max_page_bytes:
        return "too_long", f"{length} bytes, more than max_page_bytes = {config.max_page_bytes}"
    return None
