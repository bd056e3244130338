"""The live preview as a person meets it: a slider moves, and the chart and its figures follow."""

import os
import re
import signal
import uuid

import pytest

from algotrade.tests.e2e.person import DRAWN, Person

pytestmark = [pytest.mark.browser, pytest.mark.slow]

FORM = "/strategies/new/ma_crossover/?symbol=AAPL&timeframe=1d"
READY = "[data-preview][data-state=ready]"
SIGHTS = [(1280, "light"), (390, "dark")]
# Each answer ends with one drawing; a test waits for the one that shows what it did last.
LISTEN = """() => {
  window.paints = [];
  document.addEventListener("lab:preview", (event) => window.paints.push(JSON.parse(event.detail.asked)));
}"""
SHOWN = "(slow) => window.paints.some((asked) => asked.parameters.slow_period === slow)"


@pytest.fixture(params=SIGHTS, ids=[f"{width}px-{scheme}" for width, scheme in SIGHTS])
def person(request, chromium, lab, artifacts):
    width, scheme = request.param
    person = Person(chromium, lab, artifacts, width=width, scheme=scheme)
    person.register(f"user{uuid.uuid4().hex[:8]}")
    person.go(FORM)
    person.page.locator(READY).wait_for(timeout=120_000)  # the engine may still be compiled
    yield person
    assert person.complaints == []
    person.context.close()


def figure(person, name):
    return person.page.locator(f"[data-figure={name}] [data-value]").inner_text()


def test_a_slider_moves_and_figures_chart_and_count_of_trials_follow(person):
    page = person.page
    assert "AAPL 1d" in page.locator("[data-preview-what]").inner_text()
    trades, trial = figure(person, "total_trades"), page.locator("[data-preview-trials]").inner_text()
    page.evaluate(LISTEN)
    slider = page.get_by_label("Slider: Slow period")
    slider.focus()
    for _ in range(60):
        page.keyboard.press("ArrowRight")
    assert page.get_by_label("Slow period", exact=True).input_value() == "90"
    page.wait_for_function(SHOWN, arg=90)
    assert figure(person, "total_trades") != trades
    assert re.fullmatch(r"[+−][\d\u202f.]+\u202f%", figure(person, "total_return"))
    assert page.locator("[data-preview-trials]").inner_text() != trial
    assert page.locator("[data-preview-box]").evaluate(DRAWN)
    assert page.evaluate("() => window.paints.length") <= 60, "one request after another, none for nothing"
    box = page.locator("[data-preview-box]").bounding_box()
    assert box["y"] + box["height"] < page.viewport_size["height"], "the chart left the screen"
    person.look("strategy-preview")


def test_values_that_cannot_be_leave_the_last_chart_and_say_why_until_they_fit_again(person):
    page = person.page
    kept = figure(person, "cagr")
    page.get_by_label("Fast period", exact=True).fill("400")
    page.locator("[data-preview][data-state=refused]").wait_for()
    assert (
        "Fast period: 400 is not below the slow period" in page.locator("[data-preview-message]").inner_text()
    )
    assert figure(person, "cagr") == kept
    page.get_by_label("Fast period", exact=True).fill("5")
    page.locator(READY).wait_for()
    assert page.locator("[data-preview-message]").inner_text() == ""
    page.get_by_label("Symbol", exact=True).fill("NOWHERE")
    page.locator("[data-preview][data-state=refused]").wait_for()
    assert "no 1d data for NOWHERE" in page.locator("[data-preview-message]").inner_text()
    person.allow("422")


def test_a_preview_process_that_is_killed_comes_back_by_itself(person):
    page = person.page
    page.evaluate(LISTEN)
    killed = newest_child(person.lab)
    os.kill(killed, signal.SIGKILL)
    page.get_by_label("Slow period", exact=True).fill("77")
    page.wait_for_function(SHOWN, arg=77, timeout=60_000)
    assert newest_child(person.lab) != killed
    person.allow("503")  # where the page asked before anybody had noticed


def newest_child(lab):
    """The preview process: it is started after the job processes, when somebody opens the first form."""
    web = lab.processes["web"].pid
    children = lab.run("ps", "-o", "pid=,args=", "--ppid", str(web)).splitlines()
    return [int(line.split()[0]) for line in children if "spawn_main" in line][-1]
