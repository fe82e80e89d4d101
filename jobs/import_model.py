"""Stage: a model from a directory or a hub repository."""

from tsugiki.artifact import Metrics
from tsugiki.command import main
from tsugiki.kinds import Checkpoint
from tsugiki.models.config import ImportModelConfig
from tsugiki.stage import Resources, stage


@stage(image="train", resources=Resources(cpus=2, memory_gb=4, disk_gb=120, hours=4), hub=True)
def import_model(out: Checkpoint, config: ImportModelConfig) -> Metrics:
    """Copy a model, or download it at a fixed commit, and check that it is complete."""
    from tsugiki.models.load import load_model

    return load_model(config, out.path, out.work)


if __name__ == "__main__":
    main(import_model)
