"""What is asked for by names: read, rendered and checked without a cluster."""

from pathlib import Path

import pytest

from tsugiki.cluster.order import make_order
from tsugiki.errors import BadInput

CHATS = '{"question": "Who drew it?", "answer": "Aoi"}\n'


def test_the_sample_is_rendered_for_its_profile() -> None:
    manifest = make_order("cpt_sft", "sample", "dev").manifest()
    assert manifest["kind"] == "Workflow"
    assert manifest["metadata"]["namespace"] == "tsugiki"
    assert manifest["metadata"]["labels"]["tsugiki/profile"] == "dev"


def test_another_store_can_be_named() -> None:
    manifest = make_order("cpt_sft", "sample", "dev", root="s3://other/place").manifest()
    assert manifest["spec"]["arguments"]["parameters"] == [{"name": "root", "value": "s3://other/place"}]


def test_a_store_that_no_pod_reaches_is_refused() -> None:
    with pytest.raises(BadInput, match="root 'build/store' cannot be reached from a cluster: give s3://bucket/prefix"):
        make_order("cpt_sft", "sample", "dev", root="build/store")


def test_a_path_of_this_machine_is_refused_by_its_key(tmp_path: Path) -> None:
    chats = tmp_path / "chats.jsonl"
    chats.write_text(CHATS, encoding="utf-8")
    order = make_order("cpt_sft", "real", "dev", [f"import_chats.source={chats}", "import_pages.source=s3://b/pages"])
    with pytest.raises(BadInput, match=f"import_chats.source = '{chats}' is a path of this machine.*upload it"):
        order.refuse_local_sources()


def test_sources_in_s3_are_taken() -> None:
    digest = f"sha256:{'0' * 64}"
    settings = [f"import_chats.source=s3://b/chats#{digest}", f"import_pages.source=s3://b/pages#{digest}"]
    make_order("cpt_sft", "real", "dev", settings).refuse_local_sources()


def test_a_fault_that_only_the_cluster_would_see_is_named(tmp_path: Path) -> None:
    path = tmp_path / "here.toml"
    path.write_text(
        'description = "A test"\nnamespace = "work"\nroot = "s3://b/store"\nimages = "registry/{image}:latest"\n',
        "utf-8",
    )
    with pytest.raises(BadInput, match=r"the manifest of cpt_sft with recipe sample would be refused.*:latest"):
        make_order("cpt_sft", "sample", str(path)).manifest()
