"""What both stores promise about artifacts that exist."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.store.helpers import ADDRESS, Place, commit, record_of, write_files
from tsugiki.errors import BadInput
from tsugiki.store import RECORD, BadArtifact, FileEntry, Store, hash_directory


def test_a_committed_artifact_is_read_back(store: Store, place: Place, tmp_path: Path) -> None:
    source = write_files(tmp_path / "source", large=True)
    expected = {path.relative_to(source): path.read_bytes() for path in source.rglob("*") if path.is_file()}
    assert store.read_record(ADDRESS) is None
    files = commit(store, source)
    assert not source.exists()
    assert store.read_record(ADDRESS) == record_of(files)
    store.verify(ADDRESS, files, hashes=True)
    elsewhere = place.open("elsewhere").fetch(ADDRESS, files)
    assert {name: (elsewhere / name).read_bytes() for name in expected} == expected
    assert hash_directory(store.fetch(ADDRESS, files) / "sub") == hash_directory(elsewhere / "sub")


def test_an_artifact_may_have_no_files(store: Store, place: Place, tmp_path: Path) -> None:
    (tmp_path / "source").mkdir()
    files = commit(store, tmp_path / "source")
    assert files == {}
    store.verify(ADDRESS, files, hashes=True)
    assert place.open("elsewhere").fetch(ADDRESS, files).is_dir()


def test_some_files_are_fetched(place: Place, tmp_path: Path) -> None:
    files = commit(place.open(), write_files(tmp_path / "source"))
    store = place.open("elsewhere")
    path = store.fetch(ADDRESS, files, ["sub/deep/b.bin"])
    assert (path / "sub/deep/b.bin").stat().st_size == 70_000
    assert bool(place.server) != (path / "empty.txt").exists()
    with pytest.raises(BadInput, match=r"has no file c\.bin"):
        store.fetch(ADDRESS, files, ["c.bin"])


def test_a_second_commit_changes_nothing(store: Store, place: Place, tmp_path: Path) -> None:
    commit(store, write_files(tmp_path / "first", seed=1), note="first")
    before = place.contents()
    for seed in (1, 2):
        source = write_files(tmp_path / "second", seed=seed, large=seed == 2)
        files = hash_directory(source)
        assert not store.commit(ADDRESS, source, record_of(files, "second"), files)
        assert not source.exists()
        assert place.contents() == before


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        (None, "b.bin is missing"),
        (b"short", "b.bin has 5 bytes where the record says 70000"),
        (bytes(70_000), "b.bin has another checksum"),
    ],
)
def test_verify_names_the_fault(store: Store, place: Place, tmp_path: Path, content: bytes | None, fault: str) -> None:
    files = commit(store, write_files(tmp_path / "source"))
    store.verify(ADDRESS, files, hashes=True)
    place.overwrite(place.key_of("b.bin"), content)
    with pytest.raises(BadArtifact, match=fault):
        store.verify(ADDRESS, files, hashes=True)
    if content == bytes(70_000):
        store.verify(ADDRESS, files)


def test_verify_names_a_file_too_many(store: Store, place: Place, tmp_path: Path) -> None:
    files = commit(store, write_files(tmp_path / "source"))
    place.overwrite(place.key_of("b.bin").replace("b.bin", "c.bin"), b"stray")
    with pytest.raises(BadArtifact, match=r"c\.bin is not in the record"):
        store.verify(ADDRESS, files)


def test_fetch_refuses_what_the_record_does_not_describe(place: Place, tmp_path: Path) -> None:
    files = commit(place.open(), write_files(tmp_path / "source"))
    place.overwrite(place.key_of("empty.txt"), None)
    with pytest.raises(BadArtifact, match=r"empty\.txt is missing"):
        place.open("elsewhere").fetch(ADDRESS, files)


def test_addresses_are_listed_in_order(store: Store, tmp_path: Path) -> None:
    assert list(store.list()) == []
    addresses = ["chats/b-1", "corpus/a-1", "corpus/a-10", "corpus/c-2"]
    for address in reversed(addresses):
        commit(store, write_files(tmp_path / "source"), address=address)
    with store.attempt("corpus/unfinished-1") as attempt:
        (attempt.state / "saved").touch()
        attempt.publish(("saved",))
        assert list(store.list()) == addresses
    assert list(store.list("corpus/a-1")) == ["corpus/a-1", "corpus/a-10"]


def test_a_deleted_artifact_can_be_made_again(store: Store, place: Place, tmp_path: Path) -> None:
    commit(store, write_files(tmp_path / "source", seed=1, large=True))
    commit(store, write_files(tmp_path / "source"), address="corpus/other-1")
    store.delete(ADDRESS)
    store.delete(ADDRESS)
    assert store.read_record(ADDRESS) is None
    assert not [key for key in place.contents() if ADDRESS in key]
    assert list(store.list()) == ["corpus/other-1"]
    commit(store, write_files(tmp_path / "source", seed=2))


@pytest.mark.parametrize("address", ["", "corpus", "corpus/../x", "/corpus/a", "corpus/a/b", ".work/a", "corpus/a b"])
def test_a_bad_address_is_refused(store: Store, address: str) -> None:
    with pytest.raises(BadInput, match="is not the address of an artifact"):
        store.read_record(address)


@pytest.mark.parametrize("name", ["../x", "/x", "a//b", "./a", "a\\b", "a\nb", RECORD, ""])
def test_a_bad_name_is_refused(store: Store, name: str) -> None:
    with pytest.raises(BadInput, match="file name"):
        store.fetch(ADDRESS, {name: FileEntry(size=0, sha256="0" * 64)})


def link(path: Path) -> None:
    path.symlink_to("empty.txt")


def pipe(path: Path) -> None:
    import os

    os.mkfifo(path)


@pytest.mark.parametrize("make", [link, pipe])
def test_links_and_special_files_are_refused(tmp_path: Path, make: Callable[[Path], None]) -> None:
    make(write_files(tmp_path / "source") / "odd")
    with pytest.raises(BadInput, match="odd is a link or a special file"):
        hash_directory(tmp_path / "source")


def test_commit_refuses_what_is_not_what_was_hashed(store: Store, place: Place, tmp_path: Path) -> None:
    source = write_files(tmp_path / "source")
    files = hash_directory(source)
    (source / "late.txt").write_text("written after the hash")
    with pytest.raises(BadArtifact, match=r"late\.txt is not in the record"):
        store.commit(ADDRESS, source, record_of(files), files)
    with pytest.raises(ValueError, match="not the files committed"):
        store.commit(ADDRESS, source, record_of({}), files)
    assert place.contents() == {}


def test_hashes_are_in_the_order_of_names(tmp_path: Path) -> None:
    for name in ("b", "a", "c/a", "B"):
        (tmp_path / "x" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "x" / name).write_text(name)
    assert list(hash_directory(tmp_path / "x")) == ["B", "a", "b", "c/a"]
