"""Names that are written into manifests and read from them again: labels, and the parameter that tells what is made."""

import re

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
