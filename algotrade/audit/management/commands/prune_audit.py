"""Remove entries of the audit log that are older than the operator keeps."""

from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from algotrade.audit import services


class Command(BaseCommand):
    help = "Removes entries of the audit log that are older than so many days, and records that it did."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--days", type=int, required=True, help="Keep the entries of so many days; 1 at least."
        )

    def handle(self, *args: Any, days: int, **options: Any) -> None:
        if not 1 <= days <= 36_500:
            raise CommandError(f"--days {days}: give a number of days from 1 to 36500.")
        removed = services.prune(timezone.now() - timedelta(days=days))
        self.stdout.write(f"{removed} entries of before {days} days were removed.")
