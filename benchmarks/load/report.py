"""Rows of figures, each beside its goal where it has one."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Row:
    """One figure."""

    what: str
    figure: str
    value: str
    goal: str = ""
    reached: bool | None = None


def table(rows: list[Row]) -> str:
    """The rows as Markdown; what repeats from the row above is left out."""
    lines = ["| load | figure | | goal | reached |", "|---|---|---:|---|---|"]
    above = ""
    for row in rows:
        verdict = "" if row.reached is None else "yes" if row.reached else "**no**"
        what = row.what if row.what != above else ""
        lines.append(f"| {what} | {row.figure} | {row.value} | {row.goal} | {verdict} |")
        above = row.what
    return "\n".join(lines)


class Rows(list[Row]):
    """The figures of one load."""

    def __init__(self, what: str) -> None:
        self.what = what

    def tell(self, figure: str, value: str) -> None:
        """A figure without a goal."""
        self.append(Row(self.what, figure, value))

    def hold(self, figure: str, value: str, goal: str, reached: bool) -> None:
        """A figure beside its goal."""
        self.append(Row(self.what, figure, value, goal, reached))
