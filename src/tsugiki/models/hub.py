"""A repository of a hub, file by file: what has arrived is kept, and a stop is heeded at once, within a file too."""

from __future__ import annotations

import shutil
import signal
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from fnmatch import fnmatch
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path

from tsugiki.errors import BadInput, TsugikiError
from tsugiki.process import die_with_parent, without_interrupts
from tsugiki.store.base import check_name
from tsugiki.work import Work

FILES = ("*.safetensors", "*.json", "*.jinja", "*.txt", "*.model", "LICENSE*", "README.md")
ARRIVED, ARRIVING = "hub", "hub-part"
"""Folders of the saved state: files that are whole, and those that are not kept."""
LOOK_SECONDS = 0.2


def download(repo: str, revision: str, out: Path, work: Work) -> None:
    """Download the files of a model into `out`; an attempt that follows a kill goes on with the next file.

    Raises:
        BadInput: the hub has no such repository or revision, or gives it to nobody without a right to it.
        TsugikiError: the hub cannot be reached.
    """
    names = _names(repo, revision)
    arrived, arriving = work.path / ARRIVED, work.path / ARRIVING
    missing = [name for name in names if not (arrived / name).is_file()]
    shutil.rmtree(arriving, ignore_errors=True)
    fetched = _fetched(repo, revision, missing, arriving, work) if missing else ()
    for done, name in enumerate(fetched, start=len(names) - len(missing) + 1):
        (arrived / name).parent.mkdir(parents=True, exist_ok=True)
        (arriving / name).replace(arrived / name)
        work.save(f"{ARRIVED}/{name}")
        work.progress(done, len(names))
    shutil.rmtree(arriving, ignore_errors=True)
    for name in names:
        (out / name).parent.mkdir(parents=True, exist_ok=True)
        (arrived / name).replace(out / name)


def _names(repo: str, revision: str) -> list[str]:
    """The files of a model in a repository, in order."""
    from huggingface_hub import list_repo_files

    with _explained(f"{repo}@{revision}"):
        found = list_repo_files(repo, revision=revision)
    return sorted(check_name(name) for name in found if any(fnmatch(name, pattern) for pattern in FILES))


@contextmanager
def _explained(where: str) -> Iterator[None]:
    from huggingface_hub.errors import HfHubHTTPError, RepositoryNotFoundError, RevisionNotFoundError

    try:
        yield
    except (RepositoryNotFoundError, RevisionNotFoundError) as error:
        raise BadInput(
            f"the hub has no {where}, or it is not yours to read: check the name, or set HF_TOKEN "
            "(on a cluster: Secret `hub`)"
        ) from error
    except (HfHubHTTPError, OSError) as error:
        raise TsugikiError(f"{where} could not be downloaded: {' '.join(str(error).split())[:200]}") from error


def _fetched(repo: str, revision: str, names: list[str], folder: Path, work: Work) -> Iterator[str]:
    """Each name once its file lies in the folder whole. A process of its own fetches: it can be ended at any byte."""
    context = get_context("spawn")
    messages, sender = context.Pipe(duplex=False)
    process = context.Process(target=_fetch, args=(repo, revision, names, folder, sender), daemon=True)
    with without_interrupts():
        process.start()
    sender.close()
    try:
        with closing(messages):
            for _ in names:
                yield _next(messages, f"{repo}@{revision}", work)
    finally:
        process.kill()
        process.join()


def _next(messages: Connection, where: str, work: Work) -> str:
    while not messages.poll(LOOK_SECONDS):
        work.check_stop()
    try:
        message = messages.recv()
    except EOFError as error:
        work.check_stop()
        raise TsugikiError(f"{where}: the process that downloads ended without a word: run again") from error
    if isinstance(message, TsugikiError):
        raise message
    return str(message)


def _fetch(repo: str, revision: str, names: list[str], folder: Path, sender: Connection) -> None:
    """Fetch files one after the other and tell each; runs in a process of its own."""
    die_with_parent()
    signal.signal(signal.SIGTERM, signal.SIG_IGN)  # where a whole group is told to stop, its first process decides
    from huggingface_hub import hf_hub_download

    try:
        for name in names:
            with _explained(f"{repo}@{revision}"):
                hf_hub_download(repo, name, revision=revision, local_dir=folder)
            sender.send(name)
    except TsugikiError as error:
        sender.send(error)
        sys.exit(error.exit_code)
