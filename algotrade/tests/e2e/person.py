"""Somebody at a screen: opens pages, looks at them, and notices what a person would complain about."""

import re
import time
from pathlib import Path
from typing import Any

from algotrade.tests.e2e.processes import PASSWORD, Deployment

DRAWN = """element => {
  const canvases = [...element.querySelectorAll("canvas")].filter((canvas) => canvas.width && canvas.height);
  return canvases.some((canvas) => {
    const pixels = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data;
    const colours = new Set();
    for (let place = 0; place < pixels.length; place += 4) {
      if (pixels[place + 3]) colours.add(`${pixels[place]},${pixels[place + 1]},${pixels[place + 2]}`);
      if (colours.size > 3) return true;
    }
    return false;
  });
}"""
TOO_WIDE = """() => {
  const width = document.documentElement.clientWidth;
  if (document.documentElement.scrollWidth <= width) return [];
  return [...document.querySelectorAll("body *")]
    .filter((element) => element.getBoundingClientRect().right > width + 1)
    .slice(0, 5).map((element) => element.outerHTML.slice(0, 120));
}"""


class Person:
    """One browser window of one size and theme."""

    def __init__(self, browser: Any, lab: Deployment, artifacts: Path, *, width: int, scheme: str) -> None:
        height = 900 if width > 600 else 844
        self.context = browser.new_context(viewport={"width": width, "height": height}, color_scheme=scheme)
        self.context.set_default_timeout(45_000)
        self.page = self.context.new_page()
        self.main = self.page.locator("main")
        self.lab, self.width, self.scheme, self.artifacts = lab, width, scheme, artifacts
        self.complaints: list[str] = []
        self.page.on("console", self._hear)
        self.page.on("pageerror", lambda error: self.complaints.append(f"script error: {error}"))
        self.page.on("response", self._receive)

    def _hear(self, message: Any) -> None:
        if message.type in {"error", "warning"}:
            self.complaints.append(f"console {message.type} on {self.page.url}: {message.text}")

    def _receive(self, response: Any) -> None:
        if response.status >= 400:
            self.complaints.append(f"{response.status} from {response.url}")

    def allow(self, pattern: str) -> None:
        """Forget complaints that were provoked on purpose."""
        self.complaints = [text for text in self.complaints if not re.search(pattern, text)]

    def go(self, path: str) -> None:
        self.page.goto(self.lab.url + path)

    def look(self, name: str) -> None:
        """Take a picture of the whole page, and see that it fits, has the right theme and one heading."""
        self.page.wait_for_load_state("networkidle")
        self.page.evaluate("() => window.scrollTo(0, 0)")
        self.page.screenshot(
            path=self.artifacts / f"{self.width}-{self.scheme}-{name}.png",
            full_page=True,
            animations="disabled",
        )
        assert self.page.evaluate(TOO_WIDE) == [], f"{name} is wider than {self.width} px"
        assert self.page.locator("html").get_attribute("data-bs-theme") == self.scheme
        assert self.page.locator("h1").count() == 1, f"{name} needs one h1"
        assert self.complaints == [], f"{name}: {self.complaints}"

    def register(self, username: str) -> None:
        self.go("/account/register/")
        self.page.get_by_label("Username").fill(username)
        self.page.get_by_label("E-mail address").fill(f"{username}@lab.example.org")
        self.page.get_by_label("Password").fill(PASSWORD)
        self.look("register")
        self.page.get_by_role("button", name="Create the account").click()
        self.page.get_by_role("heading", name="Dashboard").wait_for()

    def create_strategy(self, type_label: str, *, name: str, symbol: str, **parameters: Any) -> None:
        self.go("/strategies/new/")
        self.main.get_by_role("link", name=type_label).click()
        self.main.get_by_label("Name", exact=True).fill(name)
        self.main.get_by_label("Symbol", exact=True).fill(symbol)
        for label, value in parameters.items():
            self.main.get_by_label(label.replace("_", " ").capitalize(), exact=True).fill(str(value))
        self.main.get_by_role("button", name="Create strategy").click()
        self.page.get_by_role("heading", name=name).wait_for()

    def start_run(self) -> None:
        """From a strategy's page to the page of its running backtest."""
        self.main.get_by_role("link", name="Run a backtest").first.click()
        self.main.get_by_role("button", name="Run the backtest").click()
        self.page.wait_for_url(re.compile(r"/backtests/\d+/$"))

    def watch_the_bar(self, *, seconds: float = 40) -> list[float]:
        """The values that the progress bar shows, one after another, until it goes away."""
        seen: list[float] = []
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            value = self.page.evaluate("() => document.querySelector('[data-job-bar]')?.value ?? null")
            if value is None:
                return seen
            if not seen or value != seen[-1]:
                seen.append(value)
            time.sleep(0.05)
        raise AssertionError(f"The run did not end within {seconds} s; the bar showed {seen}")

    def see_chart(self, kind: str) -> None:
        chart = self.page.locator(f"figure[data-chart={kind}][data-state=ready]")
        chart.wait_for()
        chart.scroll_into_view_if_needed()
        deadline = time.monotonic() + 30
        while not chart.evaluate(DRAWN):
            assert time.monotonic() < deadline, f"The {kind} chart stayed blank"
            time.sleep(0.1)
