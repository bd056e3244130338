"""Counting previews in the ledger of trials. A slider that comes back to where it was is no new trial."""

import hashlib
import json
import threading
from collections import OrderedDict
from dataclasses import dataclass
from typing import Any

from backtests import ledger
from backtests.models import TrialCount
from backtests.preview.question import Question
from marketdata.models import Series

REMEMBERED = 20_000


@dataclass(frozen=True, slots=True)
class Trial:
    """One computed preview that counts; `sharpe` is per bar."""

    user: Any
    series: Series
    strategy_type: str
    sharpe: float | None

    def record(self) -> None:
        """Add it to the ledger."""
        ledger.record(
            user=self.user,
            series=self.series,
            strategy_type=self.strategy_type,
            source=TrialCount.Source.PREVIEW,
            count=1,
            sharpes=[] if self.sharpe is None else [self.sharpe],
        )


class RecentTrials:
    """Fingerprints of the last previews of this web process. Another process counts again: stricter, never kinder."""

    def __init__(self, limit: int = REMEMBERED) -> None:
        self._limit = limit
        self._seen: OrderedDict[bytes, None] = OrderedDict()
        self._lock = threading.Lock()

    def __contains__(self, mark: bytes) -> bool:
        with self._lock:
            return mark in self._seen

    def add(self, mark: bytes) -> None:
        with self._lock:
            self._seen[mark] = None
            self._seen.move_to_end(mark)
            if len(self._seen) > self._limit:
                self._seen.popitem(last=False)


def fingerprint(user_id: int, question: Question) -> bytes:
    """Equal for equal backtests of one user, whatever the asker has drawn already."""
    said = [user_id, question.data, question.strategy_type, question.parameters, question.configuration]
    return hashlib.sha256(json.dumps(said, sort_keys=True, default=str).encode()).digest()


recent = RecentTrials()
