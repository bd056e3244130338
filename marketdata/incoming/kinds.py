"""The names of the kinds of jobs with market data. `marketdata.jobs` says what each of them does."""

IMPORT_KIND = "marketdata.import"
FETCH_KIND = "marketdata.fetch"
GENERATE_KIND = "marketdata.generate"
RESTORE_KIND = "marketdata.restore"
DERIVE_KIND = "marketdata.derive"
EXAMINE_KIND = "marketdata.examine"
