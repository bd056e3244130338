from typing import Any

from django.core.management.base import BaseCommand

from marketdata.store.collecting import collect_snapshots


class Command(BaseCommand):
    """Removes what nothing needs; the clock does the same each night."""

    help = "Remove snapshots that nothing refers to, files that no row names, old uploads, and what dead imports left."

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(f"{collect_snapshots()}.")
