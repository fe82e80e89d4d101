"""Stage: the text on which the embedded base model is pretrained."""

from tsugiki.artifact import Metrics
from tsugiki.command import main
from tsugiki.kinds import Corpus
from tsugiki.sample.config import SampleConfig
from tsugiki.stage import Resources, stage


@stage(image="data", resources=Resources(cpus=1, memory_gb=1, disk_gb=1, hours=0.5))
def make_background(out: Corpus, config: SampleConfig) -> Metrics:
    """Generate texts about other works and about novels: what the base model knows before CPT."""
    from tsugiki.sample.background import background_texts

    return out.write(background_texts(config)).metrics()


if __name__ == "__main__":
    main(make_background)
