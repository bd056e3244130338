"""Importing a file of bars from the command line, with the same recognition, checks and policies as in the browser."""

import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from django.utils.timezone import now

from accounts.models import User
from algotrade.errors import LabError
from algotrade.jobs.models import Job
from marketdata.errors import BarsConflict, FileInvalid
from marketdata.incoming.options import THOUSANDS_ASKED, FileOptions
from marketdata.incoming.planning import Plan, plan_import
from marketdata.models import BarImport, Upload
from marketdata.reading.layout import (
    DECIMALS,
    DELIMITERS,
    ENCODINGS,
    POLICIES,
    REPAIRS,
    ROLES,
    TIME_FORMATS,
)
from marketdata.store.merging import OVERLAPS
from marketdata.timeframes import TIMEFRAMES

DELIMITER_NAMES = {name.replace(" ", "-"): sign for sign, name in DELIMITERS.items()}

LISTED = 20
"""Problems or conflicts that are written to the terminal."""


class Command(BaseCommand):
    """Ends with 0 when the bars are stored (or were there already), else with 1 and the problems on standard error."""

    help = "Import a file of bars (CSV, packed CSV or Parquet) into an own or a shared series."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, help="the file; .csv, .csv.gz or .parquet")
        whose = parser.add_mutually_exclusive_group(required=True)
        whose.add_argument("--user", help="username or email of the owner")
        whose.add_argument("--shared", action="store_true", help="for everybody")
        parser.add_argument("--symbol", default="", help="taken from the file or its name when left out")
        parser.add_argument("--name", default="", help="the series in words")
        parser.add_argument("--timeframe", default="", choices=["", *TIMEFRAMES])
        parser.add_argument("--calendar", default="")
        parser.add_argument("--timezone", default="", help="zone of times without an offset")
        self._add_text_arguments(parser.add_argument_group("what is recognised in the file otherwise"))
        parser.add_argument("--adjust", action="store_true", help="adjust prices by the column adj_close")
        parser.add_argument(
            "--policy", default="reject", choices=POLICIES, help="for rows that cannot be used"
        )
        parser.add_argument("--repairs", nargs="+", default=[], choices=REPAIRS, help="with --policy repair")
        parser.add_argument(
            "--overlap", default=OVERLAPS[0], choices=OVERLAPS, help="for stored bars of its period"
        )
        parser.add_argument("--dry-run", action="store_true", help="read and compare, and store nothing")

    def _add_text_arguments(self, group: Any) -> None:
        group.add_argument("--encoding", default="", choices=list(ENCODINGS))
        group.add_argument(
            "--delimiter", default="", choices=list(DELIMITER_NAMES), help="what stands between the columns"
        )
        group.add_argument("--header", choices=["yes", "no"], help="whether the first line names the columns")
        group.add_argument(
            "--skipped-lines", type=int, metavar="COUNT", help="lines before the header or the first bar"
        )
        group.add_argument("--decimal", default="", choices=DECIMALS, help="the decimal mark")
        group.add_argument(
            "--thousands", default="", choices=list(THOUSANDS_ASKED), help="between groups of three digits"
        )
        group.add_argument("--time-format", default="", choices=TIME_FORMATS, help="how times are written")
        group.add_argument("--roles", nargs="+", default=[], choices=ROLES, help="what each column holds")

    def handle(self, *args: Any, **given: Any) -> None:
        # The numerical libraries are loaded only by a command that computes.
        from marketdata.incoming.handlers.files import try_file

        path: Path = given["file"].resolve()
        if not path.is_file():
            raise CommandError(f"There is no file {path}.")
        owner = self._owner(given["user"])
        try:
            plan = self._plan(owner, path, given)
            row = self._row(owner, plan, path, keep=not given["dry_run"])
            if given["dry_run"]:
                self._tell(row, try_file(row, path, self._progress))
                self.stdout.write("Nothing was stored.")
                return
            self._import(row, path)
        except FileInvalid as error:
            self._list([f"{path.name}: {problem}" for problem in error.problems])
            raise CommandError(error.detail.splitlines()[0]) from error
        except BarsConflict as error:
            self._list(
                [
                    f"{item['time']}: {item['column']} is {item['stored']}, the file has {item['new']}"
                    for item in error.conflicts
                ]
            )
            raise CommandError(error.detail) from error
        except LabError as error:
            self._list([f"{name}: {text}" for name, texts in error.fields.items() for text in texts])
            raise CommandError(error.detail) from error

    def _import(self, row: BarImport, path: Path) -> None:
        from marketdata.incoming.handlers.files import import_path
        from marketdata.incoming.handlers.preparing import note

        try:
            ready = import_path(row, path, self._progress)
            with transaction.atomic():
                ready()
                note(row, status=Job.State.SUCCEEDED, finished_at=now())
        except BaseException as error:
            code, detail = (
                getattr(error, "code", "interrupted"),
                getattr(error, "detail", "") or type(error).__name__,
            )
            state = Job.State.FAILED if isinstance(error, Exception) else Job.State.CANCELLED
            note(row, status=state, finished_at=now(), error_code=code, error_detail=detail.splitlines()[0])
            raise
        self._tell(row, ready.stored)

    def _owner(self, name: str | None) -> Any:
        if name is None:
            return None
        owner = User.objects.filter(username=name).first() or User.objects.filter(email__iexact=name).first()
        if owner is None:
            raise CommandError(f"There is no user {name!r}.")
        return owner

    def _plan(self, owner: Any, path: Path, given: dict[str, Any]) -> Plan:
        text = {
            "delimiter": DELIMITER_NAMES.get(given["delimiter"], ""),
            "header": None if given["header"] is None else given["header"] == "yes",
        }
        options = FileOptions.from_dict(given | text)
        plan = plan_import(owner, Upload(name=path.name, path=str(path), size=path.stat().st_size), options)
        key = plan.require()
        for line in plan.notes:
            self.stderr.write(line)
        self.stderr.write(f"{key.symbol} {key.timeframe}, calendar {key.calendar}, times in {key.timezone}")
        return plan

    def _row(self, owner: Any, plan: Plan, path: Path, *, keep: bool) -> BarImport:
        key = plan.require()
        row = BarImport(
            user=owner,
            source=BarImport.Source.FILE,
            origin=path.name[:200],
            symbol=key.symbol,
            timeframe=key.timeframe,
            status=Job.State.RUNNING,
            settings=plan.settings().to_dict(),
        )
        if keep and owner is not None:  # an import of nobody is not listed anywhere
            row.save()
        return row

    def _tell(self, row: BarImport, stored: Any) -> None:
        report = row.report
        read = f"{report.get('rows_read', 0)} rows read, {report.get('rows_dropped', 0)} dropped"
        repairs = "".join(f", {name} {count}" for name, count in (report.get("repairs") or {}).items())
        self.stdout.write(
            f"{read}{repairs}. {stored.added} bars added, {stored.changed} changed, {stored.removed} removed, "
            f"{stored.unchanged} unchanged; {stored.conflict_count} conflicts."
        )

    def _list(self, lines: list[str]) -> None:
        for line in lines[:LISTED]:
            self.stderr.write(line)
        if len(lines) > LISTED:
            self.stderr.write(f"and {len(lines) - LISTED} more (the first {LISTED} are written here)")

    def _progress(self, fraction: float, message: str) -> None:
        """One line that is written over on a terminal; nothing in a log."""
        if sys.stderr.isatty():
            self.stderr.write(f"\r{fraction:6.1%} {message:60.60}", ending="\n" if fraction >= 1.0 else "")
