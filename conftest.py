"""What all tests share: people, API clients, and a lab that neither hashes slowly nor writes into `var/`."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.contrib.auth.hashers import BCryptSHA256PasswordHasher
from django.core.cache import cache
from django.db import connection
from django.db.backends.postgresql.operations import DatabaseOperations
from django.test import Client
from rest_framework.test import APIClient
from rest_framework.throttling import SimpleRateThrottle

PASSWORD = "correct horse battery"  # noqa: S105


class FastBCrypt(BCryptSHA256PasswordHasher):
    """The product's hasher with the fewest rounds bcrypt takes."""

    rounds = 4


def pytest_configure(config: pytest.Config) -> None:
    django_settings.PASSWORD_HASHERS = ["conftest.FastBCrypt"]
    # Else every client of a test looks at all static files first.
    django_settings.WHITENOISE_AUTOREFRESH = True
    workers = config.getoption("numprocesses", None)
    if workers and not hasattr(config, "workerinput") and not config.option.collectonly:
        _compile_first()


def _compile_first() -> None:
    """Fill the cache of compiled functions: else each test worker would compile all of them for itself."""
    command = [sys.executable, "manage.py", "warm_up", "--helped"]
    subprocess.run(command, cwd=Path(__file__).parent, check=False)  # noqa: S603  our own words


@pytest.fixture(scope="session")
def django_db_modify_db_settings(
    django_db_modify_db_settings_parallel_suffix: None, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """On SQLite the test database is a file, so that threads and real job processes see the same rows."""
    database = django_settings.DATABASES["default"]
    if database["ENGINE"].endswith("sqlite3"):
        database["TEST"]["NAME"] = str(tmp_path_factory.mktemp("database") / "test.sqlite3")


@pytest.fixture(autouse=True)
def media_root(tmp_path: Path, settings: Any) -> Path:
    """Files of a test go to its own directory."""
    settings.MEDIA_ROOT = tmp_path / "media"
    settings.MEDIA_ROOT.mkdir()
    settings.CHECKPOINT_ROOT = tmp_path / "checkpoints"
    return settings.MEDIA_ROOT


@pytest.fixture(autouse=True)
def empty_cache() -> Iterator[None]:
    """No test sees what another one cached."""
    cache.clear()
    yield
    cache.clear()


@pytest.fixture(autouse=True)
def no_throttles(monkeypatch: pytest.MonkeyPatch) -> dict[str, str | None]:
    """Requests are not counted; a test that wants it sets a rate in the returned mapping."""
    rates: dict[str, str | None] = {"anon": None, "user": None, "auth": None}
    monkeypatch.setattr(SimpleRateThrottle, "THROTTLE_RATES", rates)
    return rates


@pytest.fixture(autouse=True)
def no_heartbeat_inside_a_transaction(request: pytest.FixtureRequest, settings: Any) -> None:
    """A heartbeat has a connection of its own and takes a job for lost that a test runs and never commits."""
    marker = request.node.get_closest_marker("django_db")
    commits = "transactional_db" in request.fixturenames or bool(marker and marker.kwargs.get("transaction"))
    if not commits:
        settings.JOB_BEAT_SECONDS = 3600.0


@pytest.fixture
def make_user(db: None) -> Callable[..., Any]:
    """Make users; every one has the password `PASSWORD`."""
    from accounts.models import User

    def make(username: str, **fields: Any) -> User:
        fields.setdefault("email", f"{username}@example.com")
        return User.objects.create_user(username, password=PASSWORD, **fields)

    return make


@pytest.fixture
def password() -> str:
    """The password of every user that `make_user` makes."""
    return PASSWORD


@pytest.fixture
def user(make_user: Callable[..., Any]) -> Any:
    return make_user("ada", full_name="Ada Lovelace")


@pytest.fixture
def other_user(make_user: Callable[..., Any]) -> Any:
    return make_user("grace")


@pytest.fixture
def staff(make_user: Callable[..., Any]) -> Any:
    return make_user("boss", is_staff=True, is_superuser=True)


@pytest.fixture
def client_for() -> Callable[[Any], Client]:
    """A browser that is signed in as a user."""

    def sign_in(user: Any) -> Client:
        client = Client()
        client.force_login(user, backend="accounts.backends.EmailOrUsernameBackend")
        return client

    return sign_in


@pytest.fixture
def page(client_for: Callable[[Any], Client], user: Any) -> Client:
    """A browser that is signed in as `user`."""
    return client_for(user)


@pytest.fixture
def page_other(client_for: Callable[[Any], Client], other_user: Any) -> Client:
    """A browser that is signed in as `other_user`."""
    return client_for(other_user)


@pytest.fixture
def page_staff(client_for: Callable[[Any], Client], staff: Any) -> Client:
    """A browser that is signed in as `staff`."""
    return client_for(staff)


def _api_for(user: Any) -> APIClient:
    client = APIClient()
    client.force_authenticate(user)
    return client


@pytest.fixture
def api(user: Any) -> APIClient:
    """A script that is signed in as `user`."""
    return _api_for(user)


@pytest.fixture
def api_other(other_user: Any) -> APIClient:
    """A script that is signed in as `other_user`."""
    return _api_for(other_user)


KEPT_TABLES = {"django_content_type", "auth_permission"}
"""What every migration would fill in again alike."""


@pytest.fixture(scope="session", autouse=True)
def empty_tables_are_left_alone() -> Iterator[None]:
    """Delete after a test with real transactions from the tables that hold rows; to truncate all takes a second."""
    if connection.vendor != "postgresql":
        yield
        return
    truncate = DatabaseOperations.sql_flush

    def flush(
        self: Any, style: Any, tables: Any, *, reset_sequences: bool = False, allow_cascade: bool = False
    ) -> list[str]:
        if not tables or reset_sequences:
            return truncate(self, style, tables, reset_sequences=reset_sequences, allow_cascade=allow_cascade)
        asked = " UNION ALL ".join(
            f"SELECT '{table}' WHERE EXISTS (SELECT 1 FROM {self.quote_name(table)})"  # noqa: S608  our tables
            for table in tables
            if table not in KEPT_TABLES
        )
        with self.connection.cursor() as cursor:
            cursor.execute(asked)
            filled = [row[0] for row in cursor.fetchall()]
        # Foreign keys are checked at the end of the transaction, so that the order does not matter.
        return [f"DELETE FROM {self.quote_name(table)}" for table in filled]  # noqa: S608  our tables

    DatabaseOperations.sql_flush = flush
    yield
    DatabaseOperations.sql_flush = truncate


@pytest.fixture(scope="session", autouse=True)
def the_audit_log_is_emptied(empty_tables_are_left_alone: None) -> Iterator[None]:
    """The database refuses to empty the audit log; between tests with real transactions it is permitted to."""
    operations = type(connection.ops)
    plain = operations.sql_flush

    def flush(self: Any, style: Any, tables: Any, **options: Any) -> list[str]:
        tables = [table for table in tables if table != "audit_permit"]
        permit = "INSERT INTO audit_permit (before) VALUES ('9999-12-31 00:00:00')"
        return [permit, *plain(self, style, tables, **options), "DELETE FROM audit_permit"]

    operations.sql_flush = flush
    yield
    operations.sql_flush = plain
