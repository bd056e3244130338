"""What reading a file did and what it found: counts, repairs, and the first thousand problems."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from typing import Any

from marketdata.errors import FileProblem

MAX_PROBLEMS = 1_000
"""Problems that are listed; all are counted."""


def problem(line: int, column: str, value: str, reason: str) -> FileProblem:
    """Make a problem whose words are short enough to show."""
    return FileProblem(line, column[:40], value[:60], reason)


@dataclass(slots=True)
class ReadReport:
    """What became of the rows of one file.

    Attributes
    ----------
    rows_read : int
        Lines that are no header and not blank. Each is kept, or dropped, or merged with its exact duplicate.
    rows_kept, rows_dropped : int
        Bars that came out; rows left out because of a problem (policy "drop").
    repairs : dict of str to int
        By the names of `layout.REPAIRS`, rows that were moved ("sort") or merged ("drop_exact_duplicates").
    problem_count : int
        All problems; `problems` lists at most `MAX_PROBLEMS` of them.
    stopped : bool
        Whether reading ended at that many, so that there may be more.
    """

    rows_read: int = 0
    rows_kept: int = 0
    rows_dropped: int = 0
    repairs: dict[str, int] = field(default_factory=dict)
    problem_count: int = 0
    problems: list[FileProblem] = field(default_factory=list)
    stopped: bool = False

    def add(self, problems: Iterable[FileProblem]) -> None:
        """Count problems, and list them while there is room."""
        for problem in problems:
            self.problem_count += 1
            if len(self.problems) < MAX_PROBLEMS:
                self.problems.append(problem)

    def count(self, problems: int) -> None:
        """Count problems that nobody put into words because the list is full."""
        self.problem_count += problems

    @property
    def is_full(self) -> bool:
        return len(self.problems) >= MAX_PROBLEMS

    def repaired(self, name: str, rows: int) -> None:
        """Count rows that a repair touched."""
        if rows:
            self.repairs[name] = self.repairs.get(name, 0) + rows

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON values."""
        return asdict(self)
