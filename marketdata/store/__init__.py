"""Where bars lie: rows, snapshots, and what keeps the two saying the same."""
