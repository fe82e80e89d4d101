"""Walk a wiki's category tree: which pages a crawl would fetch, and with how many requests."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from tsugiki.errors import BadInput
from tsugiki.rows import Rejected
from tsugiki.wiki.api.query import Ask
from tsugiki.wiki.crawl.config import CrawlConfig
from tsugiki.wiki.crawl.fetch import packed
from tsugiki.wiki.crawl.listing import Listing
from tsugiki.wiki.crawl.site import Site, read_site
from tsugiki.wiki.tree import Found, Tally, categories_left_out, normalise, walk


@dataclass(frozen=True)
class Survey:
    """What was found in a category tree, before any page is fetched."""

    site: Site
    batches: Sequence[Sequence[Found]]
    """The pages to fetch, nearest to the roots first, as requests take them."""
    rejected: Sequence[Rejected]
    """Members that are not fetched, and categories that were met and not entered."""
    tally: Tally
    bytes: int
    """Length of all texts to fetch, in UTF-8."""

    @property
    def pages(self) -> int:
        """How many pages there are to fetch."""
        return sum(map(len, self.batches))


def survey(ask: Ask, config: CrawlConfig, progress: Callable[[int, int], None]) -> Survey:
    """Ask the wiki about itself, then for the members of one category after the other.

    Args:
        ask: answers one request.
        config: the tree and the pages wanted of it.
        progress: told, before each category, how many are listed and how many are known to be.

    Raises:
        BadInput: no MediaWiki, a root that is not there, or no page in the whole tree.
    """
    site = read_site(ask, config.api)
    tally = Tally()
    listed = 0

    def count() -> None:
        nonlocal listed
        progress(listed, tally.categories)
        listed += 1

    roots = frozenset(normalise(root, site.case) for root in config.tree.roots)
    listing = Listing(ask, config, roots, count)
    found = list(walk(config.tree, listing, tally, site.case))
    if not found:
        raise BadInput(
            f"{config.api} has no page to collect below {', '.join(sorted(roots))} ({tally.categories} categories "
            f"listed, {len(listing.rejected)} members left out): check roots, depth, allow, deny and namespaces"
        )
    lengths = listing.lengths
    return Survey(
        site=site,
        batches=list(packed(found, lengths)),
        rejected=[*listing.rejected.values(), *categories_left_out(tally)],
        tally=tally,
        bytes=sum(lengths[item.member.page_id] for item in found),
    )
