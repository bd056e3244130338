"""Series and jobs for the tests of this app."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from algotrade.jobs import runner
from algotrade.jobs.models import Job
from marketdata.bars import COLUMNS, Bars
from marketdata.columns import ColumnFiles
from marketdata.incoming import feeds
from marketdata.models import Series
from marketdata.providers import registry
from marketdata.services import import_bars
from marketdata.store.bulk import load_columns
from marketdata.tests.bars import csv_text, make_bars
from marketdata.tests.scripted import Scripted


def make_series(user, symbol="ABC", bars=None, **fields):
    values = {"timeframe": "1d", "source": "csv", "calendar": "24/7"} | fields
    series = Series.objects.create(user=user, symbol=symbol, **values)
    if bars is not None:
        import_bars(series=series, bars=bars)
    return series


def load_bars(series):
    """The rows of a series, checked like any bars."""
    with ColumnFiles() as columns:
        load_columns(series, columns)
        values = {name: columns.read(name) for name in COLUMNS}
        return Bars(time=columns.read("time").view("datetime64[ns]"), **values)


def upload(text=None, name="bars.csv"):
    content = csv_text(make_bars(10)) if text is None else text
    return SimpleUploadedFile(name, content if isinstance(content, bytes) else content.encode(), "text/csv")


@pytest.fixture
def series(user):
    """Ten daily bars of `user`."""
    return make_series(user, bars=make_bars(10))


@pytest.fixture
def shared_series(db):
    """Ten daily bars of nobody."""
    return make_series(None, "SHARED", make_bars(10))


@pytest.fixture
def run_jobs():
    """Run what waits in the queue, in this process, as a worker would."""

    def run():
        done = []
        while (job := Job.objects.claim_next("test:0:1")) is not None:
            runner.run(job)
            done.append(Job.objects.get(pk=job.pk))
        return done

    return run


@pytest.fixture
def source():
    fresh = type("Fresh", (Scripted,), {"asked": [], "bars": make_bars(10)})
    with registry.temporarily(fresh) as provider:
        yield provider


@pytest.fixture
def feed(user, source, series):
    """A feed of ten stored daily bars whose provider has the same ten."""
    return feeds.create_feed(user=user, series=series, provider="scripted", symbol="abc.x")
