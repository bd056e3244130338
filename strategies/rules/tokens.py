"""A rule cut into numbers, names and signs. Whatever the text, this ends quickly or raises RuleError."""

import re
from dataclasses import dataclass
from enum import Enum

from algotrade.errors import shown
from strategies.rules.errors import RuleError
from strategies.rules.limits import MOST_CHARACTERS, MOST_TOKENS

_NUMBER = re.compile(r"(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_SPACE = re.compile(r"(?:[ \t\r\n]|#[^\n]*)+")
_SIGNS = ("<=", ">=", "==", "!=", "<", ">", "+", "-", "*", "/", "(", ")", "[", "]", ",", "=")
_MEANT = {
    "&": "Write 'and'.",
    "|": "Write 'or'.",
    "!": "Write 'not', or != for unequal.",
    "~": "Write 'not'.",
    "≥": "Write >=.",
    "≤": "Write <=.",
    "≠": "Write !=.",
    "×": "Write *.",
    "·": "Write *.",
    "÷": "Write /.",
    "−": "Write - (the minus of the keyboard).",
    "–": "Write - (the minus of the keyboard).",
    "^": "Write x * x for a square, sqrt(x) for a root.",
    "%": "Write 0.05 for 5 %.",
    "{": "Write round brackets.",
    "}": "Write round brackets.",
    ";": "One rule is one expression: join conditions with 'and' or 'or'.",
    "?": "Write 'and' and 'or'.",
    "'": "There are no texts in a rule.",
    '"': "There are no texts in a rule.",
    ".": "A number has a digit beside its point; nothing else has points.",
}


class Token(Enum):
    """The sorts of token."""

    NUMBER = "number"
    NAME = "name"
    SIGN = "sign"
    END = "end"


@dataclass(frozen=True, slots=True)
class Piece:
    """One token with its place in the text; a name in small letters."""

    token: Token
    text: str
    start: int
    end: int


def tokens(text: str) -> tuple[Piece, ...]:
    """Cut a rule into tokens; the last one is END.

    Names are not sensitive to case. Blanks, line ends and comments from # to the end of the line part tokens.

    Raises
    ------
    RuleError
        For a text that is too long, and for a character that no rule has.
    """
    if len(text) > MOST_CHARACTERS:
        message = f"The rule has {len(text):,} characters. Shorten it to {MOST_CHARACTERS:,}."
        raise RuleError(message, start=MOST_CHARACTERS, end=len(text), text=text)
    pieces: list[Piece] = []
    at = 0
    while at < len(text):
        if blank := _SPACE.match(text, at):
            at = blank.end()
            continue
        piece = _piece(text, at)
        pieces.append(piece)
        at = piece.end
        if len(pieces) > MOST_TOKENS:
            message = f"The rule has more than {MOST_TOKENS} words and signs. Make it simpler."
            raise RuleError(message, start=piece.start, end=piece.end, text=text)
    return (*pieces, Piece(Token.END, "", len(text), len(text)))


def _piece(text: str, at: int) -> Piece:
    if number := _NUMBER.match(text, at):
        if _NAME.match(text, number.end()):
            raise _stuck(text, at, number.end())
        return Piece(Token.NUMBER, number.group(), at, number.end())
    if name := _NAME.match(text, at):
        return Piece(Token.NAME, name.group().lower(), at, name.end())
    for sign in _SIGNS:
        if text.startswith(sign, at):
            return Piece(Token.SIGN, sign, at, at + len(sign))
    character = text[at]
    remedy = _MEANT.get(character, "A rule has names, numbers, + - * / < > = ( ) [ ] and commas.")
    raise RuleError(f"{shown(character)} means nothing here. {remedy}", start=at, end=at + 1, text=text)


def _stuck(text: str, at: int, end: int) -> RuleError:
    """A number that runs into a name: 2sma, 10x."""
    name = _NAME.match(text, end)
    last = name.end() if name else end
    number, after = text[at:end], text[end:last]
    message = (
        f"{shown(text[at:last])} is neither a number nor a name. Write {number} * {after[:40]}, or remove it."
    )
    return RuleError(message, start=at, end=last, text=text)
