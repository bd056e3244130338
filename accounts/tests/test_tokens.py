"""Tokens: exchanged once, and worthless after a log-out, a password change, a deactivation, a deletion."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection
from django.urls import reverse
from django.utils import timezone
from rest_framework.test import APIClient
from rest_framework_simplejwt.token_blacklist.models import BlacklistedToken, OutstandingToken
from rest_framework_simplejwt.tokens import RefreshToken

from accounts import tokens
from accounts.services import UserService
from algotrade.audit.models import Entry

pytestmark = pytest.mark.django_db


def refresh(token):
    return APIClient().post(reverse("auth-refresh"), {"refresh": token}, format="json")


def log_out(token):
    return APIClient().post(reverse("auth-logout"), {"refresh": token}, format="json")


def me(token):
    return APIClient().get(reverse("auth-me"), headers={"Authorization": f"Bearer {token}"})


def test_a_refresh_token_buys_one_pair_and_the_next_one_works(user):
    first = tokens.issue(user)
    second = refresh(first.refresh)
    assert second.status_code == 200
    assert me(second.json()["access"]).status_code == 200
    again = refresh(first.refresh)
    assert (again.status_code, again.json()["code"]) == (401, "token_refused")
    assert refresh(second.json()["refresh"]).status_code == 200


@pytest.mark.services
@pytest.mark.django_db(transaction=True)
def test_twenty_simultaneous_exchanges_of_one_token_give_one_pair(make_user):
    pair = tokens.issue(make_user("ada"))

    def exchange(_: int) -> int:
        try:
            return refresh(pair.refresh).status_code
        finally:
            connection.close()

    with ThreadPoolExecutor(20) as threads:
        statuses = sorted(threads.map(exchange, range(20)))
    assert statuses == [200] + [401] * 19
    assert OutstandingToken.objects.count() == 2
    assert BlacklistedToken.objects.count() == 1


def test_nothing_works_after_a_password_change(user, password):
    pair = tokens.issue(user)
    UserService.change_password(user, current_password=password, new_password="another fine one")
    assert refresh(pair.refresh).status_code == 401
    assert me(pair.access).status_code == 401


def test_nothing_works_after_the_staff_set_another_password(user):
    pair = tokens.issue(user)
    user.set_password("set in the admin")
    user.save()
    assert refresh(pair.refresh).status_code == 401
    assert me(pair.access).status_code == 401


def test_nothing_works_after_a_deactivation_even_when_it_is_taken_back(user):
    pair = tokens.issue(user)
    UserService.deactivate(user)
    assert refresh(pair.refresh).status_code == 401
    assert me(pair.access).status_code == 401
    UserService.activate(user)
    assert refresh(pair.refresh).status_code == 401
    assert me(pair.access).status_code == 401


def test_a_deleted_user_is_refused_not_a_crash(user):
    pair = tokens.issue(user)
    user.delete()
    assert refresh(pair.refresh).status_code == 401
    assert me(pair.access).status_code == 401


def test_logging_out_twice_does_no_harm(user):
    pair = tokens.issue(user)
    assert [log_out(pair.refresh).status_code for _ in range(2)] == [204, 204]
    assert refresh(pair.refresh).status_code == 401
    assert log_out("nonsense").status_code == 204


def test_an_access_token_ends_with_its_log_in_and_another_log_in_goes_on(user):
    first, other = tokens.issue(user), tokens.issue(user)
    second = refresh(first.refresh).json()
    assert [me(token).status_code for token in (first.access, second["access"], other.access)] == [
        200,
        200,
        200,
    ]
    log_out(second["refresh"])
    assert [me(token).status_code for token in (first.access, second["access"], other.access)] == [
        401,
        401,
        200,
    ]
    tokens.revoke_all(user)
    assert me(other.access).status_code == 401


def test_logging_out_by_a_token_that_was_exchanged_ends_what_came_of_it(user):
    first, elsewhere = tokens.issue(user), tokens.issue(user)
    second = refresh(first.refresh).json()
    assert log_out(first.refresh).status_code == 204
    assert refresh(second["refresh"]).status_code == 401
    assert [me(token).status_code for token in (second["access"], elsewhere.access)] == [401, 200]
    log_out(second["refresh"])
    assert Entry.objects.filter(action="logout").count() == 1


@pytest.mark.parametrize("token", ["nonsense", "a.b.c", "ü", "x" * 4000, "eyJhbGciOiJub25lIn0.e30."])
def test_what_is_no_token_is_refused(db, token):
    response = refresh(token)
    assert response.status_code == 401
    assert set(response.json()) == {"code", "detail", "fields"}
    assert me(token.encode().decode("latin-1")).status_code == 401


def test_an_access_token_cannot_be_exchanged_and_a_refresh_token_opens_nothing(user):
    pair = tokens.issue(user)
    assert refresh(pair.access).status_code == 401
    assert me(pair.refresh).status_code == 401


def test_a_token_that_the_lab_did_not_record_is_refused(user):
    assert refresh(str(RefreshToken.for_user(user))).status_code == 401


def test_the_database_holds_no_usable_token(user):
    tokens.rotate(tokens.issue(user).refresh)
    assert set(OutstandingToken.objects.values_list("token", flat=True)) == {""}


def test_a_worn_out_access_token_does_not_stand_in_the_way_of_a_refresh(user):
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION="Bearer stale")
    pair = tokens.issue(user)
    response = client.post(reverse("auth-refresh"), {"refresh": pair.refresh}, format="json")
    assert response.status_code == 200


def test_the_endpoints_are_limited(db, no_throttles):
    no_throttles["auth"] = "2/min"
    answers = [refresh("nonsense") for _ in range(3)]
    assert [answer.status_code for answer in answers] == [401, 401, 429]
    assert set(answers[-1].json()) == {"code", "detail", "fields"}
    assert int(answers[-1]["Retry-After"]) > 0


def test_a_used_token_that_comes_back_later_ends_its_log_in_and_no_other(user):
    first, elsewhere = tokens.issue(user), tokens.issue(user)
    second = refresh(first.refresh).json()
    assert refresh(first.refresh).status_code == 401  # at once: somebody's answer was lost
    third = refresh(second["refresh"]).json()
    long_ago = timezone.now() - 2 * tokens.TRIED_AGAIN_WITHIN
    BlacklistedToken.objects.update(blacklisted_at=long_ago)
    assert refresh(first.refresh).status_code == 401
    assert refresh(third["refresh"]).status_code == 401
    assert refresh(elsewhere.refresh).status_code == 200
    assert Entry.objects.filter(action="refresh.reused", actor_name="ada").count() == 1
