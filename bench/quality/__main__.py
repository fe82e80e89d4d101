"""Facts kept, brackets emptied and markup left by cleaning, beside WikiExtractor and mwparserfromhell."""

# TSUGIKI_DATA=… .venv/bin/python -m bench.quality [--misses 20] [--every 5]

from __future__ import annotations

import argparse
import os
import sys
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

from bench.quality.facts import Fact, Text
from bench.quality.markdown import markdown_facts
from bench.quality.pages import markdown_pages, wikitext_pages
from bench.quality.remains import emptied, junk_chars
from bench.quality.wikitext import wikitext_facts
from tsugiki.corpus.clean import clean
from tsugiki.corpus.config import CleanConfig
from tsugiki.rows import Document, Page

CONFIG = {
    "normalisation": "nfkc",
    "titles": "as_published",
    "output": "text",
    "list_pages": "keep",
    "list_share": 1,
    "min_chars": 0,
    "max_chars": 4_000_000,
    "max_depth": 200,
}


@dataclass
class Sums:
    """What one way of cleaning made of all pages."""

    kept: Counter[str] = field(default_factory=Counter)
    total: Counter[str] = field(default_factory=Counter)
    junk: Counter[str] = field(default_factory=Counter)
    chars: int = 0
    pages: int = 0
    empty: int = 0
    broken: int = 0
    misses: list[tuple[str, Fact]] = field(default_factory=list)

    def add(self, page: Page, text: str, facts: list[Fact], *, markdown: bool) -> None:
        """Judge one page's text."""
        searched = Text(text)
        self.pages += 1
        self.chars += len(text)
        self.junk.update(junk_chars(text, markdown=markdown))
        empty, broken = emptied(text, page.text)
        self.empty += empty
        self.broken += broken
        for fact in facts:
            self.total[fact.kind] += 1
            if searched.holds(fact):
                self.kept[fact.kind] += 1
            else:
                self.misses.append((page.title, fact))


def tsugiki(page: Page) -> str:
    """Clean a page as the stage does; one that is set aside has no text."""
    result = clean(page, CleanConfig.model_validate(CONFIG)).result
    return result.text if isinstance(result, Document) else ""


def tsugiki_markdown(page: Page) -> str:
    """Clean a page as the stage does, into Markdown."""
    result = clean(page, CleanConfig.model_validate(CONFIG | {"output": "markdown"})).result
    return result.text if isinstance(result, Document) else ""


def wikiextractor(page: Page) -> str:
    """What WikiExtractor makes of a page without a collection of templates."""
    from wikiextractor.extract import Extractor

    extractor = Extractor(0, 0, "", page.title, page.text)
    return "\n".join(extractor.clean_text(page.text, expand_templates=False, html_safe=False))


def strip_code(page: Page) -> str:
    """What mwparserfromhell's strip_code makes of a page."""
    import mwparserfromhell

    return str(mwparserfromhell.parse(page.text).strip_code())


def measure(
    pages: Iterable[Page], facts: Callable[[str], list[Fact]], ways: dict[str, Callable[[Page], str]]
) -> dict[str, Sums]:
    """Judge every way of cleaning on the same pages and facts."""
    sums = {name: Sums() for name in ways}
    for page in pages:
        found = facts(page.text)
        for name, way in ways.items():
            sums[name].add(page, way(page), found, markdown=name.endswith("Markdown"))
    return sums


def show(title: str, sums: dict[str, Sums]) -> None:
    """Print one table: a column for each way, a row for each figure."""
    first = next(iter(sums.values()))
    print(f"\n{title}: {first.pages} pages, {sum(first.total.values())} facts")
    rows = [("", list(sums))]
    for kind in sorted(first.total):
        shares = (f"{100 * one.kept[kind] / one.total[kind]:.2f} %" for one in sums.values())
        rows.append((f"{kind} ({first.total[kind]})", list(shares)))
    rows.append(("empty brackets made", [str(one.empty) for one in sums.values()]))
    rows.append(("commas at brackets", [str(one.broken) for one in sums.values()]))
    rows.append(("characters", [str(one.chars) for one in sums.values()]))
    shares = (f"{100 * sum(one.junk.values()) / max(1, one.chars):.4f} %" for one in sums.values())
    rows.append(("markup left", list(shares)))
    for kind in sorted({kind for one in sums.values() for kind in one.junk}):
        rows.append((f"  {kind}", [str(one.junk[kind]) for one in sums.values()]))
    for name, values in rows:
        print(f"{name:<24}" + "".join(f"{value:>22}" for value in values))


def show_misses(sums: Sums, most: int) -> None:
    """Print the facts that were lost, a few of each kind."""
    for kind in sorted(sums.total):
        lost = [(title, fact) for title, fact in sums.misses if fact.kind == kind]
        for title, fact in lost[:: max(1, len(lost) // most)][:most] if most else []:
            print(f"  lost {kind}: {title}: {' | '.join(fact.parts)[:150]}")


def main() -> None:
    """Measure wikitext beside the peers, then Markdown."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--misses", type=int, default=0, help="lost facts shown of each kind")
    parser.add_argument("--every", type=int, default=1, help="take every n-th page only")
    options = parser.parse_args()
    data = Path(os.environ.get("TSUGIKI_DATA", ""))
    if not os.environ.get("TSUGIKI_DATA") or not data.is_dir():
        sys.exit("TSUGIKI_DATA must name the directory of the test data")
    ways = {"tsugiki": tsugiki, "tsugiki, as Markdown": tsugiki_markdown}
    ways |= {"WikiExtractor": wikiextractor, "strip_code": strip_code}
    sums = measure(list(wikitext_pages(data))[:: options.every], wikitext_facts, ways)
    show("wikitext", sums)
    show_misses(sums["tsugiki"], options.misses)
    for writer, pages in markdown_pages(data).items():
        sums = measure(pages[:: options.every], markdown_facts, {"tsugiki": tsugiki})
        show(f"Markdown, {writer}", sums)
        show_misses(sums["tsugiki"], options.misses)


if __name__ == "__main__":
    main()
