"""What cannot work ends in one line that says what to do, within bounded time, and leaves nothing behind."""

import subprocess
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from tests.s3 import Server
from tests.store.helpers import ADDRESS, MIB, Place, commit, record_of, write_files
from tsugiki.errors import BAD_INPUT, FAILED, BadInput, TsugikiError
from tsugiki.store import hash_directory, open_store


def check_line(error: TsugikiError, exit_code: int, *parts: str) -> None:
    """The error is one line with all these parts, and asks for this exit code."""
    assert "\n" not in str(error)
    assert all(part in str(error) for part in parts), str(error)
    assert error.exit_code == exit_code


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 1 MiB."""
    path = tmp_path / "disk"
    path.mkdir()
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", path], capture_output=True, text=True)
    if done.returncode:
        pytest.skip(f"mounting a small disk needs root: {done.stderr.strip()}")
    yield path
    subprocess.run(["umount", path], check=True)


def fill(path: Path) -> None:
    """Write until the disk is full."""
    with suppress(OSError), path.open("wb", buffering=0) as file:
        while True:
            file.write(bytes(4096))


def test_a_full_disk_ends_a_commit(small_disk: Path) -> None:
    store = open_store(str(small_disk / "root"))

    def make() -> None:
        with store.attempt(ADDRESS) as attempt:
            write_files(attempt.output)
            files = hash_directory(attempt.output)
            fill(small_disk / "filler")
            store.commit(ADDRESS, attempt.output, record_of(files), files)

    with pytest.raises(TsugikiError) as caught:
        make()
    check_line(caught.value, FAILED, "the disk is full", "free space")
    assert [path for path in small_disk.rglob("*") if path.is_file()] == [small_disk / "filler"]
    (small_disk / "filler").unlink()
    with store.attempt(ADDRESS) as attempt:
        commit(store, write_files(attempt.output))


def test_a_full_disk_ends_a_download(s3_place: Place, small_disk: Path, tmp_path: Path) -> None:
    source = write_files(tmp_path / "source")
    (source / "large.bin").write_bytes(bytes(2 * MIB))
    files = commit(s3_place.open(), source)
    with pytest.raises(TsugikiError) as caught:
        Place(s3_place.root, small_disk, s3_place.server).open().fetch(ADDRESS, files)
    check_line(caught.value, FAILED, str(small_disk), "large.bin: the disk is full")
    left = sum(path.stat().st_size for path in small_disk.rglob("*") if path.is_file())
    assert left <= sum(entry.size for name, entry in files.items() if name != "large.bin")


def test_a_read_only_disk(small_disk: Path) -> None:
    subprocess.run(["mount", "-o", "remount,ro", small_disk], check=True)
    store = open_store(str(small_disk / "root"))
    assert store.read_record(ADDRESS) is None
    with pytest.raises(BadInput) as caught, store.attempt(ADDRESS):
        pytest.fail("there is no place to work")
    check_line(caught.value, BAD_INPUT, str(small_disk), "Read-only file system")


def test_a_file_where_the_root_should_be(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(BadInput, match="is not a directory; choose another root"):
        open_store(str(tmp_path / "file"))
    with pytest.raises(BadInput, match="choose another place"), open_store(str(tmp_path / "file/x")).attempt(ADDRESS):
        pytest.fail("there is no place to work")


def test_a_directory_without_a_record_in_the_way(tmp_path: Path) -> None:
    store = open_store(str(tmp_path / "root"))
    write_files(tmp_path / "root" / ADDRESS)
    source = write_files(tmp_path / "source")
    files = hash_directory(source)
    with pytest.raises(BadInput, match="is in the way: it has no record; remove it"):
        store.commit(ADDRESS, source, record_of(files), files)


@pytest.mark.parametrize("root", ["", "gs://bucket/x", "s3://", "s3://Not_A_Bucket/x"])
def test_a_root_of_no_kind(root: str) -> None:
    with pytest.raises(BadInput, match="root"):
        open_store(root)


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("AWS_ENDPOINT_URL", "http://127.0.0.1:1", "check AWS_ENDPOINT_URL"),
        ("AWS_ENDPOINT_URL", "http://nowhere.invalid", "check AWS_ENDPOINT_URL"),
        ("AWS_ENDPOINT_URL", "nowhere", "correct AWS_ENDPOINT_URL"),
        ("AWS_ACCESS_KEY_ID", None, "set AWS_ACCESS_KEY_ID"),
        ("AWS_PROFILE", "missing", "correct the root or the AWS settings"),
    ],
)
@pytest.mark.timeout(60)
def test_settings_that_cannot_work(
    s3_place: Place, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str, value: str | None, says: str
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    if value is None:
        monkeypatch.delenv("AWS_ACCESS_KEY_ID")
        monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    else:
        monkeypatch.setenv(name, value)
    with pytest.raises(TsugikiError) as caught:
        s3_place.open()
    check_line(caught.value, FAILED if says.startswith("check") else BAD_INPUT, says)


def test_a_bucket_that_does_not_exist(s3_server: Server, tmp_path: Path) -> None:
    with pytest.raises(BadInput) as caught:
        Place("s3://no-such-bucket-here/x", tmp_path, s3_server).open()
    check_line(caught.value, BAD_INPUT, "s3://no-such-bucket-here", "there is no such bucket; create it")


def test_a_forbidden_bucket(s3_place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    assert s3_place.server
    if s3_place.server.controlled:
        s3_place.server.fail(forbid=100)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "wrong")
    with pytest.raises(BadInput) as caught:
        s3_place.open()
    check_line(caught.value, BAD_INPUT, "access denied", "use credentials")


def test_a_bucket_that_becomes_forbidden(s3_place: Place, tmp_path: Path) -> None:
    if not (s3_place.server and s3_place.server.controlled):
        pytest.skip("this S3 server does not fail on demand")
    store = s3_place.open()
    source = write_files(tmp_path / "source")
    files = hash_directory(source)
    s3_place.server.fail(forbid=100)
    with pytest.raises(BadInput, match="access denied"):
        store.commit(ADDRESS, source, record_of(files), files)
    with pytest.raises(BadInput, match="access denied"):
        store.verify(ADDRESS, files)
    s3_place.server.fail()
    assert s3_place.contents() == {}
