"""A model in the browser: looked at before it is trained, followed while it is, read, promoted and compared."""

import re
import time

import pytest

from algotrade.tests.e2e.person import DRAWN

pytestmark = [pytest.mark.browser, pytest.mark.slow]

CURVES = ("roc", "precision_recall", "calibration", "thresholds")


def test_a_model_is_foreseen_trained_read_and_compared(person):
    page, main = person.page, person.main
    fill_in(person, "Echo")
    main.get_by_label("Histogram gradient boosting", exact=True).check()
    main.get_by_text("Settings of Histogram gradient boosting").wait_for()
    assert main.get_by_label("Name", exact=True).input_value() == "Echo", "what was typed was lost"
    person.look("model-form")
    start(page)
    see_report(person)
    person.look("model-report")
    main.get_by_role("button", name="Promote").click()
    main.get_by_text("is the version that counts now").wait_for()

    main.get_by_role("link", name="Train the next version").click()
    page.locator("#foreseen .fold-bar").first.wait_for()
    main.get_by_label("Logistic regression", exact=True).check()
    main.get_by_text("Settings of Logistic regression").wait_for()
    start(page)
    see_report(person)
    main.get_by_role("button", name="Compare", exact=True).click()
    page.wait_for_url(re.compile(r"/models/compare/"))
    main.get_by_role("heading", name="On the same bars").wait_for()
    see(page.locator("[data-curve=roc][data-state=ready]"))
    person.see_chart("equity")
    person.look("models-compared")
    person.go("/models/")
    person.look("models-versions")


def test_the_slider_the_number_and_the_folded_features_follow_each_other(person):
    page, main = person.page, person.main
    fill_in(person, "Hands")
    page.locator("#id_horizon").fill("9")
    slider = page.locator("[data-slider][aria-controls=id_horizon]")
    assert slider.get_attribute("aria-valuetext") == "9"  # it goes by factors: its own place says nothing
    slider.press("Home")
    assert page.locator("#id_horizon").input_value() == page.locator("#id_horizon").get_attribute("min")
    group = main.locator("[data-feature-group]", has=page.locator("#kind-rsi"))
    group.locator("summary").focus()
    page.keyboard.press("Enter")
    page.locator("#id_feature-rsi").fill("7; 21")
    assert "RSI (7; 21)" in group.locator("[data-ticked]").inner_text()
    page.locator("#kind-rsi").uncheck()
    assert "RSI" not in group.locator("[data-ticked]").inner_text()


def fill_in(person, name):
    person.go("/models/new/")
    person.main.get_by_label("Name", exact=True).fill(name)
    series = person.main.get_by_label("Series", exact=True)
    series.select_option(series.locator("option", has_text="AAPL").first.get_attribute("value"))
    person.page.locator("#foreseen .fold-bar").first.wait_for()


def start(page):
    page.get_by_role("button", name="Train", exact=True).click()
    page.wait_for_url(re.compile(r"/models/\d+/$"))


def see_report(person):
    person.page.locator("#report").wait_for(timeout=90_000)
    for key in CURVES:
        see(person.page.locator(f"[data-curve={key}][data-state=ready]"))
    person.see_chart("equity")


def see(chart):
    chart.wait_for()
    chart.scroll_into_view_if_needed()
    deadline = time.monotonic() + 30
    while not chart.evaluate(DRAWN):
        assert time.monotonic() < deadline, "The curve stayed blank"
        time.sleep(0.1)
