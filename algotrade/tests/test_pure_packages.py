"""The pure packages work in a notebook: what the project's settings call pure loads no web framework."""

import subprocess
import sys
import tomllib

import pytest

from algotrade.env import BASE_DIR

TOOLS = tomllib.loads((BASE_DIR / "pyproject.toml").read_text())["tool"]
CONTRACT = next(rule for rule in TOOLS["importlinter"]["contracts"] if rule["type"] == "forbidden")


def modules_of(package: str) -> list[str]:
    """The package's own modules, or the module itself."""
    folder = BASE_DIR / package.replace(".", "/")
    names = sorted(path.stem for path in folder.glob("*.py") if path.stem != "__init__")
    return [package, *(f"{package}.{name}" for name in names)]


TYPED_TOO = {"algotrade.meters"} | {f"algotrade.observing.{name}" for name in ("children", "door", "sockets")}
"""Typed strictly as well, though they need not do without the framework."""


@pytest.mark.parametrize("root", sorted({name.split(".")[0] for name in CONTRACT["source_modules"]}))
def test_pure_modules_load_no_web_framework(root):
    packages = [name for name in CONTRACT["source_modules"] if name.split(".")[0] == root]
    names = [module for package in packages for module in modules_of(package)]
    program = (
        f"import {', '.join(names)}, sys\n"
        f"print(*(name for name in {CONTRACT['forbidden_modules']!r} if name in sys.modules))"
    )
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", program],
        cwd=BASE_DIR,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == []


def test_the_same_modules_are_typed_strictly():
    typed = {path.removesuffix(".py").replace("/", ".") for path in TOOLS["mypy"]["files"]}
    assert typed == set(CONTRACT["source_modules"]) | TYPED_TOO
