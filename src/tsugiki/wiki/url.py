"""The URLs of pages and of their revisions, as MediaWiki writes them."""

from urllib.parse import quote


def page_url(prefix: str, title: str) -> str | None:
    """The URL of the page of that title below a prefix; None where the prefix is empty."""
    return prefix + quote(title.replace(" ", "_"), safe="/:(),!*'") if prefix else None


def permanent_link(prefix: str, revision_id: int | None) -> str:
    """The URL of one revision of a page below a prefix: the only one that an API and a dump both know."""
    return f"{prefix}Special:PermanentLink/{revision_id}"
