"""What only the S3 store does: parts, a cache, resumed uploads, snapshots of state, conditional writes."""

import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import pytest

from tests.store.helpers import ADDRESS, Place, commit, in_process, record_of, write_files
from tsugiki.errors import BadInput, TsugikiError
from tsugiki.store import BadArtifact, hash_directory


def requests(place: Place, method: str) -> list[str]:
    """Paths of the requests with this method since the server was told to count."""
    assert place.server
    return [line.split(" ", 1)[1] for line in place.server.requests() if line.startswith(f"{method} ")]


@pytest.fixture
def counted(s3_place: Place) -> Place:
    """A root on a server that counts and fails on demand."""
    if not (s3_place.server and s3_place.server.controlled):
        pytest.skip("this S3 server neither counts requests nor fails on demand")
    return s3_place


def test_large_files_travel_in_parts(counted: Place, tmp_path: Path) -> None:
    files = commit(counted.open(), write_files(tmp_path / "source", large=True))
    assert len([path for path in requests(counted, "PUT") if path.endswith("/weights.bin")]) == 3
    assert counted.server
    counted.server.fail()
    path = counted.open("elsewhere").fetch(ADDRESS, files)
    assert len([path for path in requests(counted, "GET") if path.endswith("/weights.bin")]) == 3
    assert hash_directory(path) == files


def test_nothing_is_downloaded_twice(counted: Place, tmp_path: Path) -> None:
    files = commit(counted.open(), write_files(tmp_path / "source"))
    assert counted.server
    counted.server.fail()

    def fetch() -> None:
        for names in (["empty.txt"], None, None):
            assert set(hash_directory(counted.open("elsewhere").fetch(ADDRESS, files, names))) <= set(files)

    processes = [in_process(fetch) for _ in range(3)]
    for process in processes:
        process.join()
        assert process.exitcode == 0
    objects = [path for path in requests(counted, "GET") if ADDRESS in path]
    assert len(objects) == len(set(objects)) == len(files)


def test_a_machine_does_not_download_what_it_committed(counted: Place, tmp_path: Path) -> None:
    store = counted.open()
    files = commit(store, write_files(tmp_path / "source"))
    assert counted.server
    counted.server.fail()
    assert hash_directory(store.fetch(ADDRESS, files)) == files
    assert counted.server.requests() == []


def test_a_damaged_download_is_not_kept(s3_place: Place, tmp_path: Path) -> None:
    files = commit(s3_place.open(), write_files(tmp_path / "source"))
    key = s3_place.key_of("b.bin")
    content = s3_place.contents()[key]
    s3_place.overwrite(key, bytes(70_000))
    store = s3_place.open("elsewhere")
    with pytest.raises(BadArtifact, match=r"b\.bin has another checksum"):
        store.fetch(ADDRESS, files)
    s3_place.overwrite(key, content)
    assert hash_directory(store.fetch(ADDRESS, files)) == files


def test_an_interrupted_upload_continues(counted: Place, tmp_path: Path) -> None:
    assert counted.server
    source = write_files(tmp_path / "source", large=True)
    files = hash_directory(source)
    counted.server.fail(conflict=1000)
    with pytest.raises(TsugikiError, match="run the same command again"):
        counted.open().commit(ADDRESS, source, record_of(files), files)
    assert source.exists()
    counted.server.fail()
    assert counted.open().commit(ADDRESS, source, record_of(files), files)
    assert [path.rpartition("/")[2] for path in requests(counted, "PUT")] == ["_RECORD.json"] * 2


def test_a_conflict_is_tried_again(counted: Place, tmp_path: Path) -> None:
    assert counted.server
    counted.server.fail(conflict=2)
    commit(counted.open(), write_files(tmp_path / "source"))


def test_a_winner_whose_answer_was_lost_has_won(counted: Place, tmp_path: Path) -> None:
    assert counted.server
    counted.server.fail(lose=1)
    commit(counted.open(), write_files(tmp_path / "source"))


def test_a_server_without_conditional_writes_is_refused(counted: Place, tmp_path: Path) -> None:
    assert counted.server
    counted.server.fail(ignore=1000)
    source = write_files(tmp_path / "source")
    files = hash_directory(source)
    with pytest.raises(BadInput, match="ignores If-None-Match"):
        counted.open().commit(ADDRESS, source, record_of(files), files)


def test_a_kill_while_publishing_leaves_the_last_snapshot(s3_place: Place) -> None:
    """Files that belong together are found together: never one of them new and the other old."""
    names = ("model", "step")
    with suppress(KeyError), s3_place.open().attempt(ADDRESS) as attempt:
        for name in names:
            (attempt.state / name).write_text(f"{name} 1")
        attempt.publish(names)
        first = s3_place.contents()
        for name in names:
            (attempt.state / name).write_text(f"{name} 2")
        attempt.publish(names)
        raise KeyError
    for key, content in first.items():  # the objects of both, the list of the first: as before the last request
        s3_place.overwrite(key, content)
    with s3_place.open("elsewhere").attempt(ADDRESS) as attempt:
        assert [(attempt.state / name).read_text() for name in names] == ["model 1", "step 1"]


def test_a_snapshot_that_lost_an_object_starts_over(s3_place: Place) -> None:
    with suppress(KeyError), s3_place.open().attempt(ADDRESS) as attempt:
        (attempt.state / "saved").write_text("1")
        attempt.publish(("saved",))
        raise KeyError
    for key in s3_place.contents():
        if not key.endswith("index.json"):
            s3_place.overwrite(key, None)
    with s3_place.open("elsewhere").attempt(ADDRESS) as attempt:
        assert list(attempt.state.iterdir()) == []
        (attempt.state / "saved").write_text("1")
        attempt.publish(("saved",))
    with s3_place.open().attempt(ADDRESS) as attempt:
        assert (attempt.state / "saved").read_text() == "1"


def test_what_was_not_published_is_not_found_again(s3_place: Place) -> None:
    with suppress(KeyError), s3_place.open().attempt(ADDRESS) as attempt:
        (attempt.state / "kept").write_text("old")
        attempt.publish(("kept",))
        (attempt.state / "kept").write_text("new")
        (attempt.state / "unsaved").touch()
        raise KeyError
    with s3_place.open().attempt(ADDRESS) as attempt:
        assert [(path.name, path.read_text()) for path in attempt.state.iterdir()] == [("kept", "old")]


def test_a_store_serves_threads(s3_place: Place, tmp_path: Path) -> None:
    store = s3_place.open()
    failed: list[BaseException] = []

    def work(index: int) -> None:
        try:
            commit(store, write_files(tmp_path / str(index), index), address=f"corpus/a-{index}")
        except BaseException as error:
            failed.append(error)

    threads = [threading.Thread(target=work, args=(index,)) for index in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    assert list(store.list()) == [f"corpus/a-{index}" for index in range(4)]


def test_a_winner_ends_the_uploads_of_others(s3_place: Place, tmp_path: Path) -> None:
    assert s3_place.server
    client = s3_place.server.client
    bucket, prefix = s3_place.root.removeprefix("s3://").split("/", 1)
    where = {"Bucket": bucket, "Key": f"{prefix}/{ADDRESS}/0123456789abcdef/weights.bin"}
    client.create_multipart_upload(**where)
    assert [key for key in s3_place.contents() if key.endswith("?uploadId")]
    files = commit(s3_place.open(), write_files(tmp_path / "source"))
    assert len(s3_place.contents()) == len(files) + 1


@pytest.mark.parametrize("different", [False, True])
def test_writers_of_large_files_race(s3_place: Place, tmp_path: Path, different: bool) -> None:
    stores = [s3_place.open(f"machine-{writer}") for writer in range(2)]
    barrier = threading.Barrier(2, timeout=60)

    def write(writer: int) -> bool:
        source = write_files(tmp_path / f"source-{writer}", seed=writer * different, large=True)
        files = hash_directory(source)
        barrier.wait()
        return stores[writer].commit(ADDRESS, source, record_of(files, writer), files)

    with ThreadPoolExecutor(2) as pool:
        won = list(pool.map(write, range(2)))
    assert sorted(won) == [False, True]
    winner = won.index(True)
    files = hash_directory(write_files(tmp_path / "expected", seed=winner * different, large=True))
    assert stores[0].read_record(ADDRESS) == record_of(files, winner)
    stores[1].verify(ADDRESS, files, hashes=True)
    assert len(s3_place.contents()) == len(files) + 1
