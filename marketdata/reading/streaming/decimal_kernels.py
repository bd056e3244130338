"""Numbers written in decimal digits as the nearest double: the same bits that Python's `float` gives.

Two roads, both exact. A number of at most 53 bits with a power of ten up to 22 is one multiplication or division of
doubles that are exact themselves (Clinger 1990). Others take the upper bits of an integer product with a power of
five of 128 bits, as Eisel and Lemire found out (Lemire, "Number parsing at a gigabyte per second", 2021). What neither
of them settles is left to Python.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from algotrade.compiled import part

Bytes = NDArray[np.uint8]

# Prices and volumes are within; other powers of ten are left to Python.
LARGEST_POWER = 60
_EXACT_POWER = 22
_MOST_DIGITS = 19  # of which a word of 64 bits holds any

_ZERO, _ONE, _THREE = np.uint64(0), np.uint64(1), np.uint64(3)
_NINE, _TEN, _ASCII_ZERO = np.uint64(9), np.uint64(10), np.uint64(48)
_HALF, _LOW_HALF = np.uint64(32), np.uint64(0xFFFFFFFF)
_ALL_BITS, _TOP_BIT = np.uint64(0xFFFFFFFFFFFFFFFF), np.uint64(63)
_SPARE_BITS = np.uint64((1 << 9) - 1)  # of the upper word, below the 53 bits of a double and two for rounding
_MANTISSA_SHIFT = np.uint64(9)
_EXACT_MANTISSA = np.uint64(1 << 53)

_POWERS_OF_TEN: NDArray[np.float64] = np.array([10.0**power for power in range(_EXACT_POWER + 1)])
_LOWEST_BINARY = -400
_POWERS_OF_TWO: NDArray[np.float64] = np.array([2.0**power for power in range(_LOWEST_BINARY, 401)])


def _power_of_five(power: int) -> int:
    """The upper 128 bits of 5**power: cut off when it is an integer, rounded up when it is the inverse of one."""
    if power >= 0:
        value: int = 5**power
        excess = value.bit_length() - 128
        return value >> excess if excess > 0 else value << -excess
    divisor: int = 5**-power
    bits = (divisor - 1).bit_length()
    # Up to 5**27 the divisor fits a word, and the proof of the method wants the next integer; beyond it more bits.
    inverse = (1 << (bits + 127 if power >= -27 else 2 * bits + 128)) // divisor + 1
    return inverse >> max(0, inverse.bit_length() - 128)


_FIVES = [_power_of_five(power) for power in range(-LARGEST_POWER, LARGEST_POWER + 1)]
_FIVES_HIGH: NDArray[np.uint64] = np.array([value >> 64 for value in _FIVES], dtype=np.uint64)
_FIVES_LOW: NDArray[np.uint64] = np.array([value & (1 << 64) - 1 for value in _FIVES], dtype=np.uint64)


@part
def product_nb(left: np.uint64, right: np.uint64) -> tuple[np.uint64, np.uint64]:
    """The upper and the lower word of a product of two words."""
    left_high, left_low = left >> _HALF, left & _LOW_HALF
    right_high, right_low = right >> _HALF, right & _LOW_HALF
    low = left_low * right_low
    first = left_high * right_low
    second = left_low * right_high
    middle = (low >> _HALF) + (first & _LOW_HALF) + (second & _LOW_HALF)
    high = left_high * right_high + (first >> _HALF) + (second >> _HALF) + (middle >> _HALF)
    return high, (middle << _HALF) | (low & _LOW_HALF)


@part
def leading_zeros_nb(word: np.uint64) -> np.uint64:
    """How many bits above the highest that is set; `word` is not 0."""
    zeros = _ZERO
    if word >> np.uint64(32) == _ZERO:
        zeros += np.uint64(32)
        word <<= np.uint64(32)
    if word >> np.uint64(48) == _ZERO:
        zeros += np.uint64(16)
        word <<= np.uint64(16)
    if word >> np.uint64(56) == _ZERO:
        zeros += np.uint64(8)
        word <<= np.uint64(8)
    if word >> np.uint64(60) == _ZERO:
        zeros += np.uint64(4)
        word <<= np.uint64(4)
    if word >> np.uint64(62) == _ZERO:
        zeros += np.uint64(2)
        word <<= np.uint64(2)
    if word >> np.uint64(63) == _ZERO:
        zeros += _ONE
    return zeros


@part
def nearest_nb(digits: np.uint64, power: int) -> tuple[bool, float]:
    """The double next to digits * 10**power, and whether it is certain; `digits` is not 0, |power| <= 60."""
    zeros = leading_zeros_nb(digits)
    word = digits << zeros
    place = power + LARGEST_POWER
    high, low = product_nb(word, _FIVES_HIGH[place])
    if high & _SPARE_BITS == _SPARE_BITS:  # a carry from further down may still reach the bits that count
        further, _ = product_nb(word, _FIVES_LOW[place])
        low += further
        if low < further:
            high += _ONE
    if low == _ALL_BITS:
        return False, 0.0
    upper = high >> _TOP_BIT
    shift = upper + _MANTISSA_SHIFT
    mantissa = high >> shift
    # floor(power * log2(10)) by a multiplication, then where the highest bit of the product stands.
    binary = (217_706 * power >> 16) + 63 + np.int64(upper) - np.int64(zeros)
    if low <= _ONE and -4 <= power <= 23 and mantissa & _THREE == _ONE and mantissa << shift == high:
        mantissa -= _ONE  # half way between two doubles: the even one
    mantissa = (mantissa + (mantissa & _ONE)) >> _ONE
    return True, np.float64(np.int64(mantissa)) * _POWERS_OF_TWO[binary - 52 - _LOWEST_BINARY]


@part
def number_nb(data: Bytes, place: int, point: int) -> tuple[int, bool, float]:
    """Read the number at `place`: where it ends, whether it was read, and its value.

    An optional sign, digits with an optional `point` (the byte) among them, an optional exponent. It is not read when
    there is no digit, when there are more than 19 that count, or when its power of ten is beyond 60. `data` ends in a
    byte that is no part of a number.
    """
    negative = data[place] == 45
    if negative or data[place] == 43:
        place += 1
    first = place
    digits = _ZERO
    digit = np.uint64(data[place]) - _ASCII_ZERO
    while digit <= _NINE:
        digits = digits * _TEN + digit
        place += 1
        digit = np.uint64(data[place]) - _ASCII_ZERO
    count = place - first
    power = 0
    if data[place] == point:
        place += 1
        after = place
        digit = np.uint64(data[place]) - _ASCII_ZERO
        while digit <= _NINE:
            digits = digits * _TEN + digit
            place += 1
            digit = np.uint64(data[place]) - _ASCII_ZERO
        power = after - place
        count += place - after
    if count == 0 or (count > _MOST_DIGITS and significant_nb(data, first, place) > _MOST_DIGITS):
        return place, False, 0.0
    if data[place] | 32 == 101:  # e or E
        place, exponent = exponent_nb(data, place + 1)
        power += exponent
    value, known = 0.0, True
    if digits != _ZERO:
        if digits <= _EXACT_MANTISSA and -_EXACT_POWER <= power <= _EXACT_POWER:
            value = np.float64(np.int64(digits))
            value = value * _POWERS_OF_TEN[power] if power >= 0 else value / _POWERS_OF_TEN[-power]
        elif -LARGEST_POWER <= power <= LARGEST_POWER:
            known, value = nearest_nb(digits, power)
        else:
            known = False
    elif power > 10 * LARGEST_POWER:  # an exponent that was not read, too
        known = False
    return place, known, -value if negative else value


@part
def significant_nb(data: Bytes, first: int, after: int) -> int:
    """How many digits follow the leading zeros of a number without sign."""
    while first < after and not 49 <= data[first] <= 57:
        first += 1
    count = 0
    for place in range(first, after):
        if 48 <= data[place] <= 57:
            count += 1
    return count


@part
def exponent_nb(data: Bytes, place: int) -> tuple[int, int]:
    """Where the exponent ends, and its value; one that is not of one to three digits is 9999."""
    negative = data[place] == 45
    if negative or data[place] == 43:
        place += 1
    first, exponent = place, 0
    while 48 <= data[place] <= 57 and place - first < 4:
        exponent = exponent * 10 + int(data[place]) - 48
        place += 1
    if not 1 <= place - first <= 3:
        return place, 9999
    return place, -exponent if negative else exponent
