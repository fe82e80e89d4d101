"""How fast a dump is read, on how many processors, and whether memory stays flat: on generated tables and text.

.venv/bin/python bench/dump.py [FOLDER]
"""

from __future__ import annotations

import bz2
import gzip
import json
import random
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from jobs.import_dump import ImportDumpConfig
from tests.wiki.sqldump import LINKS_NEW, LINKTARGET, PAGE, Value, statements
from tsugiki.wiki.config import PagesConfig
from tsugiki.wiki.dump import read_dump
from tsugiki.wiki.dumps.cut import Cut, Files
from tsugiki.wiki.dumps.sql import read_table
from tsugiki.work import Work

SIZES = {"small": 120_000, "large": 480_000}
"""Pages in the tables; the text holds each TEXT_EVERY-th of them."""
TEXT_EVERY = 24
LINKS = 8
"""Categories of a page."""
PER_STREAM = 100
NAMES = ("dump", "index", "page", "categorylinks", "linktarget")
SETTINGS = {
    "namespaces": (0,),
    "licence": "CC BY-SA 4.0",
    "url_prefix": "https://wiki.example/wiki/",
    "max_page_bytes": 2_000_000,
    "max_rejected_share": 1.0,
}


def make(folder: Path, pages: int) -> None:
    """Write the files of a wiki with that many pages and a twelfth as many categories, in a tree of tens."""
    rng = random.Random(7)
    folder.mkdir(parents=True)
    categories = pages // 12
    titles = [f"分類_{number}_{rng.randrange(10**6)}" for number in range(categories)]

    def page_rows() -> Iterator[tuple[Value, ...]]:
        for number, title in enumerate(titles):
            yield (number + 1, 14, title, 0, rng.random(), None)
        for number in range(pages):
            yield (categories + number + 1, 0, f"頁_{number}_(作品)", 0, rng.random(), None)

    def link_rows() -> Iterator[tuple[Value, ...]]:
        sort = bytes(rng.choices(range(1, 256), k=24))
        for number in range(1, categories):
            yield (number + 1, sort, "2026-01-02 03:04:05", "subcat", 1, 1000 + (number - 1) // 10)
        for number in range(pages):
            for _ in range(LINKS):
                target = 1000 + rng.randrange(categories)
                yield (categories + number + 1, sort, "2026-01-02 03:04:05", "page", 1, target)

    tables = {
        "page": statements("page", PAGE, page_rows(), lines=True, per_statement=5000),
        "categorylinks": statements("categorylinks", LINKS_NEW, link_rows(), lines=True, per_statement=5000),
        "linktarget": statements("linktarget", LINKTARGET, ((1000 + n, 14, t) for n, t in enumerate(titles))),
    }
    for name, parts in tables.items():
        with gzip.open(folder / name, "wb", compresslevel=1) as file:
            file.writelines(parts)
    write_text(folder, range(categories + 1, categories + pages + 1, TEXT_EVERY), rng)


def write_text(folder: Path, ids: range, rng: random.Random) -> None:
    """Write the XML of these pages, a hundred to a stream, and its index."""
    words = ["".join(chr(rng.randrange(0x3041, 0x3090)) for _ in range(rng.randint(2, 6))) for _ in range(4000)]
    index = []
    with (folder / "dump").open("wb") as file:
        file.write(bz2.compress(b"<mediawiki><siteinfo><dbname>benchwiki</dbname></siteinfo>"))
        for start in range(0, len(ids), PER_STREAM):
            batch = ids[start : start + PER_STREAM]
            index += [f"{file.tell()}:{page}:頁 {page}\n" for page in batch]
            texts = ("".join(f"[[{word}]]は" for word in rng.choices(words, k=250)) for _ in batch)
            pages = "".join(
                f"<page><title>頁 {page}</title><ns>0</ns><id>{page}</id><revision><id>{page}</id>"
                f"<text>{text}</text></revision></page>"
                for page, text in zip(batch, texts, strict=True)
            )
            file.write(bz2.compress(pages.encode()))
        file.write(bz2.compress(b"</mediawiki>"))
    (folder / "index").write_bytes(bz2.compress("".join(index).encode()))


def whole_file(folder: Path) -> int:
    """Rows as import_pages reads them, in one process."""
    config = PagesConfig(format="dump", markup="wikitext", **SETTINGS)
    return sum(1 for _ in read_dump(folder / "dump", config))


def cut(folder: Path, workers: int, depth: int | None) -> int:
    """Rows of import_dump; all of them without a depth."""
    tree = None if depth is None else {"roots": ["分類 1"], "depth": depth, "allow": [], "deny": []}
    root = next(title for rows in read_table(folder / "page", "page", ("page_title",)) for (title,) in rows)
    if tree:
        tree["roots"] = [root.decode().strip("'")]
    names = NAMES if tree else NAMES[:2]
    named = {name: str(folder / name) for name in names}
    config = ImportDumpConfig.parse(
        {**SETTINGS, **named, "attribution": "bench", "categories": "text", "tree": tree}, "bench"
    )
    with tempfile.TemporaryDirectory() as work:
        files = Files(**{name: folder / name for name in names})
        return sum(1 for _ in Cut(files, config, Work(Path(work)), workers).rows())


def scan(folder: Path, where: tuple[str, str] | None) -> int:
    """Rows of categorylinks: all, or those between categories."""
    columns = ("cl_from", "cl_type", "cl_target_id")
    return sum(len(rows) for rows in read_table(folder / "categorylinks", "categorylinks", columns, where))


MEASURED: dict[str, Callable[[Path], int]] = {
    "categorylinks, every row": lambda folder: scan(folder, None),
    "categorylinks, sub-categories only": lambda folder: scan(folder, ("cl_type", "subcat")),
    "all text, import_pages": whole_file,
    "all text, 1 worker": lambda folder: cut(folder, 1, None),
    "all text, 2 workers": lambda folder: cut(folder, 2, None),
    "a tree, 1 worker": lambda folder: cut(folder, 1, 2),
    "a tree, 2 workers": lambda folder: cut(folder, 2, 2),
}


def measure(name: str, folder: Path) -> dict[str, float]:
    """One figure, in a process of its own, so that its peak of memory is its own."""
    command = [sys.executable, __file__, "--one", name, str(folder)]
    found: dict[str, float] = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
    return found


def measure_here(name: str, folder: Path) -> dict[str, float]:
    """Rows, seconds of wall and processor, and the peak of this process and of its largest worker in MiB."""
    start = time.perf_counter()
    rows = MEASURED[name](folder)
    seconds = time.perf_counter() - start
    own, children = resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = own.ru_utime + own.ru_stime + children.ru_utime + children.ru_stime
    return {
        "rows": rows,
        "seconds": seconds,
        "cpu": cpu,
        "own": own.ru_maxrss / 1024,
        "child": children.ru_maxrss / 1024,
    }


def size_mb(folder: Path, name: str) -> float:
    """Decompressed size of a file, in MB."""
    opened = bz2.open if name == "dump" else gzip.open
    with opened(folder / name) as file:
        return sum(len(piece) for piece in iter(lambda: file.read(1 << 20), b"")) / 1e6


def main() -> None:
    """Print one line a figure."""
    if sys.argv[1:2] == ["--one"]:
        print(json.dumps(measure_here(sys.argv[2], Path(sys.argv[3]))))
        return
    with tempfile.TemporaryDirectory() as made:
        root = Path(sys.argv[1] if len(sys.argv) > 1 else made)
        for size, pages in SIZES.items():
            folder = root / size
            if not folder.exists():
                make(folder, pages)
            megabytes = {name: size_mb(folder, name) for name in ("dump", "categorylinks", "page", "linktarget")}
            print(f"{size}: " + ", ".join(f"{name} {value:.0f} MB" for name, value in megabytes.items()), flush=True)
            for name in MEASURED:
                found = measure(name, folder)
                read = megabytes["categorylinks" if name.startswith("cat") else "dump"]
                speed = "" if name.startswith("a tree") else f"{read / found['seconds']:6.0f} MB/s"
                print(
                    f"  {name:<36}{found['seconds']:7.1f} s {found['cpu']:7.1f} s CPU {speed:<12}"
                    f"{found['own']:5.0f} MiB here {found['child']:5.0f} MiB a worker, {found['rows']:.0f} rows",
                    flush=True,
                )


if __name__ == "__main__":
    main()
