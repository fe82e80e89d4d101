"""A real MediaWiki with SQLite behind PHP's own server on the loopback interface, filled with pages of our choice."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from xml.sax.saxutils import escape

HOME_VARIABLE = "TSUGIKI_MEDIAWIKI"
DEBIAN_HOME = "/usr/share/mediawiki"
NAMESPACES = {"Template": 10, "Category": 14}
SETTINGS = """
$wgServer = getenv( 'TEST_WIKI_SERVER' );
$wgRightsText = 'CC BY-SA 4.0';
$wgRightsUrl = 'https://creativecommons.org/licenses/by-sa/4.0/';
$wgAPIMaxResultSize = %d;
$wgHooks['GetDoubleUnderscoreIDs'][] = static function ( &$ids ) { $ids[] = 'disambiguation'; };
$wgExtensionMessagesFiles['disambiguation'] = __DIR__ . '/words.php';
"""
WORDS = "<?php $magicWords = [ 'en' => [ 'disambiguation' => [ 0, '__DISAMBIG__' ] ] ];"
"""The extension with which Wikimedia's wikis mark disambiguation pages is in no package: its one page property is."""


def home() -> Path | None:
    """Where MediaWiki is installed; None where it or PHP is not."""
    found = Path(os.environ.get(HOME_VARIABLE, DEBIAN_HOME))
    return found if (found / "maintenance" / "install.php").is_file() and shutil.which("php") else None


@dataclass
class RealWiki:
    """A wiki, installed and empty but for its main page."""

    home: Path
    folder: Path
    server: str

    @property
    def api(self) -> str:
        """URL of its api.php."""
        return f"{self.server}/api.php"

    @property
    def environment(self) -> dict[str, str]:
        """What PHP needs to know."""
        settings = str(self.folder / "LocalSettings.php")
        return {**os.environ, "MW_CONFIG_FILE": settings, "TEST_WIKI_SERVER": self.server}

    def maintain(self, script: str, *arguments: str, given: str | None = None) -> str:
        """Run one of its maintenance scripts; what it prints."""
        command = ["php", str(self.home / "maintenance" / f"{script}.php"), *arguments]
        done = subprocess.run(command, env=self.environment, input=given, capture_output=True, text=True, check=False)
        assert done.returncode == 0, f"{script}: {done.stdout}{done.stderr}"
        return done.stdout

    def fill(self, pages: Mapping[str, str]) -> None:
        """Import pages, text by title, as a dump, and do what follows from them."""
        file = self.folder / "pages.xml"
        file.write_text(export(pages), encoding="utf-8")
        self.maintain("importDump", str(file))
        self.maintain("runJobs")


def export(pages: Mapping[str, str]) -> str:
    """Pages as MediaWiki's own XML."""
    rows = []
    for title, text in pages.items():
        rows.append(
            f"<page><title>{escape(title)}</title><ns>{NAMESPACES.get(title.partition(':')[0], 0)}</ns>"
            "<revision><timestamp>2026-01-02T03:04:05Z</timestamp><contributor><ip>127.0.0.1</ip></contributor>"
            "<model>wikitext</model><format>text/x-wiki</format>"
            f'<text xml:space="preserve">{escape(text)}</text></revision></page>\n'
        )
    head = '<mediawiki xmlns="http://www.mediawiki.org/xml/export-0.11/" version="0.11" xml:lang="ja">\n'
    return f"{head}{''.join(rows)}</mediawiki>\n"


@contextmanager
def running(home: Path, folder: Path, most_bytes: int) -> Iterator[RealWiki]:
    """Install a wiki below `folder` and serve it; `most_bytes` fit into one answer."""
    wiki = RealWiki(home, folder, f"http://127.0.0.1:{_free_port()}")
    install = ["--dbtype", "sqlite", "--dbpath", str(folder / "db"), "--confpath", str(folder), "--lang", "ja"]
    database = folder / "db"
    database.mkdir()
    command = ["php", str(home / "maintenance" / "install.php"), *install, "--dbname", "wiki", "--scriptpath", ""]
    command += ["--server", wiki.server, "--pass", "of no account here", "--skins", "", "試験", "Admin"]
    subprocess.run(command, check=True, capture_output=True)
    with (folder / "LocalSettings.php").open("a", encoding="utf-8") as settings:
        settings.write(SETTINGS % most_bytes)
    (folder / "words.php").write_text(WORDS, encoding="utf-8")
    serve = ["php", "-S", wiki.server.removeprefix("http://"), "-t", str(home)]
    process = subprocess.Popen(
        serve, env=wiki.environment, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True
    )
    try:
        assert process.stderr is not None
        assert "started" in process.stderr.readline()
        drain = subprocess.Popen(["cat"], stdin=process.stderr, stdout=subprocess.DEVNULL)
        yield wiki
    finally:
        process.kill()
        process.wait()
        drain.wait()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
