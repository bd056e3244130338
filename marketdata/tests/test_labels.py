"""What a series is called: series of one symbol and timeframe can be told apart wherever they are named."""

import pytest

from marketdata.forms.common import SeriesChoice
from marketdata.models import BarImport, Series
from marketdata.tests.bars import make_bars
from marketdata.tests.conftest import make_series

pytestmark = pytest.mark.django_db

KINDS = Series.Adjustment


@pytest.fixture
def adjusted(user, series):
    """The same symbol, timeframe and source as `series`, adjusted for splits and made from it."""
    made = make_series(user, bars=make_bars(10), adjustment=KINDS.SPLITS)
    made.derived_from = series
    made.save(update_fields=["derived_from"])
    return made


@pytest.mark.parametrize(
    ("adjustment", "is_shared", "label"),
    [
        (KINDS.NONE, False, "ABC 1d"),
        (KINDS.NONE, True, "ABC 1d (shared)"),
        (KINDS.SPLITS, False, "ABC 1d (adjusted for splits)"),
        (KINDS.SPLITS_DIVIDENDS, True, "ABC 1d (adjusted for splits and dividends, shared)"),
    ],
    ids=["own", "shared", "adjusted", "adjusted-shared"],
)
def test_a_label_says_what_sets_a_series_apart(user, api, adjustment, is_shared, label):
    made = make_series(None if is_shared else user, adjustment=adjustment)
    assert str(made) == made.label == label
    assert api.get(f"/api/market-data/series/{made.pk}/").json()["label"] == label


def test_a_choice_of_series_offers_no_text_twice(user, series, adjusted):
    make_series(None, bars=make_bars(10))
    make_series(user, bars=make_bars(10), source="yfinance")
    field = SeriesChoice(Series.objects.visible_to(user))
    offered = [field.label_from_instance(item) for item in field.queryset]
    assert len(set(offered)) == 4
    assert "ABC 1d (adjusted for splits) · 2024-01-01 – 2024-01-10 · csv" in offered


def test_pages_name_the_series_they_mean(page, page_staff, user, series, adjusted):
    BarImport.objects.create(
        user=user, source="derived", origin=str(series), symbol="ABC", timeframe="1d", series=adjusted
    )
    named = "ABC 1d (adjusted for splits)"
    for address in (f"/data/{series.pk}/", f"/data/{adjusted.pk}/delete/", "/data/imports/"):
        assert named in page.get(address).content.decode(), address
    assert ">ABC 1d</a>, and computed again" in page.get(f"/data/{adjusted.pk}/").content.decode()
    columns = page_staff.get("/admin/marketdata/series/").context["cl"].list_display
    assert "adjustment" in columns
