"""Superset tried for real: every chart asked, every dashboard drawn, while a release takes the place of another.

Belongs here: what `make superset-check` does and prints. Does not belong here: what the dashboards show.

It works in a temporary folder on a free port: the synthetic archive of the demo is loaded and published, Superset is
started on it, and while charts and dashboards are asked for again and again, the project loads the rest of the demo and
publishes. Nothing may fail, nothing may be asked of another host, and the new rows have to be there then.
"""

from __future__ import annotations

import json
import os
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

from bi.superset import bundle, server
from orchestration.contract import PROJECT_ROOT, DataDir, SuaraError

if TYPE_CHECKING:
    from playwright.sync_api import Page

START_SECONDS, ANSWER_SECONDS, DRAW_MS = 180, 120, 120_000
WIDTH = 1600
# Superset's unit of height, and what stands around a row and above the first one, in pixels.
UNIT, AROUND, ABOVE = 8, 16, 180
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    # Not even by name: what is not on this machine does not exist.
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
]


@dataclass
class Answer:
    """What one chart gave when it was last asked; `failure` is empty when all is well."""

    rows: int = 0
    milliseconds: float = 0
    failure: str = ""


@dataclass(frozen=True)
class Released:
    """What the dashboards say they show."""

    release: str
    posts: int
    captures: int

    def __str__(self) -> str:
        return f"{self.release} ({self.posts:,} posts, captures: {self.captures})"


@dataclass
class Seen:
    """What a check found."""

    failures: list[str] = field(default_factory=list)
    outside: set[str] = field(default_factory=set)
    asked: int = 0
    drawn: int = 0


class Api:
    """The REST API of a running Superset, as the user `admin`."""

    def __init__(self, port: int, password: str) -> None:
        self.root = f"http://{server.HOST}:{port}"
        login = {"username": "admin", "password": password, "provider": "db"}
        self._token = ""
        self._token = self.ask("/api/v1/security/login", login)["access_token"]

    def ask(self, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        headers = {"Content-Type": "application/json"} if body is not None else {}
        if self._token:
            headers["Authorization"] = f"Bearer {self._token}"
        data = json.dumps(body).encode() if body is not None else None
        request = urllib.request.Request(self.root + path, data, headers)
        with urllib.request.urlopen(request, timeout=ANSWER_SECONDS) as answer:
            return json.load(answer)

    def charts(self) -> dict[str, int]:
        """Superset's number of every chart, by uuid."""
        found = self.ask("/api/v1/chart/?q=(columns:!(id,uuid),page_size:500)")["result"]
        return {row["uuid"]: row["id"] for row in found}

    def rows(self, chart: int) -> list[dict[str, Any]]:
        """All rows that a chart's saved queries give."""
        result = self.ask(f"/api/v1/chart/{chart}/data/")["result"]
        for query in result:
            if query.get("error") or query.get("status") not in (None, "success"):
                raise SuaraError(str(query.get("error") or query["status"]))
        return [row for query in result for row in query["data"]]

    def answer(self, chart: int) -> Answer:
        started = time.perf_counter()
        try:
            rows, failure = len(self.rows(chart)), ""
        except urllib.error.HTTPError as error:
            rows, failure = 0, f"{error.code} {error.read().decode(errors='replace')[:300]}"
        except (OSError, ValueError, KeyError, SuaraError) as error:
            rows, failure = 0, str(error)[:300]
        return Answer(rows, (time.perf_counter() - started) * 1000, failure)


def run(environment: Path, *, first: Path | None = None, screenshots: Path | None = None, browser: bool = True) -> int:
    """The whole check; returns the exit status.

    Args:
        environment: Where Superset is installed.
        first: A data folder into which only the demo's archive was loaded; made here when not given.
        screenshots: Keep a picture of every dashboard there, drawn after the publish.
        browser: Draw the dashboards in headless Chromium, too.
    """
    if browser and _chromium() is None:
        raise SuaraError("Chromium is not installed: `apt-get install chromium`, or ask for --without-browser.")
    with tempfile.TemporaryDirectory(prefix="suara-superset-") as folder:
        paths = DataDir(Path(folder).resolve() / "data")
        archive, search = _captures(Path(folder) / "demo")
        if first:
            shutil.copytree(first, paths.root, symlinks=True, ignore=shutil.ignore_patterns("superset"))
        else:
            _load(paths, archive).wait()
        seen = Seen()
        password = secrets.token_urlsafe(12)
        started = time.monotonic()
        with _superset(paths, environment, password) as port:
            api = Api(port, password)
            numbers = api.charts()
            took = time.monotonic() - started
            print(f"Superset answers {took:.0f} s after an empty folder, {len(numbers)} charts", flush=True)
            before = _released(api, numbers)
            _ask_all(api, numbers, seen)
            with _pages(port, password, seen) if browser else _nothing() as pages:
                _draw_all(pages, seen, None)
                publish = _load(paths, search)
                while publish.poll() is None:
                    _ask_all(api, numbers, seen)
                    _draw_all(pages, seen, None)
                during = seen.asked, seen.drawn
                if publish.returncode:
                    seen.failures.append(f"the publish in the middle ended with {publish.returncode}")
                after = _released(api, numbers)
                answers = _ask_all(api, numbers, seen)
                drawn = _draw_all(pages, seen, screenshots)
            _print(answers, drawn)
    print(f"\nasked {seen.asked} charts and drew {seen.drawn} dashboards, {during[0]} and {during[1]} of them before")
    print(f"and while a release took the place of another: {before} -> {after}")
    if before.release == after.release or after.posts <= before.posts or after.captures <= before.captures:
        seen.failures.append("the new rows do not show")
    if seen.outside:
        seen.failures.append(f"asked of other hosts: {', '.join(sorted(seen.outside))}")
    for failure in seen.failures:
        print(f"FAILED  {failure}")
    print("no chart failed, nothing was asked of another host" if not seen.failures else "")
    return 1 if seen.failures else 0


def _captures(folder: Path) -> tuple[Path, Path]:
    """The demo's two captures: archive and search."""
    from orchestration.demo import generate

    generate(folder)
    return next(folder.glob("*.zip")), next(folder.glob("*.jsonl"))


# `suara run FILE`, with the mark that `--demo` gives: a search says nowhere that it is made up, and the archive, which
# does, would step aside for it.
_RUN = """
import sys
from pathlib import Path
from orchestration.cli import execute, use_data_dir
from orchestration.warehouse.ledger import Ledger
Ledger(use_data_dir(Path(sys.argv[1]))).change_settings(study="demo")
sys.exit(not execute([sys.argv[2]], synthetic=True)[1])
"""


def _load(paths: DataDir, capture: Path) -> subprocess.Popen[bytes]:
    """Load a capture and publish, beside this process."""
    environ = {**os.environ, "PYTHONPATH": str(PROJECT_ROOT)}
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    command = [sys.executable, "-c", _RUN, str(paths.root), str(capture)]
    return subprocess.Popen(command, cwd=PROJECT_ROOT, env=environ, **quiet)


@contextmanager
def _superset(paths: DataDir, environment: Path, password: str) -> Iterator[int]:
    """Superset on a free port, prepared from nothing; gone at the end."""
    home = server.home_of(paths)
    with patch.dict(os.environ, {"SUARA_SUPERSET_PASSWORD": password}):
        server.prepare(home, paths.published_file, environment=environment)
    with socket.socket() as probe:
        probe.bind((server.HOST, 0))
        port = probe.getsockname()[1]
    arguments, environ = server.command(home, port, environment=environment)
    with (home.root / "server.log").open("wb") as log:
        process = subprocess.Popen(arguments, env=environ, stdout=log, stderr=subprocess.STDOUT)
        try:
            until = time.monotonic() + START_SECONDS
            while True:
                try:
                    urllib.request.urlopen(f"http://{server.HOST}:{port}/health", timeout=5).close()
                    break
                except OSError:
                    if process.poll() is not None or time.monotonic() > until:
                        raise SuaraError((home.root / "server.log").read_text("utf-8")[-3000:]) from None
                    time.sleep(0.3)
            yield port
        finally:
            process.terminate()
            process.wait(30)


def _released(api: Api, numbers: dict[str, int]) -> Released:
    (row,) = api.rows(numbers[bundle.identifier("chart", "This release")])
    (posts,) = api.rows(numbers[bundle.identifier("chart", "Posts of all accounts")])
    return Released(row["release_id"], posts["all_posts"], row["accepted_capture_count"])


def _ask_all(api: Api, numbers: dict[str, int], seen: Seen) -> dict[str, Answer]:
    answers = {}
    for dashboard in bundle.read_dashboards():
        for chart in dashboard.charts:
            answer = answers[chart.title] = api.answer(numbers[chart.uuid])
            seen.asked += 1
            if answer.failure:
                seen.failures.append(f"{dashboard.title}, {chart.title}: {answer.failure}")
            elif not answer.rows:
                answer.failure = "no row"
    return answers


def _print(answers: dict[str, Answer], drawn: dict[str, float]) -> None:
    print(f"\n{'dashboard':<22}{'chart':<66}{'rows':>6}{'ms':>7}")
    for dashboard in bundle.read_dashboards():
        for chart in dashboard.charts:
            answer = answers[chart.title]
            print(f"{dashboard.title:<22}{chart.title:<66}{answer.rows:>6,}{answer.milliseconds:>7,.0f}")
        if dashboard.title in drawn:
            print(f"{dashboard.title:<22}{'drawn whole in Chromium':<66}{'':>6}{drawn[dashboard.title]:>7,.0f}")


# ---------- the browser


def _chromium() -> str | None:
    return shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


@contextmanager
def _nothing() -> Iterator[None]:
    yield None


@contextmanager
def _pages(port: int, password: str, seen: Seen) -> Iterator[Page]:
    """A page of headless Chromium, logged in, that notes what is asked of other hosts."""
    from playwright.sync_api import sync_playwright

    root = f"http://{server.HOST}:{port}"

    def note(asked: Any) -> None:
        if not asked.url.startswith((f"{root}/", "data:", "blob:")):
            seen.outside.add(asked.url)

    def forgive(asked: Any) -> None:
        # Superset's page holds a pixel that counts visits; the policy of superset_config.py stops the browser.
        if asked.failure == "csp":
            seen.outside.discard(asked.url)

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=_chromium(), args=FLAGS)
        try:
            context = browser.new_context(viewport={"width": WIDTH, "height": 1000}, base_url=root)
            context.on("request", note)
            context.on("requestfailed", forgive)
            page = context.new_page()
            page.set_default_timeout(DRAW_MS)
            page.goto("/login/")
            page.locator("#username").fill("admin")
            page.locator("#password").fill(password)
            page.locator("#password").press("Enter")
            page.wait_for_url(lambda url: "/login" not in url)
            yield page
        finally:
            browser.close()


def _draw_all(page: Page | None, seen: Seen, screenshots: Path | None) -> dict[str, float]:
    """Draw every dashboard; milliseconds until all its charts stand."""
    if page is None:
        return {}
    took = {}
    for dashboard in bundle.read_dashboards():
        started = time.perf_counter()
        seen.drawn += 1
        trouble = _draw(page, dashboard)
        took[dashboard.title] = (time.perf_counter() - started) * 1000
        seen.failures += [f"{dashboard.title}, drawn: {text}" for text in trouble]
        if screenshots:
            screenshots.mkdir(parents=True, exist_ok=True)
            page.wait_for_timeout(1_500)  # the end of the drawing's animation
            page.screenshot(path=str(screenshots / f"{dashboard.slug}.png"))
    return took


def _draw(page: Page, dashboard: bundle.Dashboard) -> Sequence[str]:
    from playwright.sync_api import TimeoutError as Late

    # Tall enough for all of it: Superset draws what is in sight.
    height = ABOVE + sum(row["height"] * UNIT + AROUND for row in dashboard.rows)
    page.set_viewport_size({"width": WIDTH, "height": height})
    page.goto(f"/superset/dashboard/{dashboard.slug}/", wait_until="domcontentloaded")
    count = len(dashboard.charts)
    try:
        # A chart stands when Superset took its loading sign away and put a picture, a table or a number there.
        page.wait_for_function(
            """count => {
                const holders = [...document.querySelectorAll('.dashboard-component-chart-holder .chart-slice')];
                const done = holders.filter(h => !h.querySelector('.loading, [data-test="loading-indicator"]')
                    && h.querySelector('canvas, table, .header-line, [role="alert"]'));
                return holders.length === count && done.length === count;
            }""",
            arg=count,
            timeout=DRAW_MS,
        )
    except Late:
        stands = page.locator(".dashboard-component-chart-holder .chart-slice").count()
        return [f"not all {count} charts stood after {DRAW_MS / 1000:.0f} s ({stands} places)"]
    return [alert.inner_text()[:300] for alert in page.locator(".dashboard-component-chart-holder [role=alert]").all()]
