"""What may be derived from what, by whom, and what becomes of it without its source."""

import pytest

from algotrade.errors import InvalidInput
from algotrade.jobs.models import Job
from marketdata.errors import NoBars, RecipeInvalid, SeriesDerived, SeriesNotFound, UnknownTimeframe
from marketdata.incoming import deriving
from marketdata.models import Series
from marketdata.services import delete_series, import_bars
from marketdata.splits import SplitInvalid
from marketdata.tests.bars import make_bars
from marketdata.tests.conftest import make_series
from marketdata.tests.minutes import bars_of, make_minutes, minutes, succeeded

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def staff(django_user_model):
    return django_user_model.objects.create_user("boss", "boss@example.org", "x", is_staff=True)


def test_a_derived_series_takes_no_bars_of_others(user, run_jobs):
    source = make_minutes(user)
    deriving.resample_series(user, source, "1h")
    run_jobs()
    made = Series.objects.get(timeframe="1h")
    with pytest.raises(SeriesDerived, match="follows"):
        import_bars(series=made, bars=make_bars(3, "2030-01-01", "h"))
    deriving.refuse_derived(source)
    deriving.refuse_derived(None)


def test_a_series_with_bars_of_its_own_is_not_replaced(user, run_jobs):
    source = make_minutes(user)
    own = make_series(user, "ABC", make_bars(3), timeframe="1d")
    with pytest.raises(SeriesDerived, match="bars of its own"):
        deriving.resample_series(user, source, "1d")
    row = deriving.resample_series(user, source, "1h")
    make_series(user, "ABC", make_bars(3, step="h"), timeframe="1h")  # in the meantime
    run_jobs()
    row.refresh_from_db()
    assert (row.status, row.error_code) == ("failed", "series_derived")
    assert own.bars.count() == 3
    assert not Series.objects.filter(derived_from__isnull=False).exists()


def test_deleting_the_source_leaves_what_was_made_from_it(user, run_jobs):
    source = make_minutes(user)
    deriving.resample_series(user, source, "1h")
    run_jobs()
    made = Series.objects.get(timeframe="1h")
    import_bars(series=source, bars=minutes(240))  # its job finds the source gone
    delete_series(source)
    (job,) = run_jobs()
    assert (job.state, job.error_code) == (Job.State.FAILED, "series_not_found")
    made.refresh_from_db()
    assert not made.is_derived
    assert len(bars_of(made)) == 2
    import_bars(series=made, bars=make_bars(3, "2024-01-02", "h"))  # it is a series like any other now


def test_no_chain_leads_back(user, run_jobs):
    source = make_minutes(user, minutes(24 * 60))
    deriving.resample_series(user, source, "1h")
    run_jobs()
    hours = Series.objects.get(timeframe="1h")
    for timeframe in ("1m", "1h"):
        with pytest.raises(InvalidInput, match="Choose one of: 4h, 1d, 1w"):
            deriving.resample_series(user, hours, timeframe)
    # the same longer timeframe from another source: the series follows the newer wish
    deriving.resample_series(user, source, "1d")
    run_jobs()
    deriving.resample_series(user, hours, "1d")
    succeeded(run_jobs())
    assert Series.objects.get(timeframe="1d").derived_from == hours
    assert deriving.longer_timeframes(hours) == ("4h", "1d", "1w")
    assert deriving.longer_timeframes(make_series(user, "W", timeframe="1w")) == ()


def test_a_shared_series_is_derived_into_an_own_one_and_by_staff_into_a_shared_one(user, staff, run_jobs):
    shared = make_series(None, "ABC", minutes(), timeframe="1m")
    deriving.resample_series(user, shared, "1h")
    with pytest.raises(InvalidInput):
        deriving.resample_series(user, shared, "1h", shared=True)
    deriving.resample_series(staff, shared, "1h", shared=True)
    succeeded(run_jobs())
    own, everybodys = Series.objects.get(user=user), Series.objects.get(user=None, timeframe="1h")
    assert own.derived_from == everybodys.derived_from == shared
    import_bars(series=shared, bars=minutes(240))
    succeeded(run_jobs())
    assert own.bars.count() == everybodys.bars.count() == 4
    assert {row.user for row in everybodys.imports.all()} == {staff}
    assert {row.user for row in own.imports.all()} == {user}
    mine = make_series(staff, "MINE", minutes(), timeframe="1m")
    with pytest.raises(InvalidInput, match="not shared"):
        deriving.resample_series(staff, mine, "1h", shared=True)


def test_a_stranger_derives_nothing(user, other_user):
    with pytest.raises(SeriesNotFound):
        deriving.resample_series(other_user, make_minutes(user), "1h")
    assert not Job.objects.exists()


def test_what_cannot_be_made_is_refused_in_words(user, run_jobs):
    source = make_minutes(user, minutes(30))
    with pytest.raises(UnknownTimeframe):
        deriving.resample_series(user, source, "2h")
    with pytest.raises(NoBars):
        deriving.resample_series(user, make_series(user, "EMPTY", timeframe="1m"), "1h")
    for wrong in ([], [{"time": "soon", "ratio": 2}], [{"time": "2024-01-01", "ratio": 0}], [{"ratio": 2}]):
        with pytest.raises((RecipeInvalid, SplitInvalid)):
            deriving.adjust_splits(user, source, wrong)
    adjusted = make_series(user, "ADJ", make_bars(5), adjustment="splits_dividends")
    with pytest.raises(InvalidInput, match="adjusted already"):
        deriving.adjust_splits(user, adjusted, [{"time": "2024-01-03", "ratio": 2}])
    row = deriving.resample_series(user, source, "1h")
    run_jobs()
    row.refresh_from_db()
    assert (row.status, row.error_code) == ("failed", "series_empty")
    assert "do not complete" in row.error_detail
    assert not Series.objects.filter(timeframe="1h").exists()
