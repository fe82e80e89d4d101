"""A training's curve as an SVG document."""

import json
import re
import subprocess
import sys
from xml.etree import ElementTree

from tsugiki.report.curves import curve_page, curve_svg

HOSTILE = "</style><script>alert(1)</script>]]>&\x00" * 3


def log(steps: int) -> str:
    return "\n".join(json.dumps({"step": s, "loss": 1 + 4 / s, "learning_rate": 1e-4}) for s in range(1, steps + 1))


def test_the_curve_is_a_document_of_its_own_that_reads_at_the_panels_width() -> None:
    text = curve_svg("train_cpt", log(300))
    drawing = ElementTree.fromstring(text)
    assert drawing.tag == "{http://www.w3.org/2000/svg}svg"
    assert float(drawing.attrib["viewBox"].split()[2]) <= 477
    assert "width" not in drawing.attrib
    said = [element.text for element in drawing.iter("{http://www.w3.org/2000/svg}text")]
    assert {"train_cpt", "Loss 5.000 → 1.013 in 300 steps.", "1e-4", "step", "loss"} <= set(said)
    assert len([*drawing.iter("{http://www.w3.org/2000/svg}path")]) == 3


def test_the_curve_needs_nothing_from_outside_and_follows_the_readers_colours() -> None:
    text = curve_svg("train_cpt", log(30))
    assert "@media(prefers-color-scheme:dark)" in text
    assert not re.search(r"<script|href|url\(|@import|@font-face|data:", text)
    assert re.findall(r"https?:[^\"]*", text) == ["http://www.w3.org/2000/svg"]


def test_every_colour_of_the_curve_is_defined() -> None:
    text = curve_svg("train_cpt", log(60))
    used = set(re.findall(r'class="([^"]*)"', text))
    assert {name for names in used for name in names.split()} <= set(re.findall(r"\.([a-z]\w*)[{ ]", text))
    assert set(re.findall(r"var\((--\w+)\)", text)) <= set(re.findall(r"(--\w+):", text))


def test_a_label_is_text_whatever_it_holds() -> None:
    drawing = ElementTree.fromstring(curve_svg(HOSTILE, log(3)))
    assert "script" not in {element.tag.rpartition("}")[2] for element in drawing.iter()}
    heading = next(iter(drawing.iter("{http://www.w3.org/2000/svg}text"))).text
    assert heading is not None
    assert heading.endswith("…")
    assert len(heading) <= 48


def test_the_page_holds_the_drawing_and_its_label_is_text() -> None:
    page = curve_page(HOSTILE, log(3))
    assert curve_svg(HOSTILE, log(3)) in page
    assert page.startswith("<!doctype html>")
    tags = [*re.findall(r"<([a-z]+)", page.partition("<svg")[0])]
    assert tags == ["html", "head", "meta", "title", "style", "body"]


def test_a_log_without_a_finite_loss_says_so() -> None:
    for empty in ("", '{"step": 1, "loss": NaN}\n'):
        text = curve_svg("train_cpt", empty)
        assert "No step with a finite loss was logged." in text
        assert "nan" not in text
        ElementTree.fromstring(text)


def test_drawing_a_curve_loads_nothing_heavy() -> None:
    program = "import sys, tsugiki.report.curves; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout.split()
    assert "tsugiki.report.curves" in loaded
    assert not {"numpy", "torch", "transformers", "yaml", "hera", "boto3", "zstandard"} & set(loaded)
