"""What the environment decides, read once. A value that cannot be used stops the start and says so."""

import contextlib
import os
import secrets
from pathlib import Path
from typing import TypeVar

import environ
from django.core.exceptions import ImproperlyConfigured

Number = TypeVar("Number", int, float)

BASE_DIR = Path(__file__).resolve().parent.parent

env = environ.Env()
if (BASE_DIR / ".env").is_file() and env.bool("READ_DOT_ENV", default=True):
    env.read_env(BASE_DIR / ".env")

DATA_DIR = Path(env.str("DATA_DIR", default=str(BASE_DIR / "var"))).resolve()
# The database in it holds sessions and hashes of passwords: on a shared machine they are its owner's alone.
DATA_DIR.mkdir(mode=0o700, parents=True, exist_ok=True)


def secret_key() -> str:
    """The signing key: `SECRET_KEY`, or one made for this installation and kept in the data directory."""
    given = env.str("SECRET_KEY", default="")
    if given:
        if len(given) < 32:
            raise ImproperlyConfigured("SECRET_KEY has fewer than 32 characters: give a long random one.")
        return given
    path = DATA_DIR / "secret_key"
    if not path.exists():
        # A link either appears whole or fails because another process was first; both then read the same key.
        draft = DATA_DIR / f".secret_key.{os.getpid()}"
        draft.write_text(secrets.token_urlsafe(50))
        draft.chmod(0o600)
        with contextlib.suppress(FileExistsError):
            os.link(draft, path)
        draft.unlink()
    key = path.read_text().strip()
    if len(key) < 32:
        raise ImproperlyConfigured(f"{path} holds no usable key: delete it, and a new one is made.")
    return key


def bounded(name: str, default: Number, least: Number, most: Number) -> Number:
    """A number, whole if its default is, that lies within its bounds."""
    number = (
        env.float(name, default=default) if isinstance(default, float) else env.int(name, default=default)
    )
    if not least <= number <= most:
        raise ImproperlyConfigured(f"{name} is {number}: give a number from {least} to {most}.")
    return number


def metrics_token() -> str:
    """What Prometheus shows to read the figures; empty: only this machine may read them."""
    token = env.str("METRICS_TOKEN", default="")
    if token and len(token) < 16:
        raise ImproperlyConfigured(
            "METRICS_TOKEN has fewer than 16 characters: give a long random one, or none."
        )
    return token
