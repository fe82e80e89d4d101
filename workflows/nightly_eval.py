"""Workflow: did any checkpoint fall since the last good night? Every night asks the same questions anew."""

from typing import Annotated, Any, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from jobs.check_night import CheckNightConfig, check_night
from jobs.compare_nights import compare_nights
from jobs.generate import generate
from jobs.import_chats import ImportChatsConfig, import_chats
from jobs.make_sample_chats import make_sample_chats
from jobs.score import ArmsConfig, score
from tsugiki.kinds import Chats, Checkpoint, Report
from tsugiki.nights.config import MarginConfig, Night, NightConfig
from tsugiki.plan import NOW
from tsugiki.recipe import Recipe, address_of, given
from tsugiki.sample.config import SampleConfig
from tsugiki.score.config import ScoreConfig
from tsugiki.serve.config import GenerateConfig
from tsugiki.stage import Runner

Name = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]*$")]


class NightlyEval(Recipe):
    """Every decision of nightly_eval. The questions are of the embedded wiki, imported, or an artifact's."""

    workflow: Literal["nightly_eval"]
    series: str = Field(min_length=1)
    """Name of the nights that are compared with each other; a new name begins anew."""
    night: Night
    """Date of the night, or timestamp with its zone; the schedule sets it."""
    checkpoints: dict[Name, Annotated[str, address_of(Checkpoint)]]
    """Address of each checkpoint that is evaluated, by the name that it is compared under."""
    chats: Annotated[str, address_of(Chats)] | None = None
    """Address of the questions, where they are in the store already."""
    sample: SampleConfig | None = None
    import_chats: ImportChatsConfig | None = None
    generate: GenerateConfig
    score: ScoreConfig
    compare_nights: MarginConfig

    @model_validator(mode="before")
    @classmethod
    def _night_or_schedule(cls, values: dict[str, Any]) -> dict[str, Any]:
        """A night that is given is run once; else the schedule sets each night."""
        if values.get("night"):
            return {name: value for name, value in values.items() if name != "schedule"}
        return {**values, "night": NOW} if values.get("schedule") else values

    @model_validator(mode="after")
    def _tables_fit(self) -> Self:
        self.one_of("sample", "import_chats", "chats")
        if not self.checkpoints:
            raise ValueError(
                "no checkpoint is named: SET='checkpoints.NAME=checkpoint/…'; the section Provenance of a report "
                "(build/cpt_sft-sample/report.html) gives the addresses of what its run has made"
            )
        if self.generate.repeat:
            raise ValueError("generate.repeat is set by the night: leave it out")
        return self


def nightly_eval(run: Runner, recipe: NightlyEval) -> Report:
    """Answers of every checkpoint, made anew this night; their scores; the comparison; the gate."""
    chats = questions(run, recipe)
    config = recipe.generate.model_copy(update={"repeat": recipe.night})
    answers = tuple(
        run[name](generate, Checkpoint.at(address), chats, config) for name, address in recipe.checkpoints.items()
    )
    scores = run(score, chats, answers, ArmsConfig(arms=tuple(recipe.checkpoints), **recipe.score.model_dump()))
    night = NightConfig(series=recipe.series, night=recipe.night, **recipe.compare_nights.model_dump())
    return run(check_night, run(compare_nights, scores, night), CheckNightConfig())


def questions(run: Runner, recipe: NightlyEval) -> Chats:
    """The questions: an artifact in the store, the embedded ones, or imported ones."""
    if recipe.chats:
        return Chats.at(recipe.chats)
    return run(make_sample_chats, recipe.sample) if recipe.sample else run(import_chats, given(recipe.import_chats))
