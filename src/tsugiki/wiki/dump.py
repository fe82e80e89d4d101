"""Stream the pages of a MediaWiki XML export (schema 0.10 and 0.11) in constant memory."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from xml.parsers import expat

from tsugiki.errors import BadInput
from tsugiki.rows import Page, Provenance, Rejected
from tsugiki.wiki.admit import admit, set_aside, too_long
from tsugiki.wiki.config import PagesConfig
from tsugiki.wiki.markup import find_categories
from tsugiki.wiki.source import PackedFile
from tsugiki.wiki.url import page_url

_CATEGORY_NAMESPACE = "14"
_FIELDS = {
    ("mediawiki", "siteinfo", "base"): "base",
    ("mediawiki", "siteinfo", "namespaces", "namespace"): "namespace",
    ("mediawiki", "page", "title"): "title",
    ("mediawiki", "page", "ns"): "ns",
    ("mediawiki", "page", "id"): "id",
    ("mediawiki", "page", "revision", "id"): "revision",
    ("mediawiki", "page", "revision", "timestamp"): "timestamp",
    ("mediawiki", "page", "revision", "sha1"): "sha1",
    ("mediawiki", "page", "revision", "model"): "model",
    ("mediawiki", "page", "revision", "text"): "text",
}
_PAGE = ("mediawiki", "page")
_REVISION = ("mediawiki", "page", "revision")


@dataclass
class _Reader:
    """Handlers of the XML parser: they gather the fields of one page at a time."""

    config: PagesConfig
    base: str = ""
    category_name: str = ""
    done: list[Page | Rejected] = field(default_factory=list)
    _path: tuple[str, ...] = ()
    _fields: dict[str, str] = field(default_factory=dict)
    _parts: list[str] | None = None
    _length: int = 0
    _too_long: bool = False
    _namespace: str = ""

    def start(self, name: str, attributes: dict[str, str]) -> None:
        if not self._path and name != "mediawiki":
            raise _NotADump(f"its root element is <{name[:50]}>, not <mediawiki>")
        self._path = (*self._path, name)
        if self._path == _PAGE:
            self._fields = {}
            self._too_long = False
        elif self._path == _REVISION:
            # A dump with history lists the revisions oldest first: only the last one is the page.
            self._fields = {key: self._fields[key] for key in ("title", "ns", "id", "redirect") if key in self._fields}
            self._too_long = False
        elif self._path == (*_PAGE, "redirect"):
            self._fields["redirect"] = attributes.get("title", "")
        if self._path in _FIELDS:
            self._parts, self._length = [], 0
            self._namespace = attributes.get("key", "")

    def characters(self, data: str) -> None:
        if self._parts is None:
            return
        self._length += len(data)
        if self._length <= self.config.max_page_bytes:
            self._parts.append(data)
        else:
            self._too_long = True

    def end(self, _name: str) -> None:
        if self._path in _FIELDS and self._parts is not None:
            self._keep(_FIELDS[self._path], "".join(self._parts))
            self._parts = None
        elif self._path == _PAGE:
            self.done.append(self._page())
        self._path = self._path[:-1]

    def refuse_doctype(self, *_declaration: object) -> None:
        raise _NotADump("it declares a document type, and entities could expand without bound")

    def _keep(self, name: str, value: str) -> None:
        if name == "base":
            self.base = value
        elif name == "namespace":
            self.category_name = value if self._namespace == _CATEGORY_NAMESPACE else self.category_name
        else:
            self._fields[name] = value

    def _page(self) -> Page | Rejected:
        fields = self._fields
        title, text = fields.get("title", ""), fields.get("text", "")
        namespace = _number(fields.get("ns", "0"))
        if not title or namespace is None:
            return set_aside(title, "invalid_row", "a page needs a title and a namespace number", text)
        if namespace not in self.config.namespaces:
            return set_aside(title, "namespace", f"namespace {namespace}")
        if "redirect" in fields:
            return set_aside(title, "redirect", f"to {fields['redirect']}", text)
        if fields.get("model", "wikitext") != "wikitext":
            return set_aside(title, "not_wikitext", f"content model {fields['model']}", text)
        if self._too_long:
            return too_long(title, text, self.config)
        provenance = Provenance(
            page_id=_number(fields.get("id", "")),
            revision_id=_number(fields.get("revision", "")),
            timestamp=fields.get("timestamp") or None,
            sha1=fields.get("sha1") or None,
            url=page_url(self.config.url_prefix or self.base[: self.base.rfind("/") + 1], title),
            licence=self.config.licence,
            categories=find_categories(text, "wikitext", self.category_name),
        )
        return admit(Page(title=title, text=text, provenance=provenance), self.config)


class _NotADump(Exception):
    """The XML is well formed so far, but not an export of MediaWiki."""


def _number(text: str) -> int | None:
    return int(text) if text.removeprefix("-").isascii() and text.removeprefix("-").isdigit() else None


def read_dump(path: Path, config: PagesConfig) -> Iterator[Page | Rejected]:
    """Pages of a dump in its order, and what was set aside (redirects, other namespaces, empty or over-long pages).

    The file may be plain, .gz or .bz2 (multistream too). Memory is bounded by `max_page_bytes`. Rows that came
    before damage have been yielded when it is found: keep nothing of an iteration that raised.

    Raises:
        BadInput: the file is missing, cut off, corrupt, malformed, or no dump; the message names the byte offset.
    """
    source = PackedFile(path)
    reader = _Reader(config)
    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartElementHandler = reader.start
    parser.EndElementHandler = reader.end
    parser.CharacterDataHandler = reader.characters
    parser.StartDoctypeDeclHandler = reader.refuse_doctype
    parser.EntityDeclHandler = reader.refuse_doctype
    for piece in source.pieces():
        yield from _feed(parser, reader, source, piece, last=False)
    yield from _feed(parser, reader, source, b"", last=True)


def _feed(
    parser: expat.XMLParserType, reader: _Reader, source: PackedFile, piece: bytes, *, last: bool
) -> list[Page | Rejected]:
    try:
        parser.Parse(piece, last)
    except expat.ExpatError as error:
        if last:
            fault = f"the XML is cut off at {source.where()}"
        elif source.compression == "none":
            fault = f"the XML is malformed ({expat.ErrorString(error.code)}) at byte offset {parser.ErrorByteIndex}"
        else:
            fault = (
                f"the XML is malformed ({expat.ErrorString(error.code)}) at byte {parser.ErrorByteIndex} of the "
                f"decompressed text, read up to {source.where()}"
            )
        raise BadInput(f"{source.path}: {fault}; fetch the file again and verify its checksum") from None
    except _NotADump as error:
        place = f"byte offset {parser.CurrentByteIndex}"
        raise BadInput(f"{source.path}: not a MediaWiki dump at {place}: {error}; give an XML export") from None
    rows, reader.done = reader.done, []
    return rows
