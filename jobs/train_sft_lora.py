"""Stage: supervised fine-tuning with LoRA."""

from tsugiki.artifact import Metrics
from tsugiki.command import main
from tsugiki.kinds import Adapter, Chats, Checkpoint
from tsugiki.stage import Resources, stage
from tsugiki.train.config import LoRASFTConfig


@stage(
    image="train",
    resources=Resources(cpus=4, memory_gb=64, disk_gb=150, gpus=1, hours=24),
    version=2,
    distributed=True,
)
def train_sft_lora(out: Adapter, base: Checkpoint, chats: Chats, config: LoRASFTConfig) -> Metrics:
    """Teach a model to answer: LoRA, loss on the assistant's tokens of the train split."""
    from tsugiki.train.sft import train_sft_lora as train

    return train(base.path, chats.of("train"), out.path, out.work, config)


if __name__ == "__main__":
    main(train_sft_lora)
