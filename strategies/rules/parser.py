"""Reads a rule: a Pratt parser from tokens to a typed tree. Nothing is evaluated, and no Python is involved.

    or  <  and  <  not  <  comparison  <  + -  <  * /  <  unary -  <  [lag]

Operations of one rank group from the left. A rule gives a condition, the size of a position a number.
"""

import math
from collections.abc import Collection
from functools import lru_cache

from algotrade.errors import nearest, shown
from strategies.rules.building import COMPARISONS, Builder
from strategies.rules.errors import RuleError
from strategies.rules.functions import COLUMNS, FUNCTIONS, WORDS
from strategies.rules.limits import DEEPEST
from strategies.rules.tokens import Piece, Token, tokens
from strategies.rules.tree import Held, Kind, Named, Node, Span, walk

POWER = {"or": 10, "and": 20, **dict.fromkeys(COMPARISONS, 40), "+": 50, "-": 50, "*": 60, "/": 60, "[": 80}
NOT, MINUS = 30, 70


@lru_cache(maxsize=512)
def parse(
    text: str, names: tuple[str, ...] = (), *, gives: Kind = Kind.TRUTH, may_hold: bool = False
) -> Node:
    """Return the typed tree of a rule.

    Parameters
    ----------
    text : str
    names : tuple of str
        The named values that the rule may use.
    gives : Kind
        What the whole rule must be.
    may_hold : bool
        Whether `hold for n bars` makes sense here: in the exit rules.

    Raises
    ------
    RuleError
        With the place in the text and the remedy.
    """
    tree = _Parser(text, names).rule()
    where = tree.where
    if tree.kind is not gives:
        remedy = (
            "Compare it with something, for example > 0."
            if gives is Kind.TRUTH
            else "Give a share of the cash, for example 0.5."
        )
        message = f"This is {tree.kind.value}, and {gives.value} is wanted here. {remedy}"
        raise RuleError(message, start=where.start, end=where.end, text=text)
    if not may_hold:
        for node in walk(tree):
            if isinstance(node, Held):
                message = "'hold for' counts from the entry: it belongs in an exit rule."
                raise RuleError(message, start=node.where.start, end=node.where.end, text=text)
    return tree


class _Parser:
    def __init__(self, text: str, names: Collection[str]) -> None:
        self.pieces = tokens(text)
        self.build = Builder(text)
        self.names = names
        self.at = 0
        self.nested = 0

    def rule(self) -> Node:
        if not self.now.text:
            self.build.refuse("The rule is empty. For example: close > sma(close, 50).", _span(self.now))
        tree = self.expression(0)
        if self.now.text:
            self.build.refuse(self._unexpected(), _span(self.now))
        return tree

    @property
    def now(self) -> Piece:
        return self.pieces[self.at]

    def take(self) -> Piece:
        piece = self.now
        if piece.token is not Token.END:
            self.at += 1
        return piece

    def expect(self, sign: str, why: str) -> Piece:
        if self.now.text != sign or self.now.token is Token.NUMBER:
            self.build.refuse(f"'{sign}' is missing {why}.", _span(self.now))
        return self.take()

    def expression(self, power: int) -> Node:
        """Everything that binds more tightly than `power`."""
        self.nested += 1
        if self.nested > DEEPEST:
            self.build.refuse(
                f"The rule is nested more than {DEEPEST} deep. Make it simpler.", _span(self.now)
            )
        left = self.prefix()
        while (binds := POWER.get(self.now.text, 0)) > power and self.now.token in (Token.SIGN, Token.NAME):
            piece = self.take()
            is_lag = piece.text == "["
            left = self.lag(left) if is_lag else self.build.binary(piece.text, left, self.expression(binds))
        self.nested -= 1
        return left

    def prefix(self) -> Node:
        piece = self.take()
        where = _span(piece)
        if piece.token is Token.NUMBER:
            value = float(piece.text)
            if not math.isfinite(value):
                self.build.refuse(f"{shown(piece.text)} is too large. Give a smaller number.", where)
            return self.build.number(value, where)
        if piece.token is Token.NAME:
            return self.named(piece)
        if piece.text == "(":
            inside = self.expression(0)
            self.expect(")", "to close the bracket")
            return inside
        if piece.text == "-":
            operand = self.expression(MINUS)
            return self.build.unary("-", operand, Span(piece.start, operand.where.end))
        if piece.text == "+":
            self.build.refuse("A + stands between two numbers. Remove it.", where)
        self.at -= piece.token is not Token.END
        return self.build.refuse(self._unexpected(), where)

    def named(self, piece: Piece) -> Node:
        name, where = piece.text, _span(piece)
        if name == "not":
            operand = self.expression(NOT)
            return self.build.unary("not", operand, Span(piece.start, operand.where.end))
        if name in ("true", "false"):
            return self.build.truth(name == "true", where)
        if name == "hold":
            return self.hold(piece)
        if self.now.text == "(":
            return self.call(piece)
        if name in COLUMNS:
            return self.build.column(name, where)
        if name in self.names:
            self.build.count(where)
            return Named(name, per_bar=False, where=where)
        if name in FUNCTIONS:
            self.build.refuse(f"{name} is a function. Write {FUNCTIONS[name].example}.", where)
        if name in WORDS:
            self.at -= 1
            self.build.refuse(self._unexpected(), where)
        known = (*COLUMNS, *self.names, *FUNCTIONS)
        close = nearest(name, known)
        remedy = (
            close
            if close.startswith("Did")
            else "Declare it as a named value, or use a column such as close."
        )
        message = f"{shown(name)} is not known. {remedy}"
        raise RuleError(message, start=piece.start, end=piece.end, text=self.build.text, unknown=name)

    def hold(self, piece: Piece) -> Node:
        self.expect("for", "after 'hold': write hold for 10 bars")
        bars = self.expression(POWER["<"])
        if self.now.text not in ("bar", "bars"):
            self.build.refuse("'bars' is missing: write hold for 10 bars.", _span(self.now))
        return self.build.held(bars, Span(piece.start, self.take().end))

    def call(self, piece: Piece) -> Node:
        self.build.function(piece.text, _span(piece))
        self.take()
        given: list[tuple[str, Node]] = []
        while self.now.text != ")":
            if given:
                self.expect(",", f"between the arguments of {piece.text}, or ')' after the last")
            given.append(self.argument())
            if given[-1][0] == "" and len(given) > 1 and given[-2][0]:
                self.build.refuse("Arguments without a name come first.", given[-1][1].where)
        end = self.expect(")", f"to close the bracket of {piece.text}").end
        return self.build.call(piece.text, given, Span(piece.start, end))

    def argument(self) -> tuple[str, Node]:
        following = self.pieces[min(self.at + 1, len(self.pieces) - 1)]
        if self.now.token is Token.NAME and following.text == "=":
            name = self.take().text
            self.take()
            return name, self.expression(0)
        return "", self.expression(0)

    def lag(self, operand: Node) -> Node:
        bars = self.expression(0)
        end = self.expect("]", "to close the lag").end
        return self.build.lag(operand, bars, Span(operand.where.start, end))

    def _unexpected(self) -> str:
        piece = self.now
        if piece.token is Token.END:
            return "The rule ends too early. Something is missing here."
        if piece.text == "=":
            return "A single = compares nothing. Write == for equal."
        if piece.text in (")", "]"):
            return f"'{piece.text}' closes nothing. Remove it, or complete what stands before it."
        if self.at and self.pieces[self.at - 1].token in (Token.NUMBER, Token.NAME):
            before = self.pieces[self.at - 1].text
            if piece.token in (Token.NUMBER, Token.NAME) and before not in WORDS:
                return f"Between {shown(before)} and {shown(piece.text)} something is missing, such as 'and' or '>'."
        return f"{shown(piece.text)} does not fit here."


def _span(piece: Piece) -> Span:
    return Span(piece.start, piece.end)
