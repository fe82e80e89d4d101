"""Tasks that a workflow need not run: those whose artifacts exist, and those that only they needed."""

import copy
from typing import Any

import pytest

from tests.cluster.pages import pages_manifest, pages_plan, profile
from tests.cluster.test_lint import NIGHTLY, SAMPLE
from tests.cluster.test_schema import Manifest, load, tasks
from tests.s3 import Server
from tsugiki.cluster.lint import check, lint
from tsugiki.cluster.prune import calls, done, prune, reach, target
from tsugiki.cluster.view import named_templates, parameters
from tsugiki.errors import BadInput, TsugikiError
from tsugiki.execute import Conditions, execute
from tsugiki.plan import missing
from tsugiki.store import open_store


@pytest.fixture(scope="module")
def sample() -> Manifest:
    """The manifest of the sample."""
    return load(SAMPLE)


def identities(manifest: Manifest, *names: str) -> set[str]:
    """Identities of what tasks make."""
    made = {task["name"]: parameters(task, "arguments")["identity"]["value"] for task in tasks(manifest)}
    assert set(names) <= set(made)
    return {made[name] for name in names}


def depends(manifest: Manifest) -> dict[str, str]:
    """What each task waits for."""
    return {task["name"]: task.get("depends", "") for task in tasks(manifest)}


@pytest.mark.parametrize(
    ("done", "wanted", "left"),
    [
        ((), ("d",), ["a", "b", "c", "d"]),
        (("b",), ("d",), ["a", "c", "d"]),
        (("b", "c"), ("d",), ["d"]),
        (("d",), ("d",), []),
        (("a",), ("b",), ["b"]),
        ((), ("b", "c"), ["a", "b", "c"]),
    ],
)
def test_only_what_is_wanted_and_not_done_is_made(
    done: tuple[str, ...], wanted: tuple[str, ...], left: list[str]
) -> None:
    needs = {"a": (), "b": ("a",), "c": ("a",), "d": ("b", "c")}
    assert missing(needs, done, wanted) == left


def test_where_nothing_exists_everything_runs(sample: Manifest) -> None:
    pruned = prune(sample, set())
    assert pruned.manifest == sample
    assert pruned.run == tuple(task["name"] for task in tasks(sample))
    assert pruned.done == ()


def test_what_exists_is_left_out_with_all_that_waited_for_it_alone(sample: Manifest) -> None:
    pruned = prune(sample, identities(sample, "make-base", "make-sample-chats"))
    assert pruned.done == ("make-sample-chats", "make-base")
    # nobody needs the text that the base model was made from
    assert set(depends(sample)) - set(depends(pruned.manifest)) == {"make-base", "make-sample-chats", "make-background"}
    assert depends(pruned.manifest)["train-cpt"] == "clean-corpus"
    assert depends(pruned.manifest)["train-sft-sft"] == ""
    assert depends(pruned.manifest)["train-sft-cpt-sft"] == "merge"
    assert "make-base" not in named_templates(pruned.manifest)
    assert lint(pruned.manifest) == []


def test_of_a_finished_workflow_nothing_is_left(sample: Manifest) -> None:
    assert prune(sample, identities(sample, "report")).run == ()


def test_the_last_tasks_are_wanted_where_no_target_is_named(sample: Manifest) -> None:
    unnamed = copy.deepcopy(sample)
    del unnamed["metadata"]["labels"]["tsugiki/target"]
    others = [task["name"] for task in tasks(sample) if task["name"] != "report"]
    assert prune(unnamed, identities(sample, *others)).run == ("report",)


def test_the_manifest_itself_stays_as_it_was(sample: Manifest) -> None:
    before = copy.deepcopy(sample)
    prune(sample, identities(sample, "make-base", "score"))
    assert sample == before


def test_what_is_known_only_at_night_is_never_left_out() -> None:
    scheduled = load(NIGHTLY)
    nightly = {**scheduled, "kind": "Workflow", "spec": scheduled["spec"]["workflowSpec"]}
    made = {task["name"]: parameters(task, "arguments")["identity"]["value"] for task in tasks(nightly)}
    late = {name for name, identity in made.items() if not identity}
    assert late
    assert set(prune(nightly, {*made.values()}).run) == late


def test_tasks_are_read_back_as_the_calls_they_were(sample: Manifest) -> None:
    found = calls(sample)
    assert set(found) == {parameters(task, "arguments")["identity"]["value"] for task in tasks(sample)}
    wanted = target(sample)
    assert wanted is not None
    assert wanted.address == f"report/report-{sample['metadata']['labels']['tsugiki/target']}"


@pytest.mark.parametrize(
    "change",
    [
        {"name": "config", "value": '{"of": "another version"}'},
        {"name": "identity", "value": "0123456789abcdef"},
    ],
    ids=["configuration", "identity"],
)
def test_a_task_of_another_version_is_left_to_its_pod(change: dict[str, str], sample: Manifest) -> None:
    foreign = copy.deepcopy(sample)
    given = next(task for task in tasks(foreign) if task["name"] == "score")["arguments"]["parameters"]
    given[:] = [item for item in given if item["name"] != change["name"]] + [change]
    assert len(calls(foreign)) == len(calls(sample)) - 1


def make(root: str, index: int) -> str:
    """Make one artifact of the plan of pages; its address."""
    call = list(pages_plan().tasks.values())[index].call
    execute(call, open_store(root), Conditions())
    return call.address


def test_the_store_tells_what_exists(s3_root: str) -> None:
    manifest = pages_manifest(profile("work", s3_root))
    store = reach(s3_root)
    assert done(manifest, store) == set()
    pages = make(s3_root, 0)
    exist = done(manifest, store)
    assert exist == {pages.rpartition("-")[2]}
    left = prune(manifest, exist)
    assert (left.done, left.run) == (("make-sample-pages",), ("clean-corpus",))
    check(left.manifest, "what is left")
    make(s3_root, 1)
    assert prune(manifest, done(manifest, store)).run == ()


def test_a_damaged_artifact_is_named(s3_root: str, s3_server: Server) -> None:
    pages = make(s3_root, 0)
    bucket, _, prefix = s3_root.removeprefix("s3://").partition("/")
    listed = s3_server.client.list_objects_v2(Bucket=bucket, Prefix=f"{prefix}/{pages}/")["Contents"]
    data = next(item["Key"] for item in listed if not item["Key"].endswith("_RECORD.json"))
    s3_server.client.delete_object(Bucket=bucket, Key=data)
    with pytest.raises(TsugikiError, match=f"{pages}.* is missing; delete the artifact"):
        done(pages_manifest(profile("work", s3_root)), reach(s3_root))


def test_a_store_that_does_not_answer(monkeypatch: pytest.MonkeyPatch, s3_server: Server) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
    with pytest.raises(TsugikiError, match=r"s3://work.*AWS_ENDPOINT_URL_S3.*port-forward.*--no-prune") as caught:
        reach("s3://work/store")
    assert not isinstance(caught.value, BadInput)
    assert "\n" not in str(caught.value)


def test_a_store_without_credentials(monkeypatch: pytest.MonkeyPatch, s3_server: Server, tmp_path: Any) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    with pytest.raises(BadInput, match=r"set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY.*--no-prune"):
        reach("s3://work/store")
