"""`manage.py import_bars`: the same recognition, checks and policies as in the browser, told on the terminal."""

import gzip

import pytest
from django.core.management import CommandError, call_command

from marketdata.models import BarImport, MarketData, Series, WriteLease
from marketdata.tests.bars import HEADER, csv_text, make_bars
from marketdata.tests.conftest import load_bars

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.services]


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "ABC_1d.csv"
    path.write_text(csv_text(make_bars(10)))
    return path


def run(file, *words):
    call_command("import_bars", str(file), *words)


def test_a_file_becomes_a_series_of_its_owner(file, user, capsys):
    run(
        file,
        "--user",
        "ada",
        "--symbol",
        "abc",
        "--timeframe",
        "1d",
        "--calendar",
        "24/7",
        "--name",
        "Alphabet",
    )
    series = Series.objects.for_user(user).get()
    assert (series.symbol, series.name, series.calendar, series.bar_count) == ("ABC", "Alphabet", "24/7", 10)
    assert load_bars(series).open.tolist() == make_bars(10).open.tolist()
    said = capsys.readouterr()
    assert "10 rows read, 0 dropped. 10 bars added, 0 changed, 0 removed, 0 unchanged" in said.out
    assert "ABC 1d, calendar 24/7" in said.err
    row = BarImport.objects.get()
    assert (row.status, row.series, row.bars_added, row.user) == ("succeeded", series, 10, user)
    assert file.exists()


def test_an_owner_is_found_by_email_as_well_and_a_stranger_is_said_to_be_one(file, user):
    run(file, "--user", "ADA@example.com", "--symbol", "ABC", "--timeframe", "1d")
    assert Series.objects.get().user == user
    with pytest.raises(CommandError, match="no user 'eve'"):
        run(file, "--user", "eve", "--symbol", "ABC", "--timeframe", "1d")


def test_a_packed_file_becomes_a_shared_series(tmp_path, capsys, db):
    path = tmp_path / "bars.csv.gz"
    path.write_bytes(gzip.compress(csv_text(make_bars(10)).encode()))
    for _round in range(2):
        run(path, "--shared", "--symbol", "ABC", "--timeframe", "1d")
    assert Series.objects.get().is_shared
    assert "0 bars added, 0 changed, 0 removed, 10 unchanged" in capsys.readouterr().out


def test_problems_are_located_on_standard_error_and_nothing_is_stored(file, user, capsys):
    file.write_text(
        f"{HEADER}\n2024-01-02,10,12,9,11,500\n2024-01-03,x,13,10,12,600\n2024-01-04,11,5,10,12,600\n"
    )
    with pytest.raises(CommandError, match="2 problems in the file; nothing was imported"):
        run(file, "--user", "ada", "--symbol", "ABC", "--timeframe", "1d")
    said = capsys.readouterr().err.splitlines()
    assert any(line.startswith("ABC_1d.csv: Line 3, open: 'x'") for line in said)
    assert any(line.startswith("ABC_1d.csv: Line 4, high: '5'") for line in said)
    assert not Series.written.exists()
    row = BarImport.objects.get()
    assert (row.status, row.error_code, row.problem_count) == ("failed", "file_invalid", 2)
    run(file, "--user", "ada", "--symbol", "ABC", "--timeframe", "1d", "--policy", "drop")
    assert Series.objects.get().bar_count == 1


def test_of_many_problems_the_first_are_listed_and_the_others_counted(file, user, capsys):
    file.write_text("\n".join([HEADER, *(f"2024-01-{day:02},x,12,9,11,500" for day in range(1, 31))]))
    with pytest.raises(CommandError, match="30 problems in the file"):
        run(file, "--user", "ada", "--symbol", "ABC", "--timeframe", "1d")
    said = capsys.readouterr().err.splitlines()
    assert sum(line.startswith("ABC_1d.csv: Line") for line in said) == 20
    assert said[-1] == "and 10 more (the first 20 are written here)"
    assert len(BarImport.objects.get().problems) == 30


def test_conflicts_are_listed_and_a_policy_settles_them(file, user, capsys):
    asked = ["--user", "ada", "--symbol", "ABC", "--timeframe", "1d"]
    run(file, *asked)
    file.write_text(csv_text(make_bars(10, "2024-01-06", price=7.0)))
    with pytest.raises(CommandError, match="5 stored bars differ"):
        run(file, *asked)
    assert "2024-01-06T00:00:00Z: open is 105.0, the file has 7.0" in capsys.readouterr().err
    run(file, *asked, "--overlap", "replace")
    assert Series.objects.get().bar_count == 15
    with pytest.raises(CommandError, match="already holds"):
        run(file, *asked, "--overlap", "reject")


def test_a_dry_run_compares_and_stores_nothing(file, user, capsys):
    run(file, "--user", "ada", "--symbol", "ABC", "--timeframe", "1d", "--dry-run")
    assert "10 bars added" in capsys.readouterr().out
    assert not Series.written.exists()
    assert not BarImport.objects.exists()


def test_an_interrupted_command_leaves_nothing(file, user, monkeypatch):
    monkeypatch.setattr(
        "marketdata.store.storing.examine_file", lambda *_args: (_ for _ in ()).throw(KeyboardInterrupt)
    )
    with pytest.raises(KeyboardInterrupt):
        run(file, "--user", "ada", "--symbol", "ABC", "--timeframe", "1d")
    assert not Series.written.exists()
    assert not MarketData.written.exists()
    assert not WriteLease.objects.exists()
    assert BarImport.objects.get().status == "cancelled"


def test_what_the_file_does_not_show_is_asked_for(tmp_path, user):
    path = tmp_path / "x.csv"
    path.write_text(csv_text(make_bars(10)))
    with pytest.raises(CommandError) as caught:
        run(path, "--user", "ada", "--symbol", "no symbol!", "--timeframe", "1d")
    assert "is not a symbol" in str(caught.value)
    with pytest.raises(CommandError, match="no file"):
        run(tmp_path / "none.csv", "--user", "ada")


def test_a_parquet_file_is_read_like_any_other(tmp_path, user):
    parquet = pytest.importorskip("pyarrow.parquet")
    arrow = pytest.importorskip("pyarrow")
    bars = make_bars(10)
    names = ("open", "high", "low", "close", "volume")
    table = arrow.table(
        {"time": bars.time.astype("datetime64[us]")} | {name: getattr(bars, name) for name in names}
    )
    parquet.write_table(table, tmp_path / "ABC.parquet")
    run(tmp_path / "ABC.parquet", "--user", "ada", "--symbol", "ABC", "--timeframe", "1d")
    series = Series.objects.get()
    assert series.source == "parquet"
    assert load_bars(series).close.tolist() == bars.close.tolist()
