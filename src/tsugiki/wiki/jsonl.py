"""Stream pages from JSON lines of title and text; a line that is no page is set aside with its number."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

from pydantic import ValidationError

from tsugiki.rows import Markup, Page, Provenance, Rejected
from tsugiki.wiki.admit import admit, set_aside, too_long
from tsugiki.wiki.config import PagesConfig
from tsugiki.wiki.markup import find_categories
from tsugiki.wiki.source import PackedFile
from tsugiki.wiki.url import page_url

_ESCAPED_BYTES = 6
_ROOM_BYTES = 1 << 16


def read_jsonl(path: Path, config: PagesConfig) -> Iterator[Page | Rejected]:
    r"""Pages of a file of JSON objects, one a line, plain, .gz or .bz2.

    An object has `title` and `text`, and may have `id` (or `page_id`), `revision_id`, `timestamp`, `sha1`, `url`,
    `licence`, `categories`, `path` and `markup`; other keys are ignored. Empty lines are skipped.

    Raises:
        BadInput: the file is missing, or its compressed data is corrupt or cut off; the byte offset is named.
    """
    source = PackedFile(path)
    # A character takes at most six bytes in JSON (\uXXXX), so that a longer line cannot hold a page of legal size.
    limit = config.max_page_bytes * _ESCAPED_BYTES + _ROOM_BYTES
    for number, (line, whole) in enumerate(_lines(source, limit), start=1):
        if not whole:
            yield too_long(f"{path.name}:{number}", line[:_ROOM_BYTES].decode(errors="replace"), config, number)
        elif line.strip():
            yield _row(line, number, f"{path.name}:{number}", config)


def _lines(source: PackedFile, limit: int) -> Iterator[tuple[bytes, bool]]:
    """Each line without its end, and whether it is whole: of a line over the limit only the beginning is kept."""
    pending: list[bytes] = []
    length = 0
    for piece in source.pieces():
        *ended, rest = piece.split(b"\n")
        for part in ended:
            yield _join(pending, part, length + len(part) <= limit)
            pending, length = [], 0
        length += len(rest)
        if length <= limit or not pending:
            pending.append(rest)
    if length:
        yield _join(pending, b"", length <= limit)


def _join(pending: list[bytes], last: bytes, whole: bool) -> tuple[bytes, bool]:
    return (b"".join((*pending, last)) if whole else b"".join(pending) or last), whole


def _row(line: bytes, number: int, name: str, config: PagesConfig) -> Page | Rejected:
    try:
        text = line.decode().removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        detail = f"byte {error.start} of the line is not UTF-8"
        return set_aside(name, "invalid_utf8", detail, line.decode(errors="replace"), number)
    try:
        value = json.loads(text)
    except (ValueError, RecursionError) as error:
        return set_aside(name, "invalid_json", str(error) or type(error).__name__, text, number)
    if "\\u" in text and not _is_utf8(value):
        return set_aside(name, "invalid_text", "the text holds half of a surrogate pair", text, number)
    if not isinstance(value, dict):
        return set_aside(name, "invalid_row", f"a JSON object is needed, not {type(value).__name__}", text, number)
    try:
        page = _page(value, config)
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False)[0]
        detail = f"{'.'.join(str(part) for part in first['loc'])}: {first['msg']}"
        return set_aside(name, "invalid_row", detail, text, number)
    return admit(page, config, number)


def _is_utf8(value: object) -> bool:
    """Whether UTF-8 can hold every text of a JSON value: an escape may name half of a surrogate pair."""
    try:
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return False
    return True


def _page(value: dict[str, object], config: PagesConfig) -> Page:
    """The row as a page; strict, so that a number where a text is due is a fault and not its digits."""
    title, text = value.get("title"), value.get("text")
    markup = value.get("markup", config.markup)
    stated = {key: value[key] for key in Provenance.model_fields if value.get(key) is not None}
    if value.get("id") is not None:
        stated.setdefault("page_id", value["id"])
    for key in ("categories", "path"):
        if isinstance(stated.get(key), list):
            stated[key] = tuple(stated[key])  # type: ignore[arg-type]
    if "categories" not in stated and isinstance(text, str) and markup in get_args(Markup):
        stated["categories"] = find_categories(text, markup)  # type: ignore[arg-type]
    stated.setdefault("licence", config.licence)
    if isinstance(title, str):
        stated.setdefault("url", page_url(config.url_prefix, title))
    provenance = Provenance.model_validate(stated, strict=True)
    return Page.model_validate({"title": title, "text": text, "markup": markup, "provenance": provenance}, strict=True)
