"""What a wiki says of itself: how its titles and links are written, and under which licence it publishes."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit

from tsugiki.errors import BadInput
from tsugiki.wiki.api.query import Ask, batches
from tsugiki.wiki.tree import CATEGORY, Case, case_of

_QUERY = {"meta": "siteinfo", "siprop": "general|namespaces|rightsinfo"}


@dataclass(frozen=True)
class Site:
    """One wiki."""

    software: str
    """`MediaWiki 1.39.17`."""
    url_prefix: str
    """What precedes a page's title in its URL (`https://ja.wikipedia.org/wiki/`)."""
    category_name: str
    """What it calls the category namespace."""
    case: Case
    """How it writes the titles of categories."""
    licence: str
    """Name and URL of the licence that it states; empty where it states none."""


def read_site(ask: Ask, api: str) -> Site:
    """Ask a wiki about itself.

    Raises:
        BadInput: the URL answers, but not as a MediaWiki does.
    """
    (answer,) = batches(ask, _QUERY)
    try:
        general, category = answer["general"], answer["namespaces"][str(CATEGORY)]
        server = str(general["server"])
        rights = answer.get("rightsinfo", {})
        return Site(
            software=general["generator"],
            # a wiki of both schemes names neither
            url_prefix=(f"{urlsplit(api).scheme}:{server}" if server.startswith("//") else server)
            + general["articlepath"].removesuffix("$1"),
            category_name=category["name"],
            case=case_of(category.get("case")),
            licence=" ".join(text for text in (rights.get("text"), rights.get("url")) if text),
        )
    except (KeyError, TypeError) as error:
        raise BadInput(
            f"{api} says nothing of itself ({error} is missing): is it the api.php of a MediaWiki?"
        ) from error
