"""The one check command: style, types, import directions, migrations and the settings of a real deployment."""

import secrets
import subprocess
import time
from pathlib import Path

from devtools.environment import ROOT
from devtools.serving import lab_environment
from devtools.words import say, step, warn


def run_all(python: Path) -> int:
    """Run every check, the later ones too when an earlier one fails; 0 when all are content."""
    scripts = python.parent
    manage = [python, "manage.py"]
    checks = [
        ("Style", [scripts / "ruff", "check", ".", "dev"]),
        ("Format", [scripts / "ruff", "format", "--check", ".", "dev"]),
        ("Types", [scripts / "mypy"]),
        ("Import directions", [scripts / "lint-imports"]),
        ("Migrations", [*manage, "makemigrations", "--check", "--dry-run"]),
        ("Deployment", [*manage, "check", "--deploy", "--fail-level", "WARNING"]),
    ]
    failed = []
    for name, argv in checks:
        started = time.monotonic()
        step(name)
        code = subprocess.run(
            [str(part) for part in argv],
            cwd=ROOT,
            env=_production_like(),
            stdin=subprocess.DEVNULL,
            check=False,
        ).returncode
        say(f"    {'passed' if not code else 'FAILED'} in {time.monotonic() - started:.1f} s")
        failed += [name] if code else []
    if failed:
        warn("Checks failed: " + ", ".join(failed))
        return 1
    step("All checks passed")
    return 0


def _production_like() -> dict[str, str]:
    """The environment of a deployment behind HTTPS; the key lives for this command only."""
    return lab_environment(
        HTTPS="true",
        DEBUG="false",
        SECRET_KEY=secrets.token_urlsafe(60),
        ALLOWED_HOSTS="lab.example.org",
        CSRF_TRUSTED_ORIGINS="https://lab.example.org",
    )
