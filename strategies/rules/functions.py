"""The functions and names of the rule language, one record each.

All are causal: row t depends on rows up to t. There is no function that looks forward, and a lag cannot be
negative, so a rule cannot look ahead.
"""

from collections.abc import Iterable

from strategies.rules.signatures import Argument, Function, Noise, Sort
from strategies.rules.tree import Kind

COLUMNS: dict[str, str] = {
    "open": "The bar's first price.",
    "high": "The bar's highest price.",
    "low": "The bar's lowest price.",
    "close": "The bar's last price.",
    "volume": "What was traded in the bar.",
    "hl2": "(high + low) / 2.",
    "hlc3": "(high + low + close) / 3, the typical price.",
    "ohlc4": "(open + high + low + close) / 4.",
    "day_of_week": "Of the bar's time in UTC: 1 is Monday, 7 is Sunday.",
    "day_of_month": "Of the bar's time in UTC, 1 to 31.",
    "month": "Of the bar's time in UTC, 1 to 12.",
    "hour": "Of the bar's time in UTC, 0 to 23.",
}
PRICE_COLUMNS = ("open", "high", "low", "close", "hl2", "hlc3", "ohlc4")

GROUPS: dict[str, str] = {
    "events": "Events",
    "averages": "Averages",
    "bands": "Bands and channels",
    "momentum": "Momentum",
    "range": "Range and trend strength",
    "volume": "Volume",
    "statistics": "Over the last bars",
    "arithmetic": "Arithmetic",
}

FUNCTIONS: dict[str, Function] = {}


def _source(default: str | None = "close") -> Argument:
    return Argument("source", Sort.SERIES, default, help="The series it is made of.")


def _period(default: int | None, minimum: int = 1, name: str = "period") -> Argument:
    return Argument(name, Sort.BARS, default, minimum=minimum, help="Over how many bars.")


def _add(group: str, functions: Iterable[Function]) -> None:
    for function in functions:
        if function.name in FUNCTIONS or function.group != group:
            raise TypeError(f"{function.name} is declared twice or in the wrong group.")
        FUNCTIONS[function.name] = function


_A, _B = Argument("a", Sort.NUMBER), Argument("b", Sort.NUMBER)
_CONDITION = Argument("condition", Sort.TRUTH)

_add("events", [
    Function("crossover", "events", "True at the bar where a rises above b: a > b now, a <= b one bar before.",
             "crossover(close, sma(close, 50))", (_A, _B), "{a} crosses above {b}", Kind.TRUTH),
    Function("crossunder", "events", "True at the bar where a falls below b: a < b now, a >= b one bar before.",
             "crossunder(rsi(close, 14), 70)", (_A, _B), "{a} crosses below {b}", Kind.TRUTH),
    Function("rising", "events", "True when the source rose at each of the last bars.",
             "rising(sma(close, 50), 3)", (_source(None), _period(1, name="bars")),
             "{source} rises {bars} bars in a row", Kind.TRUTH, lambda bars: bars[0]),
    Function("falling", "events", "True when the source fell at each of the last bars.",
             "falling(volume, 2)", (_source(None), _period(1, name="bars")),
             "{source} falls {bars} bars in a row", Kind.TRUTH, lambda bars: bars[0]),
    Function("bars_since", "events",
             "Bars since the condition was last true, 0 at that bar itself; undefined before the first time.",
             "bars_since(crossover(close, sma(close, 50))) <= 5", (_CONDITION,),
             "the number of bars since {condition}", unit="bars"),
    Function("count", "events", "At how many of the last bars the condition was true.",
             "count(close > open, 10) >= 7", (_CONDITION, _period(None)),
             "the number of the last {period} bars at which {condition}",
             first_row=lambda bars: bars[0] - 1, unit="bars"),
])  # fmt: skip

_add("averages", [
    Function("sma", "averages", "Simple moving average.", "close > sma(close, 200)",
             (_source(), _period(20)), "the {period}-bar average of {source}",
             first_row=lambda bars: bars[0] - 1, computed_by="sma", pane="source", noise=Noise.SOURCE),
    Function("ema", "averages", "Exponential moving average, seeded with the simple one.",
             "ema(close, 12) > ema(close, 26)", (_source(), _period(20)),
             "the {period}-bar exponential average of {source}",
             first_row=lambda bars: bars[0] - 1, computed_by="ema", pane="source", noise=Noise.SOURCE),
    Function("vwap", "averages", "Volume-weighted average price of the last bars.", "close > vwap(20)",
             (_period(20),), "the {period}-bar volume-weighted average price",
             first_row=lambda bars: bars[0] - 1, computed_by="vwap", pane="price"),
])  # fmt: skip

_WIDTH = Argument("deviations", Sort.CONSTANT, 2, minimum=0.01, maximum=100, help="Width of the band.")
_MULTIPLE = Argument(
    "multiple", Sort.CONSTANT, 2, minimum=0.01, maximum=100, help="Of the average true range."
)

_add("bands", [
    *(Function(f"bollinger_{line}", "bands", help, example, (_source(), _period(20), _WIDTH),
               f"the {line} {{period}}-bar Bollinger band of {{source}}",
               first_row=lambda bars: bars[0] - 1, computed_by="bollinger", line=number, pane="source",
               noise=Noise.SOURCE)
      for number, (line, help, example) in enumerate((
          ("upper", "Moving average plus a number of standard deviations.", "close > bollinger_upper(close, 20, 2)"),
          ("middle", "The moving average between the Bollinger bands.", "close > bollinger_middle(close, 20, 2)"),
          ("lower", "Moving average minus a number of standard deviations.", "close < bollinger_lower(close, 20, 2)"),
      ))),
    *(Function(f"donchian_{line}", "bands", help, example, (_period(20),), f"{phrase} of the last {{period}} bars",
               first_row=lambda bars: bars[0] - 1, computed_by="donchian", line=number, pane="price")
      for number, (line, help, example, phrase) in enumerate((
          ("upper", "Highest high of the last bars, this one included: compare with the one before, [1].",
           "close > donchian_upper(20)[1]", "the highest high"),
          ("middle", "Half way between the highest high and the lowest low.",
           "close < donchian_middle(20)", "the middle"),
          ("lower", "Lowest low of the last bars, this one included: compare with the one before, [1].",
           "close < donchian_lower(20)[1]", "the lowest low"),
      ))),
    *(Function(f"keltner_{line}", "bands", help, example, (_period(20), _MULTIPLE, _period(10, name="atr_period")),
               f"the {line} {{period}}-bar Keltner band",
               first_row=lambda bars: max(bars[0] - 1, bars[1]), computed_by="keltner", line=number, pane="price")
      for number, (line, help, example) in enumerate((
          ("upper", "Exponential average plus a multiple of the average true range.", "close > keltner_upper(20, 2)"),
          ("middle", "The exponential average between the Keltner bands.", "close > keltner_middle(20)"),
          ("lower", "Exponential average minus a multiple of the average true range.", "close < keltner_lower(20, 2)"),
      ))),
])  # fmt: skip

_MACD = (_source(), _period(12, 2, "fast"), _period(26, 2, "slow"), _period(9, 1, "signal"))
_STOCHASTIC = (_period(14, name="k"), _period(3, name="smooth"), _period(3, name="d"))

_add("momentum", [
    Function("rsi", "momentum", "Relative strength index, 0 to 100: below 30 counts as oversold.",
             "rsi(close, 14) < 30", (_source(), _period(14)), "the {period}-bar RSI of {source}",
             first_row=lambda bars: bars[0], computed_by="rsi", pane="own", unit="points"),
    *(Function(name, "momentum", help, example, _MACD, phrase,
               first_row=lambda bars: bars[1] + bars[2] - 2, computed_by="macd", line=number, pane="own",
               unit="price", noise=Noise.SOURCE_SIZE)
      for number, (name, help, example, phrase) in enumerate((
          ("macd", "Quick exponential average minus the slow one.", "macd(close, 12, 26, 9) > 0",
           "the MACD ({fast}, {slow}) of {source}"),
          ("macd_signal", "The average of the MACD line.",
           "crossover(macd(close, 12, 26, 9), macd_signal(close, 12, 26, 9))",
           "the {signal}-bar signal line of the MACD ({fast}, {slow}) of {source}"),
          ("macd_histogram", "MACD line minus its signal line.", "macd_histogram(close, 12, 26, 9) > 0",
           "the MACD histogram ({fast}, {slow}, {signal}) of {source}"),
      ))),
    *(Function(name, "momentum", help, example, _STOCHASTIC, phrase,
               first_row=lambda bars: sum(bars) - 3, computed_by="stochastic", line=number, pane="own",
               unit="points", noise=Noise.HUNDRED)
      for number, (name, help, example, phrase) in enumerate((
          ("stochastic_k", "Slow %K: where the close lies in the range of the last bars, 0 to 100.",
           "crossover(stochastic_k(14, 3, 3), 20)", "the {k}-bar stochastic %K"),
          ("stochastic_d", "%D, the average of %K.",
           "stochastic_k(14, 3, 3) > stochastic_d(14, 3, 3)", "the {k}-bar stochastic %D"),
      ))),
    Function("roc", "momentum", "Rate of change over some bars, in percent.", "roc(close, 252) > 0",
             (_source(), _period(10)), "the {period}-bar rate of change of {source}",
             first_row=lambda bars: bars[0], computed_by="roc", pane="own", unit="percent", noise=Noise.HUNDRED),
    Function("williams_r", "momentum", "Williams %R, -100 at the lowest low to 0 at the highest high.",
             "williams_r(14) < -80", (_period(14),), "the {period}-bar Williams %R",
             first_row=lambda bars: bars[0] - 1, computed_by="williams_r", pane="own", unit="points",
             noise=Noise.HUNDRED),
    Function("cci", "momentum", "Commodity channel index: beyond 100 or -100 is unusual.", "cci(20) > 100",
             (_period(20, 2),), "the {period}-bar CCI",
             first_row=lambda bars: bars[0] - 1, computed_by="cci", pane="own", unit="points", noise=Noise.HUNDRED),
])  # fmt: skip

_add("range", [
    Function("true_range", "range", "The bar's range, a gap from the close before included.",
             "true_range() > 2 * atr(14)", (), "the true range",
             first_row=lambda bars: 1, computed_by="true_range", pane="own", unit="price"),
    Function("atr", "range", "Average true range (Wilder), in units of price.", "close > close[1] + atr(14)",
             (_period(14),), "the {period}-bar average true range",
             first_row=lambda bars: bars[0], computed_by="atr", pane="own", unit="price"),
    *(Function(name, "range", help, example, (_period(14, 2),), phrase,
               first_row=first, computed_by="directional", line=number, pane="own", unit="points",
               noise=Noise.HUNDRED)
      for number, (name, help, example, phrase, first) in enumerate((
          ("plus_di", "Strength of the moves up, 0 to 100.", "plus_di(14) > minus_di(14)",
           "the {period}-bar +DI", lambda bars: bars[0]),
          ("minus_di", "Strength of the moves down, 0 to 100.", "minus_di(14) > 30",
           "the {period}-bar -DI", lambda bars: bars[0]),
          ("adx", "Strength of the trend in either direction, 0 to 100: above 25 counts as a trend.",
           "adx(14) > 25", "the {period}-bar ADX", lambda bars: 2 * bars[0] - 1),
      ))),
    Function("volatility", "range", "Annualised volatility of the returns, as a fraction (0.2 is 20 %).",
             "volatility(close, 20) < 0.3",
             (_source(), _period(20, 2), Argument("periods_per_year", Sort.CONSTANT, 252, minimum=1,
                                                  maximum=10_000_000, help="Bars in a year.")),
             "the {period}-bar volatility of {source}",
             first_row=lambda bars: bars[0], computed_by="volatility", pane="own", unit="fraction"),
])  # fmt: skip

_add("volume", [
    Function("obv", "volume", "On-balance volume: adds the volume of rising bars, subtracts that of falling ones.",
             "obv() > sma(obv(), 20)", (), "the on-balance volume", computed_by="obv", pane="own", unit="volume"),
    Function("mfi", "volume", "Money flow index, an RSI weighted by volume, 0 to 100.", "mfi(14) < 20",
             (_period(14),), "the {period}-bar money flow index",
             first_row=lambda bars: bars[0], computed_by="mfi", pane="own", unit="points", noise=Noise.HUNDRED),
])  # fmt: skip

_add("statistics", [
    Function("highest", "statistics", "Highest of the last values, this bar's included: for a breakout use [1].",
             "close > highest(high, 20)[1]", (_source("high"), _period(20)),
             "the {period}-bar maximum of {source}", first_row=lambda bars: bars[0] - 1,
             computed_by="highest", pane="source", noise=Noise.SOURCE),
    Function("lowest", "statistics", "Lowest of the last values, this bar's included: for a breakout use [1].",
             "close < lowest(low, 20)[1]", (_source("low"), _period(20)),
             "the {period}-bar minimum of {source}", first_row=lambda bars: bars[0] - 1,
             computed_by="lowest", pane="source", noise=Noise.SOURCE),
    Function("stdev", "statistics", "Standard deviation of the last values (population, ddof 0).",
             "stdev(close, 20) < 0.01 * close", (_source(), _period(20)),
             "the {period}-bar standard deviation of {source}", first_row=lambda bars: bars[0] - 1,
             computed_by="stdev", pane="own", noise=Noise.SOURCE),
    Function("sum", "statistics", "Sum of the last values.", "sum(volume, 5) > 2 * sum(volume, 20) / 4",
             (_source(None), _period(None)), "the {period}-bar sum of {source}",
             first_row=lambda bars: bars[0] - 1, computed_by="sum", pane="own", noise=Noise.SOURCE),
])  # fmt: skip

_X = Argument("x", Sort.NUMBER)

_add("arithmetic", [
    Function("abs", "arithmetic", "The number without its sign.", "abs(close - open) > atr(14)", (_X,),
             "the size of {x}"),
    Function("min", "arithmetic", "The smallest of two or more numbers, bar by bar.",
             "min(open, close) > sma(close, 50)", (_A, _B), "the smaller of {a} and {b}", variadic=True),
    Function("max", "arithmetic", "The largest of two or more numbers, bar by bar.",
             "max(open, close) < sma(close, 50)", (_A, _B), "the larger of {a} and {b}", variadic=True),
    Function("log", "arithmetic", "Natural logarithm; undefined for 0 and below.", "log(close / close[20]) > 0",
             (_X,), "the logarithm of {x}"),
    Function("sqrt", "arithmetic", "Square root; undefined below 0.", "sqrt(volume) > 1000", (_X,),
             "the square root of {x}"),
])  # fmt: skip

WORDS = ("and", "or", "not", "true", "false", "hold", "for", "bar", "bars")
"""What no named value may be called, besides the columns and the functions."""


def reserved(name: str) -> bool:
    return name in WORDS or name in COLUMNS or name in FUNCTIONS
