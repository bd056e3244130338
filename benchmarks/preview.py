"""How soon the live preview follows a slider: from the input event to the painted chart, in a real browser.

    ./dev setup && .venv/bin/python benchmarks/preview.py            # --write puts the table into docs/benchmarks.md

Starts the product as it normally runs (one web process, its job pool and preview process warm) with the sample data,
logs in with Chromium, opens the form of a moving average crossover on a daily series and moves the slider of the slow
period with the arrow keys: once step by step, once held down as a keyboard repeats. Each input event counts, also one
that a newer event overtook: its time ends with the first painted chart that shows its value or a newer one.
"""

import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

STEPS = 120
REPEAT_SECONDS = 1 / 30
PAUSE_SECONDS = 0.15
USER = "bench"
HEADING = "## Live preview"
FORM = "/strategies/new/ma_crossover/?symbol=AAPL&timeframe=1d"
SLIDER = '[data-field="parameters-slow_period"] input[type=range]'
LISTEN = """() => {
  window.inputs = [];
  window.paints = [];
  document.getElementById("strategy-form").addEventListener("input", (event) => inputs.push(event.timeStamp), true);
  document.addEventListener("lab:preview", (event) => paints.push(event.detail));
}"""
TIMES = """() => inputs.map((at) => {
  const paint = paints.find((one) => one.sent >= at);
  return paint ? paint.painted - at : null;
})"""


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="lab-bench-") as folder:
        from algotrade.tests.e2e.processes import Deployment

        with Deployment(Path(folder)) as lab:
            lab.environment.setdefault("NUMBA_CACHE_DIR", str(Path(folder) / "numba"))
            lab.run("python", "manage.py", "migrate", "--no-input", "-v", "0")
            lab.run("python", "manage.py", "load_samples")
            port = str(lab.port)
            lab.start(
                "web", ["daphne", "-v", "0", "-b", "127.0.0.1", "-p", port, "algotrade.asgi:application"]
            )
            lab.wait_until_ready()
            rows, browser, bars = measure(lab)
            assert lab.stop() == [], "a process outlived the server"
    report(rows, browser, bars)


def measure(lab: Any) -> tuple[list[tuple[str, list[float], float]], str, int]:
    """Times in milliseconds by way of moving the slider, with the share of inputs drawn; the browser; the bars."""
    from playwright.sync_api import sync_playwright

    from algotrade.tests.e2e.conftest import ARGUMENTS, CHROMIUM
    from algotrade.tests.e2e.processes import PASSWORD, Client

    Client(lab).register(USER)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        page.goto(f"{lab.url}/account/login/")
        page.get_by_label("Username or e-mail address").fill(USER)
        page.locator("[name=password]").fill(PASSWORD)
        page.keyboard.press("Enter")
        page.get_by_role("heading", name="Dashboard").wait_for()
        page.goto(lab.url + FORM)
        page.locator("[data-preview][data-state=ready]").wait_for(timeout=240_000)
        page.wait_for_load_state("networkidle")
        bars = page.evaluate(
            "() => Number(document.querySelector('[data-preview-speed]').textContent.replace(/ bars.*|[^0-9]/g, ''))"
        )
        ways = {"one step at a time": step_by_step, "key held down, 30 steps a second": held_down}
        rows = []
        for name, move in ways.items():
            page.evaluate(LISTEN)
            page.locator(SLIDER).focus()
            move(page)
            page.wait_for_timeout(500)
            times = page.evaluate(TIMES)
            assert None not in times, "a change was never drawn"
            paints = page.evaluate("() => paints.length")
            rows.append(
                (name, times[5:], paints / len(times))
            )  # the first few still compile the page's script
            page.reload()
            page.locator("[data-preview][data-state=ready]").wait_for()
            page.wait_for_load_state("networkidle")
        version = browser.version
        browser.close()
    return rows, version, bars


def step_by_step(page: Any) -> None:
    for _ in range(STEPS):
        page.keyboard.press("ArrowRight")
        page.wait_for_timeout(PAUSE_SECONDS * 1000)


def held_down(page: Any) -> None:
    """As a keyboard repeats; a step that the driver itself delayed is not made up for."""
    due = time.perf_counter()
    for _ in range(STEPS * 2):
        page.keyboard.down("ArrowRight")
        due = max(due + REPEAT_SECONDS, time.perf_counter())
        time.sleep(max(0.0, due - time.perf_counter()))
    page.keyboard.up("ArrowRight")


def report(rows: list[tuple[str, list[float], float]], browser: str, bars: int) -> None:
    import numpy

    commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], cwd=ROOT, capture_output=True, text=True)
    where = (
        f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores (load {os.getloadavg()[0]:.1f}); "
        f"Chromium {browser}, headless; Python {platform.python_version()}, numpy {numpy.__version__}; SQLite, "
        f"embedded; commit {commit.stdout.strip() or 'unknown'}; {bars:,} daily bars"
    )
    lines = [
        "| slider moved | inputs | drawn | median ms | 95 % ms | most ms |",
        "|---|---:|---:|---:|---:|---:|",
    ]
    for name, times, drawn in rows:
        high = statistics.quantiles(times, n=20)[-1]
        figures = f"{statistics.median(times):.1f} | {high:.1f} | {max(times):.1f}"
        lines.append(f"| {name} | {len(times)} | {drawn:.0%} | {figures} |")
    table = "\n".join(lines)
    print(f"{where}\n\n{table}")
    if "--write" in sys.argv:
        write(where, table)


def write(where: str, table: str) -> None:
    """Put the table into this benchmark's own section of the page."""
    from benchmarks.page import put_section

    text = (
        "\n```sh\n.venv/bin/python benchmarks/preview.py --write\n```\n\n"
        "From the input event of the slider to the painted chart (the second animation frame after the new data went "
        "into\nit), in a real browser against the product as it normally runs. Every input event counts; one that a "
        "newer one overtook\nends with the first chart that shows its value or a newer one. The aim: 95 % under 100 ms."
        f"\n\n{where}:\n\n{table}\n"
    )
    put_section(HEADING, text)


if __name__ == "__main__":
    main()
