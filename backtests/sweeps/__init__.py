"""Sweeps in the product: what may be varied, cells as columns in files, their maps and tables, jobs, pages.

The sweep itself is computed by `backtests.optimize`, in job processes only. Walk-forward and other searches that pick
parameters become further methods of the same model and job; statistics on overfitting read the same columns.
"""
