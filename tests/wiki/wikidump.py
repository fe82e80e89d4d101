"""Write all files of a small wiki's dump as Wikimedia publishes them: XML in streams, its index, tables, checksums."""

import bz2
import gzip
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from html import escape
from pathlib import Path

from tests.wiki.sqldump import LINKS_NEW, LINKS_OLD, LINKTARGET, PAGE, PROPS, Value, statements

NAMESPACES = {0: "", 1: "ノート", 6: "ファイル", 10: "Template", 14: "Category"}


@dataclass(frozen=True)
class Made:
    """One page of the wiki; the title has no prefix."""

    page_id: int
    title: str
    namespace: int = 0
    within: tuple[str, ...] = ()
    """Titles of its categories, as the tables list them."""
    text: str = "本文。"
    redirect: str | None = None
    disambiguates: bool = False
    hidden: bool = False
    in_tables: bool = True
    in_xml: bool = True

    @property
    def full_title(self) -> str:
        """The title with its prefix."""
        prefix = NAMESPACES[self.namespace]
        return f"{prefix}:{self.title}" if prefix else self.title

    def xml(self) -> str:
        """The page as an export has it."""
        redirect = f'<redirect title="{escape(self.redirect)}" />' if self.redirect else ""
        text = f"#REDIRECT [[{self.redirect}]]" if self.redirect else self.text
        return (
            f"  <page>\n    <title>{escape(self.full_title)}</title>\n    <ns>{self.namespace}</ns>\n"
            f"    <id>{self.page_id}</id>{redirect}\n    <revision>\n      <id>{self.page_id + 1000}</id>\n"
            "      <timestamp>2026-01-02T03:04:05Z</timestamp>\n      <model>wikitext</model>\n"
            f'      <text xml:space="preserve">{escape(text)}</text>\n      <sha1>s{self.page_id}</sha1>\n'
            "    </revision>\n  </page>\n"
        )


@dataclass
class WikiDump:
    """A wiki and where its files go."""

    folder: Path
    pages: Sequence[Made]
    new_schema: bool = True
    per_stream: int = 3
    lines: bool = True
    case: str = "first-letter"
    apart: bool = True
    """Whether the beginning and the end of the XML are streams of their own, or parts of the first and the last."""
    files: dict[str, Path] = field(default_factory=dict)

    def write(self) -> dict[str, Path]:
        """All files by the name of their setting."""
        self.folder.mkdir(exist_ok=True)
        self._write_xml()
        self._write_page()
        self._write_links()
        self._write_props()
        sums = [f"{hashlib.sha1(path.read_bytes()).hexdigest()}  {path.name}\n" for path in self.files.values()]
        self._write("checksums", "sha1sums.txt", "".join(sums).encode())
        return self.files

    def _write(self, name: str, file: str, content: bytes) -> None:
        path = self.folder / f"testwiki-20260101-{file}"
        path.write_bytes(content)
        self.files[name] = path

    def _write_xml(self) -> None:
        spaces = "".join(
            f'<namespace key="{key}" case="{self.case}">{name}</namespace>' for key, name in NAMESPACES.items()
        )
        text = (
            '<mediawiki xmlns="http://www.mediawiki.org/xml/export-0.11/" version="0.11" xml:lang="ja">\n'
            "  <siteinfo>\n    <sitename>Test</sitename>\n    <dbname>testwiki</dbname>\n"
            f"    <base>https://wiki.example/wiki/Top</base>\n    <namespaces>{spaces}</namespaces>\n"
            "  </siteinfo>\n"
        )
        packed, index = b"", ""
        if self.apart:
            packed, text = bz2.compress(text.encode()), ""
        pages = [page for page in self.pages if page.in_xml]
        for start in range(0, len(pages), self.per_stream):
            batch = pages[start : start + self.per_stream]
            index += "".join(f"{len(packed)}:{page.page_id}:{escape(page.full_title)}\n" for page in batch)
            text += "".join(map(Made.xml, batch))
            if start + self.per_stream < len(pages) or self.apart:
                packed, text = packed + bz2.compress(text.encode()), ""
        packed += bz2.compress(f"{text}</mediawiki>\n".encode())
        self._write("dump", "pages-articles-multistream.xml.bz2", packed)
        self._write("index", "pages-articles-multistream-index.txt.bz2", bz2.compress(index.encode()))

    def _write_table(self, table: str, columns: dict[str, str], rows: Sequence[Sequence[Value]]) -> None:
        content = b"".join(statements(table, columns, rows, lines=self.lines, per_statement=7))
        self._write(table, f"{table}.sql.gz", gzip.compress(content))

    def _write_page(self) -> None:
        rows = [
            (p.page_id, p.namespace, p.title.replace(" ", "_"), int(p.redirect is not None), 0.25, None)
            for p in self.pages
            if p.in_tables
        ]
        self._write_table("page", PAGE, rows)

    def _write_links(self) -> None:
        kinds = {14: "subcat", 6: "file"}
        links = [(p.page_id, name.replace(" ", "_"), kinds.get(p.namespace, "page")) for p in self.pages
                 for name in p.within]  # fmt: skip
        names = list(dict.fromkeys(name for _, name, _ in links))
        sort, stamp = "か\n),('\\", "2026-01-02 03:04:05"
        if self.new_schema:
            rows: list[Sequence[Value]] = [
                (p, sort, stamp, kind, 1, 900 + names.index(name)) for p, name, kind in links
            ]
            # links to pages that are called like the categories, which are none to a category
            rows += [(p.page_id, sort, stamp, "page", 1, 5000 + other.page_id)
                     for p in self.pages if not p.within for other in self.pages if other.namespace == 14]  # fmt: skip
            self._write_table("categorylinks", LINKS_NEW, rows)
            targets = [(900 + number, 14, name) for number, name in enumerate(names)]
            articles = [(5000 + page.page_id, 0, page.title.replace(" ", "_")) for page in self.pages]
            self._write_table("linktarget", LINKTARGET, [*targets, *articles])
        else:
            self._write_table("categorylinks", LINKS_OLD, [(p, name, sort, stamp, kind) for p, name, kind in links])

    def _write_props(self) -> None:
        rows: list[Sequence[Value]] = [(p.page_id, "defaultsort", "disambiguation") for p in self.pages]
        rows += [(p.page_id, "disambiguation", "") for p in self.pages if p.disambiguates]
        rows += [(p.page_id, "hiddencat", "") for p in self.pages if p.hidden]
        self._write_table("page_props", PROPS, rows)
