"""An account that is deleted: shut at once, gone in short transactions, with nothing of others touched."""

from types import SimpleNamespace

import pytest
from django.db import IntegrityError
from django.urls import reverse
from rest_framework.test import APIClient

from accounts import api_tokens, belongings, closing, exporting, tokens
from accounts.errors import AccountInvalid, LastSuperuser
from accounts.models import User
from algotrade.audit.models import Entry
from algotrade.jobs import services as jobs
from algotrade.jobs.models import Job
from algotrade.jobs.tests.test_claiming import at_once
from algotrade.tests.belongings import inventory, one_of_everything
from backtests.models import BacktestResult
from marketdata.models import Series
from marketdata.store import deleting
from strategies.models import Strategy

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def time_enough(monkeypatch):
    """However busy the machine is, a few rows go within the request."""
    monkeypatch.setattr(closing, "AT_ONCE_SECONDS", 60.0)


@pytest.fixture
def ada(make_user):
    return make_user("ada", full_name="Ada Lovelace")


def test_the_page_says_what_is_lost_asks_for_the_password_and_deletes(
    ada, make_user, media_root, client_for, password, client
):
    one_of_everything(ada, media_root)
    grace = make_user("grace")
    Strategy.objects.create(user=grace, name="hers", strategy_type="rsi", symbol="X", initial_capital=1000)
    upload = media_root / "uploads" / "bars.csv"
    browser = client_for(ada)
    page = browser.get(reverse("accounts:delete")).content.decode()
    for words in ("Strategies: 1", "Backtest results: 1", "Models: 1", "Series: 1", "audit log keeps"):
        assert words in page, words
    wrong = browser.post(reverse("accounts:delete"), {"current_password": "wrong"})
    assert wrong.status_code == 422
    assert User.objects.filter(username="ada").exists()
    done = browser.post(reverse("accounts:delete"), {"current_password": password})
    assert (done.status_code, done["Location"]) == (302, reverse("accounts:login"))
    assert browser.get(reverse("accounts:profile")).status_code == 302
    assert list(User.objects.values_list("username", flat=True)) == ["grace"]
    assert not Series.written.exists()
    assert sum(inventory()) == 1  # the other one's strategy
    assert not upload.exists()
    assert not (media_root / "exports" / "all.zip").exists()
    said = list(Entry.objects.filter(action__startswith="account.").values_list("action", "target_name"))
    assert ("account.closed", "ada") in said
    assert Entry.objects.filter(action="account.deleted", target_id=str(ada.pk)).count() == 1


def test_by_api_too_and_the_name_is_free_at_once(ada, password):
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {tokens.issue(ada).access}")
    refused = client.delete(reverse("auth-me"), {"current_password": "wrong"}, format="json")
    assert refused.status_code == 400
    gone = client.delete(reverse("auth-me"), {"current_password": password}, format="json")
    assert gone.status_code == 204
    assert client.get(reverse("auth-me")).status_code == 401
    body = {"username": "ada", "email": "ada@example.com", "password": "long enough 17"}
    assert APIClient().post(reverse("auth-register"), body, format="json").status_code == 201


def test_running_work_is_stopped_first_and_the_rest_goes_when_it_has_ended(ada):
    waiting = jobs.submit(kind=exporting.EXPORT_KIND, owner=ada, title="waits")
    export = exporting.submit(ada)
    running = Job.objects.get(pk=export.job_id)
    assert running.claim("somewhere")
    api_tokens.make(ada, name="x")
    closing.close(ada)
    waiting.refresh_from_db()
    running.refresh_from_db()
    assert waiting.state == "cancelled"
    assert running.cancel_requested_at is not None
    closed = User.objects.get(pk=ada.pk)
    assert not closed.is_active
    assert closed.username.startswith("closed-")
    assert "ada" not in f"{closed.username}{closed.email}{closed.full_name}"
    assert closing.finish_all() == 0  # it still runs
    running.cancel()
    assert closing.finish_all() == 1
    assert not User.objects.exists()
    assert not Job.objects.exists()


def test_however_much_there_is_each_transaction_is_short_and_time_is_kept(ada, monkeypatch):
    monkeypatch.setattr(belongings, "AT_ONCE", 5)
    for number in range(23):
        Strategy.objects.create(
            user=ada, name=f"s{number}", strategy_type="rsi", symbol="X", initial_capital=1000
        )
    ticks = iter(range(1000))
    monkeypatch.setattr(belongings, "time", SimpleNamespace(monotonic=lambda: next(ticks)))
    assert not belongings.delete_by_and_by(Strategy.objects.filter(user=ada), until=1)
    assert Strategy.objects.count() == 13  # two rounds of five
    assert belongings.delete_by_and_by(Strategy.objects.filter(user=ada), until=900)
    assert not Strategy.objects.exists()


def test_what_the_time_did_not_suffice_for_goes_by_the_clock(ada, monkeypatch):
    Strategy.objects.create(user=ada, name="s", strategy_type="rsi", symbol="X", initial_capital=1000)
    monkeypatch.setattr(closing, "AT_ONCE_SECONDS", -1.0)
    closing.close(ada)
    assert Strategy.objects.exists()
    assert User.objects.filter(closed_at__isnull=False).exists()
    assert closing.finish_all() == 1
    assert not User.objects.exists()


def test_a_series_that_others_computed_from_stays_and_is_shared(ada, make_user, media_root):
    things = one_of_everything(ada, media_root)
    grace = make_user("grace")
    result = things["result"]
    strategy = Strategy.objects.create(
        user=grace, name="hers", strategy_type="rsi", symbol="X", initial_capital=1000
    )
    result.pk, result.user, result.strategy = None, grace, strategy
    result.save()
    closing.close(ada)
    closing.finish_all()
    assert list(User.objects.values_list("username", flat=True)) == ["grace"]
    assert BacktestResult.objects.get().series.user is None


def test_the_only_superuser_stays(staff, make_user, password, client_for):
    page = client_for(staff).post(reverse("accounts:delete"), {"current_password": password})
    assert page.status_code == 422
    assert "only active superuser" in page.content.decode()
    with pytest.raises(LastSuperuser):
        closing.close_own(staff, password)
    other = make_user("second", is_staff=True, is_superuser=True, is_active=False)
    with pytest.raises(LastSuperuser):
        closing.close_own(staff, password)
    User.objects.filter(pk=other.pk).update(is_active=True)
    closing.close_own(staff, password)
    assert list(User.objects.values_list("username", flat=True)) == ["second"]


def test_a_wrong_password_changes_nothing(ada):
    with pytest.raises(AccountInvalid):
        closing.close_own(ada, "wrong")
    ada.refresh_from_db()
    assert ada.closed_at is None


def test_staff_delete_in_the_admin_in_the_same_way_but_never_themselves(staff, ada, make_user, client_for):
    Strategy.objects.create(user=ada, name="s", strategy_type="rsi", symbol="X", initial_capital=1000)
    grace = make_user("grace")
    client = client_for(staff)
    one = reverse("admin:accounts_user_delete", args=[ada.pk])
    assert "everything that belongs" in client.get(one).content.decode()
    assert client.post(one, {"post": "yes"}).status_code == 302
    many = {"action": "delete_selected", "_selected_action": [grace.pk, staff.pk], "post": "yes"}
    assert client.post(reverse("admin:accounts_user_changelist"), many).status_code == 302
    assert list(User.objects.values_list("username", flat=True)) == ["boss"]
    assert not Strategy.objects.exists()
    assert client.get(reverse("admin:accounts_user_delete", args=[staff.pk])).status_code == 403
    closed = Entry.objects.filter(action="account.closed").values_list("target_name", "actor_name")
    assert set(closed) == {("ada", "boss"), ("grace", "boss")}


@pytest.mark.services
def test_several_that_go_on_with_one_account_at_once_end_it_once(ada, monkeypatch):
    Strategy.objects.create(user=ada, name="s", strategy_type="rsi", symbol="X", initial_capital=1000)
    monkeypatch.setattr(closing, "AT_ONCE_SECONDS", -1.0)
    closing.close(ada)
    assert at_once(lambda _number: closing.finish(ada.pk), 3) == [True] * 3
    assert not User.objects.exists()
    assert Entry.objects.filter(action="account.deleted").count() == 1


def test_a_series_that_another_finisher_was_faster_with_stops_nobody(ada, monkeypatch):
    for symbol in ("AAPL", "MSFT"):
        Series.objects.create(user=ada, symbol=symbol, timeframe="1d")
    monkeypatch.setattr(closing, "AT_ONCE_SECONDS", -1.0)
    closing.close(ada)
    delete, others = deleting.delete_or_share, []

    def meanwhile(series):
        if not others:
            others.append(True)
            assert closing.finish(ada.pk)
        delete(series)

    monkeypatch.setattr(deleting, "delete_or_share", meanwhile)
    assert closing.finish(ada.pk)
    assert not Series.written.exists()
    assert not User.objects.exists()


def test_an_account_that_cannot_be_removed_keeps_no_other_one(ada, make_user, monkeypatch, caplog):
    grace, finish = make_user("grace"), closing.finish
    monkeypatch.setattr(closing, "AT_ONCE_SECONDS", -1.0)
    for leaving in (ada, grace):
        Strategy.objects.create(user=leaving, name="s", strategy_type="rsi", symbol="X", initial_capital=1000)
        closing.close(leaving)

    def broken_for_ada(user_id, *args):
        if user_id == ada.pk:
            raise IntegrityError("something refers to it")
        return finish(user_id, *args)

    monkeypatch.setattr(closing, "finish", broken_for_ada)
    assert closing.finish_all() == 1
    assert list(User.objects.values_list("pk", flat=True)) == [ada.pk]
    assert f"closed account {ada.pk}" in caplog.text


def test_an_account_is_closed_although_its_removal_fails_at_first(
    ada, password, staff, client_for, monkeypatch
):
    def broken(user_id, seconds):
        Strategy.objects.create(user_id=user_id, initial_capital=None)

    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {tokens.issue(ada).access}")
    with monkeypatch.context() as patch:
        patch.setattr(closing, "finish", broken)
        gone = client.delete(reverse("auth-me"), {"current_password": password}, format="json")
        assert gone.status_code == 204
        grace = User.objects.create_user("grace", "grace@example.com", password)
        answer = client_for(staff).post(
            reverse("admin:accounts_user_delete", args=[grace.pk]), {"post": "yes"}
        )
        assert answer.status_code == 302
    assert User.objects.filter(closed_at__isnull=False).count() == 2
    assert closing.finish_all() == 2
