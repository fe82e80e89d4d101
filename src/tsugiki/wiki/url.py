"""The URLs of pages and of their revisions, as MediaWiki writes them."""

from urllib.parse import quote


def page_url(prefix: str, title: str) -> str | None:
    """The URL of the page of that title below a prefix; None where the prefix is empty."""
    return prefix + quote(title.replace(" ", "_"), safe="/:(),!*'") if prefix else None


def attribution(whom: str, title: str, prefix: str, revision_id: int | None) -> str:
    """Whom the licence asks to name, with the title and the permanent link of one revision of a page below a prefix.

    Its id leads to a revision in the only form that an API and a dump both know.
    """
    return f"{whom}, {title}, {prefix}Special:PermanentLink/{revision_id}"
