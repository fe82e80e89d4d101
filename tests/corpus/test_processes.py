"""Cleaning over several processes when some of them are interrupted or killed."""

import multiprocessing
import os
import re
import signal
from collections import deque
from itertools import repeat
from pathlib import Path

import pytest

from tests.corpus.unpacked import clean_pages
from tsugiki.corpus.totals import Totals
from tsugiki.errors import BadInput, TsugikiError
from tsugiki.packed import Packed
from tsugiki.rows import Page

PAGE = Page(title="灯台", text="[[灯台]]の話。")


def _ignores_interrupts(process):
    (mask,) = re.findall(r"SigIgn:\s+(\w+)", Path(f"/proc/{process.pid}/status").read_text())
    return bool(int(mask, 16) >> (signal.SIGINT - 1) & 1)


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="reads what a process ignores from /proc")
def test_an_interrupt_of_the_whole_terminal_leaves_the_cleaning_processes_alone(corpus_config):
    rows = clean_pages(repeat(PAGE, 1000), corpus_config({"action": "report"}), Totals(), workers=2)
    first = next(rows)
    ready = [process for process in multiprocessing.active_children() if _ignores_interrupts(process)]
    assert ready
    for process in ready:
        os.kill(process.pid, signal.SIGINT)
    assert list(rows) == [first] * 999


def test_a_killed_cleaning_process_is_one_clear_error(corpus_config):
    rows = clean_pages(repeat(PAGE), corpus_config({"action": "report"}), Totals(), workers=2)
    next(rows)
    multiprocessing.active_children()[0].kill()
    with pytest.raises(TsugikiError, match="was killed"):
        deque(rows, maxlen=0)


@pytest.mark.parametrize("workers", [1, 2])
def test_a_packed_row_that_is_no_page_is_named_by_the_process_that_reads_it(corpus_config, workers):
    rows = [Packed.of(PAGE), Packed(Page, b'{"title":"x"}', Path("rows-00000.jsonl.zst"), 2)]
    with pytest.raises(BadInput, match=r"^rows-00000\.jsonl\.zst line 2 is not a Page: text"):
        deque(clean_pages(rows, corpus_config(), Totals(), workers), maxlen=0)


@pytest.mark.parametrize("pack", [lambda page: page, Packed.of])
def test_few_large_pages_are_on_their_way_at_a_time(corpus_config, pack):
    read = []

    def pages():
        for number in range(100):
            read.append(number)
            yield pack(Page(title=str(number), text="灯台の話。\n" * 200_000, markup="text"))

    next(clean_pages(pages(), corpus_config({"similarity": 1}), Totals()))
    assert len(read) == 1
