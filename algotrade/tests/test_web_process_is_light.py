"""A web process starts without the numeric libraries: they cost seconds and hundreds of megabytes."""

import subprocess
import sys

from algotrade.env import BASE_DIR

HEAVY = ("pandas", "sklearn", "xgboost", "numba", "scipy", "talib", "skops", "polars", "matplotlib")
PROGRAM = f"""
import os, sys
os.environ["DJANGO_SETTINGS_MODULE"] = "algotrade.settings"
import django
django.setup()
import algotrade.asgi
import algotrade.urls
from django.contrib import admin
from django.urls import get_resolver
get_resolver().url_patterns, admin.site.urls
print(",".join(sorted(name for name in {HEAVY!r} if name in sys.modules)))
"""


def test_set_up_and_the_url_table_load_no_numeric_library():
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", PROGRAM],
        cwd=BASE_DIR,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "", f"loaded at start-up: {done.stdout}"
