"""What a crawl of 18,000 pages costs besides waiting: requests, CPU time, memory and disk, on a wiki made for it.

.venv/bin/python bench/crawl.py [PAGES]
"""

from __future__ import annotations

import multiprocessing
import resource
import sys
import tempfile
import time
from collections.abc import Callable
from multiprocessing.connection import Connection
from pathlib import Path

from tests.wiki.crawling import crawl_of
from tests.wiki.made_wiki import MadeWiki, serving
from tsugiki.execute import Conditions, execute, preview
from tsugiki.store import open_store

PAGE_BYTES = 9000
"""Text of a page; articles of the Japanese Wikipedia are about as long on the average."""
CATEGORIES = 40
VISIBLE = 8
"""Categories that each page has besides the one in the tree."""
PACE = 1e9
"""Requests a minute: as fast as the wiki answers."""


def make(pages: int) -> MadeWiki:
    """A wiki of one tree: a root, eight branches, and the other categories below them."""
    wiki = MadeWiki()
    wiki.add_category("作品")
    for number in range(CATEGORIES):
        wiki.add_category(f"群{number}", "作品" if number < 8 else f"群{number % 8}")
    text = "文" * (PAGE_BYTES // 3)
    for number in range(pages):
        wiki.add(f"頁{number}", text, f"群{number % CATEGORIES}", *(f"別{index}" for index in range(VISIBLE)))
    return wiki


def serve(pages: int, line: Connection) -> None:
    """Serve it in a process of its own until told to end; then say how many requests came."""
    wiki = make(pages)
    with serving(wiki) as api:
        line.send(api)
        line.recv()
    line.send((len(wiki.requests), wiki.most_at_once))


def measured(work: Callable[[], object]) -> str:
    """Wall and CPU seconds of some work in this process."""
    wall, cpu = time.monotonic(), time.process_time()
    work()
    return f"{time.monotonic() - wall:6.1f} s, {time.process_time() - cpu:5.1f} s of CPU"


def main() -> None:
    """Plan, then crawl."""
    pages = int(sys.argv[1]) if len(sys.argv) > 1 else 18_000
    line, theirs = multiprocessing.Pipe()
    server = multiprocessing.get_context("spawn").Process(target=serve, args=(pages, theirs))
    server.start()
    api = line.recv()
    with tempfile.TemporaryDirectory() as folder:
        store, call = open_store(folder), crawl_of(api, max_page_bytes=10 * PAGE_BYTES, requests_per_minute=PACE)
        print(f"plan   {measured(lambda: preview(call, store, Conditions()))}")
        print(f"crawl  {measured(lambda: execute(call, store, Conditions()))}")
        size = sum(path.stat().st_size for path in Path(folder, call.address).iterdir())
    line.send("end")
    requests, at_once = line.recv()
    server.join()
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"{pages} pages of {PAGE_BYTES} bytes: {requests} requests, {at_once} at once; {memory:.0f} MiB of memory")
    print(f"artifact {size / 1e6:.1f} MB; at 120 requests a minute {requests / 120:.1f} min")


if __name__ == "__main__":
    main()
