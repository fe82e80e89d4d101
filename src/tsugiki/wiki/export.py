"""Parse a MediaWiki XML export (schema 0.10 and 0.11) that comes in pieces, in constant memory."""

from collections.abc import Callable
from dataclasses import dataclass, field
from xml.parsers import expat

from tsugiki.rows import Page, Provenance, Rejected
from tsugiki.wiki.admit import admit, set_aside, too_long
from tsugiki.wiki.config import ExportConfig
from tsugiki.wiki.markup import find_categories
from tsugiki.wiki.tree import CATEGORY, Case, case_of
from tsugiki.wiki.url import page_url

_CATEGORY_NAMESPACE = str(CATEGORY)
_FIELDS = {
    ("mediawiki", "siteinfo", "dbname"): "dbname",
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
_SITE = ("dbname", "base", "namespace")

Choice = Callable[[int | None, str], bool]
"""Whether a page of that id and title is wanted."""


@dataclass
class Site:
    """What an export says of its wiki."""

    dbname: str = ""
    """The wiki's name among its siblings (`jawiki`)."""
    base: str = ""
    """URL of the main page."""
    category_name: str = ""
    """What the wiki calls the category namespace."""
    case: Case = "first-letter"
    """How it writes the titles of categories."""

    @property
    def url_prefix(self) -> str:
        """What precedes a page's title in its URL."""
        return self.base[: self.base.rfind("/") + 1]


@dataclass(frozen=True)
class Entry:
    """One page of an export that was wanted."""

    page_id: int | None
    title: str
    redirect: str | None
    """Title of the page that it redirects to; None for a page of its own."""
    row: Page | Rejected


class NotAnExport(Exception):
    """The XML is well formed so far, but not an export of MediaWiki."""


class Malformed(Exception):
    """The text is not XML; `offset` bytes of it were."""

    def __init__(self, reason: str, offset: int) -> None:
        super().__init__(reason)
        self.offset = offset


class ExportParser:
    """Takes an export piece by piece, and gives the pages that became complete."""

    def __init__(self, config: ExportConfig, choice: Choice | None = None) -> None:
        self._reader = _Reader(config, choice)
        self._expat = expat.ParserCreate()
        self._expat.buffer_text = True
        self._expat.StartElementHandler = self._reader.start
        self._expat.EndElementHandler = self._reader.end
        self._expat.CharacterDataHandler = self._reader.characters
        self._expat.StartDoctypeDeclHandler = self._reader.refuse_doctype
        self._expat.EntityDeclHandler = self._reader.refuse_doctype

    @property
    def site(self) -> Site:
        """What the export has said of its wiki so far."""
        return self._reader.site

    @property
    def offset(self) -> int:
        """Bytes parsed so far."""
        return self._expat.CurrentByteIndex

    @property
    def closed(self) -> bool:
        """Whether the root element has ended."""
        return self._reader.closed

    def feed(self, data: bytes, *, last: bool = False) -> list[Entry]:
        """The wanted pages that this piece completes; `last` says that the text ends with it.

        Raises:
            Malformed: the text is no XML, or ends too early.
            NotAnExport: it is XML, but no export, or declares a document type.
        """
        try:
            self._expat.Parse(data, last)
        except expat.ExpatError as error:
            raise Malformed(expat.ErrorString(error.code), self._expat.ErrorByteIndex) from None
        entries, self._reader.done = self._reader.done, []
        return entries


@dataclass
class _Reader:
    """Handlers of the XML parser: they gather the fields of one page at a time."""

    config: ExportConfig
    choice: Choice | None
    site: Site = field(default_factory=Site)
    done: list[Entry] = field(default_factory=list)
    closed: bool = False
    _path: tuple[str, ...] = ()
    _fields: dict[str, str] = field(default_factory=dict)
    _parts: list[str] | None = None
    _length: int = 0
    _too_long: bool = False
    _namespace: str = ""
    _wanted: bool = True

    def start(self, name: str, attributes: dict[str, str]) -> None:
        if not self._path and name != "mediawiki":
            raise NotAnExport(f"its root element is <{name[:50]}>, not <mediawiki>")
        self._path = (*self._path, name)
        if self._path == _PAGE:
            self._fields = {}
            self._too_long, self._wanted = False, True
        elif self._path == _REVISION:
            self._wanted = self._is_wanted()
            # A dump with history lists the revisions oldest first: only the last one is the page.
            self._fields = {key: self._fields[key] for key in ("title", "ns", "id", "redirect") if key in self._fields}
            self._too_long = False
        elif self._path == (*_PAGE, "redirect"):
            self._fields["redirect"] = attributes.get("title", "")
        if self._wanted and self._path in _FIELDS:
            self._parts, self._length = [], 0
            self._namespace = attributes.get("key", "")
            if self._namespace == _CATEGORY_NAMESPACE:
                self.site.case = case_of(attributes.get("case"))

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
            if self._wanted and self._is_wanted():
                self.done.append(self._entry())
            self._wanted = True
        self._path = self._path[:-1]
        self.closed = not self._path

    def refuse_doctype(self, *_declaration: object) -> None:
        raise NotAnExport("it declares a document type, and entities could expand without bound")

    def _keep(self, name: str, value: str) -> None:
        if name == "namespace":
            self.site.category_name = value if self._namespace == _CATEGORY_NAMESPACE else self.site.category_name
        elif name in _SITE:
            setattr(self.site, name, value)
        else:
            self._fields[name] = value

    def _is_wanted(self) -> bool:
        fields = self._fields
        return self.choice is None or self.choice(_number(fields.get("id", "")), fields.get("title", ""))

    def _entry(self) -> Entry:
        fields = self._fields
        return Entry(_number(fields.get("id", "")), fields.get("title", ""), fields.get("redirect"), self._page())

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
            url=page_url(self.config.url_prefix or self.site.url_prefix, title),
            licence=self.config.licence,
            categories=find_categories(text, "wikitext", self.site.category_name),
        )
        return admit(Page(title=title, text=text, provenance=provenance), self.config)


def _number(text: str) -> int | None:
    return int(text) if text.removeprefix("-").isascii() and text.removeprefix("-").isdigit() else None
