"""Shared pieces of the tests of cleaning: a configuration, one call that cleans, and the real pages."""

import gzip
import json
import os
from pathlib import Path

import pytest

from tsugiki.corpus.clean import clean
from tsugiki.corpus.config import CleanConfig, CorpusConfig
from tsugiki.rows import Page
from tsugiki.wiki.config import PagesConfig
from tsugiki.wiki.pages import read_pages

_SETTINGS = {
    "normalisation": "none",
    "titles": "as_published",
    "output": "text",
    "list_pages": "set_aside",
    "list_share": 1,
    "min_chars": 0,
    "max_chars": 2_000_000,
    "max_depth": 100,
}


@pytest.fixture
def config():
    return lambda **changes: CleanConfig(**{**_SETTINGS, **changes})


@pytest.fixture
def corpus_config():
    """How pages become a corpus; keywords change the cleaning, or, with a dict, the duplicates."""

    def make(duplicates=None, **changes):
        settings = {"action": "set_aside", "similarity": 0.8, "ngram_chars": 5, "min_chars": 100, **(duplicates or {})}
        return CorpusConfig(**{**_SETTINGS, **changes}, duplicates=settings)

    return make


@pytest.fixture
def cleaned(config):
    """The text that is left of a page, by its markup; a page set aside is its reason."""

    def run(text, markup="wikitext", title="架空の頁", **changes):
        result = clean(Page(title=title, text=text, markup=markup), config(**changes)).result
        return getattr(result, "text", None) or f"<{result.reason}>"

    return run


@pytest.fixture(scope="session")
def data():
    root = Path(os.environ.get("TSUGIKI_DATA", "absent"))
    if not root.is_dir():
        pytest.skip("TSUGIKI_DATA is not set")
    return root


@pytest.fixture(scope="session")
def wikitext_pages(data):
    pages_config = PagesConfig(
        format="auto",
        markup="wikitext",
        namespaces=(0,),
        licence="CC BY-SA 3.0",
        url_prefix="",
        max_page_bytes=10_000_000,
        max_rejected_share=0,
    )
    sources = [data / "jawiki-countries/articles.jsonl.gz"]
    sources += [data / f"xml-minidumps/{language}-wiki.xml.bz2" for language in ("ja", "en", "zh", "ko")]
    pages = [page for source in sources for page in read_pages(source, pages_config) if isinstance(page, Page)]
    for name in ("aki", "k_on"):
        answer = json.loads((data / f"jawiki-anime-api/{name}.json").read_text())
        (found,) = answer["query"]["pages"].values()
        pages.append(Page(title=found["title"], text=found["revisions"][0]["*"]))
    text = (data / "jawiki-tv-list/teens_network.wikitext").read_text()
    return [*pages, Page(title="ティーンズねっとわーく", text=text)]


@pytest.fixture(scope="session")
def markdown_pages(data):
    """Pages by generation of converter, then by title."""
    pages = {}
    for line in gzip.decompress((data / "pandoc-jawiki-md/pages.jsonl.gz").read_bytes()).splitlines():
        row = json.loads(line)
        for generation in sorted(row.keys() - {"title"}):
            page = Page(title=row["title"], text=row[generation], markup="markdown")
            pages.setdefault(generation, {})[row["title"]] = page
    text = (data / "pandoc-jawiki-md/chinapedia_shape_excerpt.md").read_text()
    return {**pages, "chinapedia": {"FFmpeg": Page(title="FFmpeg", text=text, markup="markdown")}}
