"""What a data engineer does in the Dagster UI, in headless Chromium: press "Materialize all" on good and bad input.

Skipped where Chromium is not installed (Debian: `apt-get install chromium`; `.ci/run` does). With SUARA_SCREENSHOTS
naming a folder, pictures are kept there for a person to look at.
"""

from __future__ import annotations

import json
import os
import socket
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from orchestration.contract import PROJECT_ROOT, DataDir
from tests.chromium import CHROMIUM, FLAGS, needs_chromium
from tests.fixtures import captures as build
from tests.pipeline import Pipeline
from tests.processes import running

if TYPE_CHECKING:
    from playwright.sync_api import BrowserContext, Page, Request, WebSocket

pytestmark = [pytest.mark.browser, needs_chromium]
START_SECONDS, RUN_SECONDS, PAGE_MS = 180, 400, 90_000
ENDED = ("SUCCESS", "FAILURE", "CANCELED")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Ui:
    """A running `suara ui`, and a browser page on it that notes what is asked of other hosts."""

    def __init__(self, port: int, context: BrowserContext, paths: DataDir) -> None:
        self.host, self.paths = f"127.0.0.1:{port}", paths
        self.outside: list[str] = []
        context.on("request", self._note)
        self.page: Page = context.new_page()
        self.page.set_default_timeout(PAGE_MS)
        self.page.on("websocket", self._note)

    def _note(self, asked: Request | WebSocket) -> None:
        if not asked.url.startswith((f"http://{self.host}/", f"ws://{self.host}/", "data:", "blob:")):
            self.outside.append(asked.url)

    def open(self, path: str) -> None:
        self.page.goto(f"http://{self.host}{path}", wait_until="domcontentloaded")

    def ask(self, query: str) -> dict[str, Any]:
        body = json.dumps({"query": query}).encode()
        request = urllib.request.Request(f"http://{self.host}/graphql", body, {"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=60) as answer:
            return json.load(answer)["data"]

    def runs(self) -> list[dict[str, Any]]:
        answer = self.ask("{ runsOrError(limit: 5) { ... on Runs { results { runId status } } } }")
        return answer["runsOrError"]["results"]

    def materialize_all(self) -> dict[str, Any]:
        """Press the button as a person does and wait for the run to end."""
        before = {run["runId"] for run in self.runs()}
        self.open("/asset-groups")
        self.page.get_by_role("button", name="Materialize all").click()
        deadline = time.monotonic() + RUN_SECONDS
        while time.monotonic() < deadline:
            new = [run for run in self.runs() if run["runId"] not in before]
            if new and new[0]["status"] in ENDED:
                return new[0]
            time.sleep(1)
        raise AssertionError(f"no run ended within {RUN_SECONDS} s: {self.runs()}")

    def shows(self, *texts: str) -> None:
        """Wait until the page shows each of the texts."""
        for text in texts:
            self.page.get_by_text(text).filter(visible=True).first.wait_for()

    def picture(self, name: str) -> None:
        if folder := os.environ.get("SUARA_SCREENSHOTS"):
            self.page.wait_for_timeout(3_000)  # what is drawn after the texts: the graph, icons
            self.page.screenshot(path=str(Path(folder) / f"{name}.png"))


@contextmanager
def chromium_page(port: int, paths: DataDir) -> Iterator[Ui]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        try:
            yield Ui(port, browser.new_context(viewport={"width": 1600, "height": 1000}), paths)
        finally:
            browser.close()


@pytest.fixture
def ui(tmp_path: Path) -> Iterator[Ui]:
    paths, port, log = DataDir(tmp_path / "data"), free_port(), tmp_path / "ui.log"
    paths.inbox.mkdir(parents=True)
    command = [sys.executable, "-m", "orchestration.cli", "ui", "--data-dir", str(paths.root), "--port", str(port)]
    # The UI works in the data folder: what it serves is this checkout, whatever is installed.
    with running(command, log, {"PYTHONPATH": str(PROJECT_ROOT)}) as process:
        deadline = time.monotonic() + START_SECONDS
        while True:
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{port}/server_info", timeout=5).close()
                break
            except OSError:
                assert process.poll() is None and time.monotonic() < deadline, log.read_text()[-3000:]
                time.sleep(0.5)
        with chromium_page(port, paths) as ui:
            yield ui


def test_materialize_all_on_good_and_on_bad_input(ui: Ui) -> None:
    build.modern_archive(ui.paths.inbox / "good.zip")
    good = ui.materialize_all()
    assert good["status"] == "SUCCESS"
    assert not list(ui.paths.inbox.iterdir()), "what was taken in is gone from the inbox"
    pipeline = Pipeline(ui.paths.root)
    (posts,) = pipeline.query("select count(*) from marts.fct_posts", published=True)[0]
    assert posts == len(build.sample_posts())
    served = pipeline.served_bytes()
    ui.open("/asset-groups")
    ui.shows("capture", "staging", "marts", "publish")
    ui.picture("graph")
    ui.open("/assets/marts/fct_post_volume")
    ui.shows("First day of the month in the reporting time zone of the study.")  # a column
    ui.shows("Posts per month of 1 account")
    drawn = ui.page.get_by_alt_text("posts per month").evaluate("image => image.decode().then(() => image.width)")
    assert drawn > 1, "the picture is drawn in its place"
    ui.picture("asset_with_picture")
    # Switches of sensors are kept under the name of the code, which must be the same with each start.
    code = ui.ask("{ workspaceOrError { ... on Workspace { locationEntries { name } } } }")
    assert code["workspaceOrError"]["locationEntries"] == [{"name": "suara"}]
    ui.open("/assets/published/social_bi?view=checks")
    ui.shows("gates_passed_for_this_data", "Succeeded")
    ui.picture("checks_on_good_input")
    ui.open(f"/runs/{good['runId']}")
    ui.shows("Success")
    ui.picture("run_on_good_input")

    # One that cannot be read, and one that can be read and must not be believed.
    build.truncated_zip(ui.paths.inbox)
    build.archive_with_cut_json(ui.paths.inbox)
    bad = ui.materialize_all()
    assert bad["status"] == "FAILURE"
    assert pipeline.served_bytes() == served, "readers keep what they have"
    ui.open(f"/runs/{bad['runId']}")
    ui.shows("Failure", "Gate 'raw' is closed. No new capture could be used.", "capture cut_json.zip")
    ui.picture("run_on_bad_input")
    ui.open("/assets/raw/captures?view=checks&checkDetail=capture_is_whole")
    ui.shows("Failed", "capture cut_json.zip", "Records: manifest.tweets", "Download the export again")
    ui.picture("check_of_cut_archive")
    ui.open("/assets/captures?view=checks&checkDetail=capture_is_readable")
    ui.shows("Failed", "truncated.zip: expected a whole zip file")
    ui.picture("check_of_unreadable_file")

    assert ui.outside == [], "the UI asks nothing of the outside"
