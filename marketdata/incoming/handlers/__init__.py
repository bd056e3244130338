"""What job processes do with market data, one module for each kind of job.

A handler computes and writes ahead; what it returns is called in the transaction that ends its job.
"""
