"""What a data engineer does in the Dagster UI, in headless Chromium: press "Materialize all" on good and bad input.

Skipped where Chromium is not installed (Debian: `apt-get install chromium`). With SUARA_SCREENSHOTS naming a folder,
pictures are kept there for a person to look at.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from orchestration.contract import DataDir
from tests.fixtures import captures as build
from tests.pipeline import Pipeline

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed"),
]
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Ui:
    """A running `suara ui` and a browser page on it."""

    def __init__(self, port: int, page: object, paths: DataDir) -> None:
        self.address, self.page, self.paths = f"http://127.0.0.1:{port}", page, paths
        self.outside: list[str] = []
        page.on("request", self._note)

    def _note(self, request: object) -> None:
        if not request.url.startswith((self.address, self.address.replace("http", "ws"), "data:", "blob:")):
            self.outside.append(request.url)

    def ask(self, query: str) -> dict:
        body = json.dumps({"query": query}).encode()
        request = urllib.request.Request(f"{self.address}/graphql", body, {"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.load(answer)["data"]

    def runs(self) -> list[dict]:
        return self.ask("{ runsOrError(limit: 5) { ... on Runs { results { runId status } } } }")["runsOrError"][
            "results"
        ]

    def materialize_all(self) -> dict:
        """Press the button as a person does and wait for the run to end."""
        before = {run["runId"] for run in self.runs()}
        self.page.goto(f"{self.address}/asset-groups")
        button = self.page.get_by_role("button", name="Materialize all")
        button.wait_for(timeout=60_000)
        button.click()
        deadline = time.monotonic() + 300
        while time.monotonic() < deadline:
            new = [run for run in self.runs() if run["runId"] not in before]
            if new and new[0]["status"] in ("SUCCESS", "FAILURE", "CANCELED"):
                return new[0]
            time.sleep(1)
        raise AssertionError("the run did not end within 300 s")

    def picture(self, name: str, path: str) -> None:
        folder = os.environ.get("SUARA_SCREENSHOTS")
        if folder:
            self.page.goto(f"{self.address}{path}")
            self.page.wait_for_timeout(6_000)
            Path(folder).mkdir(parents=True, exist_ok=True)
            self.page.screenshot(path=str(Path(folder) / f"{name}.png"))


@pytest.fixture
def ui(tmp_path: Path) -> Iterator[Ui]:
    from playwright.sync_api import sync_playwright

    paths = DataDir(tmp_path / "data")
    paths.inbox.mkdir(parents=True)
    port = free_port()
    log = open(tmp_path / "ui.log", "w")  # noqa: SIM115 - closed below
    process = subprocess.Popen(
        [sys.executable, "-m", "orchestration.cli", "ui", "--data-dir", str(paths.root), "--port", str(port)],
        stdout=log,
        stderr=subprocess.STDOUT,
    )
    try:
        for _ in range(240):
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{port}/server_info", timeout=2)
                break
            except OSError:
                time.sleep(0.5)
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
            yield Ui(port, browser.new_page(viewport={"width": 1600, "height": 1000}), paths)
            browser.close()
    finally:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()
        log.close()


def test_materialize_all_on_good_and_on_bad_input(ui: Ui, tmp_path: Path) -> None:
    build.modern_archive(ui.paths.inbox / "good.zip")
    good = ui.materialize_all()
    assert good["status"] == "SUCCESS"
    assert ui.paths.published_file.exists()
    assert not list(ui.paths.inbox.iterdir()), "what was taken in is gone from the inbox"
    pipeline = Pipeline(ui.paths.root)
    served = pipeline.served_bytes()
    ui.picture("good_graph", "/asset-groups")
    ui.picture("good_run", f"/runs/{good['runId']}")
    ui.picture("published_asset", "/assets/published/social_bi")
    ui.picture("checks", "/assets/raw/x_archive?view=checks")

    build.truncated_zip(ui.paths.inbox)
    bad = ui.materialize_all()
    assert bad["status"] == "FAILURE"
    assert pipeline.served_bytes() == served
    ui.page.goto(f"{ui.address}/runs/{bad['runId']}")
    ui.page.get_by_text("truncated.zip").first.wait_for(timeout=60_000)
    ui.picture("bad_run", f"/runs/{bad['runId']}")
    ui.picture("bad_check", "/assets/captures?view=checks")

    assert ui.outside == [], "the UI asks nothing of the outside"
