"""The one check command: style, types, import directions, migrations, known holes, a real deployment's settings."""

import json
import secrets
import subprocess
import time
from pathlib import Path

from devtools.environment import ROOT
from devtools.serving import lab_environment
from devtools.words import say, step, warn

OURS = [
    "algotrade",
    "accounts",
    "marketdata",
    "strategies",
    "mlmodels",
    "backtests",
    "deploy",
    "benchmarks",
    "dev",
]
AUDIT_SECONDS = 180


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
        # Ruff's own rules of this family judge the rest; what is grave is looked for twice.
        ("Grave holes in our code", [scripts / "bandit", "-r", *OURS, "-x", "*/tests/*", "-q", "-lll"]),
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
    step("Known holes in what we build on")
    failed += [] if audited(scripts / "pip-audit") else ["Known holes in what we build on"]
    if failed:
        warn("Checks failed: " + ", ".join(failed))
        return 1
    step("All checks passed")
    return 0


def audited(tool: Path) -> bool:
    """Whether no package of the lock has a known hole; true as well where nobody can be asked about that."""
    argv = [tool, "-r", "requirements.txt", "--require-hashes", "--disable-pip", "--format", "json"]
    options = {"cwd": ROOT, "stdin": subprocess.DEVNULL, "capture_output": True, "text": True}
    try:
        done = subprocess.run([str(part) for part in argv], timeout=AUDIT_SECONDS, check=False, **options)
        packages = json.loads(done.stdout)["dependencies"]
    except (OSError, subprocess.TimeoutExpired, ValueError, KeyError):
        say(
            "    skipped: the list of known holes (pypi.org) cannot be reached from here; run it where it can"
        )
        return True
    holes = [
        f"{package['name']} {package['version']}: {hole['id']}"
        for package in packages
        for hole in package.get("vulns", [])
    ]
    for hole in holes:
        warn(f"    {hole}")
    say(f"    {'FAILED' if holes else 'passed'}: {len(packages)} packages, {len(holes)} known holes")
    return not holes


def _production_like() -> dict[str, str]:
    """The environment of a deployment behind HTTPS; the key lives for this command only."""
    return lab_environment(
        HTTPS="true",
        DEBUG="false",
        SECRET_KEY=secrets.token_urlsafe(60),
        ALLOWED_HOSTS="lab.example.org",
        CSRF_TRUSTED_ORIGINS="https://lab.example.org",
    )
