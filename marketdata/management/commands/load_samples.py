from typing import Any

from django.core.management.base import BaseCommand

from marketdata.incoming.samples_loading import load_samples


class Command(BaseCommand):
    """Loads the vendored sample data as shared series. Safe to run again."""

    help = "Load the vendored sample data as series that every user sees. Running it again changes nothing."

    def handle(self, *args: Any, **options: Any) -> None:
        for snapshot in load_samples():
            self.stdout.write(f"{snapshot.series}: {snapshot.bar_count} bars, {snapshot.sha256[:12]}")
