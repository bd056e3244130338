"""The pure modules work without the web framework, and the web process does without pandas."""

import subprocess
import sys

PURE = (
    "marketdata.bars, marketdata.charts, marketdata.csv_reader, marketdata.quality, marketdata.resample, "
    "marketdata.synthetic, marketdata.providers, marketdata.timeframes, marketdata.samples"
)


def loaded_after(code, *names):
    script = f"{code}\nimport sys\nprint([name for name in {names!r} if name in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=60
    )
    return done.stdout.strip().splitlines()[-1]


def test_the_pure_modules_leave_django_and_pandas_out():
    assert loaded_after(f"import {PURE}", "django", "rest_framework", "pandas") == "[]"


def test_the_pages_and_the_api_leave_the_heavy_packages_out():
    code = (
        "import os, django; os.environ.setdefault('DJANGO_SETTINGS_MODULE', 'algotrade.settings'); django.setup()\n"
        "import marketdata.views, marketdata.api.urls, marketdata.admin, marketdata.jobs"
    )
    assert loaded_after(code, "pandas", "scipy", "numba", "sklearn", "talib") == "[]"
