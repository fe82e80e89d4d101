"""What stops an import from a dump: damage, files that do not belong together, roots that are not there."""

import bz2
import gzip
import hashlib
import re

import pytest

from jobs.import_dump import FILES
from tests.wiki.dumping import TREE, config, read
from tests.wiki.sqldump import LINKS_NEW, PAGE, statements
from tests.wiki.wikidump import Made, WikiDump
from tsugiki.errors import BadInput
from tsugiki.rows import Rejected


@pytest.mark.parametrize(
    ("name", "damage", "message"),
    [
        ("dump", lambda c: c[:-200], r"cut off within the stream at byte offset \d+"),
        ("dump", lambda c: c[: len(c) // 2], r"stream at byte offset \d+"),
        ("dump", lambda c: c[:9], "compressed byte offset 9"),
        ("dump", lambda c: c[:-200] + b"\0" * 40 + c[-160:], "no intact bzip2 stream begins at byte offset"),
        ("dump", lambda _: bz2.compress(b"<rss><page/></rss>"), "no siteinfo at its beginning"),
        ("index", lambda c: change(c, lambda t: t.replace(b":10:", b"7:10:", 1)), "cut off before the stream"),
        ("index", lambda c: change(c, lambda t: re.sub(rb"\d(\d+:10:)", rb"\1", t)), "no intact bzip2 stream begins"),
        ("index", lambda c: change(c, shifted), "does not hold page [0-9]+, as the index says"),
        ("index", lambda c: change(c, lambda t: t + b"12:no number:x\n"), "'12:no number:x' .* no offset:id:title"),
        ("index", lambda c: c[:-20], "bzip2 data is cut off"),
        ("categorylinks", lambda c: c[:-20], "gzip data is cut off"),
        ("categorylinks", lambda _: packed(LINKS_NEW, []), "no link between categories: .*or set depth = 0"),
        ("categorylinks", lambda _: packed({"a": "int", "b": "int"}, [(1, 2)]), "no column cl_target_id or cl_to"),
        ("categorylinks", lambda _: gzip.compress(b"<html>"), "holds no table categorylinks"),
        ("linktarget", lambda c: gzip.compress(gzip.decompress(c).replace(b"(9", b"(8")), "tables of one dump"),
        ("page", lambda _: gzip.compress(b"".join(statements("page", PAGE, [(1, 0, "x", 0, 0.5, None)]))),
         "the page table holds no category"),
    ],
)  # fmt: skip
def test_damage_stops_the_import_with_one_line(files, tmp_path, name, damage, message):
    del files["checksums"]
    files[name].write_bytes(damage(files[name].read_bytes()))
    with pytest.raises(BadInput, match=message) as caught:
        read(files, tmp_path)
    assert "\n" not in str(caught.value)


def test_an_index_of_other_pages_is_refused_where_all_are_read(files, tmp_path):
    lines = bz2.decompress(files["index"].read_bytes()).splitlines(keepends=True)
    files = {name: files[name] for name in ("dump", "index")}
    files["index"].write_bytes(bz2.compress(b"".join(lines[:5] + lines[6:])))
    with pytest.raises(BadInput, match="the index names 32 pages, and its streams hold 33"):
        read(files, tmp_path, tree=None)


def change(content, edit):
    return bz2.compress(edit(bz2.decompress(content)))


def shifted(index):
    """The index with each page one stream too late: every offset is that of a stream, and the wrong one."""
    lines = [line.split(b":", 1) for line in index.splitlines()]
    offsets = sorted({int(offset) for offset, _ in lines})
    following = dict(zip(offsets, [*offsets[1:], offsets[0]], strict=True))
    return b"".join(b"%d:%s\n" % (following[int(offset)], rest) for offset, rest in lines)


def packed(columns, rows):
    return gzip.compress(b"".join(statements("categorylinks", columns, rows)))


@pytest.mark.parametrize("name", ["dump", "index", "page", "categorylinks", "linktarget", "page_props"])
def test_a_file_that_is_not_what_was_published_is_named(files, tmp_path, name):
    files[name].write_bytes(files[name].read_bytes() + b" ")
    with pytest.raises(BadInput, match=f"{files[name].name}: its sha1 is [0-9a-f]{{40}}, and"):
        read(files, tmp_path)


def test_checksums_may_be_of_other_kinds_and_must_list_every_file(files, tmp_path):
    for kind in ("md5", "sha256"):
        lines = [f"{hashlib.new(kind, path.read_bytes()).hexdigest()} *{path.name}" for path in files.values()]
        files["checksums"].write_text("\n".join(lines))
        read(files, tmp_path)
    files["checksums"].write_text("\n".join(lines[1:]))
    with pytest.raises(BadInput, match="lists no testwiki-20260101-pages-articles-multistream.xml.bz2"):
        read(files, tmp_path)
    for text in ("<html>", "\n".join([*lines, "<html>"]), "\n".join([*lines, f"{'0' * 39}  short"])):
        files["checksums"].write_text(text)
        with pytest.raises(BadInput, match="not a list of checksums"):
            read(files, tmp_path)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"tree": TREE | {"roots": ["アニ"]}}, "the root 'アニ' is no category of the dump; near it: アニメ"),
        ({"tree": TREE | {"roots": ["Category:アニメ"]}}, "the root 'Category:アニメ' is no category of the dump"),
        ({"tree": TREE | {"roots": ["よそ"]}}, "the root 'よそ' is no category of the dump; no name is near it"),
        (
            {"tree": TREE | {"roots": ["遠い"]}, "namespaces": [9]},
            "no page is in the tree below 遠い .*1 members left out",
        ),
        ({"max_rejected_share": 0.0}, r"3 of \d+ pages cannot be read, .* page 7 \(missing: listed in アニメ, but"),
    ],
)
def test_what_would_give_nothing_or_half_is_refused(files, tmp_path, changes, message):
    with pytest.raises(BadInput, match=message):
        read(files, tmp_path, **changes)


def test_what_is_missing_is_put_up_with_up_to_the_share(files, tmp_path):
    rows, _ = read(files, tmp_path)
    missing = [row.detail for row in rows if isinstance(row, Rejected) and row.reason == "missing"]
    assert missing == [
        "listed in アニメ, but not in the page table",
        "listed in アニメ, but not in the page table",
        "page 17 of the tables is not in the dump",
    ]
    assert len(read(files, tmp_path, max_rejected_share=3 / len(rows))[0]) == len(rows)
    with pytest.raises(BadInput, match="max_rejected_share"):
        read(files, tmp_path, max_rejected_share=2.9 / len(rows))


def test_near_names_begin_alike_or_hold_the_root(tmp_path):
    names = ["日本のアニメ作品", "日本のアニメ", "アニメ作品 (日本)", "100%_x", "文学"]
    files = WikiDump(tmp_path / "dump", [Made(n, name, 14, ("文学",)) for n, name in enumerate(names, 1)]).write()
    for root, near in (("アニメ作品", "アニメ作品 (日本)"), ("日本のアニメ作", "日本のアニメ作品"), ("0% ", "100% x")):
        with pytest.raises(BadInput, match=re.escape(near)) as caught:
            read(files, tmp_path, tree=TREE | {"roots": [root]})
        assert "文学" not in str(caught.value)


@pytest.mark.parametrize(
    ("left_out", "message"),
    [
        (("page", "categorylinks"), "a tree is cut out by page and categorylinks"),
        (("index", "tree"), "give a tree, or the index"),
        (("page_props",), "categories = wiki needs a tree, and page_props"),
        (("linktarget",), "names categories by cl_target_id; give linktarget"),
    ],
)
def test_files_that_are_needed_are_asked_for(files, tmp_path, left_out, message):
    files = {name: path for name, path in files.items() if name not in left_out}
    with pytest.raises(BadInput, match=message):
        read(files, tmp_path, categories="wiki", **({"tree": None} if "tree" in left_out else {}))


def test_a_recipe_that_names_no_files_says_once_how_to_name_them():
    with pytest.raises(BadInput) as caught:
        config(dict.fromkeys(FILES, ""))
    message = str(caught.value)
    assert "DUMP=dumps/jawiki-20260101, which sets all seven" in message
    assert message.count("empty") == 1
