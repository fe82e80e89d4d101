"""Clean pages into documents, one by one or over all processors, and count what each rule did."""

import multiprocessing
import signal
from collections import Counter, deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, field
from itertools import islice

from tsugiki.corpus.config import CleanConfig
from tsugiki.corpus.marks import Ledger
from tsugiki.corpus.plain import clean_title
from tsugiki.corpus.render import Rendered, render
from tsugiki.corpus.setaside import is_list, reason_to_set_aside
from tsugiki.errors import TsugikiError
from tsugiki.process import die_with_parent
from tsugiki.rows import Document, Page, Rejected

_BATCH_PAGES = 32
_EXCERPT_CHARS = 1000


@dataclass(frozen=True)
class Cleaned:
    """What became of one page, and how often each rule applied to it."""

    result: Document | Rejected
    hits: Counter[str]
    chars_in: int
    chars_out: int
    """Characters of the document; 0 for a page set aside."""


@dataclass
class Totals:
    """Sums over all pages; complete when the iteration that fills them has ended."""

    hits: Counter[str] = field(default_factory=Counter)
    """Applications of each rule."""
    chars_in: int = 0
    chars_out: int = 0

    def add(self, cleaned: Cleaned) -> None:
        """Add one page."""
        self.hits += cleaned.hits
        self.chars_in += cleaned.chars_in
        self.chars_out += cleaned.chars_out

    def figures(self) -> dict[str, int]:
        """All sums under flat names (`chars_in`, `rule.link`), sorted."""
        rules = {f"rule.{rule}": count for rule, count in sorted(self.hits.items())}
        return {"chars_in": self.chars_in, "chars_out": self.chars_out} | rules


def clean(page: Page, config: CleanConfig) -> Cleaned:
    """Turn one page into a document, or set it aside with its reason. Never raises, whatever the text.

    Time grows with the length of the page: what would break that (nesting beyond `max_depth`, a table whose spans
    multiply its text) is left to simpler rules, and the document is marked as `fallback`. Cleaning the document
    again as `text` changes nothing.
    """
    ledger = Ledger(config.max_depth, config.max_chars)
    rendered, reason, detail = _judge(page, config, ledger)
    text = rendered.text if rendered else ""
    if rendered is None or reason is not None:
        content = (text or page.text)[:_EXCERPT_CHARS]
        rejected = Rejected(source=page.title, reason=reason or "", detail=detail, content=content)
        return Cleaned(rejected, ledger.hits, len(page.text), 0)
    document = Document(
        title=clean_title(page.title, config, ledger),
        text=text,
        markup=config.output,
        fallback=rendered.fallback,
        provenance=page.provenance,
    )
    return Cleaned(document, ledger.hits, len(page.text), len(text))


def _judge(page: Page, config: CleanConfig, ledger: Ledger) -> tuple[Rendered | None, str | None, str]:
    """The cleaned page if it came to that, with the reason and detail if it is set aside."""
    if len(page.text) > config.max_chars:
        return None, "too_long", f"more than max_chars = {config.max_chars} characters"
    if page.markup != "text" and (reason := reason_to_set_aside(page, config)) is not None:
        return None, reason, "by its title" if reason == "list_page" else "by its markup"
    rendered = render(page, config, ledger)
    if is_list(page.title, rendered.list_share, config):
        return rendered, "list_page", f"{rendered.list_share:.3f} of its lines, more than list_share"
    if not rendered.text:
        return rendered, "empty", "nothing but markup"
    if len(rendered.text) < config.min_chars:
        detail = f"{len(rendered.text)} characters, fewer than min_chars = {config.min_chars}"
        return rendered, "too_short", detail
    return rendered, None, ""


def clean_pages(
    pages: Iterable[Page | Rejected], config: CleanConfig, totals: Totals, workers: int = 1
) -> Iterator[Document | Rejected]:
    """Clean pages in order; rows that were already set aside pass through.

    Args:
        pages: read lazily, never more than a few hundred ahead of what is consumed.
        config: what to keep, and the limits.
        totals: filled while the iteration runs.
        workers: processes; 1 works in this one. The rows and counts do not depend on it.

    Raises:
        TsugikiError: a process was killed.
    """
    for cleaned in _in_order(pages, config, workers):
        totals.add(cleaned)
        yield cleaned.result


def _in_order(pages: Iterable[Page | Rejected], config: CleanConfig, workers: int) -> Iterator[Cleaned]:
    rows = iter(pages)
    batches = iter(lambda: list(islice(rows, _BATCH_PAGES)), [])
    if workers == 1:
        for batch in batches:
            yield from _clean_batch(batch, config)
        return
    # Spawned, not forked: the calling process may run threads (progress, uploads) that a fork would freeze.
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(workers, mp_context=context, initializer=_follow_caller) as pool:
        waiting: deque[Future[list[Cleaned]]] = deque()
        try:
            for batch in batches:
                waiting.append(pool.submit(_clean_batch, batch, config))
                if len(waiting) > 2 * workers:
                    yield from waiting.popleft().result()
            while waiting:
                yield from waiting.popleft().result()
        except BrokenProcessPool as error:
            raise TsugikiError(
                "a process that cleans pages was killed, perhaps for want of memory; run the same command again"
            ) from error
        finally:
            pool.shutdown(cancel_futures=True)


def _follow_caller() -> None:
    """Leave it to the calling process when work ends: Ctrl-C reaches every process of a terminal."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    die_with_parent()


def _clean_batch(rows: list[Page | Rejected], config: CleanConfig) -> list[Cleaned]:
    return [Cleaned(row, Counter(), 0, 0) if isinstance(row, Rejected) else clean(row, config) for row in rows]
