"""A bound rule in plain words, and as text again."""

from collections.abc import Callable, Mapping

from strategies.rules.functions import FUNCTIONS
from strategies.rules.tree import Binary, Call, Column, Held, Lag, Named, Node, Number, Truth, Unary

_COMPARED = {
    "<": "is below",
    "<=": "is at most",
    ">": "is above",
    ">=": "is at least",
    "==": "equals",
    "!=": "differs from",
}
_RANK: Mapping[str, int] = {
    "or": 1, "and": 2, "<": 4, "<=": 4, ">": 4, ">=": 4, "==": 4, "!=": 4, "+": 5, "-": 5, "*": 6, "/": 6,
}  # fmt: skip
_COLUMNS = {
    "hl2": "the middle of high and low",
    "hlc3": "the typical price",
    "ohlc4": "the average price",
    "day_of_week": "the day of the week",
    "day_of_month": "the day of the month",
}


def in_words(node: Node) -> str:
    """The rule as part of a sentence: "the 10-bar average of the close crosses above ..."."""
    match node:
        case Number(value=value):
            return f"{value:.12g}"
        case Truth(value=value):
            return "always" if value else "never"
        case Column(name=name):
            return _COLUMNS.get(name, f"the {name}")
        case Named(name=name):
            return name
        case Unary(sign="not", operand=operand):
            return f"not ({in_words(operand)})"
        case Unary(operand=operand):
            return f"-{_bracketed(operand, 7, in_words)}"
        case Binary(sign=sign, left=left, right=right):
            rank = _RANK[sign]
            word = _COMPARED.get(sign, sign)
            return f"{_bracketed(left, rank, in_words)} {word} {_bracketed(right, rank + 1, in_words)}"
        case Lag(operand=operand, bars=bars):
            back = f"{in_words(bars)} bar{'' if bars == Number(1.0) else 's'} earlier"
            return f"{_bracketed(operand, 8, in_words)} {back}"
        case Held(bars=bars):
            count = in_words(bars)
            return f"{count} bar{'' if count == '1' else 's'} have passed since the entry was decided"
        case Call(function=name, arguments=arguments):
            function = FUNCTIONS[name]
            said = [_bracketed(argument, 7, in_words) for argument in arguments]
            if len(said) > len(function.arguments):
                said[len(function.arguments) - 1 :] = [" and ".join(said[len(function.arguments) - 1 :])]
            names = [argument.name for argument in function.arguments]
            return function.phrase.format_map(dict(zip(names, said, strict=True)))


def as_text(node: Node) -> str:
    """The rule in the language, with only the brackets it needs: `sma(close, 10)`."""
    match node:
        case Number(value=value):
            return f"{value:.12g}"
        case Truth(value=value):
            return "true" if value else "false"
        case Column(name=name) | Named(name=name):
            return name
        case Unary(sign="not", operand=operand):
            return f"not {_bracketed(operand, 3, as_text)}"
        case Unary(operand=operand):
            return f"-{_bracketed(operand, 7, as_text)}"
        case Binary(sign=sign, left=left, right=right):
            rank = _RANK[sign]
            return f"{_bracketed(left, rank, as_text)} {sign} {_bracketed(right, rank + 1, as_text)}"
        case Lag(operand=operand, bars=bars):
            return f"{_bracketed(operand, 8, as_text)}[{as_text(bars)}]"
        case Held(bars=bars):
            return f"hold for {as_text(bars)} bars"
        case Call(function=name, arguments=arguments):
            return f"{name}({', '.join(map(as_text, arguments))})"


def _bracketed(node: Node, rank: int, printed: Callable[[Node], str]) -> str:
    own = _RANK[node.sign] if isinstance(node, Binary) else 9
    if isinstance(node, Unary):
        own = 3 if node.sign == "not" else 7
    if isinstance(node, Held):
        own = 3
    text = printed(node)
    return f"({text})" if own < rank else text
