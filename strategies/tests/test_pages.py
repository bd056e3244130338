"""The pages about strategies: owner, stranger, anonymous, field errors, query budgets."""

import pytest

from strategies import registry
from strategies.base import BaseStrategy
from strategies.headlines import Headline, provide_headlines
from strategies.models import Strategy
from strategies.params import ReferenceParam
from strategies.references import reference_checkers, reference_choices
from strategies.tests.conftest import make_strategy

LIST = "/strategies/"
NEW = "/strategies/new/rsi/"
FORM = {
    "name": "Dips",
    "symbol": "aapl",
    "timeframe": "1d",
    "initial_capital": "5000",
    "description": "",
    "parameters-period": "7",
    "parameters-oversold": "25",
    "parameters-overbought": "75",
}


def text(answer):
    return answer.content.decode()


def test_an_empty_list_says_what_to_do_next(page):
    body = text(page.get(LIST))
    assert "No strategies yet" in body
    assert 'href="/strategies/new/"' in body


def test_a_strategy_is_made_in_two_steps(page, user):
    body = text(page.get("/strategies/new/"))
    assert 'href="/strategies/new/rsi/"' in body
    assert body.count('<svg class="picture') >= 3
    form = text(page.get(NEW))
    assert 'name="parameters-period"' in form
    assert 'max="200"' in form
    assert "From 2 to 200." in form
    answer = page.post(NEW, FORM)
    strategy = Strategy.objects.get()
    assert answer.status_code == 302
    assert answer["Location"] == f"/strategies/{strategy.pk}/"
    assert strategy.user == user
    assert strategy.symbol == "AAPL"
    assert strategy.parameters == {"period": 7, "oversold": 25.0, "overbought": 75.0}


def test_a_refused_form_keeps_what_was_typed_and_speaks_beside_the_field(page):
    answer = page.post(
        NEW, FORM | {"parameters-period": "1", "parameters-oversold": "80", "symbol": "a b", "name": ""}
    )
    body = text(answer)
    assert answer.status_code == 422
    assert "out of bounds. Give a whole number from 2 to 200" in body
    assert 'value="80"' in body
    assert 'data-field="name"' in body
    assert not Strategy.objects.exists()


def test_what_only_the_service_can_see_is_shown_beside_the_field_too(page):
    body = text(page.post(NEW, FORM | {"parameters-oversold": "80", "symbol": "a b"}))
    assert "80 is not below the overbought level (75)" in body
    assert "Capital letters, digits and ^" in body


@pytest.mark.parametrize("value", ["", "abc", "1e400", "nan", "9" * 5000, "7.5", "\u0661"])
def test_no_text_in_a_number_field_is_an_accident(page, value):
    answer = page.post(NEW, FORM | {"parameters-period": value, "initial_capital": value})
    assert answer.status_code == 422
    assert not Strategy.objects.exists()


def test_editing_starts_from_the_saved_values(page, strategy):
    url = f"/strategies/{strategy.pk}/edit/"
    assert 'value="30"' in text(page.get(url))
    form = {
        "name": "Slower",
        "symbol": "MSFT",
        "timeframe": "1h",
        "initial_capital": "10000",
        "parameters-fast_period": "20",
        "parameters-slow_period": "100",
        "parameters-ma_type": "ema",
    }
    assert page.post(url, form).status_code == 302
    strategy.refresh_from_db()
    assert strategy.name == "Slower"
    assert strategy.parameters == {"fast_period": 20, "slow_period": 100, "ma_type": "ema"}
    crossed = page.post(url, form | {"parameters-slow_period": "20"})
    assert "20 is not below the slow period (20)" in text(crossed)


def test_the_detail_page_tells_the_rules_and_the_parameters(page, strategy):
    body = text(page.get(f"/strategies/{strategy.pk}/"))
    assert "Buy when the 10-bar simple average of the close crosses above the 30-bar one." in body
    assert "Slow period" in body
    assert "Simple" in body
    assert f"/backtests/new/?strategy={strategy.pk}" in body


def test_a_copy_opens_for_editing(page, strategy):
    answer = page.post(f"/strategies/{strategy.pk}/duplicate/")
    copy = Strategy.objects.exclude(pk=strategy.pk).get()
    assert answer["Location"] == f"/strategies/{copy.pk}/edit/"
    assert page.get(f"/strategies/{strategy.pk}/duplicate/").status_code == 405


def test_deleting_asks_first(page, strategy):
    url = f"/strategies/{strategy.pk}/delete/"
    assert "Backtest results stay" in text(page.get(url))
    assert Strategy.objects.exists()
    assert page.post(url)["Location"] == LIST
    assert not Strategy.objects.exists()


@pytest.mark.parametrize(
    ("method", "suffix"),
    [
        ("get", ""),
        ("get", "edit/"),
        ("post", "edit/"),
        ("post", "duplicate/"),
        ("get", "delete/"),
        ("post", "delete/"),
    ],
)
def test_a_stranger_finds_nothing(page_other, strategy, method, suffix):
    assert getattr(page_other, method)(f"/strategies/{strategy.pk}/{suffix}").status_code == 404
    assert Strategy.objects.get().name == "Crossover"


def test_a_stranger_lists_none_of_them(page_other, strategy):
    assert "Crossover" not in text(page_other.get(LIST)).replace("Moving average", "")


@pytest.mark.parametrize("suffix", ["", "new/", "new/rsi/", "1/", "1/edit/", "1/delete/"])
def test_nothing_is_shown_without_signing_in(client, db, suffix):
    answer = client.get(f"/strategies/{suffix}")
    assert answer.status_code == 302
    assert answer["Location"].startswith("/account/login")


@pytest.mark.parametrize("path", ["new/nonsense/", "999/", f"{'9' * 30}/", "abc/"])
def test_an_address_that_names_nothing_is_not_found(page, path):
    assert page.get(f"/strategies/{path}").status_code == 404


def test_the_list_is_searched_filtered_and_sorted(page, user):
    make_strategy(user, "Alpha", symbol="IBM")
    make_strategy(user, "Beta", strategy_type="rsi")
    assert "Alpha" not in text(page.get(f"{LIST}?type=rsi"))
    assert "Beta" not in text(page.get(f"{LIST}?q=ibm"))
    body = text(page.get(f"{LIST}?sort=-name"))
    assert body.index(">Beta<") < body.index(">Alpha<")
    assert "No strategy matches" in text(page.get(f"{LIST}?q=zzz"))
    for odd in ("type=zzz", "sort=user__password", "page=zzz", "q=" + "x" * 500, "timeframe=9d"):
        assert "Alpha" in text(page.get(f"{LIST}?{odd}")), odd


def test_a_long_list_is_paged(page, user):
    for number in range(27):
        make_strategy(user, f"S{number:02}")
    assert text(page.get(LIST)).count('<th scope="row">') == 25
    assert text(page.get(f"{LIST}?page=2")).count('<th scope="row">') == 2


def test_the_last_result_of_each_strategy_is_shown_when_somebody_provides_it(page, strategy, monkeypatch):
    monkeypatch.setattr("strategies.headlines._providers", [])
    assert "not run yet" not in text(page.get(LIST))
    provide_headlines(lambda rows: {})
    assert "not run yet" in text(page.get(LIST))
    line = Headline(url="/backtests/5/", status="succeeded", total_return=0.1234, sparkline=(1.0, 2.0))
    provide_headlines(lambda rows: {row.pk: line for row in rows})
    body = text(page.get(LIST))
    assert "/backtests/5/" in body
    assert "12.34" in body


def test_the_pages_stay_within_their_query_budgets(page, user, strategy, django_assert_max_num_queries):
    for number in range(20):
        make_strategy(user, f"S{number}")
    # session, user, and at most the running jobs: 3; then count and rows
    with django_assert_max_num_queries(6):
        page.get(LIST)
    with django_assert_max_num_queries(5):
        page.get(f"/strategies/{strategy.pk}/")
    # the name that is free, the symbols that are known, and the market of the last strategy
    with django_assert_max_num_queries(6):
        page.get(NEW)


def test_a_strategy_whose_type_is_gone_still_has_its_page(page, strategy):
    Strategy.objects.update(strategy_type="gone")
    body = text(page.get(f"/strategies/{strategy.pk}/"))
    assert "cannot run as it is saved" in body
    assert "/edit/" not in body
    assert page.get(f"/strategies/{strategy.pk}/edit/").status_code == 404
    assert page.get(LIST).status_code == 200


def test_pages_carry_no_inline_script_or_style(page, strategy):
    for path in (
        LIST,
        "/strategies/new/",
        NEW,
        f"/strategies/{strategy.pk}/",
        f"/strategies/{strategy.pk}/edit/",
    ):
        body = text(page.get(path))
        assert " style=" not in body, path
        assert "<style" not in body, path
        assert "onclick" not in body, path


def test_a_second_strategy_of_a_type_is_offered_a_name_that_is_free(page, user):
    assert 'value="RSI reversal"' in text(page.get(NEW))
    make_strategy(user, "RSI reversal")
    assert 'value="RSI reversal 2"' in text(page.get(NEW))


class Follower(BaseStrategy):
    """A type whose parameter has no default."""

    key, label, summary, uses_model = "follower", "Follower", "Follows another object.", True
    params = (ReferenceParam("other", kind="test_other", label="Other", help="One of yours."),)

    def target(self, bars):
        raise AssertionError("not run here")


def test_a_type_that_needs_what_the_user_has_not_says_so(page, user, monkeypatch):
    monkeypatch.setitem(reference_choices, "test_other", lambda user: [])
    with registry.temporarily(Follower):
        assert "no trained model yet" in text(page.get("/strategies/new/follower/"))


def test_the_form_tells_the_rules_with_the_defaults_and_later_as_saved(page, user):
    assert "With the defaults:" in text(page.get(NEW))
    strategy = make_strategy(user)
    body = text(page.get(f"/strategies/{strategy.pk}/edit/"))
    assert "As saved:" in body
    assert strategy.build().describe_rules()[-1] in body


def test_a_type_that_names_another_object_offers_the_users_own(page, user, monkeypatch):
    monkeypatch.setitem(reference_checkers, "test_other", lambda user, number: None)
    monkeypatch.setitem(reference_choices, "test_other", lambda user: [(7, f"Seven of {user}")])
    with registry.temporarily(Follower):
        assert "no trained model yet" not in text(page.get("/strategies/new/follower/"))
        assert "needs a trained model" in text(page.get("/strategies/new/"))
        assert '<option value="7">Seven of ada</option>' in text(page.get("/strategies/new/follower/"))
        form = {"name": "F", "symbol": "AAPL", "timeframe": "1d", "initial_capital": "10"}
        for wrong in ("", "8", "x", "-1"):
            page.post("/strategies/new/follower/", form | {"parameters-other": wrong})
        assert not Strategy.objects.exists()
        made = page.post("/strategies/new/follower/", form | {"parameters-other": "7"})
        assert Strategy.objects.get().parameters == {"other": 7}
        assert "Seven of ada" in text(page.get(made["Location"]))
