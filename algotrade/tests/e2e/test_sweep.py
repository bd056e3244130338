"""A sweep in the browser: asked for in one press, its map drawn, a combination chosen, checked and run."""

import re
import time

import pytest

from algotrade.tests.e2e.person import DRAWN

pytestmark = [pytest.mark.browser, pytest.mark.slow]


def test_the_map_is_drawn_and_a_square_leads_to_a_backtest(person):
    page, main = person.page, person.main
    person.create_strategy(
        "Moving average crossover", name="Averages", symbol="AAPL", fast_period=10, slow_period=50
    )
    main.get_by_role("link", name="Optimise").click()
    page.get_by_text(re.compile(r"\d of .*\d combinations can be run")).wait_for()
    person.look("sweep-new")
    main.get_by_role("button", name="Run the sweep").click()
    page.wait_for_url(re.compile(r"/optimise/\d+/$"))
    chart = page.locator("[data-sweep-map][data-state=ready]")
    chart.wait_for(timeout=60_000)
    see(chart)
    person.look("sweep")
    assert page.get_by_text("is also the luckiest of").is_visible()

    before = main.get_by_role("heading", name=re.compile("^Combination ")).inner_text()
    map_box = chart.locator("[data-map-box]")
    size = map_box.bounding_box()
    map_box.click(position={"x": size["width"] * 0.5, "y": size["height"] * 0.25})
    page.wait_for_function(
        "before => document.getElementById('cell-title').textContent.trim() !== before", arg=before
    )
    main.get_by_role("button", name="Check").click()
    page.get_by_text("Identical.").wait_for()
    person.look("sweep-cell")

    main.get_by_label("Figure").select_option("max_drawdown")
    page.get_by_role("heading", name=re.compile("Max drawdown")).wait_for()
    map_box.focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    chart.get_by_text("Table of the values").click()
    chart.locator(".map-value").first.wait_for()
    person.look("sweep-table")

    main.get_by_role("button", name="Run as backtest").click()
    page.wait_for_url(re.compile(r"/backtests/\d+/$"))
    person.see_chart("equity")
    person.go("/optimise/")
    person.look("sweeps")


def see(chart):
    deadline = time.monotonic() + 30
    while not chart.evaluate(DRAWN):
        assert time.monotonic() < deadline, "The map stayed blank"
        time.sleep(0.1)
