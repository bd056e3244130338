"""The lab and a browser for the browser tests. The lab is the embedded default, with real sample data."""

import os
import uuid
from pathlib import Path

import pytest

from algotrade.tests.e2e.person import Person
from algotrade.tests.e2e.processes import Client, Deployment, eventually

CHROMIUM = os.environ.get("CHROMIUM", "/usr/bin/chromium")
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
]
SIGHTS = [(1280, "light"), (1280, "dark"), (390, "light"), (390, "dark")]


@pytest.fixture(scope="session")
def chromium():
    """A headless Chromium. Missing in CI is a failure."""
    if not Path(CHROMIUM).exists():
        words = f"There is no Chromium at {CHROMIUM}: install it, or name it by CHROMIUM."
        if os.environ.get("CI"):
            pytest.fail(words)
        pytest.skip(words)
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def lab(tmp_path_factory):
    """A served lab with sample data and the slow strategy as a plug-in."""
    folder = tmp_path_factory.mktemp("browser-lab")
    with Deployment(folder, LAB_PLUGINS="algotrade.tests.e2e.plugin") as deployment:
        deployment.run("python", "manage.py", "migrate", "--no-input", "-v", "0")
        deployment.run("python", "manage.py", "load_samples")
        port = str(deployment.port)
        deployment.start(
            "web", ["daphne", "-v", "0", "-b", "127.0.0.1", "-p", port, "algotrade.asgi:application"]
        )
        deployment.wait_until_ready()
        warm_up(deployment)
        yield deployment
        assert deployment.stop() == [], "a process outlived the server"
        assert "Traceback" not in (folder / "web.log").read_text()


@pytest.fixture(params=SIGHTS, ids=[f"{width}px-{scheme}" for width, scheme in SIGHTS])
def visitor(request, chromium, lab, artifacts):
    """Somebody without an account, at a desk and on a phone, in the light and in the dark."""
    width, scheme = request.param
    visitor = Person(chromium, lab, artifacts, width=width, scheme=scheme)
    yield visitor
    visitor.context.close()


@pytest.fixture(params=[(1280, "dark"), (390, "light")], ids=["desk", "phone"])
def person(request, chromium, lab, artifacts):
    """Somebody with an account of their own, once at a desk in the dark and once at a phone in the light."""
    width, scheme = request.param
    person = Person(chromium, lab, artifacts, width=width, scheme=scheme)
    person.register(f"user{uuid.uuid4().hex[:8]}")
    yield person
    person.context.close()


def warm_up(lab):
    """One run, so that no later test waits while the engine is being compiled."""
    client = Client(lab)
    client.register("warmer")
    body = {"name": "Warm", "strategy_type": "ma_crossover", "symbol": "AAPL"}
    strategy = client.call("POST", "/api/strategies", body)[1]["id"]
    url = client.call("POST", "/api/backtests/run", {"strategy": strategy})[1]["url"]
    eventually(lambda: client.call("GET", url)[1]["status"] == "succeeded", seconds=180, what="the first run")


@pytest.fixture(scope="session")
def artifacts():
    folder = Path(os.environ.get("LAB_ARTIFACTS", Path(__file__).resolve().parents[3] / "artifacts"))
    folder.mkdir(parents=True, exist_ok=True)
    return folder
