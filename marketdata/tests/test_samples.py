"""The vendored samples load fast, once, for everybody."""

import io
import time

import pytest
from django.core.management import call_command

from marketdata.models import MarketData, Series, Snapshot
from marketdata.samples import SAMPLES, SAMPLES_DIR

pytestmark = pytest.mark.django_db


def test_all_samples_load_in_seconds_and_a_second_time_changes_nothing():
    started = time.perf_counter()
    call_command("load_samples", stdout=io.StringIO())
    assert time.perf_counter() - started < 15
    assert Series.objects.shared().count() == 7
    assert MarketData.objects.count() == 20_993
    before = list(Snapshot.objects.order_by("pk").values_list("pk", "sha256"))
    call_command("load_samples", stdout=io.StringIO())
    assert list(Snapshot.objects.order_by("pk").values_list("pk", "sha256")) == before
    assert MarketData.objects.count() == 20_993
    assert set(Series.objects.values_list("quality_grade", flat=True)) == {"good"}


def test_every_file_is_in_the_manifest_and_in_the_notice():
    files = {path.name for path in SAMPLES_DIR.glob("*.csv")}
    assert files == {item.file for item in SAMPLES}
    notice = (SAMPLES_DIR / "NOTICE.md").read_text()
    assert all(name in notice for name in files)
    assert all(licence in notice for licence in ("BSD-3-Clause", "MIT", "Apache-2.0"))
