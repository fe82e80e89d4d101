"""Read a directory tree of Markdown files as pages, in the order of their names."""

import re
from collections.abc import Iterator
from pathlib import Path

from tsugiki.errors import BadInput
from tsugiki.rows import Page, Provenance, Rejected
from tsugiki.wiki.admit import EXCERPT_CHARS, admit, set_aside, too_long
from tsugiki.wiki.config import PagesConfig
from tsugiki.wiki.markup import find_categories
from tsugiki.wiki.url import page_url

_FIRST_HEADING = re.compile(r"\s*# +([^\n]*[^\s#])[ #]*(?:\n|$)")


def read_markdown(path: Path, config: PagesConfig) -> Iterator[Page | Rejected]:
    """Pages of the .md files under a directory, sorted by their path in it.

    A page's title is its first line if that is a heading of level 1, else the name of its file.

    Raises:
        BadInput: the directory does not exist or holds no .md file.
    """
    if not path.is_dir():
        raise BadInput(f"{path}: not a directory; give the directory that holds the .md files")
    files = sorted(path.rglob("*.md"), key=lambda file: file.relative_to(path).as_posix())
    if not files:
        raise BadInput(f"{path}: holds no .md file; give the directory of the Markdown files")
    for file in files:
        yield _read(file, file.relative_to(path).as_posix(), config)


def _read(file: Path, name: str, config: PagesConfig) -> Page | Rejected:
    try:
        with file.open("rb") as opened:
            content = opened.read(config.max_page_bytes + 1)
    except OSError as error:
        return set_aside(name, "unreadable", error.strerror or str(error))
    if len(content) > config.max_page_bytes:
        return too_long(name, content[: EXCERPT_CHARS * 4].decode(errors="ignore"), config)
    try:
        text = content.decode().removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        detail = f"byte {error.start} is not UTF-8"
        return set_aside(name, "invalid_utf8", detail, content[:EXCERPT_CHARS].decode(errors="replace"))
    heading = _FIRST_HEADING.match(text)
    title = heading[1].strip() if heading else file.stem
    provenance = Provenance(
        url=page_url(config.url_prefix, title),
        licence=config.licence,
        categories=find_categories(text, "markdown"),
    )
    return admit(Page(title=title, text=text, markup="markdown", provenance=provenance), config)
