"""One wiki, asked by its API and read from its dump, gives the same pages by the same ways."""

import random
import threading

from jobs.import_dump import ImportDumpConfig
from tests.wiki.crawling import SETTINGS, crawl_of, small_wiki
from tests.wiki.made_wiki import MadePage, MadeWiki, serving
from tests.wiki.wikidump import Made, WikiDump
from tsugiki.execute import Conditions, execute
from tsugiki.kinds import Pages
from tsugiki.rows import Page
from tsugiki.store import open_store
from tsugiki.wiki.dumps.cut import Cut, Files
from tsugiki.work import Work


def made(number: int, page: MadePage) -> Made:
    """The page as a dump has it."""
    title = page.title.partition(":")[2] if page.namespace else page.title
    return Made(number, title, page.namespace, page.categories, page.text, page.redirect or None, page.disambiguation)


def random_wiki(seed: int) -> MadeWiki:
    rng, wiki = random.Random(seed), MadeWiki()
    # a crawl lists by titles, a dump by ids
    names = ["作品", *(f"分類{letter}" for letter in rng.sample("あいうえおかきくけこさし", 12))]
    for name in names:
        wiki.add_category(name, *rng.sample(names, rng.randint(0, 3)))
    for number in range(40):
        wiki.add(f"頁{number}", f"本文{number}", *rng.sample(names, rng.randint(0, 3)))
    for number in range(8):
        wiki.add(f"転送{number}", "", rng.choice(names), redirect=f"頁{rng.randrange(45)}")
    for number in range(8):
        # chains of redirects and circles, parts of them outside the tree
        within = rng.sample(names, rng.randint(0, 1))
        wiki.add(f"再転送{number}", "", *within, redirect=f"{rng.choice(['転送', '再転送'])}{rng.randrange(8)}")
    return wiki


def seen(page: Page) -> tuple[object, ...]:
    said = page.provenance
    return said.page_id, said.revision_id, page.title, page.text, said.categories, said.attribution


def test_crawl_and_dump_agree(tmp_path):
    wikis = [small_wiki(), *(random_wiki(seed) for seed in range(6))]
    for number, wiki in enumerate(wikis):
        wiki.pages = {n: page for n, page in wiki.pages.items() if page.model == "wikitext" and not page.hidden}
        store = open_store(str(tmp_path / f"store{number}"))
        with serving(wiki) as api:
            call = crawl_of(api, depth=2)
            execute(call, store, Conditions())
        crawled = list(Pages.open(store, call.address).rows())

        files = WikiDump(tmp_path / f"dump{number}", [made(n, page) for n, page in wiki.pages.items()]).write()
        same = ("namespaces", "categories", "licence", "attribution", "max_page_bytes")
        settings = {name: SETTINGS[name] for name in same} | {
            "url_prefix": "http://wiki.invalid/wiki/",
            "max_rejected_share": 0,
        }
        tree = SETTINGS["tree"] | {"depth": 2}
        named = {name: str(path) for name, path in files.items()}
        config = ImportDumpConfig.parse({**settings, **named, "tree": tree}, "import_dump")
        work = Work(tmp_path / f"work{number}", stop=threading.Event())
        work.path.mkdir()
        cut = [row for row in Cut(Files(**files), config, work, 1).rows() if isinstance(row, Page)]

        assert {seen(row) for row in cut} == {seen(row) for row in crawled}
        # a crawl may meet a page by its redirect first, a dump only where the page itself is not in the tree
        led_to = {page.redirect for page in wiki.pages.values()}
        ways = [{row.title: row.provenance.path for row in rows if row.title not in led_to} for rows in (cut, crawled)]
        assert ways[0] == ways[1]
        assert ways[0]
