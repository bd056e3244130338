"""The one error of the rule language. It knows where in the text it happened."""

from algotrade.errors import InvalidInput
from strategies.errors import StrategyError


class RuleError(StrategyError, InvalidInput, ValueError):
    """A rule that cannot be read, or whose values do not fit.

    Parameters
    ----------
    message : str
        What is wrong and what would be right, without the position.
    start, end : int
        The characters it is about, 0-based, `end` not included. An empty span is the end of the text.
    text : str
        The whole rule.
    unknown : str
        The name that is not known, where that is what is wrong: it may be meant as a named value.
    """

    code = "rule_invalid"

    def __init__(
        self, message: str, *, start: int = 0, end: int = 0, text: str = "", unknown: str = ""
    ) -> None:
        self.message = message
        self.start = start
        self.end = max(start, end)
        self.text = text
        self.unknown = unknown
        super().__init__(f"{self.place}: {message}")

    @property
    def line(self) -> int:
        """1-based."""
        return self.text.count("\n", 0, self.start) + 1

    @property
    def column(self) -> int:
        """1-based, in characters of its line."""
        return self.start - (self.text.rfind("\n", 0, self.start) + 1) + 1

    @property
    def place(self) -> str:
        """Where it is in words; the line only where there are several."""
        if "\n" in self.text.strip():
            return f"Line {self.line}, character {self.column}"
        return f"Character {self.column}"
