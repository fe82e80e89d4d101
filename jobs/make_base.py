"""Stage: a tiny base model of a true architecture."""

from tsugiki.artifact import Metrics
from tsugiki.command import main
from tsugiki.kinds import Checkpoint, Corpus
from tsugiki.stage import Resources, stage
from tsugiki.train.config import BaseConfig


@stage(image="train", resources=Resources(cpus=4, memory_gb=8, disk_gb=10, hours=2))
def make_base(out: Checkpoint, corpus: Corpus, config: BaseConfig) -> Metrics:
    """Train a tokenizer on the texts and briefly pretrain a tiny model of a true architecture on them."""
    from tsugiki.train.base import make_base as make

    return make((document.text for document in corpus.rows()), out.path, out.work, config)


if __name__ == "__main__":
    main(make_base)
