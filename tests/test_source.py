"""Sources: written as one string, identified by their content and checked when they are read."""

from pathlib import Path

import pytest

from tsugiki.config import Config
from tsugiki.errors import BadInput
from tsugiki.source import Source, digest_of


class ReadConfig(Config):
    """A configuration with a source."""

    source: Source
    """The file."""


def parse(source: str) -> ReadConfig:
    return ReadConfig.parse({"source": source}, "test")


def test_a_source_is_one_string_in_and_out(tmp_path: Path) -> None:
    text = f"{tmp_path}/dump.xml#sha256:abc"
    assert parse(text).source == Source(uri=f"{tmp_path}/dump.xml", digest="sha256:abc")
    assert parse(text).model_dump(mode="json") == {"source": text}


def test_the_same_content_elsewhere_is_the_same_source(tmp_path: Path) -> None:
    first, second = tmp_path / "a.txt", tmp_path / "b.txt"
    for path in (first, second):
        path.write_text("same")
    assert parse(str(first)).pinned().identity() == parse(str(second)).pinned().identity()
    second.write_text("other")
    assert parse(str(first)).pinned().identity() != parse(str(second)).pinned().identity()


def test_a_directory_is_its_names_and_contents(tmp_path: Path) -> None:
    folder = tmp_path / "pages"
    folder.mkdir()
    (folder / "a.md").write_text("text")
    before = digest_of(str(folder))
    (folder / "a.md").rename(folder / "b.md")
    assert digest_of(str(folder)) != before


def test_a_source_that_changed_since_it_was_planned_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("planned")
    pinned = parse(str(path)).pinned().source
    path.write_text("changed")
    with pytest.raises(BadInput, match="is not what was planned"):
        pinned.fetch(tmp_path)


def test_a_missing_source_is_named() -> None:
    with pytest.raises(BadInput, match="/nowhere/x.xml cannot be read: No such file"):
        parse("/nowhere/x.xml").pinned()


def test_a_digest_of_unknown_form_and_an_empty_source_are_refused() -> None:
    with pytest.raises(BadInput, match="'md5:1' of a.xml must begin with sha256: or etag:"):
        parse("a.xml#md5:1")
    with pytest.raises(BadInput, match="the source is empty"):
        parse("")


def test_a_path_may_hold_a_hash(tmp_path: Path) -> None:
    path = tmp_path / "dump #2.xml"
    path.write_text("text")
    pinned = parse(str(path)).pinned().source
    assert pinned.uri == str(path)
    assert parse(str(pinned.model_dump(mode="json"))).source == pinned


def test_an_object_in_s3_is_pinned_by_its_etag_and_downloaded(s3_root: str, tmp_path: Path) -> None:
    import boto3

    bucket = s3_root.removeprefix("s3://").partition("/")[0]
    client = boto3.session.Session().client("s3")
    client.put_object(Bucket=bucket, Key="in/dump.xml", Body=b"<xml/>")
    pinned = parse(f"s3://{bucket}/in/dump.xml").pinned().source
    assert (pinned.digest or "").startswith("etag:")
    assert pinned.fetch(tmp_path).read_bytes() == b"<xml/>"
    client.put_object(Bucket=bucket, Key="in/dump.xml", Body=b"<changed/>")
    with pytest.raises(BadInput, match="dump.xml"):
        pinned.fetch(tmp_path)
    with pytest.raises(BadInput, match="none.xml"):
        parse(f"s3://{bucket}/in/none.xml").pinned()
