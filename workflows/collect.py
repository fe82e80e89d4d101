"""Workflow: the pages of a wiki's category tree as training text, without a model."""

from typing import Literal, Self

from pydantic import model_validator

from jobs.clean_corpus import clean_corpus
from jobs.crawl_wiki import crawl_wiki
from jobs.import_dump import ImportDumpConfig, import_dump
from jobs.import_pages import ImportPagesConfig, import_pages
from tsugiki.corpus.config import CleanConfig
from tsugiki.kinds import Corpus, Pages
from tsugiki.recipe import Recipe, given
from tsugiki.stage import Runner
from tsugiki.wiki.crawl.config import CrawlConfig


class Collect(Recipe):
    """Every decision of collect. Which table of pages is given decides where they come from."""

    workflow: Literal["collect"]
    crawl_wiki: CrawlConfig | None = None
    import_dump: ImportDumpConfig | None = None
    import_pages: ImportPagesConfig | None = None
    clean_corpus: CleanConfig

    @model_validator(mode="after")
    def _has_pages(self) -> Self:
        self.one_of("crawl_wiki", "import_dump", "import_pages")
        return self


def collect(run: Runner, recipe: Collect) -> Corpus:
    """The text of the pages."""
    return run(clean_corpus, pages(run, recipe), recipe.clean_corpus)


def pages(run: Runner, recipe: Collect) -> Pages:
    """Pages that a wiki is asked for, that are cut out of a dump, or that are at hand."""
    if recipe.crawl_wiki:
        return run(crawl_wiki, recipe.crawl_wiki)
    if recipe.import_dump:
        return run(import_dump, recipe.import_dump)
    return run(import_pages, given(recipe.import_pages))
