"""The form of a new backtest: data that was named or chosen stays, other data follows the strategy and says so."""

import uuid

import pytest

from algotrade.tests.e2e.person import Person

pytestmark = [pytest.mark.browser, pytest.mark.slow]


@pytest.fixture
def person(chromium, lab, artifacts):
    somebody = Person(chromium, lab, artifacts, width=1280, scheme="light")
    somebody.register(f"new{uuid.uuid4().hex[:8]}")
    for symbol in ("AAPL", "GOOG"):
        somebody.create_strategy("Moving average crossover", name=f"On {symbol}", symbol=symbol)
    yield somebody
    somebody.context.close()


def test_data_that_was_named_or_chosen_stays_and_other_data_follows_aloud(person):
    page = person.page
    strategy, series = page.locator("[name=strategy]"), page.locator("[name=series]")

    def option(select, words):
        return select.locator("option", has_text=words).first.get_attribute("value")

    person.go("/backtests/new/")
    apple, google = (option(series, f"{symbol} 1d") for symbol in ("AAPL", "GOOG"))
    on_apple, on_google = (option(strategy, f"On {symbol}") for symbol in ("AAPL", "GOOG"))

    strategy.select_option(on_apple)
    assert series.input_value() == apple
    assert page.locator("#toasts").inner_text() == ""
    strategy.select_option(on_google)
    assert series.input_value() == google
    page.locator("#toasts", has_text="The data follows the strategy: GOOG 1d (").wait_for()

    series.select_option(apple)
    strategy.select_option(on_apple)
    strategy.select_option(on_google)
    assert series.input_value() == apple

    person.go(f"/backtests/new/?series={apple}")
    strategy.select_option(on_google)
    assert series.input_value() == apple
    assert person.complaints == []
