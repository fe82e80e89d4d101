"""The dump reader on a fictional dump, on real ones, and on damaged ones."""

import bz2
import gzip
import re

import pytest

from tsugiki.errors import BadInput
from tsugiki.rows import Page, Rejected
from tsugiki.wiki.dump import read_dump, read_entries


def test_reads_pages_and_says_what_it_set_aside(tmp_path, dump_text, config):
    path = tmp_path / "wiki.xml"
    path.write_text(dump_text)
    rows = list(read_dump(path, config(max_page_bytes=9000)))
    assert [row.title for row in rows if isinstance(row, Page)] == ["星屑の灯台", "最後の頁"]
    assert [(row.source, row.reason) for row in rows if isinstance(row, Rejected)] == [
        ("転送元", "redirect"),
        ("ノート:星屑の灯台", "namespace"),
        ("空の頁", "empty"),
        ("長い頁", "too_long"),
    ]
    provenance = rows[0].provenance
    assert (provenance.page_id, provenance.revision_id) == (1, 1001)
    assert (provenance.timestamp, provenance.sha1) == ("2026-01-02T03:04:05Z", "abc1")
    assert provenance.url == "https://wiki.example/wiki/%E6%98%9F%E5%B1%91%E3%81%AE%E7%81%AF%E5%8F%B0"
    assert provenance.categories == ("架空の作品", "灯台 作品")
    assert provenance.licence == "CC BY-SA 4.0"


@pytest.mark.parametrize("pack", [bz2.compress, gzip.compress])
def test_compressed_dumps_of_several_members_read_like_plain_ones(tmp_path, dump_text, config, pack):
    plain, packed = tmp_path / "wiki.xml", tmp_path / "wiki.packed"
    content = dump_text.encode()
    plain.write_bytes(content)
    packed.write_bytes(pack(content[:700]) + pack(content[700:1500]) + pack(content[1500:]))
    assert list(read_dump(packed, config())) == list(read_dump(plain, config()))


@pytest.mark.parametrize("compressed", [False, True])
def test_a_dump_cut_anywhere_is_refused_with_its_offset(tmp_path, dump_text, config, compressed):
    content = dump_text.encode().rstrip()
    content = bz2.compress(content[:900]) + bz2.compress(content[900:]) if compressed else content
    path = tmp_path / "wiki.xml"
    for cut in {*range(0, len(content), 7), len(content) - 1}:
        path.write_bytes(content[:cut])
        with pytest.raises(BadInput, match=r"wiki\.xml: .*byte offset \d+") as caught:
            list(read_dump(path, config()))
        offsets = [int(number) for number in re.findall(r"byte offset (\d+)", str(caught.value))]
        assert offsets == [cut]
        assert ("compressed byte" in str(caught.value)) == (compressed and cut > 2)
        assert "\n" not in str(caught.value)


def test_flipped_bytes_in_bzip2_data_are_refused(tmp_path, dump_text, config):
    content = bytearray(bz2.compress(dump_text.encode()))
    path = tmp_path / "wiki.xml.bz2"
    for place in range(10, len(content) - 10, 37):
        damaged = bytearray(content)
        damaged[place] ^= 0x55
        path.write_bytes(damaged)
        with pytest.raises(BadInput, match="compressed byte offset"):
            list(read_dump(path, config()))


def test_bytes_after_the_last_stream_are_refused(tmp_path, dump_text, config):
    path = tmp_path / "wiki.xml.bz2"
    path.write_bytes(bz2.compress(dump_text.encode()) + b"rest")
    with pytest.raises(BadInput, match="corrupt between compressed byte offsets 0 and"):
        list(read_dump(path, config()))


def test_malformed_xml_names_the_offset_of_the_fault(tmp_path, dump_text, config):
    content = dump_text.encode()
    fault = content.index("終わり".encode())
    path = tmp_path / "wiki.xml"
    path.write_bytes(content[:fault] + b"\xff" + content[fault:])
    with pytest.raises(BadInput, match=f"malformed .* at byte offset {fault};"):
        list(read_dump(path, config()))


def test_entity_declarations_are_refused(tmp_path, config):
    path = tmp_path / "wiki.xml"
    path.write_text('<!DOCTYPE m [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><mediawiki>&b;</mediawiki>')
    with pytest.raises(BadInput, match="document type"):
        list(read_dump(path, config()))


def test_other_xml_is_refused(tmp_path, config):
    path = tmp_path / "feed.xml"
    path.write_text("<rss><page><title>a</title></page></rss>")
    with pytest.raises(BadInput, match="root element is <rss>"):
        list(read_dump(path, config()))


def test_a_huge_page_is_not_held_in_memory(tmp_path, dump_text, config):
    import tracemalloc

    path = tmp_path / "wiki.xml.gz"
    path.write_bytes(gzip.compress(dump_text.replace("終わり。", "長" * 10_000_000).encode(), 1))
    tracemalloc.start()
    rows = list(read_dump(path, config(max_page_bytes=100_000)))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert rows[-1].reason == "too_long"
    assert peak < 16_000_000


def test_only_the_last_revision_of_a_page_counts(tmp_path, dump_text, config):
    revision = re.search(r"    <revision>.*?</revision>\n", dump_text, re.S)[0]
    newer = revision.replace("1001", "2002").replace("灯台の話。", "新しい話。")
    path = tmp_path / "wiki.xml"
    path.write_text(dump_text.replace(revision, revision + newer))
    first = next(read_dump(path, config()))
    assert first.provenance.revision_id == 2002
    assert first.text.startswith("新しい話。")


def test_real_dumps(data, config):
    rows = {
        name: list(read_dump(data / f"xml-minidumps/{name}-wiki.xml.bz2", config()))
        for name in ("ja", "en", "zh", "ko")
    }
    assert {name: len(found) for name, found in rows.items()} == {"ja": 1, "en": 27, "zh": 1, "ko": 1}
    berlin = rows["ja"][0]
    assert (berlin.title, berlin.provenance.revision_id) == ("ベルリン", 84593517)
    assert berlin.provenance.timestamp == "2021-07-19T20:50:06Z"
    assert "ヨーロッパの首都" in berlin.provenance.categories


def test_real_dumps_cut_at_many_places(data, config, tmp_path):
    packed = (data / "xml-minidumps/ja-wiki.xml.bz2").read_bytes()
    plain = bz2.decompress(packed).rstrip()
    path = tmp_path / "cut"
    for content in (packed, plain):
        for step in range(30):
            path.write_bytes(content[: len(content) * step // 30])
            with pytest.raises(BadInput, match=r"byte offset \d+"):
                list(read_dump(path, config()))


def test_only_pages_that_are_chosen_come_out_and_the_text_of_others_is_not_gathered(tmp_path, dump_text, config):
    import tracemalloc

    bare = "<page><title>版のない頁</title><ns>0</ns><id>7</id></page>"
    path = tmp_path / "wiki.xml"
    path.write_text(dump_text.replace("長" * 5000, "長" * 10_000_000).replace("</mediawiki>", f"{bare}</mediawiki>"))
    tracemalloc.start()
    limits = config(max_page_bytes=100_000_000)
    found = [
        (entry.page_id, entry.redirect) for entry in read_entries(path, limits, lambda page, _title: page in (2, 6))
    ]
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert found == [(2, "星屑の灯台"), (6, None)]
    assert peak < 16_000_000
    titles = [entry.title for entry in read_entries(path, limits, lambda _page, title: title == "版のない頁")]
    assert titles == ["版のない頁"]
