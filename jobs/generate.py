"""Stage: a model's answers to the questions of chats."""

from tsugiki.artifact import Metrics
from tsugiki.command import main
from tsugiki.kinds import Answers, Chats, Checkpoint
from tsugiki.serve.config import GenerateConfig
from tsugiki.stage import Resources, stage


@stage(image="serve", resources=Resources(cpus=4, memory_gb=32, disk_gb=100, gpus=1, hours=12))
def generate(out: Answers, model: Checkpoint, chats: Chats, config: GenerateConfig) -> Metrics:
    """Answer every question, journaling each batch, so that an interrupted run goes on from its last one."""
    raise NotImplementedError


if __name__ == "__main__":
    main(generate)
