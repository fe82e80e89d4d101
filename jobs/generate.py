"""Stage: a model's answers to the questions of chats."""

from typing import Any

from tsugiki.artifact import Metrics
from tsugiki.command import main
from tsugiki.errors import BadInput
from tsugiki.kinds import Answers, Chats, Checkpoint, Counts
from tsugiki.serve.config import GenerateConfig
from tsugiki.serve.counts import count_answers
from tsugiki.stage import Resources, stage


@stage(image="serve", resources=Resources(cpus=4, memory_gb=32, disk_gb=100, gpus=1, hours=12))
def generate(out: Answers, model: Checkpoint, chats: Chats, config: GenerateConfig) -> Metrics:
    """Answer every question, journaling each batch, so that an interrupted run goes on from its last one."""
    from tsugiki.serve.generate import generate as answer
    from tsugiki.serve.probe import load_parity

    counts = out.write(answer(model.path, list(chats.rows()), out.work, config))
    parity = load_parity(out.work)
    return _metrics(out, chats, counts, parity.metrics() if parity else {})


@generate.joined_by
def join(
    out: Answers,
    parts: tuple[Answers, ...],
    model: Checkpoint,  # noqa: ARG001 (the signature is that of the stage)
    chats: Chats,
    config: GenerateConfig,
) -> Metrics:
    """Put the answers of all shards into the order of the questions."""
    from tsugiki.serve.join import join_answers

    asked = chats.of(*config.splits)
    counts = out.write(join_answers(asked, [part.rows() for part in parts], [part.rejected() for part in parts]))
    gates = [part.record.metrics["gates"] for part in parts if "gates" in part.record.metrics]
    return _metrics(out, chats, counts, gates[0] if gates else {})


def _metrics(out: Answers, chats: Chats, counts: Counts, gates: dict[str, Any]) -> Metrics:
    if counts.rows == 0 and out.work.shard is None:
        raise BadInput(f"no question of {chats.address} could be answered ({counts.rejected}): lower max_new_tokens")
    return counts.metrics() | count_answers(out.rows()) | ({"gates": gates} if gates else {})


if __name__ == "__main__":
    main(generate)
