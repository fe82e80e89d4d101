"""Recipes: every file parses, states what it must, and what cannot work is refused with the reason."""

from pathlib import Path

import pytest

from scripts.render_all import rendered, stand_ins
from tsugiki.errors import BadInput
from tsugiki.recipe import Recipe, load_recipe, load_workflow, recipe_path, recipe_workflow

ROOT = Path(__file__).parents[1]
CPT_SFT = load_workflow("cpt_sft")
NAMES = sorted(path.stem for path in (ROOT / "workflows" / "recipes").glob("*.toml"))


def load(name: str, *settings: str) -> Recipe:
    text = recipe_path(name).read_text(encoding="utf-8")
    return load_recipe(name, load_workflow(recipe_workflow(name)).recipe_type, [*stand_ins(text), *settings])


@pytest.mark.parametrize("name", NAMES)
def test_every_recipe_parses_and_plans_down_to_what_its_workflow_is_for(name: str) -> None:
    plan, target = load_workflow(recipe_workflow(name)).plan(load(name))
    assert target.kind == ("corpus" if recipe_workflow(name) == "collect" else "report")
    assert list(plan.tasks)[-1] == target.address


@pytest.mark.parametrize(
    ("name", "table", "stated"),
    [
        ("gpt_oss_20b_sft", "train_sft_lora", {"batch_size": 4, "gradient_accumulation": 1, "epochs": 30}),
        ("gpt_oss_20b_cpt", "train_cpt", {"batch_size": 8, "gradient_accumulation": 2, "epochs": 3}),
        ("llm_jp_1_8b", "train_cpt", {"batch_size": 2, "gradient_accumulation": 2, "epochs": 1}),
        ("llm_jp_1_8b", "train_sft", {"batch_size": 4, "gradient_accumulation": 2, "epochs": 3}),
        ("gemma3_4b", "train_cpt", {"batch_size": 2, "gradient_accumulation": 2, "epochs": 1}),
        ("gemma3_4b", "train_sft", {"batch_size": 4, "gradient_accumulation": 2, "epochs": 3}),
        ("persona_qlora", "train_sft_lora", {"batch_size": 1, "gradient_accumulation": 4, "max_steps": 100,
                                             "max_length": 4096, "packing": "rows", "quantization": "nf4"}),
    ],
)  # fmt: skip
def test_presets_state_the_published_batches(name: str, table: str, stated: dict[str, object]) -> None:
    training = getattr(load(name), table)
    assert {key: getattr(training, key) for key in stated} == stated


@pytest.mark.parametrize(
    ("name", "table", "r", "alpha", "dropout", "rate"),
    [
        ("gpt_oss_20b_sft", "train_sft_lora", 8, 16, 0.0, 2e-4),
        ("gpt_oss_20b_cpt", "train_cpt", 16, 32, 0.05, 2e-4),
        ("gpt_oss_20b_cpt_experts", "train_cpt", 16, 32, 0.0, 2e-4),
        ("llm_jp_1_8b", "train_cpt", 16, 32, 0.05, 2e-5),
        ("gemma3_4b", "train_cpt", 16, 32, 0.05, 2e-5),
        ("persona_qlora", "train_sft_lora", 8, 16, 0.0, 2e-4),
    ],
)
def test_presets_state_the_published_adapters(
    name: str, table: str, r: int, alpha: float, dropout: float, rate: float
) -> None:
    training = getattr(load(name), table)
    assert (training.lora.r, training.lora.alpha, training.lora.dropout) == (r, alpha, dropout)
    assert (training.optimizer.name, training.optimizer.learning_rate) == ("adamw_8bit", rate)


def test_four_arms_merge_before_they_tune() -> None:
    plan, _target = CPT_SFT.plan(load("llm_jp_1_8b"))
    tasks = {task.name: task for task in plan.tasks.values()}
    assert tasks["train_sft.sft"].needs == ("import_model", "import_chats")
    assert tasks["train_sft.cpt_sft"].needs == ("merge", "import_chats")
    assert tasks["merge"].needs == ("import_model", "train_cpt")
    assert set(tasks["score"].needs) == {
        "import_chats",
        *(f"generate.{arm}" for arm in ("base", "cpt", "sft", "cpt_sft")),
    }


def test_dropout_on_fused_experts_is_refused_with_the_reason() -> None:
    with pytest.raises(BadInput, match="dropout 0.05 cannot be applied to fused experts"):
        load("gpt_oss_20b_cpt_experts", "train_cpt.lora.dropout=0.05")


@pytest.mark.parametrize(
    ("setting", "line"),
    [
        ("train_cpt.lora.r=-8", r"train_cpt.lora.r: .*\(got -8\)"),
        ("train_cpt.lora.rank=8", "unknown key train_cpt.lora.rank"),
        ("train_cpt.epochs=none", "train_cpt.epochs: .*'none'"),
        ("import_model.revision=main", "import_model.revision: .*'main'"),
        ("import_pages.source=", "import_pages.source: the source is empty"),
        ("description", "'description' sets nothing: write table.key=value"),
        ("seed.x=1", "seed is a value, not a table"),
        ("seed=99999999999999999999", "train_cpt.seed: .*99999999999999999999"),
        ("resources.train_ctp.gpus=8", r"\[resources.train_ctp\] names no stage: there is check_night, clean_corpus"),
    ],
)
def test_what_cannot_work_is_refused_on_one_line(setting: str, line: str) -> None:
    with pytest.raises(BadInput, match=line) as error:
        load("llm_jp_1_8b", setting)
    assert "\n" not in str(error.value)


def test_alternatives_exclude_each_other() -> None:
    with pytest.raises(BadInput, match=r"\[sample\] and \[import_chats\] exclude each other"):
        load("sample", "import_chats.domain=anime", *_chats())


def _chats() -> list[str]:
    return ["import_chats.source=x#sha256:0", "import_chats.other=[]", "import_chats.same_fact=answer",
            "import_chats.test_share=0.5", "import_chats.max_rejected_share=0.0"]  # fmt: skip


def test_one_seed_reaches_every_table_that_states_none() -> None:
    recipe = load("llm_jp_1_8b", "seed=7", "train_sft.seed=8")
    assert getattr(recipe, "train_cpt").seed == 7  # noqa: B009  (the field is the workflow's, not the base class's)
    assert getattr(recipe, "train_sft").seed == 8  # noqa: B009
    assert getattr(recipe, "score").seed == 7  # noqa: B009


def test_a_recipe_of_another_workflow_is_refused_whatever_else_it_says(tmp_path: Path) -> None:
    other = tmp_path / "other.toml"
    other.write_text('workflow = "clean_only"\nunknown = 1\n', encoding="utf-8")
    with pytest.raises(BadInput, match="^recipe other is for the workflow clean_only, not cpt_sft: .*") as error:
        load_recipe(str(other), CPT_SFT.recipe_type)
    assert "unknown" not in str(error.value)


def test_a_recipe_that_names_no_workflow_is_refused(tmp_path: Path) -> None:
    silent = tmp_path / "silent.toml"
    silent.write_text('description = "x"\nseed = 1\n', encoding="utf-8")
    with pytest.raises(BadInput, match="workflow is missing"):
        load_recipe(str(silent), CPT_SFT.recipe_type)
    with pytest.raises(BadInput, match="recipe silent names no workflow: write workflow"):
        recipe_workflow(str(silent))


def test_an_unknown_recipe_or_workflow_lists_those_there_are() -> None:
    with pytest.raises(BadInput, match="no recipe 'none': .*sample"):
        recipe_path("none")
    with pytest.raises(BadInput, match="no workflow is called 'none': there is collect, cpt_sft"):
        load_workflow("none")


def test_the_rendered_manifests_are_current() -> None:
    folder = ROOT / "workflows" / "rendered"
    written = {path.name: path.read_text(encoding="utf-8") for path in folder.glob("*.yaml")}
    assert written == rendered(), "run `make render`"
