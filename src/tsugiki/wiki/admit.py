"""Whether a page that could be read counts as a page; what does not is set aside with its reason."""

from typing import Protocol

from tsugiki.rows import Page, Rejected
from tsugiki.wiki.markup import find_redirect

UNREADABLE = frozenset({"invalid_json", "invalid_row", "invalid_text", "invalid_utf8", "unreadable"})
"""Reasons that speak of a damaged source, as opposed to pages that were read and not wanted."""

EXCERPT_CHARS = 1000
"""How much of a text that was set aside is kept, in characters."""


class Limits(Protocol):
    """What a configuration says of the pages that count."""

    @property
    def max_page_bytes(self) -> int:
        """Longest text of a page, in bytes of UTF-8."""


def set_aside(source: str, reason: str, detail: str, content: str = "", line: int | None = None) -> Rejected:
    """A row that says what was set aside and why, with the beginning of its content."""
    return Rejected(source=source, line=line, reason=reason, detail=detail, content=content[:EXCERPT_CHARS])


def too_long(source: str, content: str, config: Limits, line: int | None = None) -> Rejected:
    """The row of a page whose text is over the limit."""
    return set_aside(source, "too_long", f"longer than max_page_bytes = {config.max_page_bytes}", content, line)


def admit(page: Page, config: Limits, line: int | None = None) -> Page | Rejected:
    """The page itself, or why it is set aside: it redirects, is empty, or is over the size limit."""
    if len(page.text) > config.max_page_bytes or len(page.text.encode()) > config.max_page_bytes:
        return too_long(page.title, page.text, config, line)
    if not page.text.strip():
        return set_aside(page.title, "empty", "the page has no text", line=line)
    if page.markup == "wikitext" and (target := find_redirect(page.text)) is not None:
        return set_aside(page.title, "redirect", f"to {target}", page.text, line)
    return page
