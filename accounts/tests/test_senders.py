"""Whose a large body is, by its headers."""

import pytest
from django.conf import settings
from django.test import Client

from accounts import api_tokens, tokens
from accounts.senders import is_known

pytestmark = pytest.mark.django_db


@pytest.fixture
def cookie(user):
    client = Client()
    client.force_login(user)
    return f"other=1; {settings.SESSION_COOKIE_NAME}={client.cookies[settings.SESSION_COOKIE_NAME].value}"


def test_a_session_is_known_until_it_ends(user, cookie):
    assert is_known(cookie, "")
    user.set_password("another-long-one-2")
    user.save()
    assert not is_known(cookie, "")


def test_an_access_token_is_known_until_its_log_in_ends(user):
    pair = tokens.issue(user)
    assert is_known("", f"Bearer {pair.access}")
    assert not is_known("", f"Bearer {pair.refresh}")
    tokens.revoke(pair.refresh)
    assert not is_known("", f"Bearer {pair.access}")


def test_an_api_token_is_known_until_it_is_revoked(user):
    token, secret = api_tokens.make(user, name="script")
    assert is_known("", f"Bearer {secret}")
    api_tokens.revoke(token)
    assert not is_known("", f"Bearer {secret}")


def test_a_deactivated_user_is_not_known(user, cookie):
    pair = tokens.issue(user)
    user.is_active = False
    user.save()
    assert not is_known(cookie, "")
    assert not is_known("", f"Bearer {pair.access}")


def test_a_bad_token_is_not_made_good_by_a_session(cookie):
    assert not is_known(cookie, "Bearer lab_nothing")


@pytest.mark.parametrize(
    ("cookie", "authorization"),
    [
        ("", ""),
        ("sessionid=", "Basic YTpi"),
        ("sessionid=\x00abcdefgh", "Bearer"),
        ("\ud800=1; sessionid=ÿ", "Bearer \x00"),
        ("", "Bearer a.b.c"),
        ("", "Bearer lab_\x00"),
    ],
)
def test_what_says_nothing_is_nobodys(cookie, authorization):
    assert is_known(cookie, authorization) is False
