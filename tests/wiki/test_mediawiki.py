"""The crawl of a real MediaWiki: real pages in categories of our own, with faults on the line and changes under way."""

from __future__ import annotations

import gzip
import json
import os
import re
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from jobs.clean_corpus import clean_corpus
from tests.wiki.crawling import crawl_of as small_crawl_of
from tests.wiki.faulty_proxy import standing_before
from tests.wiki.real_wiki import HOME_VARIABLE, RealWiki, home, running
from tsugiki.artifact import Record
from tsugiki.corpus.config import CorpusConfig
from tsugiki.errors import BadInput
from tsugiki.execute import Conditions, execute, preview
from tsugiki.kinds import Corpus, Pages
from tsugiki.named import read_toml
from tsugiki.recipe import recipe_path
from tsugiki.rows import Page
from tsugiki.stage import Call
from tsugiki.store import Store, open_store
from tsugiki.wiki.config import PagesConfig
from tsugiki.wiki.dump import read_dump

pytestmark = [pytest.mark.mediawiki, pytest.mark.slow]

COUNTRIES = 55
MOST_BYTES = 300_000
CATEGORIES = {
    "Category:世界": "[[Category:国]]",
    "Category:国": "[[Category:世界]]",  # a cycle
    "Category:島": "[[Category:国]]",
    "Category:島の島": "[[Category:島]]",
    "Category:島の島の島": "[[Category:島の島]]",
    "Category:国の一覧": "[[Category:国]]",
    "Category:隠": "__HIDDENCAT__",
}
OTHERS = {
    "Template:箱": "箱[[Category:箱のある頁]]",
    "深い頁": "深い所の頁。[[Category:島の島の島]]",
    "一覧の頁": "並べた頁。[[Category:国の一覧]]",
    "別名": "#転送 [[深い頁]]\n[[Category:国]]",
    "別名の別名": "#転送 [[別名]]\n[[Category:国]]",
    "迷子": "#REDIRECT [[どこにも無い頁]]\n[[Category:国]]",
    "どちらの頁": "__DISAMBIG__ * [[深い頁]]\n[[Category:国]]",
    "二つの頁": "二つの分類にある頁。{{箱}}[[Category:国]][[Category:島]][[Category:隠]]",
    "消える頁": "すぐに消される。[[Category:島]]",
    "移る頁": "すぐに移される。[[Category:島]]",
    "変わる頁": "すぐに転送になる。[[Category:島]]",
}


@pytest.fixture(scope="module")
def real_pages() -> dict[str, str]:
    """Articles of the Japanese Wikipedia, put into our categories."""
    data = Path(os.environ.get("TSUGIKI_DATA", "absent"))
    if not data.is_dir():
        pytest.skip("TSUGIKI_DATA is not set")
    lines = gzip.decompress((data / "jawiki-countries" / "articles.jsonl.gz").read_bytes()).splitlines()
    countries = sorted((json.loads(line) for line in lines), key=lambda row: len(row["text"]))[:COUNTRIES]
    pages = {row["title"]: f"{row['text'].rstrip()}\n[[Category:国]]" for row in countries}
    answer = json.loads((data / "jawiki-anime-api" / "aki.json").read_text())
    (actor,) = answer["query"]["pages"].values()
    return pages | {actor["title"]: f"{actor['revisions'][0]['*'].rstrip()}\n[[Category:国]]"}


@pytest.fixture(scope="module")
def wiki(real_pages: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealWiki]:
    installed = home()
    if installed is None:
        pytest.skip(
            f"MediaWiki is not installed: apt-get install mediawiki php-cli php-sqlite3, or set {HOME_VARIABLE}"
        )
    with running(installed, tmp_path_factory.mktemp("wiki"), MOST_BYTES) as wiki:
        wiki.fill({**OTHERS, **CATEGORIES, **real_pages})
        yield wiki


def crawl_of(api: str, **changes: Any) -> Call[Pages]:
    return small_crawl_of(api, **{"roots": ["世界"], "deny": ["一覧$"], "max_page_bytes": 1_000_000} | changes)


class Impatient(threading.Event):
    """A stop flag for which nobody waits."""

    def wait(self, timeout: float | None = None) -> bool:
        return self.is_set()


def crawled(
    call: Call[Pages], store: Store, stop: threading.Event | None = None
) -> tuple[Record, dict[str, Page], set[tuple[str, str]]]:
    record = execute(call, store, Conditions(stop=stop or threading.Event())).record
    pages = Pages.open(store, call.address)
    rejected = {(row.source, row.reason) for row in pages.rejected()}
    return record, {row.title: row for row in pages.rows()}, rejected


def test_a_real_wiki_gives_every_text_as_it_was_saved(wiki: RealWiki, store: Store, real_pages: dict[str, str]) -> None:
    record, rows, rejected = crawled(crawl_of(wiki.api), store)
    kept = {"深い頁", "二つの頁", "消える頁", "移る頁", "変わる頁"}
    assert {title: rows[title].text for title in real_pages} == real_pages
    assert rows.keys() == real_pages.keys() | kept
    assert rejected == {
        ("別名", "redirect"),
        ("別名の別名", "redirect"),
        ("迷子", "redirect"),
        ("どこにも無い頁", "missing"),
        ("どちらの頁", "disambiguation"),
        ("Category:国の一覧", "category_deny"),
    }
    # its redirect is listed higher up in the tree than the page itself
    assert rows["深い頁"].provenance.path == ("世界", "国")
    assert rows["二つの頁"].provenance.path == ("世界", "国")
    assert set(rows["二つの頁"].provenance.categories) == {"国", "島", "箱のある頁"}
    assert record.metrics["wiki"].startswith("MediaWiki 1.")
    assert record.metrics["warnings"] == []
    assert record.metrics["requests"]["listing"] == 1 + 5
    assert record.metrics["requests"]["pages"] > 2, "no answer was cut off: lower MOST_BYTES"


def test_depth_is_counted_as_the_wiki_nests(wiki: RealWiki, store: Store) -> None:
    _, rows, rejected = crawled(crawl_of(wiki.api, roots=["島"], depth=1), store)
    assert rows.keys() == {"二つの頁", "消える頁", "移る頁", "変わる頁"}
    assert rejected == {("Category:島の島の島", "category_depth")}
    assert rows["二つの頁"].provenance.path == ("島",)


def test_faults_on_the_line_change_nothing_of_what_is_collected(wiki: RealWiki, tmp_path: Path) -> None:
    faults = ["503", "pass", "pass", "half", "pass", "cut", "pass", "ratelimited", "pass", "drop", "429", "maxlag 5"]
    with standing_before(wiki.api, faults) as proxy:
        # the API names its own server in what it answers, so that only the address that is asked differs
        disturbed = crawled(crawl_of(proxy.url), open_store(str(tmp_path / "disturbed")), Impatient())
    undisturbed = crawled(crawl_of(wiki.api), open_store(str(tmp_path / "undisturbed")))
    assert disturbed[1:] == undisturbed[1:]
    assert proxy.faults == []
    repeated = disturbed[0].metrics["requests"]["repeated_in_the_last_attempt"]
    assert repeated == {
        "connection": 2,
        "damaged_answer": 1,
        "maxlag": 1,
        "rate_limited": 1,
        "ratelimited": 1,
        "server_error": 1,
    }
    assert len(set(proxy.answered)) == len(proxy.answered)


def test_rows_equal_those_of_the_wikis_own_dump(wiki: RealWiki, store: Store, tmp_path: Path) -> None:
    dump = tmp_path / "dump.xml"
    dump.write_text(wiki.maintain("dumpBackup", "--current", "--quiet"), encoding="utf-8")
    settings = {
        "format": "dump",
        "markup": "wikitext",
        "namespaces": [0],
        "licence": "CC BY-SA 4.0",
        "url_prefix": f"{wiki.server}/index.php/",
        "max_page_bytes": 1_000_000,
        "max_rejected_share": 0,
    }
    dumped = {row.title: row for row in read_dump(dump, PagesConfig.parse(settings, "test")) if isinstance(row, Page)}
    _, rows, _ = crawled(crawl_of(wiki.api, categories="text"), store)
    assert len(rows) > COUNTRIES
    for title, row in rows.items():
        found = row.provenance.model_copy(update={"path": (), "attribution": None})
        assert row.model_copy(update={"provenance": found}) == dumped[title]


def test_what_is_crawled_can_be_cleaned_with_all_that_its_licence_asks(wiki: RealWiki, store: Store) -> None:
    call = crawl_of(wiki.api)
    crawled(call, store)
    settings = read_toml(recipe_path("anime_ja"))["clean_corpus"]
    cleaning = clean_corpus.call(call.output, CorpusConfig.parse(settings, "anime_ja"))
    execute(cleaning, store, Conditions())
    rows = list(Corpus.open(store, cleaning.address).rows())
    assert len(rows) > COUNTRIES * 0.9
    for row in rows:
        assert "[[" not in row.text
        assert f"{row.title}, {wiki.server}/index.php/Special:PermanentLink/{row.provenance.revision_id}" in str(
            row.provenance.attribution
        )


def test_an_unknown_root_is_named(wiki: RealWiki, store: Store) -> None:
    with pytest.raises(BadInput, match="nothing in Category:無い分類"):
        execute(crawl_of(wiki.api, roots=["無い分類"]), store, Conditions())


def test_a_url_that_is_a_page_is_refused(wiki: RealWiki, store: Store) -> None:
    with pytest.raises(BadInput, match="(answers with text/html|answers 404|is at ).*api"):
        execute(crawl_of(f"{wiki.server}/index.php/世界"), store, Conditions())


def test_what_changes_between_plan_and_crawl_is_set_aside(wiki: RealWiki, store: Store, tmp_path: Path) -> None:
    call = crawl_of(wiki.api, roots=["島"])
    lines = preview(call, store, Conditions())
    assert any(re.search(r"^pages +5,", line) for line in lines)
    titles, moves = tmp_path / "titles", tmp_path / "moves"
    titles.write_text("消える頁\n", encoding="utf-8")
    moves.write_text("移る頁|Template:移った頁\n", encoding="utf-8")
    wiki.maintain("deleteBatch", str(titles))
    wiki.maintain("moveBatch", str(moves))
    wiki.maintain("edit", "変わる頁", given="#転送 [[深い頁]]")
    record, rows, rejected = crawled(call, store)
    assert rows.keys() == {"深い頁", "二つの頁"}
    assert {reason for _, reason in rejected} == {"missing", "namespace", "redirect"}
    assert record.metrics["requests"]["in_the_last_attempt"] == 1
