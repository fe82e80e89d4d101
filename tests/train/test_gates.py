"""Gates: each fails on a real model when what it guards is broken."""

from pathlib import Path
from typing import Any

import pytest
import torch

from tests.train import tiny
from tsugiki.errors import BadInput, GateFailed
from tsugiki.train import gates
from tsugiki.train.cpt import document_corpus
from tsugiki.train.data import Batch, Corpus
from tsugiki.train.loop import Loop
from tsugiki.train.lora import add_lora
from tsugiki.train.model import Network, load_model
from tsugiki.train.template import load_tokenizer

CPU = torch.device("cpu")


class Leaky(Network):
    """A network whose packed documents see each other: plain causal masks."""

    def masks(self, batch: Batch) -> Any:
        one = batch._replace(pieces=torch.zeros_like(batch.pieces))
        masks = super().masks(one)
        return masks if isinstance(masks, dict) else self._dense_mask(one, "sdpa", None)


class Displaced(Network):
    """A network that goes on counting positions from one packed document to the next."""

    def hidden(self, batch: Batch) -> torch.Tensor:
        return super().hidden(batch._replace(positions=torch.arange(batch.ids.shape[1]).expand(batch.ids.shape)))


class Blind(Network):
    """A network that ignores sliding windows."""

    def masks(self, batch: Batch) -> Any:
        masks = super().masks(batch)
        return {**masks, "sliding_attention": masks["full_attention"]}


def documents(base: Path) -> Corpus:
    corpus, _ = document_corpus(load_tokenizer(base), tiny.TEXTS, tiny.cpt_config("llama"))
    return corpus


@pytest.mark.parametrize("name", tiny.ARCHITECTURES)
def test_packing_gate(bases: dict[str, Path], name: str) -> None:
    model, corpus = load_model(bases[name], "float32", CPU), documents(bases[name])
    assert gates.check_packing(Network(model, "float32"), corpus) < 1e-5
    with pytest.raises(GateFailed, match="changes when the document before it does"):
        gates.check_packing(Leaky(model, "float32"), corpus)
    if name != "llama":
        with pytest.raises(GateFailed, match="differs from the same document alone"):
            gates.check_packing(Blind(model, "float32"), corpus)


def test_packing_gate_sees_documents_of_one_token_and_one_document(bases: dict[str, Path]) -> None:
    model, corpus = load_model(bases["llama"], "float32", CPU), documents(bases["llama"])
    corpus.documents = corpus.documents[:1]
    assert gates.check_packing(Network(model, "float32"), corpus) < 1e-5


def test_packing_gate_allows_relative_positions_only(bases: dict[str, Path]) -> None:
    """Rotary positions are relative, so counting on is harmless to llama; the gate must not cry wolf."""
    model = load_model(bases["llama"], "float32", CPU)
    assert gates.check_packing(Displaced(model, "float32"), documents(bases["llama"])) < 1e-4


@pytest.mark.parametrize("name", tiny.ARCHITECTURES)
def test_trainable_gate(bases: dict[str, Path], name: str) -> None:
    model, lora = load_model(bases[name], "float32", CPU), tiny.lora(name)
    add_lora(model, lora, seed=0)
    count = gates.check_trainable(model, lora)
    if name == "gpt_oss":  # 2 layers; q, k, v, o of 32x32 and 32x16; 4 experts of 32x96 and 48x32
        assert count == 2 * 4 * (64 + 48 + 48 + 64 + 4 * (128 + 80))
    else:
        assert count == 2 * 4 * (64 + 48 + 48 + 64 + 3 * 80)
    model.get_decoder().layers[1].self_attn.q_proj = torch.nn.Linear(32, 32)
    with pytest.raises(GateFailed, match="q_proj is not adapted in layer 1"):
        gates.check_trainable(model, lora)


def test_trainable_gate_counts(bases: dict[str, Path]) -> None:
    model, lora = load_model(bases["gpt_oss"], "float32", CPU), tiny.lora("gpt_oss")
    add_lora(model, lora.model_copy(update={"expert_targets": ()}), seed=0)
    with pytest.raises(GateFailed, match="parameters would be trained where"):
        gates.check_trainable(model, lora)


def test_targets_that_do_not_exist_are_named_with_the_remedy(bases: dict[str, Path]) -> None:
    model = load_model(bases["gpt_oss"], "float32", CPU)
    with pytest.raises(BadInput, match="'gate_proj' is no linear module of gpt_oss.*through expert_targets"):
        add_lora(model, tiny.lora("gpt_oss", targets=("q_proj", "gate_proj")), seed=0)
    model = load_model(bases["llama"], "float32", CPU)
    with pytest.raises(BadInput, match="is no parameter of llama"):
        add_lora(model, tiny.lora("gpt_oss"), seed=0)


def test_gradient_gate_fails_in_training_when_an_adapter_is_cut_off(bases: dict[str, Path], tmp_path: Path) -> None:
    config = tiny.cpt_config("llama")
    model = load_model(bases["llama"], "float32", CPU)
    add_lora(model, config.lora, seed=0)
    model.get_decoder().layers[0].mlp.up_proj.scaling["default"] = 0.0
    loop = Loop(Network(model, "float32"), documents(bases["llama"]), config, tiny.work(tmp_path))
    with pytest.raises(GateFailed, match=r"gradients: 2 of 28 trained parameters had no gradient in 2 steps"):
        loop.run()


def test_finite_gate_fails_in_training_on_a_broken_weight(bases: dict[str, Path], tmp_path: Path) -> None:
    config = tiny.cpt_config("llama")
    model = load_model(bases["llama"], "float32", CPU)
    add_lora(model, config.lora, seed=0)
    with torch.no_grad():
        model.get_decoder().norm.weight[0] = float("nan")
    loop = Loop(Network(model, "float32"), documents(bases["llama"]), config, tiny.work(tmp_path))
    with pytest.raises(GateFailed, match="finite: loss is nan at step 1"):
        loop.run()


def test_merge_gate() -> None:
    base, adapted = torch.tensor([1.0, 2.0]), torch.tensor([1.0, 3.0])
    assert gates.check_merged(adapted, adapted + 1e-6, base, 1e-4) < 1e-5
    with pytest.raises(GateFailed, match="differ from base \\+ adapter"):
        gates.check_merged(adapted, base, base, 1e-4)
    with pytest.raises(GateFailed, match="it was not trained"):
        gates.check_merged(base, base, base, 1e-4)
