"""How stages end that do not succeed: what is tried again, how often, and what the workflow then says."""

import json
from dataclasses import dataclass

import pytest

from tests.argo.space import Flow, main_of, steps

pytestmark = [pytest.mark.argo, pytest.mark.timeout(900)]

CLEAN, TRAIN = "clean-corpus", "train-cpt"
RETRIES = 2
LIMITED = ("train_cpt.seed=200", "train_cpt.epochs=60", "resources.train_cpt.gpus=0", "resources.train_cpt.retries=0")
HOURS = 0.001


@dataclass(frozen=True)
class Ends:
    """Workflows of one task each, all under way."""

    refused: Flow
    damaged: Flow
    late: Flow
    killed: Flow
    forbidden: Flow


@pytest.fixture(scope="module")
def ends(prepared: Flow) -> Ends:
    """Start them all."""
    space = prepared.space
    refused = space.render(CLEAN, "clean_corpus.min_chars=900000")
    damaged = space.render(CLEAN, f"resources.clean_corpus.retries={RETRIES}", root=damaged_store(prepared))
    late = space.render(TRAIN, *LIMITED, f"resources.train_cpt.hours={HOURS}")
    killed = space.render(TRAIN, *LIMITED, "train_cpt.seed=201")
    template = next(item for item in killed["spec"]["templates"] if item["name"] == TRAIN)
    template["activeDeadlineSeconds"] = 12
    forbidden = space.render(CLEAN, "clean_corpus.min_chars=900001")
    template = next(item for item in forbidden["spec"]["templates"] if item["name"] == CLEAN)
    patch = json.loads(template["podSpecPatch"])
    template["podSpecPatch"] = json.dumps({**patch, "hostNetwork": True})
    return Ends(*space.create(refused, damaged, late, killed, forbidden))


def damaged_store(prepared: Flow) -> str:
    """A store with pages of which a file is gone."""
    space = prepared.space
    for key in space.keys("store/pages/"):
        if key.endswith("_RECORD.json"):
            space.s3.put_object(Bucket=space.bucket, Key=f"damaged/{key.removeprefix('store/')}", Body=space.read(key))
    return f"s3://{space.bucket}/damaged"


def last_exit(flow: Flow, task: str) -> tuple[int, int]:
    """How many pods a task had, and the exit code of the last one."""
    pods = flow.pods(task)
    return len(pods), main_of(pods[-1])["terminated"]["exitCode"]


def test_bad_input_is_never_tried_again_and_says_what_is_wrong(ends: Ends) -> None:
    assert ends.refused.ended() == "Failed"
    assert last_exit(ends.refused, CLEAN) == (1, 2)
    (pod,) = ends.refused.task(CLEAN).pods
    assert "no page of pages/make_sample_pages-" in pod["message"]
    assert "relax the limits" in pod["message"]


def test_what_always_fails_is_tried_as_often_as_allowed_and_then_given_up(ends: Ends) -> None:
    assert ends.damaged.ended() == "Failed"
    assert last_exit(ends.damaged, CLEAN) == (RETRIES + 1, 2)
    codes = [main_of(pod)["terminated"]["exitCode"] for pod in ends.damaged.pods(CLEAN)]
    assert codes == [1] * RETRIES + [2]
    message = ends.damaged.task(CLEAN).pods[-1]["message"]
    assert "is missing; delete the artifact and run again" in message
    assert f"failure {RETRIES + 1} in a row without progress" in message


def test_a_stage_at_its_time_limit_saves_its_state_and_goes_on_with_more_time(ends: Ends) -> None:
    flow, space = ends.late, ends.late.space
    assert flow.ended() == "Failed"
    assert last_exit(flow, TRAIN) == (1, 124)
    assert "the time limit is near at step" in flow.task(TRAIN).pods[-1]["message"]
    before = steps(flow.archived(flow.pods(TRAIN)[0]["metadata"]["name"]))
    assert before[0] == 1
    more = space.start(TRAIN, *LIMITED)
    more.succeeded()
    assert steps(more.archived(more.pods(TRAIN)[0]["metadata"]["name"]))[0] > before[-1]
    record = space.record(f"adapter/train_cpt-{more.identity(TRAIN)}")
    assert record["metrics"]["steps"] == 300
    assert record["attempts"] == 2


def test_the_hard_deadline_is_not_tried_again(ends: Ends) -> None:
    assert ends.killed.ended() == "Failed"
    assert len(ends.killed.pods(TRAIN)) == 1
    assert "longer than the specified deadline" in ends.killed.task(TRAIN).pods[-1]["message"]


def test_a_pod_that_the_namespace_forbids_is_not_tried_again(ends: Ends) -> None:
    assert ends.forbidden.ended() in ("Failed", "Error")
    (pod,) = ends.forbidden.task(CLEAN).pods
    assert "violates PodSecurity" in pod["message"]
