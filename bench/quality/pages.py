"""The real pages that quality is measured on, from a directory of test data."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from pathlib import Path

from tsugiki.rows import Page
from tsugiki.wiki.config import PagesConfig
from tsugiki.wiki.dump import read_dump

_CONFIG = PagesConfig(
    format="auto",
    markup="wikitext",
    namespaces=(0,),
    licence="CC BY-SA 3.0",
    url_prefix="",
    max_page_bytes=10_000_000,
    max_rejected_share=0,
)


def wikitext_pages(data: Path) -> Iterator[Page]:
    """Countries, voice actors and works, a programme with its episodes, and a city."""
    for line in gzip.decompress((data / "jawiki-countries/articles.jsonl.gz").read_bytes()).splitlines():
        row = json.loads(line)
        yield Page(title=row["title"], text=row["text"])
    for path in sorted((data / "jawiki-anime-api").glob("*.json")):
        (found,) = json.loads(path.read_text(encoding="utf-8"))["query"]["pages"].values()
        yield Page(title=found["title"], text=found["revisions"][0]["*"])
    yield Page(title="teens", text=(data / "jawiki-tv-list/teens_network.wikitext").read_text(encoding="utf-8"))
    for row in read_dump(data / "xml-minidumps/ja-wiki.xml.bz2", _CONFIG):
        if isinstance(row, Page):
            yield row


def markdown_pages(data: Path) -> dict[str, list[Page]]:
    """Pages by what wrote them: two formats of two releases of pandoc, and the shape of a mirror."""
    pages: dict[str, list[Page]] = {}
    for line in gzip.decompress((data / "pandoc-jawiki-md/pages.jsonl.gz").read_bytes()).splitlines():
        row = json.loads(line)
        for writer in sorted(row.keys() - {"title"}):
            pages.setdefault(writer, []).append(Page(title=row["title"], text=row[writer], markup="markdown"))
    excerpt = (data / "pandoc-jawiki-md/chinapedia_shape_excerpt.md").read_text(encoding="utf-8")
    return {**pages, "mirror": [Page(title="FFmpeg", text=excerpt, markup="markdown")]}
