"""The page in a browser, under the headers with which Argo serves an artifact: what it measures, not how it looks."""

import json
import re
import shutil
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from tsugiki.prices import Prices
from tsugiki.report.data import ReportData
from tsugiki.report.page import render

PANEL = 477
WIDTHS = (PANEL, 800, 1280)
POLICY = "sandbox allow-same-origin; default-src 'none'; img-src 'self'; style-src 'self' 'unsafe-inline'"
LONG = "とても長い名前の作品" * 12 + "unbroken" * 30
FRAMES = """<!doctype html><body><script>
const widths=WIDTHS, found={};
const measure=(frame,width)=>{const root=frame.contentDocument.documentElement;
const closed=root.scrollWidth, verdict=root.querySelector(".verdict>.note").getBoundingClientRect().bottom;
root.querySelectorAll("details").forEach(fold=>fold.open=true);
const reach=e=>e.closest(".scroll *")?0:e.getBoundingClientRect().right;
const wide=[...root.querySelectorAll("body *")].filter(e=>reach(e)>width);
found[width]={closed,verdict,open:root.scrollWidth,wide:wide.map(e=>e.outerHTML.slice(0,80)).slice(0,5),
background:frame.contentWindow.getComputedStyle(root.querySelector("section")).backgroundColor};
if(Object.keys(found).length===widths.length){const out=document.createElement("pre");
out.textContent=JSON.stringify(found);document.body.append(out)}};
for(const width of widths){const frame=document.createElement("iframe");
frame.style.cssText=`width:${width}px;height:500px;border:0`;frame.onload=()=>measure(frame,width);
frame.src="/report.html";document.body.append(frame)}
</script></body>"""


@cache
def browser() -> str:
    found = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    return found or pytest.skip("no Chromium is installed")


@contextmanager
def served(page: str) -> Iterator[str]:
    """The address of a page that holds the report in frames, the report with the policy of Argo's artifacts."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            report = self.path == "/report.html"
            self.send_response(200)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            if report:
                self.send_header("Content-Security-Policy", POLICY)
            self.end_headers()
            self.wfile.write((page if report else FRAMES.replace("WIDTHS", json.dumps(WIDTHS))).encode())

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


def measured(page: str, profile: Path) -> dict[str, Any]:
    """By the width of a frame: the page's width with closed and open folds, and the end of the verdict's figures."""
    quiet = ["--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"]
    alone = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", f"--user-data-dir={profile}", *quiet]
    with served(page) as address:
        command = [browser(), *alone, "--dump-dom", address]
        done = subprocess.run(command, capture_output=True, text=True, timeout=100, check=True)
    result = re.search(r"<pre>(.*?)</pre>", done.stdout)
    assert result is not None, done.stdout + done.stderr
    found: dict[str, Any] = json.loads(result[1].replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&"))
    return found


def long_names(data: ReportData) -> ReportData:
    """The report with names and texts far longer than the panel is wide."""
    questions = tuple(replace(question, question=LONG, references=(LONG,), domain=LONG) for question in data.questions)
    stages = tuple(replace(stage, name=f"{stage.name}.{LONG}", address=LONG) for stage in data.stages)
    trainings = tuple(replace(training, label=LONG, targets=(LONG,)) for training in data.trainings)
    return replace(
        data, title=LONG, description=LONG, questions=questions, stages=stages, trainings=trainings,
        provenance={LONG: LONG}, prices=Prices(currency="EUR", gpu_hour={LONG: 1.0}, cpu_hour=1.0),
    )  # fmt: skip


@pytest.mark.parametrize("change", [lambda data: data, long_names], ids=["usual", "long names"])
def test_the_page_never_scrolls_sideways(data: ReportData, change: Any, tmp_path: Path) -> None:
    for width, found in measured(render(change(data)), tmp_path).items():
        assert found["wide"] == []
        assert found["closed"] <= int(width)
        assert found["open"] <= int(width)


def test_the_verdict_and_its_figures_stand_in_the_panel_before_any_scrolling(data: ReportData, tmp_path: Path) -> None:
    titled = replace(data, title="A title of such a length that it takes two lines", description="Words " * 20)
    found = measured(render(titled), tmp_path)[str(PANEL)]
    assert 100 < found["verdict"] <= 500
    assert found["background"] in ("rgb(255, 255, 255)", "rgb(24, 28, 34)"), "the policy kept the style out"
