"""Workflow: does CPT on a domain's text add knowledge that SFT can draw out? Four arms answer, one report compares."""

from typing import Literal, Self

from pydantic import model_validator

from jobs.clean_corpus import clean_corpus
from jobs.crawl_wiki import crawl_wiki
from jobs.generate import generate
from jobs.import_chats import ImportChatsConfig, import_chats
from jobs.import_dump import ImportDumpConfig, import_dump
from jobs.import_model import import_model
from jobs.import_pages import ImportPagesConfig, import_pages
from jobs.make_background import make_background
from jobs.make_base import make_base
from jobs.make_sample_chats import make_sample_chats
from jobs.make_sample_pages import make_sample_pages
from jobs.merge import merge
from jobs.report import ReportConfig, report
from jobs.score import ArmsConfig, score
from jobs.select_topic import select_topic
from jobs.train_cpt import train_cpt
from jobs.train_sft import train_sft
from jobs.train_sft_lora import train_sft_lora
from tsugiki.corpus.config import CleanConfig, SelectConfig
from tsugiki.kinds import Chats, Checkpoint, Corpus, Pages, Report
from tsugiki.models.config import ImportModelConfig
from tsugiki.recipe import Recipe, given
from tsugiki.sample.config import SampleConfig
from tsugiki.score.config import ScoreConfig
from tsugiki.serve.config import GenerateConfig
from tsugiki.stage import Runner
from tsugiki.train.config import BaseConfig, CPTConfig, LoRASFTConfig, MergeConfig, SFTConfig
from tsugiki.wiki.crawl.config import CrawlConfig


class CptSft(Recipe):
    """Every decision of cpt_sft. Tables are named after stages; which are given decides which arms there are."""

    workflow: Literal["cpt_sft"]
    sample: SampleConfig | None = None
    """The embedded wiki: its pages, its chats and the base model's text."""
    import_pages: ImportPagesConfig | None = None
    crawl_wiki: CrawlConfig | None = None
    import_dump: ImportDumpConfig | None = None
    import_chats: ImportChatsConfig | None = None
    clean_corpus: CleanConfig | None = None
    select_topic: SelectConfig | None = None
    """Left out: the whole corpus is trained on."""
    make_base: BaseConfig | None = None
    import_model: ImportModelConfig | None = None
    train_cpt: CPTConfig | None = None
    """Left out: no CPT, and so no arms cpt and cpt_sft."""
    merge: MergeConfig | None = None
    train_sft: SFTConfig | None = None
    train_sft_lora: LoRASFTConfig | None = None
    generate: GenerateConfig
    score: ScoreConfig
    report: ReportConfig

    @model_validator(mode="after")
    def _tables_fit(self) -> Self:
        self.one_of("sample", "import_chats")
        self.one_of("make_base", "import_model")
        self.at_most_one_of("train_sft", "train_sft_lora")
        reads_pages = self.train_cpt is not None or (self.make_base is not None and self.sample is None)
        if reads_pages:
            self.one_of("sample", "import_pages", "crawl_wiki", "import_dump")
            self.needs("clean_corpus", "to read pages")
        if self.train_cpt or self.train_sft_lora:
            self.needs("merge", "to fold LoRA weights in")
        if not (self.train_cpt or self.train_sft or self.train_sft_lora):
            raise ValueError("nothing is trained: give [train_cpt], [train_sft] or [train_sft_lora]")
        return self


def cpt_sft(run: Runner, recipe: CptSft) -> Report:
    """Pages to corpus, up to four arms, answers to the same questions, one report."""
    chats = run(make_sample_chats, recipe.sample) if recipe.sample else run(import_chats, given(recipe.import_chats))
    base = base_model(run, recipe)
    arms = {"base": base}
    if recipe.train_cpt:
        adapter = run(train_cpt, base, corpus(run, recipe), recipe.train_cpt)
        arms["cpt"] = run(merge, base, adapter, given(recipe.merge))
    if recipe.train_sft or recipe.train_sft_lora:
        arms["sft"] = tuned(run["sft"], base, chats, recipe)
    if "cpt" in arms and "sft" in arms:
        arms["cpt_sft"] = tuned(run["cpt_sft"], arms["cpt"], chats, recipe)
    answers = tuple(run[arm](generate, model, chats, recipe.generate) for arm, model in arms.items())
    scores = run(score, chats, answers, ArmsConfig(arms=tuple(arms), **recipe.score.model_dump()))
    return run(report, scores, chats, answers, recipe.report)


def corpus(run: Runner, recipe: CptSft) -> Corpus:
    """The text of the pages, or the part of it that is on the topic."""
    cleaned = run(clean_corpus, pages(run, recipe), given(recipe.clean_corpus))
    return run(select_topic, cleaned, recipe.select_topic) if recipe.select_topic else cleaned


def pages(run: Runner, recipe: CptSft) -> Pages:
    """The embedded wiki, pages that a wiki is asked for, pages cut out of a dump, or pages that are at hand."""
    if recipe.sample:
        return run(make_sample_pages, recipe.sample)
    if recipe.crawl_wiki:
        return run(crawl_wiki, recipe.crawl_wiki)
    if recipe.import_dump:
        return run(import_dump, recipe.import_dump)
    return run(import_pages, given(recipe.import_pages))


def base_model(run: Runner, recipe: CptSft) -> Checkpoint:
    """The model that learns: imported, or a tiny one made from other text (the corpus, where there is no other)."""
    if recipe.import_model:
        return run(import_model, recipe.import_model)
    text = run(make_background, recipe.sample) if recipe.sample else corpus(run, recipe)
    return run(make_base, text, given(recipe.make_base))


def tuned(run: Runner, model: Checkpoint, chats: Chats, recipe: CptSft) -> Checkpoint:
    """The model after SFT of all parameters, or of LoRA weights that are then merged."""
    if recipe.train_sft:
        return run(train_sft, model, chats, recipe.train_sft)
    adapter = run(train_sft_lora, model, chats, given(recipe.train_sft_lora))
    return run(merge, model, adapter, given(recipe.merge))
