"""Stages as processes: the command line of a container, its exit codes and its one line of explanation."""

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SAMPLE = {
    "seed": 1,
    "works": 4,
    "asked_works": 2,
    "retellings": 1,
    "background_works": 2,
    "novels": 4,
    "asked_novels": 2,
}


def run(stage: str, *arguments: str, store: Path | str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", f"jobs.{stage}", "--root", str(store), *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, env=os.environ)


def refused(done: subprocess.CompletedProcess[str], line: str) -> None:
    """Exit code 2 and one line, which says so."""
    assert done.returncode == 2, done.stderr
    assert "Traceback" not in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1, done.stderr
    assert line in done.stderr


def test_a_stage_prints_the_address_of_what_it_made(tmp_path: Path) -> None:
    done = run("make_sample_pages", "--config", json.dumps(SAMPLE), store=tmp_path)
    assert done.returncode == 0, done.stderr
    address = done.stdout.splitlines()[-1]
    assert address.startswith("pages/make_sample_pages-")
    assert (tmp_path / address / "_RECORD.json").is_file()


def test_each_line_is_written_in_one_piece_for_two_streams_meet_in_one_log(tmp_path: Path) -> None:
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    command = [sys.executable, "-m", "jobs.make_sample_pages", "--root", str(tmp_path), "--config", json.dumps(SAMPLE)]
    environment = {**os.environ, "PYTHONUNBUFFERED": "1", "TSUGIKI_RUN": "a-run"}
    with ours:
        with theirs:
            subprocess.run(command, cwd=ROOT, stdout=theirs, stderr=theirs, check=True, env=environment)
        pieces = list(iter(lambda: ours.recv(65536).decode(), ""))
    assert len(pieces) > 1
    assert all(piece.endswith("\n") and piece.strip() for piece in pieces)
    assert pieces[-1].startswith("pages/make_sample_pages-")


def test_the_same_stage_over_s3_has_the_same_address(tmp_path: Path, s3_root: str) -> None:
    here = run("make_sample_chats", "--config", json.dumps(SAMPLE), store=tmp_path)
    there = run("make_sample_chats", "--config", json.dumps(SAMPLE), store=s3_root)
    assert there.returncode == 0, there.stderr
    assert here.stdout == there.stdout


def test_an_unknown_key_is_refused(tmp_path: Path) -> None:
    config = json.dumps(SAMPLE | {"work": 3})
    refused(
        run("make_sample_pages", "--config", config, store=tmp_path), "make_sample_pages: --config: unknown key work"
    )


def test_text_that_is_not_json_is_refused(tmp_path: Path) -> None:
    refused(run("make_sample_pages", "--config", "{works", store=tmp_path), "Invalid JSON")


def test_an_artifact_of_another_kind_is_refused(tmp_path: Path) -> None:
    done = run("select_topic", "--corpus", "pages/make_sample_pages-0123456789abcdef", "--config", "{}", store=tmp_path)
    refused(done, "--corpus: 'pages/make_sample_pages-0123456789abcdef' is not the address of a corpus")


def test_a_missing_source_is_refused(tmp_path: Path) -> None:
    config = {"format": "auto", "markup": "wikitext", "namespaces": [0], "licence": "CC0-1.0", "url_prefix": "",
              "max_page_bytes": 10_000, "max_rejected_share": 0.1, "source": str(tmp_path / "none.xml")}  # fmt: skip
    done = run("import_pages", "--config", json.dumps(config), store=tmp_path)
    refused(done, "none.xml cannot be read: No such file or directory")


def test_a_stage_that_cannot_plan_says_so(tmp_path: Path) -> None:
    done = run("make_sample_pages", "--config", json.dumps(SAMPLE), "--plan", store=tmp_path)
    refused(done, "make_sample_pages cannot tell beforehand what it takes: leave --plan out")


def test_a_plan_of_a_wiki_that_is_not_there_fails_and_makes_nothing(tmp_path: Path) -> None:
    config = {"api": "http://127.0.0.1:9/api.php", "contact": "ops@wiki.invalid", "requests_per_minute": 100,
              "maxlag_seconds": 5, "patience_minutes": 0.01, "edition": "1", "namespaces": [0], "categories": "text",
              "tree": {"roots": ["A"], "depth": 1, "allow": [], "deny": []}, "licence": "CC0-1.0",
              "attribution": "somebody", "max_page_bytes": 1000}  # fmt: skip
    done = run("crawl_wiki", "--config", json.dumps(config), "--plan", store=tmp_path)
    assert done.returncode == 1
    assert "127.0.0.1:9/api.php: no whole answer came" in done.stderr.splitlines()[-1]
    assert done.stdout == ""
    assert not list(tmp_path.rglob("_RECORD.json"))


def test_an_unreadable_bucket_is_one_line(s3_root: str) -> None:
    bucket = s3_root.replace("s3://test-", "s3://nobody-")
    refused(run("make_sample_pages", "--config", json.dumps(SAMPLE), store=bucket), "nobody-")


@pytest.mark.skipif(os.geteuid() == 0, reason="root writes everywhere")
def test_an_unwritable_root_is_one_line(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    refused(run("make_sample_pages", "--config", json.dumps(SAMPLE), store=tmp_path / "store"), "store")
