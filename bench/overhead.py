"""What a task costs on a cluster besides its work, beside a bare Argo workflow of `true` containers in the same run.

.venv/bin/python bench/overhead.py PROFILE [RUNS]     # a cluster with Argo, `make deploy` and the images

Two chains of three tasks run side by side: three light stages, and three containers of the same image that run `true`.
Printed are medians over RUNS runs (default 3): from a container's start to the first line that a stage logs, and from
the end of one task's container to the start of the next one's.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import uuid
from datetime import datetime
from itertools import pairwise
from typing import Any

from tsugiki.argo import Target, manifest
from tsugiki.corpus.config import CorpusConfig, DuplicatesConfig
from tsugiki.plan import Plan
from tsugiki.profile import Profile, load_profile
from tsugiki.recipe import Recipe
from tsugiki.sample.config import SampleConfig
from tsugiki.stage import Resources

SMALL = Resources(cpus=0.1, memory_gb=0.5, disk_gb=0.5)
NAMES = ("make-sample-pages", "clean-corpus", "select-topic")


def kubectl(*arguments: str, stdin: str | None = None) -> str:
    """Run kubectl."""
    return subprocess.run(["kubectl", *arguments], input=stdin, capture_output=True, text=True, check=True).stdout


def ours(profile: Profile, seed: int) -> dict[str, Any]:
    """Three light stages, one after the other; a new seed is nothing that exists."""
    from jobs.clean_corpus import clean_corpus
    from jobs.make_sample_pages import make_sample_pages
    from jobs.select_topic import select_topic
    from tsugiki.corpus.config import SelectConfig

    plan = Plan()
    sample = SampleConfig(seed=seed, works=4, asked_works=2, retellings=1, background_works=2, novels=4, asked_novels=2)
    clean = CorpusConfig(
        normalisation="nfkc",
        titles="as_published",
        output="text",
        list_pages="set_aside",
        list_share=1,
        min_chars=1,
        max_chars=100_000,
        max_depth=50,
        duplicates=DuplicatesConfig(action="report", similarity=0.8, ngram_chars=5, min_chars=200),
    )
    everything = SelectConfig(titles=(), title_patterns=(".",), categories=(), words=(), min_words=1)
    corpus = plan(clean_corpus, plan(make_sample_pages, sample), clean)
    made = plan(select_topic, corpus, everything)
    resources = {name.replace("-", "_"): SMALL for name in NAMES}
    recipe = Recipe.model_construct(description="Overhead of a task", seed=0, resources=resources, schedule=None)
    return manifest(plan, Target("overhead", "stages", "bench", made.address, profile.root), recipe, profile)


def bare(stages: dict[str, Any]) -> dict[str, Any]:
    """The same chain, pods and limits with `true` instead of a stage, and nothing for Argo to collect."""
    made: dict[str, Any] = json.loads(json.dumps(stages))
    made["metadata"]["generateName"] = "overhead-bare-"
    made["spec"]["archiveLogs"] = False
    for template in made["spec"]["templates"]:
        if "container" in template:
            template["container"] |= {"command": ["true"], "args": []}
            for key in ("outputs", "metrics", "synchronization", "retryStrategy"):
                template.pop(key, None)
    return made


def run(workflows: list[dict[str, Any]], namespace: str) -> list[dict[str, Any]]:
    """Submit workflows together and wait for all; the pods of each by the name of their task."""
    names = []
    for workflow in workflows:
        workflow["metadata"]["name"] = f"{workflow['metadata'].pop('generateName')}{uuid.uuid4().hex[:5]}"
        workflow["spec"].pop("podGC", None)
        kubectl("create", "-f", "-", stdin=json.dumps(workflow))
        names.append(workflow["metadata"]["name"])
    for name in names:
        kubectl("-n", namespace, "wait", f"workflow/{name}", "--for=condition=Completed", "--timeout=600s")
    return [_pods(name, namespace) for name in names]


def _pods(workflow: str, namespace: str) -> dict[str, Any]:
    label = f"workflows.argoproj.io/workflow={workflow}"
    pods = json.loads(kubectl("-n", namespace, "get", "pods", "-l", label, "-o", "json"))["items"]
    return {name: pod for pod in pods for name in NAMES if f"{workflow}-{name}" in pod["metadata"]["name"]}


def main_container(pod: dict[str, Any]) -> dict[str, str]:
    """When the main container started and finished."""
    found = next(item for item in pod["status"]["containerStatuses"] if item["name"] == "main")
    return dict(found["state"]["terminated"])


def seconds(start: str, end: str) -> float:
    """Between two times in ISO 8601."""
    return (datetime.fromisoformat(end) - datetime.fromisoformat(start)).total_seconds()


def between(pods: dict[str, Any]) -> list[float]:
    """From the end of one task's container to the start of the next one's."""
    ended = [main_container(pods[name]) for name in NAMES]
    return [seconds(first["finishedAt"], then["startedAt"]) for first, then in pairwise(ended)]


def first_lines(pods: dict[str, Any], namespace: str) -> list[float]:
    """From a container's start to the first line that its stage logs; Kubernetes tells starts by the second."""
    found = []
    for name in NAMES:
        pod = pods[name]["metadata"]["name"]
        lines = kubectl("-n", namespace, "logs", pod, "-c", "main").splitlines()
        first = json.loads(next(line for line in lines if line.startswith("{")))
        found.append(seconds(main_container(pods[name])["startedAt"], first["time"]))
    return found


def main(profile_name: str, runs: int = 3) -> None:
    """Print one line a figure."""
    profile = load_profile(profile_name)
    starts, gaps, bare_gaps = [], [], []
    for _ in range(runs):
        stages = ours(profile, uuid.uuid4().int % 10**9)
        of_stages, of_bare = run([stages, bare(stages)], profile.namespace)
        starts += first_lines(of_stages, profile.namespace)
        gaps += between(of_stages)
        bare_gaps += between(of_bare)
    gap, bare_gap = statistics.median(gaps), statistics.median(bare_gaps)
    print(f"container start to first line of a stage   {statistics.median(starts):6.2f} s")
    print(f"end of a task to start of the next         {gap:6.2f} s")
    print(f"the same with `true` and no outputs        {bare_gap:6.2f} s   ratio {gap / bare_gap:.2f}")


if __name__ == "__main__":
    main(sys.argv[1], *(int(text) for text in sys.argv[2:]))
