"""The public functions, from texts to a merged and fine-tuned checkpoint."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from tests.train import tiny
from tsugiki.errors import BadInput, GateFailed
from tsugiki.train.base import make_base
from tsugiki.train.config import MergeConfig
from tsugiki.train.cpt import train_cpt
from tsugiki.train.merge import merge
from tsugiki.train.sft import train_sft, train_sft_lora

MERGE = MergeConfig(dtype="float32", tolerance=1e-4)


@pytest.mark.parametrize("name", tiny.ARCHITECTURES)
def test_from_base_to_tuned_checkpoint(bases: dict[str, Path], tmp_path: Path, name: str) -> None:
    base = bases[name]
    cpt = train_cpt(base, tiny.TEXTS, tmp_path / "cpt", tiny.work(tmp_path / "w1"), tiny.cpt_config(name))
    assert set(cpt["gates"]) == {"targets", "template", "packing", "gradients"}
    assert cpt["trainable_parameters"] == cpt["gates"]["targets"] < cpt["total_parameters"]
    merged = merge(base, tmp_path / "cpt", tmp_path / "merged", MERGE)
    assert merged["total_parameters"] == cpt["total_parameters"]
    shapes = {key: value.shape for key, value in load_file(base / "model.safetensors").items()}
    assert {k: v.shape for k, v in load_file(tmp_path / "merged" / "model.safetensors").items()} == shapes
    sft = train_sft(tmp_path / "merged", tiny.CHATS, tmp_path / "sft", tiny.work(tmp_path / "w2"), tiny.sft_config())
    assert sft["trainable_parameters"] == sft["total_parameters"] == cpt["total_parameters"]
    log = [json.loads(line) for line in (tmp_path / "sft" / "log.jsonl").read_text().splitlines()]
    assert [line["step"] for line in log] == [1, 2, 3, 4, 5, 6]
    assert set(log[0]) == {"step", "loss", "learning_rate", "grad_norm", "tokens"}
    assert log[-1]["loss"] < log[0]["loss"]
    own = {file.name for file in base.iterdir()}
    assert {file.name for file in (tmp_path / "sft").iterdir()} == own
    adapter = tiny.lora_sft_config(name)
    train_sft_lora(tmp_path / "merged", tiny.CHATS, tmp_path / "sft_lora", tiny.work(tmp_path / "w3"), adapter)
    merge(tmp_path / "merged", tmp_path / "sft_lora", tmp_path / "merged2", MERGE)


def test_bases_are_the_same_in_another_process(bases: dict[str, Path], tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; import torch; torch.set_num_threads(1);"
        "from tests.train import tiny; from tsugiki.train.base import make_base; out = Path(sys.argv[1]);"
        "[make_base(tiny.TEXTS, out / n, tiny.work(out / 'work' / n), tiny.base_config(n)) for n in bases]"
    ).replace("bases", repr(tiny.ARCHITECTURES))
    subprocess.run([sys.executable, "-c", code, str(tmp_path)], check=True, capture_output=True)
    for name, base in bases.items():
        assert tiny.digests(tmp_path / name) == tiny.digests(base)


def test_quantised_base_trains_and_holds_its_experts_in_4_bits(bases: dict[str, Path], tmp_path: Path) -> None:
    from tsugiki.train.quantize import load_quantized

    model = load_quantized(bases["gpt_oss"], "float32", torch.device("cpu"))
    frozen = {name: p for name, p in model.get_decoder().layers[0].named_parameters() if p.ndim >= 2}
    for name, parameter in frozen.items():
        quantised = "router" not in name and "bias" not in name
        assert (parameter.dtype == torch.uint8) == quantised, name
    config = tiny.cpt_config("gpt_oss", quantization="nf4", lora=tiny.lora("gpt_oss", expert_targets=()))
    result = train_cpt(bases["gpt_oss"], tiny.TEXTS, tmp_path / "out", tiny.work(tmp_path / "w"), config)
    assert result["steps"] == 6


def test_bfloat16_keeps_trained_parameters_in_float32(bases: dict[str, Path], tmp_path: Path) -> None:
    config = tiny.cpt_config("llama", dtype="bfloat16")
    train_cpt(bases["llama"], tiny.TEXTS, tmp_path / "out", tiny.work(tmp_path / "w"), config)
    weights = load_file(tmp_path / "out" / "adapter_model.safetensors")
    assert {value.dtype for value in weights.values()} == {torch.float32}


def test_an_untrained_adapter_is_not_merged(bases: dict[str, Path], tmp_path: Path) -> None:
    out = tmp_path / "cpt"
    train_cpt(bases["llama"], tiny.TEXTS, out, tiny.work(tmp_path / "w"), tiny.cpt_config("llama"))
    weights = load_file(out / "adapter_model.safetensors")
    save_file({key: torch.zeros_like(value) for key, value in weights.items()}, out / "adapter_model.safetensors")
    with pytest.raises(GateFailed, match="it was not trained"):
        merge(bases["llama"], out, tmp_path / "merged", MERGE)


def test_adapters_say_nothing_of_the_machine(bases: dict[str, Path], tmp_path: Path) -> None:
    out = tmp_path / "cpt"
    train_cpt(bases["gpt_oss"], tiny.TEXTS, out, tiny.work(tmp_path / "w"), tiny.cpt_config("gpt_oss"))
    assert {file.name for file in out.iterdir()} == {"adapter_config.json", "adapter_model.safetensors", "log.jsonl"}
    assert str(bases["gpt_oss"]) not in (out / "adapter_config.json").read_text()


def test_long_chats_are_set_aside_up_to_the_configured_share(bases: dict[str, Path], tmp_path: Path) -> None:
    chats = [*tiny.CHATS, tiny.chat("長い" * 200, "はい", name="long")]
    with pytest.raises(BadInput, match=r"1 of 13 chats cannot be trained.*long: \d+ tokens, over max_length 200"):
        train_sft(bases["llama"], chats, tmp_path / "a", tiny.work(tmp_path / "wa"), tiny.sft_config())
    config = tiny.sft_config().model_copy(update={"max_rejected_share": 0.1})
    result = train_sft(bases["llama"], chats, tmp_path / "b", tiny.work(tmp_path / "wb"), config)
    assert (result["chats"], result["rejected_chats"]) == (12, 1)
    assert json.loads((tmp_path / "b" / "rejected.jsonl").read_text())["reason"] == "too_long"


def test_a_checkpoint_without_all_its_weights_is_refused(bases: dict[str, Path], tmp_path: Path) -> None:
    """Loaded as it is, it would be trained from random numbers."""
    broken = tmp_path / "broken"
    shutil.copytree(bases["llama"], broken)
    weights = load_file(broken / "model.safetensors")
    norm = weights.pop("model.norm.weight")
    for changed in (weights, weights | {"model.norm.weight": norm[:3]}):
        save_file(changed, broken / "model.safetensors", {"format": "pt"})
        with pytest.raises(BadInput, match=r"1 weights are missing or misshapen, model\.norm\.weight first"):
            train_cpt(broken, tiny.TEXTS, tmp_path / "a", tiny.work(tmp_path / "w"), tiny.cpt_config("llama"))


def test_faulty_inputs_are_named(bases: dict[str, Path], tmp_path: Path) -> None:
    config, work = tiny.cpt_config("llama"), tiny.work(tmp_path / "w")
    with pytest.raises(BadInput, match="2 texts, none with content"):
        train_cpt(bases["llama"], ["", " \n"], tmp_path / "a", work, config)
    with pytest.raises(BadInput, match="none with content"):
        make_base([], tmp_path / "a", work, tiny.base_config("llama"))
    with pytest.raises(BadInput, match="no tokenizer can be read"):
        train_cpt(tmp_path / "absent", tiny.TEXTS, tmp_path / "a", work, config)
    with pytest.raises(BadInput, match="no adapter of"):
        merge(bases["llama"], tmp_path / "absent", tmp_path / "a", MERGE)
