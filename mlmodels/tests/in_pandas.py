"""The same features as anyone would write them with pandas: the oracle of the tests, and the rival of the benchmark.

Each takes a frame of open, high, low, close and volume and returns one column. Where Wilder's smoothing is seeded with
a plain mean, the seed is put in front of `ewm`, which then computes the same recursion.
"""

from collections.abc import Callable

import numpy as np
import pandas as pd

Frame = pd.DataFrame
Column = pd.Series


def log_return(data: Frame, span: int) -> Column:
    return np.log(data["close"]).diff(span)


def volatility(data: Frame, window: int) -> Column:
    return np.log(data["close"]).diff().rolling(window).std()


def parkinson(data: Frame, window: int) -> Column:
    squares = np.log(data["high"] / data["low"]) ** 2
    return np.sqrt(squares.rolling(window).mean() / (4.0 * np.log(2.0)))


def atr_ratio(data: Frame, window: int) -> Column:
    before = data["close"].shift()
    reach = pd.concat(
        [data["high"] - data["low"], (data["high"] - before).abs(), (data["low"] - before).abs()], axis=1
    ).max(axis=1)
    reach.iloc[0] = np.nan
    return _wilder(reach, window) / data["close"]


def rsi(data: Frame, window: int) -> Column:
    change = data["close"].diff()
    rise, fall = _wilder(change.clip(lower=0.0), window), _wilder((-change).clip(lower=0.0), window)
    return rise / (rise + fall)


def stochastic_k(data: Frame, window: int, smooth: int) -> Column:
    return _place(data, window).rolling(smooth).mean()


def williams_r(data: Frame, window: int) -> Column:
    return _place(data, window) - 1.0


def bollinger_position(data: Frame, window: int, width: float) -> Column:
    rolling = data["close"].rolling(window)
    middle, reach = rolling.mean(), width * rolling.std(ddof=0)
    return (data["close"] - (middle - reach)) / (2.0 * reach)


def bollinger_bandwidth(data: Frame, window: int, width: float) -> Column:
    rolling = data["close"].rolling(window)
    return 2.0 * width * rolling.std(ddof=0) / rolling.mean()


def donchian_position(data: Frame, window: int) -> Column:
    low = data["low"].rolling(window).min().shift()
    high = data["high"].rolling(window).max().shift()
    return (data["close"] - low) / (high - low)


def sma_gap(data: Frame, window: int) -> Column:
    return data["close"] / data["close"].rolling(window).mean() - 1.0


def ema_gap(data: Frame, window: int) -> Column:
    return data["close"] / _exponential(data["close"], window, 2.0 / (window + 1.0)) - 1.0


def macd_histogram(data: Frame, fast: int, slow: int, signal: int) -> Column:
    close = data["close"]
    quick = _exponential(close.iloc[slow - fast :], fast, 2.0 / (fast + 1.0)).reindex(close.index)
    line = quick - _exponential(close, slow, 2.0 / (slow + 1.0))
    return (line - _exponential(line, signal, 2.0 / (signal + 1.0))) / close


def adx(data: Frame, window: int) -> Column:
    up, down = data["high"].diff(), -data["low"].diff()
    plus = up.where((up > down) & (up > 0.0), 0.0)
    minus = down.where((down > up) & (down > 0.0), 0.0)
    plus, minus = _running(plus, window), _running(minus, window)
    return _wilder((plus - minus).abs() / (plus + minus), window)


def skewness(data: Frame, window: int) -> Column:
    return np.log(data["close"]).diff().rolling(window).skew()


def autocorrelation(data: Frame, window: int, lag: int) -> Column:
    returns = np.log(data["close"]).diff()
    return returns.rolling(window).corr(returns.shift(lag))


def volume_ratio(data: Frame, window: int) -> Column:
    return data["volume"] / data["volume"].rolling(window).mean()


def obv_slope(data: Frame, window: int) -> Column:
    signed = data["volume"] * np.sign(data["close"].diff())
    return signed.rolling(window).sum() / data["volume"].rolling(window).sum()


def money_flow(data: Frame, window: int) -> Column:
    typical = (data["high"] + data["low"] + data["close"]) / 3.0
    change, flow = typical.diff(), typical * data["volume"]
    least = 1e-12 * typical
    rise = flow.where(change > least, 0.0).rolling(window).sum()
    fall = flow.where(change < -least, 0.0).rolling(window).sum()
    share = rise / (rise + fall)
    share.iloc[:window] = np.nan
    return share


def vwap_gap(data: Frame, window: int) -> Column:
    value = (data["high"] + data["low"] + data["close"]) / 3.0 * data["volume"]
    return data["close"] / (value.rolling(window).sum() / data["volume"].rolling(window).sum()) - 1.0


def _place(data: Frame, window: int) -> Column:
    low, high = data["low"].rolling(window).min(), data["high"].rolling(window).max()
    return (data["close"] - low) / (high - low)


def _wilder(values: Column, window: int) -> Column:
    return _exponential(values, window, 1.0 / window)


def _exponential(values: Column, window: int, share: float) -> Column:
    """Exponential average whose first value is the mean of the first `window` values."""
    first = int(np.flatnonzero(values.notna())[0])
    row = first + window - 1
    seeded = values.copy()
    seeded.iloc[:row] = np.nan
    seeded.iloc[row] = values.iloc[first : row + 1].mean()
    return seeded.ewm(alpha=share, adjust=False).mean()


def _running(values: Column, window: int) -> Column:
    """Wilder's sum: of the values of rows 1 to window - 1 first, then less a share of itself plus the new value."""
    seeded = values.copy()
    seeded.iloc[: window - 1] = np.nan
    # As an average: the sum times 1 / window, to which a new value brings 1 / window of itself.
    seeded.iloc[window - 1] = values.iloc[1:window].sum() / window
    result = seeded.ewm(alpha=1.0 / window, adjust=False).mean() * window
    result.iloc[window - 1] = np.nan
    return result


IN_PANDAS: dict[str, Callable[[Frame], Column]] = {
    "log_return(5)": lambda data: log_return(data, 5),
    "volatility(20)": lambda data: volatility(data, 20),
    "parkinson(20)": lambda data: parkinson(data, 20),
    "atr_ratio(14)": lambda data: atr_ratio(data, 14),
    "rsi(14)": lambda data: rsi(data, 14),
    "stochastic_k(14, 3)": lambda data: stochastic_k(data, 14, 3),
    "williams_r(14)": lambda data: williams_r(data, 14),
    "bollinger_position(20, 2)": lambda data: bollinger_position(data, 20, 2.0),
    "bollinger_bandwidth(20, 2)": lambda data: bollinger_bandwidth(data, 20, 2.0),
    "donchian_position(20)": lambda data: donchian_position(data, 20),
    "sma_gap(20)": lambda data: sma_gap(data, 20),
    "ema_gap(20)": lambda data: ema_gap(data, 20),
    "macd_histogram(12, 26, 9)": lambda data: macd_histogram(data, 12, 26, 9),
    "adx(14)": lambda data: adx(data, 14),
    "skewness(20)": lambda data: skewness(data, 20),
    "autocorrelation(20, 1)": lambda data: autocorrelation(data, 20, 1),
    "volume_ratio(20)": lambda data: volume_ratio(data, 20),
    "obv_slope(20)": lambda data: obv_slope(data, 20),
    "money_flow(14)": lambda data: money_flow(data, 14),
    "vwap_gap(20)": lambda data: vwap_gap(data, 20),
}
