"""Imports for tests without a file and without a job, what is seen of them, and who reads or writes beside them."""

import contextlib
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

from django.db import connection

from marketdata.columns import BarsColumns
from marketdata.incoming.handlers import preparing
from marketdata.models import BarImport, MarketData, Series, WriteLease

KEY = {"symbol": "ABC", "timeframe": "1d", "calendar": "24/7", "source": "csv"}


def import_row(user, **settings):
    return BarImport.objects.create(
        user=user,
        source=BarImport.Source.FILE,
        symbol="ABC",
        timeframe="1d",
        settings={"key": KEY | settings.pop("key", {})} | settings,
    )


def put(user, bars, progress=lambda fraction, message: None, overlap="extend", **settings):
    return preparing.prepare_import(
        import_row(user, **settings), BarsColumns(bars), progress=progress, overlap=overlap
    )


def same(first, second):
    names = ("time", "open", "high", "low", "close", "volume")
    return all(getattr(first, name).tobytes() == getattr(second, name).tobytes() for name in names)


def seen(user):
    """All that anybody can see of bars."""
    return [
        (item.symbol, item.bar_count, item.bars.count(), item.snapshots.count(), item.content_sha256)
        for item in Series.objects.all()
    ]


def nothing_left(media_root):
    files = [path for path in Path(media_root).rglob("*") if path.is_file()]
    return not files and not any(
        manager.exists() for manager in (Series.written, MarketData.written, WriteLease.objects)
    )


SET_UP = """
import os, signal, sys
import django
os.environ["DJANGO_SETTINGS_MODULE"] = "algotrade.settings"
from django.conf import settings
settings.DATABASES["default"]["NAME"] = os.environ["TEST_DATABASE"]
settings.MEDIA_ROOT = os.environ["TEST_MEDIA"]
django.setup()
def die(*args):
    print("killed", flush=True)
    os.kill(os.getpid(), signal.SIGKILL)
"""


def killed_in(program, argument, media_root):
    """Run `program` on the test's data in a process of its own, which must end where it calls `die()`."""
    names = {"TEST_DATABASE": str(connection.settings_dict["NAME"]), "TEST_MEDIA": str(media_root)}
    done = subprocess.run(
        [sys.executable, "-c", SET_UP + program, argument],
        env=os.environ | names,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (-signal.SIGKILL, "killed\n"), done.stderr


@contextlib.contextmanager
def beside(*works):
    """Run each of `works` again and again, in a thread of its own, while the block runs; none of them may fail."""
    stop, errors = threading.Event(), []

    def run(work):
        try:
            while not stop.is_set():
                work()
        except BaseException as error:
            errors.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        stop.set()
        for thread in threads:
            thread.join(30)
    assert errors == []
