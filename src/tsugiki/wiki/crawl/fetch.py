"""Pages by their ids, fifty to a request, as rows with their provenance; what cannot be one keeps its reason."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from tsugiki.rows import Page, Provenance, Rejected
from tsugiki.wiki.admit import admit, set_aside
from tsugiki.wiki.crawl.config import CrawlConfig
from tsugiki.wiki.crawl.listing import MOST_PAGES, unwanted
from tsugiki.wiki.crawl.site import Site
from tsugiki.wiki.markup import find_categories
from tsugiki.wiki.tree import Found
from tsugiki.wiki.url import attribution

MOST_CATEGORIES = 500
"""Categories in one answer, of all its pages together."""
MOST_BYTES = 6 * 1024 * 1024
"""Text in one request. A wiki cuts an answer off at 8 MiB by default, and the rest costs another request."""
DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"
SHA1_DIGITS = 31


def packed(found: Sequence[Found], lengths: Mapping[int, int]) -> Iterator[Sequence[Found]]:
    """The pages in batches that fit into one answer each, in their order.

    Args:
        found: pages of a tree.
        lengths: bytes of each page's text, by page id.
    """
    start = size = 0
    for index, item in enumerate(found):
        length = lengths[item.member.page_id]
        if index > start and (index - start == MOST_PAGES or size + length > MOST_BYTES):
            yield found[start:index]
            start, size = index, 0
        size += length
    if start < len(found):
        yield found[start:]


def query(batch: Sequence[Found], config: CrawlConfig) -> dict[str, str]:
    """Parameters of the request for these pages."""
    params = {
        "pageids": "|".join(str(item.member.page_id) for item in batch),
        "prop": "revisions|info|pageprops",
        "rvprop": "ids|timestamp|sha1|content",
        "rvslots": "main",
        "inprop": "url",
        "ppprop": "disambiguation",
    }
    if config.categories == "wiki":
        params |= {"prop": f"{params['prop']}|categories", "cllimit": "max", "clshow": "!hidden"}
    return params


def rows(
    batch: Sequence[Found], answer: Mapping[str, Any], site: Site, config: CrawlConfig
) -> Iterator[Page | Rejected]:
    """One row for each page of a batch, in its order.

    Args:
        batch: the pages asked for.
        answer: the complete `query` object that came back.
        site: the wiki.
        config: what is kept.
    """
    pages = {page.get("pageid"): page for page in answer.get("pages", [])}
    for item in batch:
        yield _row(item, pages.get(item.member.page_id, {"missing": True}), site, config)


def _row(item: Found, page: Mapping[str, Any], site: Site, config: CrawlConfig) -> Page | Rejected:
    title = page.get("title", item.member.title)
    fault = unwanted(page, config)
    if fault is not None:
        return set_aside(title, fault[0], f"{fault[1]}; changed since it was listed as {item.member.title}")
    revision = (page.get("revisions") or [{}])[0]
    slot = revision.get("slots", {}).get("main", {})
    text = slot.get("content")
    if text is None:
        return set_aside(title, "hidden_text", f"the wiki shows no text of revision {revision.get('revid')}")
    if not _is_utf8(text):
        return set_aside(title, "invalid_text", "the text holds half of a surrogate pair", ascii(text))
    sha1 = revision.get("sha1", "")
    if sha1 and hashlib.sha1(text.encode()).hexdigest() != sha1:
        return set_aside(title, "sha1_mismatch", f"revision {revision['revid']} should have the sha1 {sha1}", text)
    return admit(Page(title=title, text=text, provenance=_provenance(item, page, revision, site, config)), config)


def _provenance(
    item: Found, page: Mapping[str, Any], revision: Mapping[str, Any], site: Site, config: CrawlConfig
) -> Provenance:
    if config.categories == "wiki":
        categories = tuple(entry["title"].partition(":")[2] for entry in page.get("categories", []))
    else:
        categories = find_categories(revision["slots"]["main"]["content"], "wikitext", site.category_name)
    return Provenance(
        page_id=page["pageid"],
        revision_id=revision["revid"],
        timestamp=revision.get("timestamp"),
        sha1=base36(revision["sha1"]) if revision.get("sha1") else None,
        url=page.get("canonicalurl"),
        licence=config.licence,
        attribution=attribution(config.attribution, page["title"], site.url_prefix, revision["revid"]),
        categories=categories,
        path=item.path,
    )


def base36(hexadecimal: str) -> str:
    """A SHA-1 as dumps write it: 31 digits in base 36. The API gives the same number in base 16."""
    value, digits = int(hexadecimal, 16), ""
    while value:
        value, digit = divmod(value, len(DIGITS))
        digits = DIGITS[digit] + digits
    return digits.rjust(SHA1_DIGITS, "0")


def _is_utf8(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
