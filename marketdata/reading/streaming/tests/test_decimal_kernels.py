"""Numbers are read to the very bits that Python's float has."""

import random
import struct

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from algotrade.compiled import kernel
from marketdata.reading.streaming.decimal_kernels import number_nb
from marketdata.reading.streaming.tests.slowly import bits

POINT = ord(".")


@kernel
def numbers_nb(data, starts, point, ends, known, values):
    for row in range(starts.size):
        ends[row], known[row], values[row] = number_nb(data, starts[row], point)


def read(texts, point=POINT):
    """Read many numbers: how many characters of each, whether it was read, and its value."""
    data = np.frombuffer("\n".join([*texts, ""]).encode("ascii"), dtype=np.uint8)
    lengths = np.array([len(text) for text in texts])
    starts = np.concatenate([[0], np.cumsum(lengths + 1)[:-1]]).astype(np.int64)
    ends, known, values = starts.copy(), np.zeros(len(texts), dtype=bool), np.zeros(len(texts))
    numbers_nb(data, starts, point, ends, known, values)
    return ends - starts, known, values


def assert_exact(texts, *, read_at_least=1.0):
    lengths, known, values = read(texts)
    wanted = [float(text) for text in texts]
    wrong = [
        text
        for text, is_known, ours, theirs in zip(texts, known, bits(values), bits(wanted), strict=True)
        if is_known and ours != theirs
    ]
    assert not wrong
    assert known.mean() >= read_at_least
    assert all(
        length == len(text) for text, length, is_known in zip(texts, lengths, known, strict=True) if is_known
    )


def digits(rng, most):
    return "".join(rng.choice("0123456789") for _ in range(rng.randint(1, most)))


def test_prices_as_programs_write_them_are_exact():
    rng = random.Random(1)
    assert_exact([repr(rng.uniform(0, 10.0 ** rng.randint(-8, 12))) for _ in range(50_000)])


def test_any_nineteen_digits_with_any_point_and_exponent_are_exact():
    rng = random.Random(2)
    texts = []
    for _ in range(50_000):
        text = digits(rng, 10) + rng.choice(["", ".", "." + digits(rng, 9)])
        texts.append(
            rng.choice(["", "-", "+"])
            + text
            + rng.choice(["", f"e{rng.randint(-40, 40)}", f"E+{rng.randint(0, 9)}"])
        )
    assert_exact(texts)


def test_numbers_half_way_between_two_doubles_go_to_the_even_one():
    rng = random.Random(3)
    texts = []
    for _ in range(50_000):
        odd = 2 * (rng.getrandbits(53) | 1 << 52) + 1  # 54 bits: exactly between two doubles
        power = rng.randint(-4, 9)
        exact = odd << power if power >= 0 else odd * 5**-power
        near = exact + rng.choice([-1, 0, 0, 1])
        texts.append(f"{near}e{power}" if power < 0 else str(near))
    assert_exact([text for text in texts if len(text.partition("e")[0]) <= 19])


def test_zeros_before_the_first_digit_do_not_count():
    rng = random.Random(4)
    assert_exact(["0." + "0" * rng.randint(0, 35) + digits(rng, 19) for _ in range(20_000)])


def test_numbers_of_any_size_are_exact_or_left():
    rng = random.Random(5)
    assert_exact(
        [
            repr(struct.unpack("d", struct.pack("Q", rng.getrandbits(63) % (0x7FF << 52)))[0])
            for _ in range(50_000)
        ],
        read_at_least=0.1,
    )


@settings(max_examples=300, deadline=None)
@given(st.floats(min_value=1e-30, max_value=1e30), st.integers(0, 17))
def test_rounded_numbers_are_exact(value, decimals):
    text = f"{value:.{decimals}e}"
    assert_exact([text])


@pytest.mark.parametrize(
    "text", ["", ".", "-", "+.", "e5", "-e5", "nan", "inf", "x", ",5", "0x10", "1" * 20, "9" * 25]
)
def test_what_is_no_plain_number_is_left(text):
    _, known, _ = read([text])
    assert not known[0] or read([text])[0][0] < len(text)


@pytest.mark.parametrize("text", ["1e", "1e+", "1e400", "1e-400", "0e12345", "1e0001", "123e61", "1e-61"])
def test_odd_exponents_are_left_to_python(text):
    length, known, _ = read([text])
    assert not known[0] or length[0] < len(text)


def test_the_sign_of_zero_is_kept():
    _, known, values = read(["0", "-0", "-0.00", "0e9"])
    assert known.all()
    assert np.signbit(values).tolist() == [False, True, True, False]


def test_the_point_may_be_a_comma():
    lengths, known, values = read(["1,5", "1.5"], point=ord(","))
    assert (lengths.tolist(), known.tolist(), values[0]) == ([3, 1], [True, True], 1.5)
