"""Alpha Vantage's JSON, from a server on this machine: its shapes, its errors with status 200, its rate limits."""

import json
import logging
import socket

import numpy as np
import pytest

from algotrade.errors import LabError
from marketdata.errors import BarsError, KeyMissing, ProviderError, ProviderUnavailable, RateLimited
from marketdata.providers import AlphaVantageProvider, http
from marketdata.providers.tests.conftest import quick
from marketdata.providers.tests.server import TROUBLE, Answer

KEY = "S3CRETKEY0123456"
META = {"1. Information": "Daily Time Series", "2. Symbol": "IBM", "5. Time Zone": "US/Eastern"}


def daily(rows):
    """{date: (open, high, low, close, adjusted, volume)} in the service's words."""
    names = (
        "1. open", "2. high", "3. low", "4. close", "5. adjusted close", "6. volume",
        "7. dividend amount", "8. split coefficient",
    )  # fmt: skip
    series = {
        day: dict(zip(names, [*(f"{value:.4f}" for value in row), "0.0000", "1.0"], strict=True))
        for day, row in rows.items()
    }
    return {"Meta Data": META, "Time Series (Daily)": series}


def intraday(rows, interval="5min"):
    names = ("1. open", "2. high", "3. low", "4. close", "5. volume")
    series = {time: dict(zip(names, map(str, row), strict=True)) for time, row in rows.items()}
    meta = {**META, "6. Time Zone": "US/Eastern"}
    del meta["5. Time Zone"]
    return {"Meta Data": meta, f"Time Series ({interval})": series}


DAYS = daily(
    {
        "2024-01-04": (102, 104, 101, 103, 51.5, 3000),
        "2024-01-03": (101, 103, 100, 102, 51.0, 2000),
        "2024-01-02": (100, 102, 99, 100, 50.0, 1000),
    }
)


@pytest.fixture
def server(serve, monkeypatch):
    server = serve(lambda question: Answer(DAYS))
    monkeypatch.setenv("ALPHAVANTAGE_URL", f"{server.url}/")
    monkeypatch.setenv("ALPHAVANTAGE_API_KEY", KEY)
    return server


@pytest.fixture
def provider():
    return quick(AlphaVantageProvider())


def test_days_come_oldest_first_and_adjusted(server, provider):
    bars = provider.history("IBM", "1d", "2024-01-02", "2024-01-04")
    assert [str(time)[:10] for time in bars.time] == ["2024-01-02", "2024-01-03", "2024-01-04"]
    # The adjusted close is half of the close, so that every price is halved and the volume doubled.
    assert (bars.open[0], bars.high[0], bars.low[0], bars.close[0]) == (50.0, 51.0, 49.5, 50.0)
    assert bars.volume.tolist() == [2000.0, 4000.0, 6000.0]
    asked = server.questions[0]
    assert asked.path == "/query"
    assert asked.parameters["function"] == "TIME_SERIES_DAILY_ADJUSTED"
    assert asked.parameters["outputsize"] == "full"
    assert asked.parameters["apikey"] == KEY


def test_only_the_period_that_was_asked_for_comes(server, provider):
    bars = provider.history("IBM", "1d", "2024-01-03", "2024-01-03")
    assert bars.close.tolist() == [51.0]
    with pytest.raises(ProviderError, match="lies before the start"):
        provider.history("IBM", "1d", "2024-01-03", "2024-01-02")
    with pytest.raises(BarsError, match="is not a date"):
        provider.history("IBM", "1d", "yesterday")


def test_for_a_recent_period_the_short_answer_is_asked_for(server, provider):
    today = np.datetime64("today")
    provider.history("IBM", "1d", today - 20)
    assert server.questions[0].parameters["outputsize"] == "compact"


def test_the_bar_of_today_is_left_out(server, provider):
    today = np.datetime64("today")
    row = (1, 1, 1, 1, 1, 1)
    server.respond = lambda question: Answer(
        daily({str(today): row, str(today - 1): row, str(today - 2): row})
    )
    assert provider.history("IBM", "1d").time[-1] == today - 1


def test_weeks_are_named_by_their_monday(server, provider):
    rows = daily({"2024-01-12": (1, 2, 1, 2, 2, 10), "2024-01-05": (1, 2, 1, 2, 2, 10)})
    server.respond = lambda question: Answer(
        {"Meta Data": META, "Weekly Adjusted Time Series": rows["Time Series (Daily)"]}
    )
    bars = provider.history("IBM", "1w")
    assert [str(time)[:10] for time in bars.time] == ["2024-01-01", "2024-01-08"]
    assert server.questions[0].parameters["function"] == "TIME_SERIES_WEEKLY_ADJUSTED"


def test_shorter_bars_are_asked_for_by_month_and_come_in_utc(server, provider):
    months = {
        "2024-02": intraday(
            {"2024-02-29 15:55:00": (10, 11, 9, 10, 5), "2024-02-29 09:30:00": (9, 10, 9, 10, 4)}
        ),
        "2024-03": intraday({"2024-03-11 09:30:00": (10, 12, 10, 11, 6)}),
    }
    server.respond = lambda question: Answer(months.get(question.parameters["month"], {}))
    bars = provider.history("IBM", "5m", "2024-02-29", "2024-03-31")
    # New York is five hours behind in February, four from March 10 on.
    assert [str(time)[:16] for time in bars.time] == [
        "2024-02-29T14:30", "2024-02-29T20:55", "2024-03-11T13:30",
    ]  # fmt: skip
    assert [question.parameters["month"] for question in server.questions] == ["2024-02", "2024-03"]
    assert {question.parameters["interval"] for question in server.questions} == {"5min"}
    assert {question.parameters["extended_hours"] for question in server.questions} == {"false"}


def test_a_month_before_the_first_listing_is_noted_and_an_unknown_symbol_is_an_error(server, provider):
    error = {
        "Error Message": "Invalid API call. Please retry or visit the documentation for TIME_SERIES_INTRADAY."
    }
    march = intraday({"2024-03-11 09:30:00": (10, 12, 10, 11, 6)})
    server.respond = lambda question: Answer(march if question.parameters["month"] == "2024-03" else error)
    assert len(provider.history("IBM", "5m", "2024-02-05", "2024-03-31")) == 1
    assert provider.notes == ("Alpha Vantage has nothing for 2024-02.",)
    server.respond = lambda question: Answer(error)
    with pytest.raises(ProviderError, match="cannot give 'NONE'; it says: Invalid API call"):
        provider.history("NONE", "5m", "2024-02-05", "2024-03-31")


def test_an_error_message_with_status_200_is_an_error_and_is_not_asked_about_again(server, provider):
    server.respond = lambda question: Answer({"Error Message": "Invalid API call."})
    with pytest.raises(ProviderError, match="Invalid API call") as caught:
        provider.history("N@NE", "1d")
    assert "symbol" in caught.value.fields
    assert len(server.questions) == 1


def test_a_rate_limit_with_status_200_is_waited_for(server, provider, monkeypatch):
    slept = []
    monkeypatch.setattr("marketdata.providers.courtesy.Courtesy.pause", lambda self, s, m: slept.append(s))
    provider.patience = type(provider.patience)(attempts=3, total_seconds=150.0)
    note = "Thank you for using Alpha Vantage! Our standard API call frequency is 5 calls per minute."
    server.first = [Answer({"Note": note})]
    assert len(provider.history("IBM", "1d")) == 3
    assert slept == [60.0]


def test_a_limit_of_the_day_ends_the_request_and_hides_the_key(server, provider):
    said = (
        f"We have detected your API key as {KEY} and our standard API rate limit is 25 requests per day. "
        "Please subscribe to any of the premium plans."
    )
    server.respond = lambda question: Answer({"Information": said})
    with pytest.raises(RateLimited, match=r"25 requests per day.*Try again in 24 hours") as caught:
        provider.history("IBM", "1d")
    assert caught.value.seconds == 86_400.0
    assert KEY not in caught.value.detail
    assert "(your key)" in caught.value.detail
    assert len(server.questions) == 1


def test_a_premium_function_is_refused_in_the_words_of_the_service(server, provider):
    said = "Thank you for using Alpha Vantage! This is a premium endpoint."
    server.respond = lambda question: Answer({"Information": said})
    with pytest.raises(ProviderError, match="This is a premium endpoint"):
        provider.history("IBM", "1d")
    assert len(server.questions) == 1


@pytest.mark.parametrize("name", TROUBLE)
def test_trouble_that_passes_is_survived(server, provider, name):
    server.first = [TROUBLE[name], TROUBLE[name]]
    assert len(provider.history("IBM", "1d")) == 3
    assert len(server.questions) == 3


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("server error", "status 503"),
        ("reset", "the connection was reset"),
        ("cut short", "the answer was cut short"),
        ("no JSON", "an answer that is not JSON"),
        ("a web page", "a web page instead of data"),
    ],
)
def test_trouble_that_stays_is_named(server, provider, name, reason):
    server.respond = lambda question: TROUBLE[name]
    with pytest.raises(ProviderUnavailable, match=reason):
        provider.history("IBM", "1d")
    assert len(server.questions) == 3


def test_too_many_requests_is_an_error_of_its_own(server, provider):
    server.respond = lambda question: Answer(status=429, headers={"Retry-After": "7200"})
    with pytest.raises(RateLimited, match="Try again in 2 hours") as caught:
        provider.history("IBM", "1d")
    assert caught.value.seconds == 7200.0


def test_no_answer_in_time_and_nobody_there_are_named(server, provider, monkeypatch):
    server.respond = lambda question: Answer(DAYS, wait=3.0)
    provider.patience = type(provider.patience)(attempts=1, timeout_seconds=0.2)
    with pytest.raises(ProviderUnavailable, match="no answer in time"):
        provider.history("IBM", "1d")
    monkeypatch.setenv("ALPHAVANTAGE_URL", "http://127.0.0.1:9")
    with pytest.raises(ProviderUnavailable, match="no connection"):
        provider.history("IBM", "1d")


def test_only_addresses_of_the_web_are_followed(server, provider):
    with socket.create_server(("127.0.0.1", 0)) as ftp:
        ftp.settimeout(0.0)
        for address in (f"ftp://127.0.0.1:{ftp.getsockname()[1]}/x", "file:///etc/passwd"):
            server.first = [Answer(status=302, headers={"Location": address})]
            with pytest.raises(ProviderError, match=r"an address that cannot be followed \(status 302\)"):
                provider.history("IBM", "1d")
        with pytest.raises(BlockingIOError):  # nobody came
            ftp.accept()
    server.first = [Answer(status=302, headers={"Location": f"{server.url}/elsewhere"})]
    assert len(provider.history("IBM", "1d")) == 3


def test_an_answer_that_drips_is_given_up(server, provider, monkeypatch):
    monkeypatch.setattr(http, "SLOWEST_ANSWER_SECONDS", 0.3)
    server.respond = lambda question: Answer(DAYS, drip=0.01)
    provider.patience = type(provider.patience)(attempts=1, timeout_seconds=1.0)
    with pytest.raises(ProviderUnavailable, match="the answer came too slowly"):
        provider.history("IBM", "1d")
    assert server.dripped < len(Answer(DAYS).as_bytes())  # and not only once all of it had come


@pytest.mark.parametrize(
    "body",
    [
        [],
        "text",
        {"Meta Data": META},
        {"Time Series (Daily)": [1, 2]},
        {"Time Series (Daily)": {"not a day": {"1. open": "1"}}},
        {"Time Series (Daily)": {"2024-01-02": {"1. open": "1"}}},
        {"Time Series (Daily)": {"2024-01-02": None}},
        {
            "Time Series (Daily)": {
                "2024-01-02": {**DAYS["Time Series (Daily)"]["2024-01-02"], "1. open": "one"}
            }
        },
        json.dumps(DAYS).replace('"102.0000"', "9" * 400),
        *(
            {"Time Series (Daily)": {day: DAYS["Time Series (Daily)"]["2024-01-02"]}}
            for day in ("-5000-01-01", "1600-01-01", "2300-01-01", "9999-12-31")
        ),
        {**intraday({"2024-01-02 09:30:00": (1, 1, 1, 1, 1)}), "Meta Data": {"6. Time Zone": "Mars"}},
        intraday({"9999-12-31 23:00:00": (1, 1, 1, 1, 1)}),
        intraday({"2300-01-02 09:30:00": (1, 1, 1, 1, 1)}),
        {**intraday({"0001-01-01 00:00:00": (1, 1, 1, 1, 1)}), "Meta Data": {"6. Time Zone": "Asia/Tokyo"}},
    ],
)
def test_an_answer_of_another_form_is_an_error_and_no_crash(server, provider, body):
    server.respond = lambda question: Answer(body)
    timeframe = "5m" if "(5min)" in str(body) else "1d"
    with pytest.raises(ProviderUnavailable):
        provider.history("IBM", timeframe, "2024-01-01", "2024-01-31")


def test_an_empty_answer_points_at_the_symbol_and_no_rows_are_no_bars(server, provider):
    server.respond = lambda question: Answer({})
    with pytest.raises(ProviderError, match="Check the symbol"):
        provider.history("IBM", "1d")
    server.respond = lambda question: Answer({"Meta Data": META, "Time Series (Daily)": {}})
    assert len(provider.history("IBM", "1d")) == 0


def test_rows_that_contradict_themselves_are_left_out_and_noted(server, provider):
    rows = {
        "2024-01-02": (100, 99, 98, 100, 100, 1),
        "2024-01-03": (100, 101, 99, 100, 100, 1),
        "2024-01-04": (0, 0, 0, 0, 0, 1),
    }
    server.respond = lambda question: Answer(daily(rows))
    assert len(provider.history("IBM", "1d")) == 1
    # A close of 0 has no factor, so that the last row has no prices at all but its adjusted close.
    assert provider.notes == (
        "2 rows were left out because their prices contradict each other or are not above 0.",
    )


def test_without_a_key_the_message_names_the_variable(server, provider, monkeypatch):
    monkeypatch.setenv("ALPHAVANTAGE_API_KEY", " ")
    assert not provider.available
    with pytest.raises(KeyMissing, match="Set the environment variable ALPHAVANTAGE_API_KEY"):
        provider.history("IBM", "1d")
    assert server.questions == []


def test_an_address_that_is_none_is_refused(provider, monkeypatch):
    monkeypatch.setenv("ALPHAVANTAGE_API_KEY", KEY)
    monkeypatch.setenv("ALPHAVANTAGE_URL", "file:///etc/passwd")
    with pytest.raises(ProviderError, match="does not begin with https://"):
        provider.history("IBM", "1d")


def test_the_key_is_in_no_message_and_in_no_log(server, provider, caplog):
    answers = [
        *TROUBLE.values(),
        Answer({"Error Message": f"apikey={KEY} is invalid"}),
        Answer({"Information": f"the key {KEY} is not of a premium plan"}),
        Answer({"Note": f"{KEY}: 5 calls per minute"}),
        Answer({"Meta Data": KEY}),
        Answer(status=401),
        Answer(status=403, body=KEY),
        Answer(status=404),
        Answer(status=302, headers={"Location": f"http://127.0.0.1:9/?apikey={KEY}"}),
    ]
    told = []
    provider.watch(lambda fraction, message: told.append(message))
    with caplog.at_level(logging.DEBUG):
        for answer in answers:
            server.respond = lambda question, answer=answer: answer
            with pytest.raises(LabError) as caught:
                provider.history("IBM", "1d")
            chain, error = [], caught.value
            while error is not None:
                chain.append(f"{error!r} {error} {getattr(error, 'fields', '')}")
                error = None if error.__suppress_context__ else (error.__cause__ or error.__context__)
            assert KEY not in " ".join(chain), answer
    assert KEY not in caplog.text
    assert KEY not in " ".join(told)
    assert any("trying again" in message for message in told)
