"""Fill the cache of compiled functions, as job processes do: for images, and before tests side by side."""

import contextlib
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from algotrade.jobs import warmth


class Command(BaseCommand):
    help = "Compile what jobs need, unless it is kept from before (in NUMBA_CACHE_DIR)."
    requires_system_checks = ()
    requires_migrations_checks = False

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--helped", action="store_true", help="use two processes")

    def handle(self, *args: Any, **options: Any) -> None:
        with warmth.helper() if options["helped"] else contextlib.nullcontext():
            warmth.warm_up()
