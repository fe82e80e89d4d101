"""Clean pages into documents, one by one or over all processors, and count what each rule did."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import partial
from itertools import tee

from tsugiki.corpus.config import CleanConfig, CorpusConfig
from tsugiki.corpus.duplicates import Index, Pair, rejected
from tsugiki.corpus.marks import Ledger
from tsugiki.corpus.plain import clean_title
from tsugiki.corpus.render import Rendered, render
from tsugiki.corpus.setaside import is_list, reason_to_set_aside
from tsugiki.corpus.signature import Signature, sign
from tsugiki.corpus.totals import Cleaned, Totals, find_remains
from tsugiki.packed import Packed, unpacked
from tsugiki.pool import in_order
from tsugiki.rows import Document, Page, Rejected

_BATCH_PAGES = 32
_BATCH_SIZE = 1 << 20
"""Bytes of packed rows, or characters of others, after which a batch ends."""
_EXCERPT_CHARS = 1000

_Row = Page | Packed[Page] | Rejected
_Done = list[tuple[Cleaned, Signature | None]]


def clean(page: Page, config: CleanConfig) -> Cleaned:
    """Turn one page into a document, or set it aside with its reason. Never raises, whatever the text.

    Time grows with the length of the page: what would break that (nesting beyond `max_depth`, a table whose spans
    multiply its text) is left to simpler rules, and the document is marked as `fallback`. Cleaning the document
    again as `text` changes nothing.
    """
    ledger = Ledger(config.max_depth, config.max_chars, page.provenance.timestamp or "")
    rendered, reason, detail = _judge(page, config, ledger)
    text = rendered.text if rendered else ""
    if rendered is None or reason is not None:
        content = (text or page.text)[:_EXCERPT_CHARS]
        aside = Rejected(source=page.title, reason=reason or "", detail=detail, content=content)
        return Cleaned(aside, page.title, page.markup, ledger.hits, ledger.names, ledger.removed, len(page.text))
    document = Document(
        title=clean_title(page.title, config, ledger),
        text=text,
        markup=config.output,
        fallback=rendered.fallback,
        provenance=page.provenance,
    )
    sizes = (len(page.text), len(text))
    counts = (ledger.hits, ledger.names, ledger.removed, *sizes, find_remains(text))
    return Cleaned(document, page.title, page.markup, *counts)


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
    pages: Iterable[Page | Packed[Page] | Rejected], config: CorpusConfig, totals: Totals, workers: int = 1
) -> Iterator[Packed[Document] | Rejected]:
    """Clean pages in order; rows that were already set aside pass through.

    Rows are read and documents written as JSON by the processes that clean: to the one that hands them out and looks
    for repetitions they are bytes, so that it can keep many busy.

    Args:
        pages: read lazily, never more than a few hundred ahead of what is consumed.
        config: what to keep, and the limits.
        totals: filled while the iteration runs.
        workers: processes; 1 works in this one. The rows and counts do not depend on it.

    Raises:
        BadInput: a packed row is no page.
        TsugikiError: a process was killed.
    """
    index = Index(config.duplicates)
    for rows, done in _in_order(pages, config, workers):
        for row, (cleaned, signature) in zip(rows, done, strict=True):
            if not isinstance(row, Rejected):
                if signature is not None and (pair := index.repeated(cleaned.title, signature)) is not None:
                    totals.duplicates.add(pair)
                    if config.duplicates.action == "set_aside":
                        cleaned = _set_aside(cleaned, pair)
                totals.add(row, cleaned)
            result = cleaned.result
            assert not isinstance(result, Document), "batches come back packed"
            yield result


def _set_aside(cleaned: Cleaned, pair: Pair) -> Cleaned:
    """The same page without its document."""
    assert not isinstance(cleaned.result, Rejected), "only a document has a signature"
    content = unpacked(cleaned.result).text[:_EXCERPT_CHARS]
    return replace(cleaned, result=rejected(pair, content), chars_out=0, remains=Counter())


def _in_order(rows: Iterable[_Row], config: CorpusConfig, workers: int) -> Iterator[tuple[list[_Row], _Done]]:
    """Rows in batches, each batch with what became of it."""
    given, kept = tee(_batches(rows))
    for done in in_order(partial(_clean_batch, config=config), given, workers):
        yield next(kept), done


def _batches(rows: Iterable[_Row]) -> Iterator[list[_Row]]:
    """Rows enough to be worth handing over, and few enough to be kept in memory for each process."""
    batch: list[_Row] = []
    size = 0
    for row in rows:
        batch.append(row)
        size += len(row.line) if isinstance(row, Packed) else len(row.text) if isinstance(row, Page) else 0
        if len(batch) == _BATCH_PAGES or size >= _BATCH_SIZE:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


def _clean_batch(rows: list[_Row], config: CorpusConfig) -> _Done:
    """What became of each row, packed, and the signature of its document, if it became one."""
    done = [Cleaned(row) if isinstance(row, Rejected) else clean(unpacked(row), config) for row in rows]
    texts = [cleaned.result.text for cleaned in done if isinstance(cleaned.result, Document)]
    signatures = iter(sign(texts, config.duplicates))
    return [
        (replace(cleaned, result=Packed.of(cleaned.result)), next(signatures))
        if isinstance(cleaned.result, Document)
        else (cleaned, None)
        for cleaned in done
    ]
