"""Stage: a model's answers to the questions of chats."""

from tsugiki.artifact import Metrics
from tsugiki.command import main
from tsugiki.errors import BadInput
from tsugiki.kinds import Answers, Chats, Checkpoint
from tsugiki.serve.config import GenerateConfig
from tsugiki.serve.counts import count_answers
from tsugiki.stage import Resources, stage


@stage(image="serve", resources=Resources(cpus=4, memory_gb=32, disk_gb=100, gpus=1, hours=12))
def generate(out: Answers, model: Checkpoint, chats: Chats, config: GenerateConfig) -> Metrics:
    """Answer every question, journaling each batch, so that an interrupted run goes on from its last one."""
    from tsugiki.serve.generate import generate as answer
    from tsugiki.serve.probe import load_parity

    counts = out.write(answer(model.path, list(chats.rows()), out.work, config))
    if counts.rows == 0:
        raise BadInput(f"no question of {chats.address} could be answered ({counts.rejected}): lower max_new_tokens")
    parity = load_parity(out.work)
    gates = {"gates": parity.metrics()} if parity else {}
    return counts.metrics() | count_answers(out.rows()) | gates


if __name__ == "__main__":
    main(generate)
