"""Names that are written into manifests and read from them again: labels, and the parameter that tells what is made."""

import re

from tsugiki.errors import BadInput

WORKFLOW = "tsugiki/workflow"
RECIPE = "tsugiki/recipe"
PROFILE = "tsugiki/profile"
TARGET = "tsugiki/target"
"""Identity of the artifact that a workflow is for; where a schedule's run is taken up again, the name of that run."""
RETRY_OF = "tsugiki/retry-of"
"""Name of the workflow that a workflow takes up again."""
STAGE = "tsugiki/stage"
RUN = "workflows.argoproj.io/workflow"
"""Argo's label with the name of the workflow that a pod belongs to."""

IDENTITY = "identity"
"""Parameter with the identity of what a task makes; empty where it is known only when the workflow runs."""


def kebab(name: str) -> str:
    """A Kubernetes name: lower case letters, digits and dashes."""
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")


def label(key: str, name: str) -> str:
    """The value of a label for a name that a person chose.

    Raises:
        BadInput: it holds what a label cannot, so that runs of another name might be taken for those of this one.
    """
    if not re.fullmatch(r"[A-Za-z0-9 _.-]*[A-Za-z0-9][A-Za-z0-9 _.-]*", name):
        what = key.rpartition("/")[2]
        raise BadInput(
            f"{what} {name!r}: runs are found by this name, and a label takes only the letters a to z, digits, '-', "
            "'_' and '.', one letter or digit at least: rename the file"
        )
    return kebab(name)
