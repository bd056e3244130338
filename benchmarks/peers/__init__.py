"""The product beside other tools on the same work: see `benchmarks/README.md`.

.venv/bin/python -m benchmarks.peers [--quick] [--rows 1,4]
"""
