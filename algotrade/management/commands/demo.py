"""Fill a fresh lab: schema, samples, two accounts, strategies, their backtests, a sweep. Run again, it adds nothing."""

import io
import json
import os
import secrets
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any

from django.contrib.auth import get_user_model
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from algotrade.env import DATA_DIR
from algotrade.errors import LabError
from algotrade.jobs import runner, warmth
from algotrade.jobs.models import Job
from backtests.services import BacktestService
from backtests.sweeps.services import SweepService
from marketdata.models import Series
from mlmodels.services import MLModelService
from strategies.models import Strategy
from strategies.services import StrategyService

LOGINS = DATA_DIR / "demo_logins.json"
EASY_TO_READ = "abcdefghjkmnpqrstuvwxyz23456789"
STILL_SECONDS = 5.0
ANALYST, ADMIN = "analyst", "admin"
STRATEGIES: tuple[dict[str, Any], ...] = (
    {
        "name": "Golden cross on Apple",
        "description": "The classic: long while the 50-day average is above the 200-day one.",
        "strategy_type": "ma_crossover",
        "parameters": {"fast_period": 50, "slow_period": 200, "ma_type": "sma"},
        "symbol": "AAPL",
    },
    {
        "name": "Fast averages on Microsoft",
        "description": "Exponential averages that react within weeks, and trade far more often.",
        "strategy_type": "ma_crossover",
        "parameters": {"fast_period": 12, "slow_period": 26, "ma_type": "ema"},
        "symbol": "MSFT",
    },
    {
        "name": "MACD on Google",
        "description": "Long while the MACD line is above its signal line.",
        "strategy_type": "macd",
        "symbol": "GOOG",
    },
    {
        "name": "Oversold IBM",
        "description": "Buys weakness: long after the RSI has been oversold, until it is overbought.",
        "strategy_type": "rsi",
        "symbol": "IBM",
    },
    {
        "name": "Bitcoin trend",
        "description": "A slow trend follower on a market that never closes.",
        "strategy_type": "ma_crossover",
        "parameters": {"fast_period": 20, "slow_period": 100, "ma_type": "ema"},
        "symbol": "BTCUSD",
    },
    {
        "name": "Hourly euro reversal",
        "description": "The RSI on hourly bars: many small trades, where costs decide.",
        "strategy_type": "rsi",
        "symbol": "EURUSD",
        "timeframe": "1h",
    },
    {
        "name": "Breakouts in a strong trend",
        "description": "Written as rules: a new high while the trend is strong, out at a shorter low.",
        "strategy_type": "rules",
        "parameters": {
            "long_entry": "close > highest(high, entry)[1] and adx(14) > strength",
            "long_exit": "close < lowest(low, leave)[1]",
            "values": {
                "entry": {"value": 50, "minimum": 10, "maximum": 200, "step": 5},
                "leave": {"value": 20, "minimum": 5, "maximum": 100, "step": 5},
                "strength": {"value": 20, "minimum": 10, "maximum": 40, "step": 1},
            },
        },
        "symbol": "MSFT",
    },
    {
        "name": "Four stocks in equal parts",
        "description": "A quarter of the account in each, brought back to that every month.",
        "strategy_type": "equal_weight",
        "symbol": "AAPL",
        "other_symbols": ["GOOG", "IBM", "MSFT"],
    },
)
SHORTED = {"Hourly euro reversal"}
SWEPT = "Golden cross on Apple"
SWEPT_AXES = (
    {"name": "fast_period", "start": 5, "stop": 100, "step": 5},
    {"name": "slow_period", "start": 20, "stop": 300, "step": 10},
    {"name": "ma_type", "values": ["sma", "ema"]},
)
MODEL = {"name": "Microsoft in a week", "algorithm": "logistic_regression", "horizon": 5}
MODEL_SYMBOL = "MSFT"
# What a private investor's broker charges, roughly; a demonstration of free trading would teach the wrong lesson.
COSTS = {"commission": 0.001, "slippage": 0.0005}
CURRENCY_COSTS = {"spread": 0.0001}


class Command(BaseCommand):
    help = "Fill a fresh lab with sample data, two accounts, strategies, their backtests and a sweep; safe to repeat."
    requires_migrations_checks = False

    def handle(self, *args: Any, **options: Any) -> None:
        self._started = time.monotonic()
        try:
            # At the first start the engine is compiled, which takes the most time: begin with that at once.
            with nullcontext() if LOGINS.exists() else warmth.helper():
                call_command("migrate", interactive=False, verbosity=0)
                self._load_samples()
                analyst = self._accounts()
                self._run(self._strategies(analyst))
        except LabError as error:
            raise CommandError(error.detail) from error

    def _tell(self, text: str) -> None:
        self.stdout.write(f"    {time.monotonic() - self._started:4.1f} s  {text}")
        self.stdout.flush()

    @contextmanager
    def _patience(self) -> Iterator[None]:
        """Say every few seconds that the work goes on."""
        ended = threading.Event()

        def tick() -> None:
            while not ended.wait(STILL_SECONDS):
                self._tell("still at it")

        ticking = threading.Thread(target=tick, daemon=True)
        ticking.start()
        try:
            yield
        finally:
            ended.set()
            ticking.join()

    def _load_samples(self) -> None:
        call_command("load_samples", stdout=io.StringIO())
        self._tell(f"{Series.objects.shared().count()} shared series of market data")

    def _accounts(self) -> Any:
        """The demo analyst and a staff account; passwords are made here once and kept for the terminal to show."""
        known = {login["username"]: login for login in _read_logins()}
        logins = [
            self._account(ANALYST, known.get(ANALYST), full_name="Demo Analyst"),
            self._account(ADMIN, known.get(ADMIN), full_name="Demo Administrator", staff=True),
        ]
        _write_logins(logins)
        return get_user_model().objects.get(username=ANALYST)

    def _account(
        self, username: str, known: dict[str, Any] | None, *, full_name: str, staff: bool = False
    ) -> dict[str, Any]:
        users = get_user_model().objects
        user = users.filter(username=username).first()
        if user is not None:
            # A password that its owner has set is theirs: it is neither known, nor shown, nor set back.
            ours = known is not None and known["hash"] == user.password
            entry = known if ours else {"password": "(the one you set)", "hash": ""}
            return {
                "username": username,
                "staff": staff,
                **{name: entry[name] for name in ("password", "hash")},
            }
        password = "".join(secrets.choice(EASY_TO_READ) for _ in range(12))
        create = users.create_superuser if staff else users.create_user
        email = f"{username}@lab.example.org"
        user = create(username=username, email=email, password=password, full_name=full_name)
        self._tell(f"account “{username}”")
        return {"username": username, "password": password, "staff": staff, "hash": user.password}

    def _strategies(self, analyst: Any) -> list[Job]:
        """All of them with the jobs of their backtests, or none: a later start does not bring back what was deleted."""
        if Strategy.objects.for_user(analyst).exists():
            return []
        jobs = []
        with transaction.atomic():
            for fields in STRATEGIES:
                strategy = StrategyService.create(user=analyst, **fields)
                costs = CURRENCY_COSTS if strategy.symbol == "EURUSD" else COSTS
                configuration = {"allow_short": strategy.name in SHORTED, **costs}
                result = BacktestService.submit(user=analyst, strategy=strategy, configuration=configuration)
                jobs.append(result.job)
                if strategy.name == SWEPT:
                    sweep = SweepService.submit(
                        user=analyst, strategy=strategy, configuration=configuration, axes=SWEPT_AXES
                    )
                    jobs.append(sweep.job)
            # Trained by the server's own processes, so that the first start waits for no learning library.
            series = Series.objects.visible_to(analyst).with_bars().get(symbol=MODEL_SYMBOL, timeframe="1d")
            MLModelService.submit_training(user=analyst, series=series, **MODEL)
        self._tell(f"{len(STRATEGIES)} strategies of “{ANALYST}”, and a model to be trained")
        return jobs

    def _run(self, jobs: list[Job]) -> None:
        """Run the new backtests here, so that the first page shows results.

        Work that was waiting before is for the server's own processes: it may take hours, and nobody could cancel it.
        """
        if jobs:
            self._tell("getting the engine ready (compiled once: from half a minute to some minutes)")
            with self._patience():
                warmth.warm_up(tell=lambda done, total: self._tell(f"engine: part {done} of {total}"))
        for job in jobs:
            if job.claim(f"{socket.gethostname()}:{os.getpid()}"):
                with self._patience():
                    runner.run(job)
                job.refresh_from_db()
                outcome = job.get_state_display() if not job.error_detail else job.error_detail
                self._tell(f"{job.title}: {outcome}")


def _read_logins() -> list[dict[str, Any]]:
    try:
        return json.loads(LOGINS.read_text())
    except (OSError, ValueError):
        return []


def _write_logins(logins: list[dict[str, Any]]) -> None:
    draft = Path(f"{LOGINS}.draft")
    draft.unlink(missing_ok=True)
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        json.dump(logins, file, indent=1)
    draft.replace(LOGINS)
