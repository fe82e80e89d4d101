"""Speed of cleaning beside WikiExtractor and mwparserfromhell, on the same pages in the same run; scaling; memory.

TSUGIKI_DATA=… .venv/bin/python -m bench.clean [--rounds 9] [--megabytes 24]     # pip install -e .[bench]

The tools take turns on one core, a few pages at a time, and each round gives one ratio; medians of the ratios are
printed, since the speed of a machine changes while others use it. tsugiki's time has everything that clean_corpus does
for a page: rules, counts of the loss report, and the signature that finds repetitions.
"""

from __future__ import annotations

import argparse
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import count
from pathlib import Path

from bench.quality.pages import wikitext_pages
from tsugiki.corpus.clean import clean, clean_pages
from tsugiki.corpus.config import CorpusConfig, DuplicatesConfig
from tsugiki.corpus.signature import sign
from tsugiki.corpus.totals import Totals
from tsugiki.process import usable_cores
from tsugiki.rowfile import RowWriter, read_packed
from tsugiki.rows import Document, Page, Rejected

CONFIG = CorpusConfig(
    normalisation="nfkc",
    titles="as_published",
    output="text",
    list_pages="set_aside",
    list_share=0.98,
    min_chars=50,
    max_chars=4_000_000,
    max_depth=200,
    duplicates=DuplicatesConfig(action="set_aside", similarity=0.8, ngram_chars=5, min_chars=200),
)
MEGABYTE = 1_000_000
TURN = 16
"""Pages after which another tool takes its turn."""


def tsugiki(pages: list[Page]) -> None:
    """What a process of clean_corpus does for some pages."""
    results = (clean(page, CONFIG).result for page in pages)
    sign([result.text for result in results if isinstance(result, Document)], CONFIG.duplicates)


def rules_alone(pages: list[Page]) -> None:
    """The same without signatures: what WikiExtractor has a counterpart to, and the counts."""
    for page in pages:
        clean(page, CONFIG)


def wikiextractor(pages: list[Page]) -> None:
    """What WikiExtractor --no-templates does."""
    from wikiextractor.extract import Extractor

    for page in pages:
        extractor = Extractor(0, 0, "", page.title, [page.text])
        "\n".join(extractor.clean_text(page.text, expand_templates=False, html_safe=False))


def mwparserfromhell(pages: list[Page]) -> None:
    """What strip_code of mwparserfromhell does."""
    import mwparserfromhell as parser

    for page in pages:
        parser.parse(page.text).strip_code()


def pages_of(megabytes: float) -> Iterator[Page]:
    """The real pages over and over, up to a size in UTF-8; each time with other characters, as if they were new.

    Every kanji is replaced by one that lies further on, another way in each pass, so that no page repeats another.
    """
    left = megabytes * MEGABYTE
    for turn in count():
        shifted = {code: 0x4E00 + (code - 0x4E00 + turn * 97) % 0x5000 for code in range(0x4E00, 0x9E00)}
        for page in wikitext_pages(data()):
            if left <= 0:
                return
            left -= size(page)
            yield page.model_copy(update={"text": page.text.translate(shifted), "title": f"{page.title} {turn}"})


def data() -> Path:
    """The directory of real pages."""
    return Path(os.environ["TSUGIKI_DATA"])


def size(page: Page) -> int:
    """Bytes of a page's text in UTF-8."""
    return len(page.text.encode())


def seconds(work: Callable[[list[Page]], None], pages: list[Page]) -> float:
    """Processor time of some pages."""
    start = time.process_time()
    work(pages)
    return time.process_time() - start


def speed(rounds: int) -> None:
    """Print MB/s on one core, and ratios of tools that took turns."""
    pages = [*wikitext_pages(data())]
    megabytes = sum(map(size, pages)) / MEGABYTE
    tools = {"tsugiki": tsugiki, "  rules alone": rules_alone, "WikiExtractor": wikiextractor}
    spent: dict[str, list[float]] = {name: [] for name in tools}
    for _ in range(rounds):
        totals = dict.fromkeys(tools, 0.0)
        for start in range(0, len(pages), TURN):
            for name, tool in tools.items():
                totals[name] += seconds(tool, pages[start : start + TURN])
        for name, total in totals.items():
            spent[name].append(total)
    slow = seconds(mwparserfromhell, pages)
    print(f"{len(pages)} real pages, {megabytes:.1f} MB of wikitext, one core, median of {rounds} rounds")
    for name, values in spent.items():
        print(f"  {name:<18}{megabytes / statistics.median(values):6.2f} MB/s   best {megabytes / min(values):6.2f}")
    print(f"  {'mwparserfromhell':<18}{megabytes / slow:6.2f} MB/s   (one round)")
    for name in ("tsugiki", "  rules alone"):
        pairs = zip(spent[name], spent["WikiExtractor"], strict=True)
        ratios = sorted(theirs / ours for ours, theirs in pairs)
        print(f"  {name.strip()} / WikiExtractor {statistics.median(ratios):.2f} ({ratios[0]:.2f} to {ratios[-1]:.2f})")


def signatures(rounds: int) -> None:
    """Print what the search for repetitions costs in each process, beside other MinHashes of the same 5-grams."""
    from datasketch import MinHash
    from rensa import RMinHash

    def ngrams(text: str) -> list[str]:
        return [text[start : start + 5] for start in range(len(text) - 4)]

    def by_datasketch(text: str) -> None:
        MinHash(num_perm=128).update_batch([ngram.encode() for ngram in ngrams(text)])

    def by_rensa(text: str) -> None:
        RMinHash(num_perm=128, seed=1).update(ngrams(text))

    results = (clean(page, CONFIG).result for page in wikitext_pages(data()))
    texts = [result.text for result in results if isinstance(result, Document)]
    tools = {"tsugiki": lambda text: sign([text], CONFIG.duplicates), "datasketch": by_datasketch, "rensa": by_rensa}
    for name, tool in tools.items():
        times = []
        for _ in range(rounds):
            start = time.process_time()
            deque(map(tool, texts), maxlen=0)
            times.append(time.process_time() - start)
        print(f"signature by {name:<12}{statistics.median(times) / sum(map(len, texts)) * 1e9:6.0f} ns a character")


def scaling(megabytes: float, rounds: int) -> None:
    """Print how much faster several processes are than one, and how many the one that reads and writes can keep busy.

    The more cores, the more pages: processes take a second to begin, which a dump's hours do not notice.
    """
    counts = [1 << power for power in range(usable_cores().bit_length())]
    megabytes *= counts[-1]
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        with RowWriter(directory, "pages") as writer:
            for page in pages_of(megabytes):
                writer.write(page)
        runs = [{workers: whole_stage(directory, workers) for workers in counts} for _ in range(rounds)]
    print(f"{megabytes:.0f} MB by several processes, reading and writing of files included, median of {rounds} rounds")
    for workers in counts:
        wall = statistics.median(run[workers].wall for run in runs)
        faster = statistics.median(run[1].wall / run[workers].wall for run in runs)
        print(f"  {workers:2} processes {megabytes / wall:7.1f} MB/s, {faster:5.2f} times as fast as one")
    if len(counts) > 1:
        feeds = statistics.median(run[counts[-1]].children / run[counts[-1]].parent for run in runs)
        print(f"  one process reads, writes and looks for repetitions for {feeds:.0f} that clean")


@dataclass(frozen=True)
class Run:
    """Seconds that the stage took: on the clock, and of processor time in its parent and the processes that clean."""

    wall: float
    parent: float
    children: float


def whole_stage(directory: Path, workers: int) -> Run:
    """Read pages, clean them and write documents, as clean_corpus does."""
    wall, parent, children = time.perf_counter(), time.process_time(), _children()
    with RowWriter(directory, "documents") as kept, RowWriter(directory, "rejected") as rejected:
        for row in clean_pages(read_packed(directory, "pages", Page), CONFIG, Totals(), workers):
            (rejected if isinstance(row, Rejected) else kept).write(row)
    return Run(time.perf_counter() - wall, time.process_time() - parent, _children() - children)


def _children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def memory(sizes: tuple[float, ...]) -> None:
    """Print the peak memory of the stage's own work in one process, at several sizes of input."""
    for megabytes in sizes:
        done = subprocess.run(
            [sys.executable, "-m", "bench.clean", "--peak", str(megabytes)], capture_output=True, text=True, check=True
        )
        print(done.stdout, end="")


def peak(megabytes: float) -> None:
    """Clean pages of a size in this process, and print the most memory it had."""
    before, totals = _peak_mib(), Totals()
    deque(clean_pages(pages_of(megabytes), CONFIG, totals), maxlen=0)
    documents = sum(one.documents for one in totals.by_markup.values())
    print(
        f"{megabytes:.0f} MB, {documents:,} documents: peak {_peak_mib():.0f} MiB, {before:.0f} before the first page"
    )


def _peak_mib() -> float:
    status = Path("/proc/self/status").read_text(encoding="utf-8")
    return int(status.partition("VmHWM:")[2].split()[0]) / 1024


def main() -> None:
    """Print all figures."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--megabytes", type=float, default=24, help="input for each core; 4 and 16 times it for memory")
    parser.add_argument("--peak", type=float, help="only: peak memory of one input of so many megabytes")
    options = parser.parse_args()
    if not Path(os.environ.get("TSUGIKI_DATA", "absent")).is_dir():
        parser.error("set TSUGIKI_DATA to the directory of real pages")
    if options.peak:
        peak(options.peak)
        return
    speed(options.rounds)
    signatures(3)
    scaling(options.megabytes, max(3, options.rounds // 3))
    memory((options.megabytes * 4, options.megabytes * 16))


if __name__ == "__main__":
    main()
