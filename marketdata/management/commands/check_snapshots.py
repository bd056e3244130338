from typing import Any

from django.core.management.base import BaseCommand, CommandError

from marketdata.store.collecting import check_snapshots


class Command(BaseCommand):
    """Ends with 1 when a snapshot is damaged and could not be rebuilt; the clock does the same each week."""

    help = "Read every snapshot file again; rebuild damaged ones from the rows where these still hold the same bars."

    def handle(self, *args: Any, **options: Any) -> None:
        found = check_snapshots()
        self.stdout.write(f"{found}.")
        if found.damaged:
            raise CommandError("The log names the damaged files. Restore them from a backup.")
