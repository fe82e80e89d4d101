"""Workflow: does CPT on a domain's text add knowledge that SFT can draw out? Four arms answer, one report compares."""

from typing import Self

from jobs.report import ReportConfig, report
from pydantic import model_validator
from tsugiki.corpus.config import CleanConfig, SelectConfig

from jobs.clean_corpus import clean_corpus
from jobs.generate import generate
from jobs.import_chats import ImportChatsConfig, import_chats
from jobs.import_model import import_model
from jobs.import_pages import ImportPagesConfig, import_pages
from jobs.make_background import make_background
from jobs.make_base import make_base
from jobs.make_sample_chats import make_sample_chats
from jobs.make_sample_pages import make_sample_pages
from jobs.merge import merge
from jobs.score import ArmsConfig, score
from jobs.select_topic import select_topic
from jobs.train_cpt import train_cpt
from jobs.train_sft import train_sft
from jobs.train_sft_lora import train_sft_lora
from tsugiki.kinds import Chats, Checkpoint, Corpus, Pages, Report
from tsugiki.models.config import ImportModelConfig
from tsugiki.recipe import Recipe
from tsugiki.sample.config import SampleConfig
from tsugiki.score.config import ScoreConfig
from tsugiki.serve.config import GenerateConfig
from tsugiki.stage import Runner
from tsugiki.train.config import BaseConfig, CPTConfig, LoRASFTConfig, MergeConfig, SFTConfig


class CptSft(Recipe):
    """Every decision of cpt_sft. Tables are named after stages; of alternatives exactly one is given."""

    sample: SampleConfig | None = None
    """The embedded wiki: its pages, its chats and the base model's text."""
    import_pages: ImportPagesConfig | None = None
    import_chats: ImportChatsConfig | None = None
    clean_corpus: CleanConfig
    select_topic: SelectConfig | None = None
    """Left out: the whole corpus is trained on."""
    make_base: BaseConfig | None = None
    import_model: ImportModelConfig | None = None
    train_cpt: CPTConfig
    merge: MergeConfig
    train_sft: SFTConfig | None = None
    train_sft_lora: LoRASFTConfig | None = None
    generate: GenerateConfig
    score: ScoreConfig
    report: ReportConfig

    @model_validator(mode="after")
    def _one_of_each(self) -> Self:
        self.exactly_one("sample", "import_pages")
        self.exactly_one("sample", "import_chats")
        self.exactly_one("make_base", "import_model")
        self.exactly_one("train_sft", "train_sft_lora")
        return self


def cpt_sft(run: Runner, recipe: CptSft) -> Report:
    """Pages to corpus, four arms, answers to the same questions, one report."""
    pages, chats = sources(run, recipe)
    corpus = run(clean_corpus, pages, recipe.clean_corpus)
    if recipe.select_topic:
        corpus = run(select_topic, corpus, recipe.select_topic)
    base = base_model(run, corpus, recipe)
    adapter = run(train_cpt, base, corpus, recipe.train_cpt)
    grown = run["cpt"](merge, base, adapter, recipe.merge)
    arms = {
        "base": base,
        "cpt": grown,
        "sft": tuned(run["sft"], base, chats, recipe),
        "cpt_sft": tuned(run["cpt_sft"], grown, chats, recipe),
    }
    answers = tuple(run[arm](generate, model, chats, recipe.generate) for arm, model in arms.items())
    scores = run(score, chats, answers, ArmsConfig(arms=tuple(arms), **recipe.score.model_dump()))
    return run(report, scores, chats, answers, recipe.report)


def sources(run: Runner, recipe: CptSft) -> tuple[Pages, Chats]:
    """The wiki and the questions: the embedded ones, or imported."""
    if recipe.sample:
        return run(make_sample_pages, recipe.sample), run(make_sample_chats, recipe.sample)
    assert recipe.import_pages
    assert recipe.import_chats
    return run(import_pages, recipe.import_pages), run(import_chats, recipe.import_chats)


def base_model(run: Runner, corpus: Corpus, recipe: CptSft) -> Checkpoint:
    """The model that learns: imported, or a tiny one made from other text (the corpus, where there is no other)."""
    if recipe.import_model:
        return run(import_model, recipe.import_model)
    assert recipe.make_base
    return run(make_base, run(make_background, recipe.sample) if recipe.sample else corpus, recipe.make_base)


def tuned(run: Runner, model: Checkpoint, chats: Chats, recipe: CptSft) -> Checkpoint:
    """The model after SFT of all parameters, or of LoRA weights that are then merged."""
    if recipe.train_sft:
        return run(train_sft, model, chats, recipe.train_sft)
    assert recipe.train_sft_lora
    return run(merge, model, run(train_sft_lora, model, chats, recipe.train_sft_lora), recipe.merge)
