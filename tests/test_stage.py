"""The contract of a stage: its signature is read, checked and turned into an identity."""

from typing import ClassVar

import pytest

from tests.toys import UpperConfig, WriteConfig, join_corpora, upper_corpus, write_pages
from tsugiki.artifact import Metrics
from tsugiki.config import Config
from tsugiki.errors import BadInput
from tsugiki.kinds import Answers, Corpus, Pages
from tsugiki.plan import Plan
from tsugiki.stage import Resources, Stage

UPPER = UpperConfig(suffix="!")


def pages(*texts: str) -> Pages:
    return write_pages.call(WriteConfig(texts=texts)).output


def test_signature_tells_output_inputs_and_config() -> None:
    signature = join_corpora.signature
    assert signature.output is Corpus
    assert signature.config is UpperConfig
    assert {name: (spec.kind, spec.many) for name, spec in signature.inputs.items()} == {"corpora": (Corpus, True)}


def test_address_is_known_before_anything_runs_and_names_kind_and_stage() -> None:
    assert upper_corpus.call(pages("a"), UPPER).address.startswith("corpus/upper_corpus-")


def test_identity_follows_config_inputs_and_version() -> None:
    base = upper_corpus.call(pages("a"), UPPER).address
    newer = Stage(upper_corpus.function, "data", Resources(), version=2)
    assert upper_corpus.call(pages("a"), UPPER).address == base
    assert upper_corpus.call(pages("b"), UPPER).address != base
    assert upper_corpus.call(pages("a"), UpperConfig(suffix="?")).address != base
    assert newer.call(pages("a"), UPPER).address != base


def test_identity_ignores_where_it_runs() -> None:
    large = Stage(upper_corpus.function, "serve", Resources(cpus=64, gpus=8, hours=100), version=1)
    assert large.call(pages("a"), UPPER).address == upper_corpus.call(pages("a"), UPPER).address


def test_identity_ignores_what_does_not_change_the_result_in_nested_tables_too() -> None:
    class Inner(Config):
        neutral: ClassVar[tuple[str, ...]] = ("often",)
        often: int
        rate: float

    class Outer(Config):
        inner: Inner

    def identity(often: int, rate: float) -> object:
        return Outer(inner=Inner(often=often, rate=rate)).identity()

    assert identity(1, 0.5) == identity(2, 0.5) == {"inner": {"rate": 0.5}}
    assert identity(1, 0.5) != identity(1, 0.25)
    assert Outer(inner=Inner(often=1, rate=0.5)).model_dump(mode="json") == {"inner": {"often": 1, "rate": 0.5}}


def test_wrong_kind_of_artifact_is_refused_when_the_call_is_built() -> None:
    corpus = upper_corpus.call(pages("a"), UPPER).output
    with pytest.raises(BadInput, match="pages must be Pages, not Corpus"):
        upper_corpus.call(corpus, UPPER)  # type: ignore[arg-type]
    with pytest.raises(BadInput, match="corpora must be Corpus, not Pages"):
        join_corpora.call((corpus, pages("a")), UPPER)  # type: ignore[arg-type]


def test_wrong_config_and_missing_input_are_refused() -> None:
    with pytest.raises(BadInput, match="config must be UpperConfig, not WriteConfig"):
        upper_corpus.call(pages("a"), WriteConfig(texts=()))  # type: ignore[arg-type]
    with pytest.raises(BadInput, match="missing a required argument: 'config'"):
        upper_corpus.call(pages("a"))  # type: ignore[call-arg]


def test_unknown_missing_and_impossible_config_keys_are_named() -> None:
    with pytest.raises(BadInput, match="recipe x: unknown key prefix; suffix is missing|suffix is missing; unknown"):
        UpperConfig.parse({"prefix": "a"}, "recipe x")
    with pytest.raises(BadInput, match=r"min_chars: .*greater than or equal to 0 \(got -1\)"):
        UpperConfig.parse('{"suffix": "", "min_chars": -1}', "--config")


def test_a_function_that_is_no_stage_says_what_to_change() -> None:
    def no_config(out: Corpus, pages: Pages) -> Metrics:
        return {}

    def no_kind(out: Corpus, pages: str, config: UpperConfig) -> Metrics:
        return {}

    with pytest.raises(TypeError, match="no_config must take out first and config last"):
        _ = Stage(no_config, "data", Resources(), 1).signature  # type: ignore[arg-type, var-annotated]
    with pytest.raises(TypeError, match="annotate pages with a kind of artifact"):
        _ = Stage(no_kind, "data", Resources(), 1).signature


def test_an_address_of_another_kind_is_refused() -> None:
    with pytest.raises(BadInput, match="'pages/x-1' is not the address of a answers"):
        Answers.at("pages/x-1")


def test_a_plan_notes_tasks_once_with_their_needs() -> None:
    plan = Plan()
    made = plan(write_pages, WriteConfig(texts=("a",)))
    first = plan["one"](upper_corpus, made, UPPER)
    again = plan["one"](upper_corpus, made, UPPER)
    other = plan["two"](upper_corpus, made, UpperConfig(suffix="?"))
    plan(join_corpora, (first, other), UPPER)
    assert first == again
    assert {task.name: task.needs for task in plan.tasks.values()} == {
        "write_pages": (),
        "upper_corpus.one": ("write_pages",),
        "upper_corpus.two": ("write_pages",),
        "join_corpora": ("upper_corpus.one", "upper_corpus.two"),
    }


def test_two_tasks_of_one_name_are_refused() -> None:
    plan = Plan()
    plan(write_pages, WriteConfig(texts=("a",)))
    with pytest.raises(BadInput, match="two tasks are called write_pages"):
        plan(write_pages, WriteConfig(texts=("b",)))
