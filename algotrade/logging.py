"""Log records as one line each, carrying the request's or the job's identity, and no secret that has a known shape."""

import json
import logging
import re
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any

request_id: ContextVar[str] = ContextVar("request_id", default="")
job_id: ContextVar[str] = ContextVar("job_id", default="")

# Nothing logs a secret on purpose. What a library's error quotes (an address with its key, a header) is masked here.
SECRETS = re.compile(
    r"(?P<jwt>\beyJ[\w-]{8,}\.[\w-]+\.[\w-]+)"
    r"|(?P<token>\blab_[\w-]{16,})"
    r"|(?P<named>\b(?:api_?key|access|refresh|token|ticket|password|passwd|secret|sessionid|csrftoken)"
    r"[\"']?\s*[=:]\s*[\"']?)(?P<value>[^\s\"'&,;})]+)"
    r"|(?P<bearer>\bBearer\s+)(?P<shown>[^\s\"',]+)"
    r"|(?P<login>://[^\s:/@]*:)(?P<word>[^\s@/]+)(?=@)",
    re.IGNORECASE,
)


def masked(text: str) -> str:
    """A text without passwords in addresses, tokens, and values that are named as secrets."""
    return SECRETS.sub(
        lambda found: (found["named"] or found["bearer"] or found["login"] or "") + "[masked]", text
    )


class ContextFilter(logging.Filter):
    """Puts the current request and job on each record."""

    def filter(self, record: logging.LogRecord) -> bool:
        # A record may name them itself, where several jobs pass through one thread.
        record.request_id = getattr(record, "request_id", "") or request_id.get()
        record.job_id = getattr(record, "job_id", "") or job_id.get()
        return True


class PassingFilter(logging.Filter):
    """A request that met a database which was away was answered 503: one line says so, and no traceback."""

    def filter(self, record: logging.LogRecord) -> bool:
        from algotrade.reach import (
            DATABASE_OUT_OF_REACH,  # the settings, which load this module, come before Django
        )

        error = record.exc_info[1] if record.exc_info else None
        if isinstance(error, DATABASE_OUT_OF_REACH):
            record.levelno, record.levelname = logging.WARNING, "WARNING"
            record.msg, record.args = f"{record.getMessage()} ({type(error).__name__}: {error})", ()
            record.exc_info = None
        return True


class JsonFormatter(logging.Formatter):
    """One JSON object a line, for machines that collect logs."""

    def format(self, record: logging.LogRecord) -> str:
        entry: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "module": record.name,
            "message": masked(record.getMessage()),
            "request_id": getattr(record, "request_id", ""),
            "job_id": getattr(record, "job_id", ""),
            "process": record.process,
        }
        if record.exc_info:
            entry["exception"] = masked(self.formatException(record.exc_info))
        return json.dumps(entry, ensure_ascii=False)


class TextFormatter(logging.Formatter):
    """The same facts for a person at a terminal."""

    def format(self, record: logging.LogRecord) -> str:
        time = datetime.fromtimestamp(record.created, UTC).strftime("%H:%M:%S")
        marks = [f"request={record.request_id}"] if getattr(record, "request_id", "") else []
        marks += [f"job={record.job_id}"] if getattr(record, "job_id", "") else []
        line = " ".join([time, record.levelname.ljust(7), record.name, record.getMessage(), *marks])
        return masked(f"{line}\n{self.formatException(record.exc_info)}" if record.exc_info else line)


def logging_config(style: str, level: str) -> dict[str, Any]:
    """The `LOGGING` setting for a style ("json" or "text") and a root level."""
    formatter = JsonFormatter if style == "json" else TextFormatter
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "filters": {"context": {"()": ContextFilter}, "passing": {"()": PassingFilter}},
        "formatters": {"line": {"()": formatter}},
        "handlers": {
            "console": {"class": "logging.StreamHandler", "formatter": "line", "filters": ["context"]},
        },
        "root": {"handlers": ["console"], "level": level},
        "loggers": {
            "django": {"level": "WARNING"},
            "django.request": {"level": "ERROR", "filters": ["passing"]},
            "daphne": {"level": "WARNING"},
            "axes": {"level": "WARNING"},
            "celery": {"level": "WARNING"},
            "kombu": {"level": "WARNING"},
            "numba": {"level": "WARNING"},
        },
    }
