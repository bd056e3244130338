"""How the lab bears load: sockets, floods of runs, a broker that is away, a web process that restarts, many readers.

    .venv/bin/python -m benchmarks.load                        # all of it, about ten minutes
    .venv/bin/python -m benchmarks.load --only rooms --short   # one of them, in a minute or two

Starts PostgreSQL, Redis and the lab itself on free ports of this machine's loopback, and ends all of it. Every loop is
bounded. Figures are reported beside the goal that they are meant to reach.
"""
