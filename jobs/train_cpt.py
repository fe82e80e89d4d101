"""Stage: continued pretraining with LoRA."""

from tsugiki.artifact import Metrics
from tsugiki.command import main
from tsugiki.kinds import Adapter, Checkpoint, Corpus
from tsugiki.stage import Resources, stage
from tsugiki.train.config import CPTConfig


@stage(
    image="train",
    resources=Resources(cpus=4, memory_gb=32, disk_gb=100, gpus=1, hours=24),
    version=2,
    distributed=True,
)
def train_cpt(out: Adapter, base: Checkpoint, corpus: Corpus, config: CPTConfig) -> Metrics:
    """Teach a model a domain's text: LoRA on next-token prediction over packed, isolated documents."""
    from tsugiki.train.cpt import train_cpt as train

    return train(base.path, (document.text for document in corpus.rows()), out.path, out.work, config)


if __name__ == "__main__":
    main(train_cpt)
