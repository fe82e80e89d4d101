"""What every training shares: model in, gates, loop, checkpoint or adapter out."""

from pathlib import Path
from typing import Any

import torch

from tsugiki.train import gates
from tsugiki.train.config import LoRATraining, SFTConfig, Training
from tsugiki.train.data import Corpus
from tsugiki.train.loop import Loop, Metrics
from tsugiki.train.lora import add_lora, save_adapter
from tsugiki.train.model import Network, device, load_model
from tsugiki.train.output import write_checkpoint, write_log
from tsugiki.train.quantize import load_quantized
from tsugiki.train.template import load_tokenizer
from tsugiki.work import Work


def train_adapter(model: Path, corpus: Corpus, out: Path, work: Work, config: LoRATraining) -> Metrics:
    """Train fresh LoRA adapters of a checkpoint on a corpus and write them.

    Returns:
        Metrics of `Loop.run`, total_parameters (of the base), trainable_parameters and gates (figure by name).
    """
    with torch.random.fork_rng():
        if config.quantization == "nf4":
            base = load_quantized(model, config.dtype, device())
        else:
            base = load_model(model, config.dtype, device()).to(device())
        total = base.num_parameters()
        adapted = add_lora(base, config.lora, config.seed)
        passed: dict[str, float] = {"targets": gates.check_trainable(base, config.lora)}
        log, metrics = train_gated(base, model, corpus, work, config, passed)
    if work.world.leads:
        save_adapter(adapted, out)
        write_log(log, out)
    return {**metrics, "total_parameters": total, "trainable_parameters": passed["targets"]}


def train_all(model: Path, corpus: Corpus, out: Path, work: Work, config: SFTConfig) -> Metrics:
    """Train every text parameter of a checkpoint on a corpus and write the new checkpoint.

    Returns:
        Metrics of `Loop.run`, total_parameters, trainable_parameters and gates (figure by name).
    """
    with torch.random.fork_rng():
        network = load_model(model, "float32", device()).to(device())
        total = network.num_parameters()
        # Only text is trained: the other towers of a multimodal model would get no gradient.
        network.requires_grad_(False)
        network.get_decoder().requires_grad_(True)
        network.get_output_embeddings().requires_grad_(True)
        trainable = sum(p.numel() for p in network.parameters() if p.requires_grad)
        log, metrics = train_gated(network, model, corpus, work, config, {})
    if work.world.leads:
        write_checkpoint(network, model, out, config.dtype)
        write_log(log, out)
    return {**metrics, "total_parameters": total, "trainable_parameters": trainable}


def train_gated(
    model: Any, path: Path, corpus: Corpus, work: Work, config: Training, passed: dict[str, float]
) -> tuple[list[str], Metrics]:
    """Train the parameters of a model that need a gradient, once the gates on its template and packing hold.

    Args:
        model: the loaded model; trained in place.
        path: directory of its tokenizer.
        corpus: what to learn.
        work: state of this attempt.
        config: training.
        passed: gates that hold already, figure by name.

    Returns:
        Lines of log.jsonl, and the metrics of `Loop.run` with gates.
    """
    network = Network(model, config.dtype)
    tokenizer = load_tokenizer(path)
    if tokenizer.chat_template:
        passed["template"] = gates.check_template(tokenizer, path)
    passed["packing"] = gates.check_packing(network, corpus)
    if config.gradient_checkpointing:
        model.gradient_checkpointing_enable({"use_reentrant": False})
    loop = Loop(network, corpus, config, work)
    metrics = loop.run()
    return loop.log, {**metrics, "gates": {**passed, "gradients": len(loop.moved)}}
