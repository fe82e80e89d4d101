"""What cleaning did, summed over all pages: the same for any number of processes."""

from collections import Counter
from dataclasses import dataclass, field

from tsugiki.corpus.duplicates import Duplicates
from tsugiki.corpus.plain import EMPTY_PAIRS
from tsugiki.corpus.samples import Samples
from tsugiki.corpus.tally import Tally
from tsugiki.packed import Packed, unpacked
from tsugiki.rows import Document, Markup, Page, Rejected

_MARKUP = ("{{", "[[", "<ref", "'''")


@dataclass(frozen=True)
class Cleaned:
    """What became of one row, and what each rule did to it."""

    result: Document | Packed[Document] | Rejected
    title: str = ""
    """The page's."""
    markup: Markup = "text"
    """The page's."""
    hits: Counter[str] = field(default_factory=Counter)
    names: Counter[tuple[str, str]] = field(default_factory=Counter)
    removed: Counter[str] = field(default_factory=Counter)
    """See `Ledger`."""
    chars_in: int = 0
    chars_out: int = 0
    """Characters of the document; 0 for a page set aside."""
    remains: Counter[str] = field(default_factory=Counter)
    """Empty brackets and markup that are still in the document, with their counts."""


@dataclass
class Sums:
    """Sums over the pages of one markup."""

    pages: int = 0
    documents: int = 0
    chars_in: int = 0
    """Characters of all pages."""
    chars_of_documents: int = 0
    """Characters, before cleaning, of the pages that became documents."""
    chars_out: int = 0
    """Characters of the documents."""
    hits: Counter[str] = field(default_factory=Counter)
    """Applications of each rule, on pages set aside too."""
    pages_hit: Counter[str] = field(default_factory=Counter)
    """Pages on which each rule applied."""
    removed: Counter[str] = field(default_factory=Counter)
    """Characters that each step of the pipeline took from the documents."""
    set_aside: Counter[str] = field(default_factory=Counter)
    """Pages set aside, by reason."""
    remains: Counter[str] = field(default_factory=Counter)
    """Empty brackets and markup still in the documents."""

    def add(self, cleaned: Cleaned) -> None:
        """Add one page."""
        self.pages += 1
        self.chars_in += cleaned.chars_in
        self.chars_out += cleaned.chars_out
        self.hits.update(cleaned.hits)
        self.pages_hit.update(cleaned.hits.keys())
        self.remains.update(cleaned.remains)
        if isinstance(cleaned.result, Rejected):
            self.set_aside[cleaned.result.reason] += 1
        else:
            self.documents += 1
            self.chars_of_documents += cleaned.chars_in
            self.removed.update(cleaned.removed)


@dataclass
class Totals:
    """Sums over all pages; complete when the iteration that fills them has ended."""

    by_markup: dict[Markup, Sums] = field(default_factory=dict)
    names: dict[str, Tally] = field(default_factory=dict)
    """What rules applied to, such as names of templates, by rule."""
    duplicates: Duplicates = field(default_factory=Duplicates)
    samples: Samples = field(default_factory=Samples)

    def add(self, page: Page | Packed[Page], cleaned: Cleaned) -> None:
        """Add one page; call it in the order of the pages."""
        self.by_markup.setdefault(cleaned.markup, Sums()).add(cleaned)
        for (rule, name), times in cleaned.names.items():
            self.names.setdefault(rule, Tally()).add(name, times)
        document = cleaned.result
        if not isinstance(document, Rejected):
            sizes = (cleaned.chars_in, cleaned.chars_out)
            self.samples.offer(cleaned.title, *sizes, lambda: (unpacked(page).text, unpacked(document).text))

    def figures(self) -> dict[str, int]:
        """All sums under flat names (`chars_in`, `rule.link`), sorted."""
        sums = self.by_markup.values()
        hits = sum((one.hits for one in sums), Counter[str]())
        rules = {f"rule.{rule}": count for rule, count in sorted(hits.items())}
        chars_in, chars_out = sum(one.chars_in for one in sums), sum(one.chars_out for one in sums)
        return {"chars_in": chars_in, "chars_out": chars_out} | rules


def find_remains(text: str) -> Counter[str]:
    """Empty brackets and markup in a cleaned text, with their counts."""
    counts = {pair: len(opening.findall(text)) for pair, opening in EMPTY_PAIRS.items()}
    # a character that does not occur is found missing much faster than a string
    counts |= {mark: text.count(mark) for mark in _MARKUP if mark[0] in text}
    return Counter({found: count for found, count in counts.items() if count})
