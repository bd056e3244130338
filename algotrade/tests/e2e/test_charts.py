"""Candles in a browser: merged ones say so, and what is looked at closely is drawn of real bars."""

import re
import uuid

import pytest

from algotrade.tests.e2e.person import Person

pytestmark = [pytest.mark.browser, pytest.mark.slow]

PERIOD = re.compile(r"(chart|candles)\.json\?.*start=")


@pytest.fixture
def person(chromium, lab, artifacts):
    somebody = Person(chromium, lab, artifacts, width=1280, scheme="light")
    somebody.register(f"chart{uuid.uuid4().hex[:8]}")
    yield somebody
    somebody.context.close()


def pressed(page):
    return page.locator(".chart-candles .chart-tools [aria-pressed=true]").all_inner_texts()


def wait_for_real_bars(page):
    page.wait_for_function("() => document.querySelector('[data-chart-merged]').textContent === ''")


def look_closer(person):
    """Choose ranges of an open chart of more than 2,000 daily bars; return how often parts were asked for."""
    page = person.page
    asked = []
    page.on("request", lambda request: asked.append(request.url) if PERIOD.search(request.url) else None)
    figure = page.locator(".chart-candles")
    merged, caption = figure.locator("[data-chart-merged]"), figure.locator("caption")
    figure.get_by_role("button", name="All").click()
    merged.get_by_text("each candle is 2 bars").wait_for()
    assert pressed(page) == ["All"]
    figure.get_by_text("Table of the values").click()
    caption.get_by_text("Each row is 2 bars put together.").wait_for()
    figure.get_by_role("button", name="1Y").click()
    wait_for_real_bars(page)
    assert pressed(page) == ["1Y"]
    assert " bars" not in figure.locator("[data-chart-legend]").inner_text()
    caption.get_by_text(re.compile(r"60 of the 25\d in the picture, evenly spaced\.$")).wait_for()
    figure.locator("[data-chart-box]").focus()
    for _ in range(10):
        page.keyboard.press("ArrowLeft")
    assert pressed(page) == []
    figure.locator("td", has_text=re.compile(r"^2011-0[23]")).first.wait_for()
    page.wait_for_load_state("networkidle")
    return len(asked)


def test_a_series_says_when_candles_are_merged_and_draws_real_bars_where_they_fit(person):
    person.go("/data/")
    person.main.get_by_role("link", name=re.compile("AAPL")).first.click()
    person.see_chart("candles")
    assert pressed(person.page) == ["1Y"]
    assert look_closer(person) <= 4
    person.look("chart-closer")


def test_a_closer_look_that_fails_says_so_and_is_tried_again(person):
    page = person.page
    person.go("/data/")
    person.main.get_by_role("link", name=re.compile("AAPL")).first.click()
    person.see_chart("candles")
    figure = page.locator(".chart-candles")
    wait_for_real_bars(page)
    figure.get_by_role("button", name="All").click()
    figure.locator("[data-chart-merged]").get_by_text("each candle is 2 bars").wait_for()
    page.route(PERIOD, lambda route: route.fulfill(status=500, body="down"))
    figure.locator("[data-chart-box]").focus()
    for _ in range(3):
        page.keyboard.press("+")
    notice = figure.get_by_text("Finer candles could not be loaded.")
    notice.wait_for()
    page.unroute(PERIOD)
    figure.get_by_role("button", name="Try again").click()
    wait_for_real_bars(page)
    assert notice.is_hidden()


def test_a_wheel_does_not_lead_beyond_the_data(person):
    page = person.page
    person.go("/data/")
    person.main.get_by_role("link", name=re.compile("EURUSD")).first.click()
    person.see_chart("candles")
    page.locator(".chart-candles [data-chart-box]").hover()
    for _ in range(60):
        page.mouse.wheel(0, 400)
        page.wait_for_timeout(20)
    first, last, rows = page.evaluate(
        """async () => {
            const name = performance.getEntriesByType("resource").map((entry) => entry.name);
            const { handleOf } = await import(name.find((url) => /mount[^/]*js/.test(url)));
            const handle = handleOf(document.querySelector(".chart-candles"));
            const { from, to } = handle.chart.timeScale().getVisibleLogicalRange();
            return [from, to, handle.rows.length];
        }"""
    )
    assert (-1 < first < 1, rows - 2 < last < rows) == (True, True), (first, last, rows)


def test_the_prices_of_a_result_are_real_bars_where_they_fit(person):
    person.create_strategy("Moving average crossover", name="Averages", symbol="AAPL")
    person.start_run()
    person.see_chart("candles")
    assert look_closer(person) <= 4
    person.look("result-closer")
