"""The URL of a page, by its title, as MediaWiki writes it."""

from urllib.parse import quote


def page_url(prefix: str, title: str) -> str | None:
    """The URL of the page of that title below a prefix; None where the prefix is empty."""
    return prefix + quote(title.replace(" ", "_"), safe="/:(),!*'") if prefix else None
