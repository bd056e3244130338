"""Files as well-known sources write them: their headers and ways of writing, with a few bars each."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Sample:
    """A file, and what is to be recognised in it. `first` is the first row: time in UTC and five values."""

    file_name: str
    text: str
    dialect: str
    symbol: str
    timeframe: str
    calendar: str
    first: tuple[str, float, float, float, float, float]
    timezone: str | None = None
    newest_first: bool = False
    has_adj_close: bool = False


SAMPLES = [
    Sample(
        "AAPL.csv",
        "Date,Open,High,Low,Close,Adj Close,Volume\n"
        "2020-01-02,74.059998,75.150002,73.797501,75.087502,73.059425,135480400\n"
        "2020-01-03,74.287498,75.144997,74.125000,74.357498,72.349144,146322800\n"
        "2020-01-06,73.447502,74.989998,73.187500,74.949997,72.925636,118387200\n",
        *("yahoo", "AAPL", "1d", "exchange"),
        ("2020-01-02", 74.059998, 75.150002, 73.797501, 75.087502, 135480400),
        has_adj_close=True,
    ),
    Sample(
        "prices.csv",  # a table of yfinance with two lines of names
        "Price,Close,High,Low,Open,Volume\nTicker,MSFT,MSFT,MSFT,MSFT,MSFT\nDate,,,,,\n"
        "2024-01-02,370.87,375.90,366.77,373.86,25258600\n"
        "2024-01-03,370.60,373.26,368.51,369.01,23083500\n"
        "2024-01-04,367.94,373.10,367.17,370.67,20901500\n",
        *("yahoo", "MSFT", "1d", "exchange"),
        ("2024-01-02", 373.86, 375.90, 366.77, 370.87, 25258600),
    ),
    Sample(
        "SPY_hourly.csv",
        "Datetime,Open,High,Low,Close,Volume,Dividends,Stock Splits\n"
        "2024-03-08 14:30:00-05:00,513.0,514.1,512.5,513.5,1000,0.0,0.0\n"
        "2024-03-08 15:30:00-05:00,513.5,515.1,512.9,514.5,1200,0.0,0.0\n"
        "2024-03-11 09:30:00-04:00,512.5,513.7,511.2,512.2,900,0.0,0.0\n"
        "2024-03-11 10:30:00-04:00,512.2,513.7,511.2,512.9,900,0.0,0.0\n",
        *("yahoo", "SPY", "1h", "XNYS"),
        ("2024-03-08T19:30:00Z", 513.0, 514.1, 512.5, 513.5, 1000),
        timezone="America/New_York",
    ),
    Sample(
        "BTCUSDT-1h-2024-01.csv",
        "1704067200000,42283.58,42554.57,42261.02,42475.23,1271.68108,1704070799999,53957248.9,47134,682.5,28957416.8,0\n"
        "1704070800000,42475.23,42775.00,42431.65,42613.56,1196.37856,1704074399999,50984371.1,45210,600.1,25612345.0,0\n"
        "1704074400000,42613.57,42638.41,42500.00,42581.10,685.21980,1704077999999,29168150.1,30221,311.1,13245600.2,0\n",
        *("binance", "BTCUSDT", "1h", "24/7"),
        ("2024-01-01T00:00:00Z", 42283.58, 42554.57, 42261.02, 42475.23, 1271.68108),
        timezone="UTC",
    ),
    Sample(
        "ETHUSDT-1m-2025-01-01.csv",  # microseconds since 2025
        "1735689600000000,3337.78,3340.59,3336.01,3339.84,282.0,1735689659999999,941492.1,2205,112.6,376138.1,0\n"
        "1735689660000000,3339.85,3341.00,3338.50,3340.10,182.5,1735689719999999,609492.1,1705,92.6,309138.1,0\n"
        "1735689720000000,3340.10,3340.11,3335.90,3336.00,150.2,1735689779999999,501492.1,1205,62.6,209138.1,0\n",
        *("binance", "ETHUSDT", "1m", "24/7"),
        ("2025-01-01T00:00:00Z", 3337.78, 3340.59, 3336.01, 3339.84, 282.0),
        timezone="UTC",
    ),
    Sample(
        "BTCUSDT-4h.csv",
        "open_time,open,high,low,close,volume,close_time,quote_volume,count,taker_buy_volume,"
        "taker_buy_quote_volume,ignore\n"
        "1704067200000,42314.00,42600.00,42289.60,42503.50,7130.057,1704081599999,302000000.1,86000,3600.1,152000000.1,0\n"
        "1704081600000,42503.50,42826.00,42500.00,42600.00,6130.057,1704095999999,262000000.1,76000,3100.1,132000000.1,0\n",
        *("binance", "BTCUSDT", "4h", "24/7"),
        ("2024-01-01T00:00:00Z", 42314.0, 42600.0, 42289.6, 42503.5, 7130.057),
        timezone="UTC",
    ),
    Sample(
        "aapl_us_d.csv",
        "Date,Open,High,Low,Close,Volume\r\n"
        "1984-09-07,0.0994,0.1005,0.0982,0.0994,98811715\r\n"
        "1984-09-10,0.0994,0.0998,0.0967,0.0988,76622950\r\n"
        "1984-09-11,0.0998,0.1022,0.0998,0.1013,181303400\r\n",
        *("stooq", "AAPL", "1d", "exchange"),
        ("1984-09-07", 0.0994, 0.1005, 0.0982, 0.0994, 98811715),
    ),
    Sample(
        "aapl.us.txt",
        "<TICKER>,<PER>,<DATE>,<TIME>,<OPEN>,<HIGH>,<LOW>,<CLOSE>,<VOL>,<OPENINT>\r\n"
        "AAPL.US,5,20240102,153000,187.15,188.44,186.9,187.9,2500000,0\r\n"
        "AAPL.US,5,20240102,153500,187.9,188.0,187.1,187.2,1500000,0\r\n"
        "AAPL.US,5,20240102,154000,187.2,187.5,186.8,186.9,1200000,0\r\n",
        *("stooq", "AAPL.US", "5m", "XNYS"),
        ("2024-01-02T15:30:00Z", 187.15, 188.44, 186.9, 187.9, 2500000),
    ),
    Sample(
        "spy.us.txt",
        "<TICKER>,<PER>,<DATE>,<TIME>,<OPEN>,<HIGH>,<LOW>,<CLOSE>,<VOL>,<OPENINT>\r\n"
        "SPY.US,D,20240102,000000,472.16,473.67,470.49,472.65,123623700,0\r\n"
        "SPY.US,D,20240103,000000,470.43,471.19,468.17,468.79,103585900,0\r\n",
        *("stooq", "SPY.US", "1d", "XNYS"),
        ("2024-01-02", 472.16, 473.67, 470.49, 472.65, 123623700),
    ),
    Sample(
        "EURUSD60.csv",
        "2020.01.02,00:00,1.12123,1.12150,1.12080,1.12110,1523\n"
        "2020.01.02,01:00,1.12110,1.12170,1.12100,1.12160,1320\n"
        "2020.01.02,02:00,1.12160,1.12180,1.12120,1.12130,1100\n",
        *("metatrader", "EURUSD", "1h", "fx"),
        ("2020-01-02T00:00:00Z", 1.12123, 1.12150, 1.12080, 1.12110, 1523),
    ),
    Sample(
        "GBPUSD_M15_202001020000_202001020045.csv",
        "<DATE>\t<TIME>\t<OPEN>\t<HIGH>\t<LOW>\t<CLOSE>\t<TICKVOL>\t<VOL>\t<SPREAD>\n"
        "2020.01.02\t00:00:00\t1.32123\t1.32150\t1.32080\t1.32110\t1523\t0\t4\n"
        "2020.01.02\t00:15:00\t1.32110\t1.32170\t1.32100\t1.32160\t1320\t0\t4\n"
        "2020.01.02\t00:30:00\t1.32160\t1.32180\t1.32120\t1.32130\t1100\t0\t5\n",
        *("metatrader", "GBPUSD", "15m", "fx"),
        ("2020-01-02T00:00:00Z", 1.32123, 1.32150, 1.32080, 1.32110, 1523),
    ),
    Sample(
        "AAPL_Daily_201901020000_201901040000.csv",
        "<DATE>\t<OPEN>\t<HIGH>\t<LOW>\t<CLOSE>\t<TICKVOL>\t<VOL>\t<SPREAD>\n"
        "2019.01.02\t154.89\t158.85\t154.23\t157.92\t61523\t37039700\t4\n"
        "2019.01.03\t143.98\t145.72\t142.00\t142.19\t91320\t91312200\t4\n",
        *("metatrader", "AAPL", "1d", "exchange"),
        ("2019-01-02", 154.89, 158.85, 154.23, 157.92, 37039700),
    ),
    Sample(
        "NASDAQ_AAPL, 1D.csv",
        "time,open,high,low,close,Volume,Volume MA,RSI\n"
        "1704205800,187.15,188.44,183.885,185.64,82488700,,\n"
        "1704292200,184.22,185.88,183.43,184.25,58414500,70000000,45.1\n"
        "1704378600,182.15,183.0872,180.88,181.91,71983600,70100000,41.0\n",
        *("tradingview", "AAPL", "1d", "exchange"),
        ("2024-01-02", 187.15, 188.44, 183.885, 185.64, 82488700),
        timezone="UTC",
    ),
    Sample(
        "BINANCE_BTCUSDT, 60.csv",
        "time,open,high,low,close,EMA,Volume\n"
        "2024-01-02T09:00:00-05:00,45100.1,45300,45000,45200.5,45000,120.5\n"
        "2024-01-02T10:00:00-05:00,45200.5,45400,45100,45300.5,45010,100.5\n",
        *("tradingview", "BTCUSDT", "1h", "24/7"),
        ("2024-01-02T14:00:00Z", 45100.1, 45300, 45000, 45200.5, 120.5),
        timezone="America/New_York",
    ),
    Sample(
        "daily_adjusted_IBM.csv",
        "timestamp,open,high,low,close,adjusted_close,volume,dividend_amount,split_coefficient\r\n"
        "2024-01-05,160.1,161.0,159.5,160.8,157.2,3500000,0.0000,1.0\r\n"
        "2024-01-04,160.0,160.9,158.9,159.9,156.3,3200000,0.0000,1.0\r\n"
        "2024-01-03,161.0,161.7,160.1,160.1,156.5,4100000,0.0000,1.0\r\n",
        *("alpha_vantage", "IBM", "1d", "exchange"),
        ("2024-01-05", 160.1, 161.0, 159.5, 160.8, 3500000),
        newest_first=True,
        has_adj_close=True,
    ),
    Sample(
        "intraday_5min_IBM.csv",
        "timestamp,open,high,low,close,volume\r\n"
        "2024-01-05 19:55:00,159.1,159.2,159.1,159.16,50\r\n"
        "2024-01-05 19:50:00,159.0,159.2,159.0,159.1,80\r\n",
        *("alpha_vantage", "IBM", "5m", "exchange"),
        ("2024-01-05T19:55:00Z", 159.1, 159.2, 159.1, 159.16, 50),
        newest_first=True,
    ),
    Sample(
        "DAT_ASCII_EURUSD_M1_2020.csv",
        "20200101 170000;1.121200;1.121300;1.121100;1.121250;0\n"
        "20200101 170100;1.121250;1.121300;1.121200;1.121260;0\n",
        *("generic", "EURUSD", "1m", "fx"),
        ("2020-01-01T17:00:00Z", 1.1212, 1.1213, 1.1211, 1.12125, 0),
    ),
    Sample(
        "Binance_BTCUSDT_1h.csv",  # a line of prose, and the time twice
        "https://www.CryptoDataDownload.com\n"
        "Unix,Date,Symbol,Open,High,Low,Close,Volume BTC,Volume USDT,tradecount\n"
        "1704074400000,2024-01-01 02:00:00,BTCUSDT,42613.57,42638.41,42500,42581.1,685.2,29168150.1,30221\n"
        "1704070800000,2024-01-01 01:00:00,BTCUSDT,42475.23,42775,42431.65,42613.56,1196.4,50984371.1,45210\n",
        *("generic", "BTCUSDT", "1h", "24/7"),
        ("2024-01-01T02:00:00Z", 42613.57, 42638.41, 42500, 42581.1, 685.2),
        timezone="UTC",
        newest_first=True,
    ),
    Sample(
        "SAP.csv",  # German, with a decimal comma
        "Datum;Eröffnung;Hoch;Tief;Schluss;Volumen\n"
        "03.01.2024;139,36;139,80;138,51;138,53;1.234.567\n"
        "02.01.2024;138,82;139,96;138,65;139,36;987.654\n",
        *("generic", "SAP", "1d", "exchange"),
        ("2024-01-03", 139.36, 139.80, 138.51, 138.53, 1234567),
        newest_first=True,
    ),
    Sample(
        "EURUSD_Candlestick_1_Hour_BID_13.01.2020-31.12.2020.csv",
        "Gmt time,Open,High,Low,Close,Volume\n"
        "13.01.2020 00:00:00.000,1.11223,1.11250,1.11180,1.11210,1523.1\n"
        "13.01.2020 01:00:00.000,1.11210,1.11270,1.11200,1.11260,1320.5\n",
        *("generic", "EURUSD", "1h", "fx"),
        ("2020-01-13T00:00:00Z", 1.11223, 1.11250, 1.11180, 1.11210, 1523.1),
        timezone="UTC",
    ),
    Sample(
        "XBTUSD_1440.csv",
        "1704067200,42283.5,44187.1,42175.0,44168.9,2200.5,30000\n"
        "1704153600,44168.9,45900.0,44151.0,44939.9,5400.1,60000\n",
        *("generic", "XBTUSD", "1d", "24/7"),
        ("2024-01-01", 42283.5, 44187.1, 42175.0, 44168.9, 2200.5),
        timezone="UTC",
    ),
    Sample(
        "BTC-USD.csv",  # an exchange that gives the lowest and the highest price first
        "1704067200,42200.1,42600.2,42283.5,42475.2,300.5\n1704070800,42400.1,42800.2,42475.2,42613.5,250.5\n",
        *("generic", "BTC-USD", "1h", "24/7"),
        ("2024-01-01T00:00:00Z", 42283.5, 42600.2, 42200.1, 42475.2, 300.5),
        timezone="UTC",
    ),
    Sample(
        "AAPL Historical Data.csv",  # investing.com: the close is the price, and the volume is rounded
        '"Date","Price","Open","High","Low","Vol.","Change %"\n'
        '"01/05/2024","181.18","181.99","182.76","180.17","62.30M","-0.40%"\n'
        '"01/04/2024","181.91","182.15","183.09","180.88","71.98M","-1.27%"\n',
        *("generic", "AAPL", "1d", "exchange"),
        ("2024-01-05", 181.99, 182.76, 180.17, 181.18, 0),
        newest_first=True,
    ),
    Sample(
        "ESH24_bars.txt",  # Sierra Chart: blanks after the commas
        "Date, Time, Open, High, Low, Last, Volume, NumberOfTrades, BidVolume, AskVolume\n"
        "2024/1/2, 09:30:00, 4790.25, 4791.00, 4788.50, 4789.75, 5210, 2100, 2600, 2610\n"
        "2024/1/2, 09:31:00, 4789.75, 4790.00, 4786.25, 4787.00, 4100, 1800, 2100, 2000\n",
        *("generic", "ESH24", "1m", "exchange"),
        ("2024-01-02T09:30:00Z", 4790.25, 4791, 4788.5, 4789.75, 5210),
    ),
    Sample(
        "2024-01-02.csv",  # a flat file of one symbol, in nanoseconds
        "ticker,volume,open,close,high,low,window_start,transactions\n"
        "AAPL,4930,192.9,193.0,193.1,192.8,1704186000000000000,129\n"
        "AAPL,1815,193.0,192.95,193.05,192.9,1704186060000000000,57\n",
        *("generic", "AAPL", "1m", "exchange"),
        ("2024-01-02T09:00:00Z", 192.9, 193.1, 192.8, 193.0, 4930),
        timezone="UTC",
    ),
    Sample(
        "USDJPY.csv",  # Dukascopy in local time, with thousands
        '"Local time","Open","High","Low","Close","Volume"\n'
        '"31.12.2020 00:00:00.000 GMT+0100","103.1","103.2","103.0","103.15","1,523.1"\n'
        '"31.12.2020 01:00:00.000 GMT+0100","103.15","103.2","103.0","103.05","1,323.1"\n',
        *("generic", "USDJPY", "1h", "fx"),
        ("2020-12-30T23:00:00Z", 103.1, 103.2, 103.0, 103.15, 1523.1),
        timezone="Europe/Berlin",
    ),
    Sample(
        "wig20.csv",
        "Data,Otwarcie,Najwyzszy,Najnizszy,Zamkniecie,Wolumen\n"
        "2024-01-02,2344.09,2360.10,2321.99,2338.66,20555660\n"
        "2024-01-03,2338.66,2340.00,2290.12,2298.33,24555110\n",
        *("stooq", "WIG20", "1d", "exchange"),
        ("2024-01-02", 2344.09, 2360.10, 2321.99, 2338.66, 20555660),
    ),
]
