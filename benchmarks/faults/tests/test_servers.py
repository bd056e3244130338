"""The suite's own PostgreSQL loses nothing when it is ended at once, so whatever is lost then is the lab's fault."""

import tempfile
from pathlib import Path

import psycopg
import pytest

from benchmarks.faults.servers import Missing, Postgres

pytestmark = [pytest.mark.slow, pytest.mark.services]
ADD = "INSERT INTO thing DEFAULT VALUES RETURNING id"


@pytest.fixture
def postgres():
    with tempfile.TemporaryDirectory(prefix="lab-chaos-") as folder:
        Path(folder).chmod(0o755)  # the server's own user must come through
        server = Postgres(Path(folder))
        try:
            server.start()
            yield server
        except Missing as missing:
            pytest.skip(str(missing))
        finally:
            server.stop()


def test_a_copied_database_that_is_killed_hands_out_no_number_twice(postgres):
    with psycopg.connect(postgres.new_database("template"), autocommit=True) as template:
        template.execute("CREATE TABLE thing (id bigserial PRIMARY KEY)")
        template.execute(ADD)
    copy = postgres.new_database("copy", "template")
    with psycopg.connect(copy, autocommit=True) as before:
        known = {before.execute(ADD).fetchone()[0] for _row in range(3)}
    postgres.restart_at_once()
    with psycopg.connect(copy, autocommit=True) as after:
        assert after.execute(ADD).fetchone()[0] not in known
