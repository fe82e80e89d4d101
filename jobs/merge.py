"""Stage: an adapter folded into its base model."""

from tsugiki.artifact import Metrics
from tsugiki.command import main
from tsugiki.kinds import Adapter, Checkpoint
from tsugiki.stage import Resources, stage
from tsugiki.train.config import MergeConfig


@stage(image="train", resources=Resources(cpus=4, memory_gb=96, disk_gb=150, hours=2))
def merge(out: Checkpoint, base: Checkpoint, adapter: Adapter, config: MergeConfig) -> Metrics:
    """Fold LoRA weights into the base; refused unless the logits equal those of base and adapter together."""
    from tsugiki.train.merge import merge as fold

    return fold(base.path, adapter.path, out.path, config)


if __name__ == "__main__":
    main(merge)
