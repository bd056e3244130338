"""The chaos suite: real runs through real processes, real faults, and a count of what became of every job.

`benchmarks/chaos.py` is its command; docs/reliability.md says what it shows and how.
"""
