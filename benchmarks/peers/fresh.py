"""Import an engine, do one case and print its facts: `python -m benchmarks.peers.fresh ENGINE CASE ARGUMENTS`."""

import importlib
import json
import sys


def main() -> None:
    engine, case, arguments = sys.argv[1:]
    module = importlib.import_module(f"benchmarks.peers.cases.{engine}")
    prepared = module.CASES[case](json.loads(arguments))
    print({"final_equity": prepared.facts(prepared.run())["final_equity"]}, flush=True)


if __name__ == "__main__":
    main()
