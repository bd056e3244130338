"""Times and bounds that the suite and the labs under test share."""

LEASE_SECONDS = 5
SWEEP_SECONDS = 1
QUEUE_LIMIT = 15
MEMORY_MB = 3072
RUN_LIMIT_SECONDS = 16
