"""Reports of errors to a Sentry, only where an operator has named one by `SENTRY_DSN`.

A report says what broke and where in the code, and under which request and job the log tells the rest. It is built from
a list of what may leave the house, so that nothing slips out that somebody adds to events later: no names, addresses,
headers, bodies, tokens, local variables, and not the text of an exception, which often quotes what a user typed.
"""

import logging
from typing import Any

from django.conf import settings

from algotrade.logging import job_id, masked, request_id

KEPT = (
    "event_id", "timestamp", "platform", "level", "logger", "environment", "release", "sdk", "fingerprint",
)  # fmt: skip
KEPT_OF_A_FRAME = (
    "filename",
    "module",
    "function",
    "lineno",
    "pre_context",
    "context_line",
    "post_context",
    "in_app",
)
OURS = ("algotrade", "accounts", "marketdata", "strategies", "mlmodels", "backtests")
LEFT_OUT = "(words left out: they may quote somebody)"
# Strangers cause these at will, and their words quote what was sent.
NOT_ERRORS_OF_OURS = "django.security"


def start(transport: Any = None) -> bool:
    """Report errors from this process on; False where no operator wants it."""
    if not settings.SENTRY_DSN:
        return False
    import sentry_sdk
    from sentry_sdk.integrations.atexit import AtexitIntegration
    from sentry_sdk.integrations.dedupe import DedupeIntegration
    from sentry_sdk.integrations.excepthook import ExcepthookIntegration
    from sentry_sdk.integrations.logging import LoggingIntegration
    from sentry_sdk.integrations.threading import ThreadingIntegration

    sentry_sdk.init(
        dsn=settings.SENTRY_DSN,
        environment=settings.SENTRY_ENVIRONMENT,
        transport=transport,
        before_send=report_of,
        default_integrations=False,
        auto_enabling_integrations=False,
        # Whatever breaks is logged as an error: requests by Django, jobs by their runner, children by their pool.
        integrations=[
            LoggingIntegration(level=None, event_level=logging.ERROR),
            ExcepthookIntegration(),
            ThreadingIntegration(),
            DedupeIntegration(),
            AtexitIntegration(callback=lambda pending, timeout: None),
        ],
        send_default_pii=False,
        include_local_variables=False,
        max_request_body_size="never",
        max_breadcrumbs=0,
        auto_session_tracking=False,
        send_client_reports=False,
        server_name="",
        shutdown_timeout=1,
    )
    return True


def report_of(event: dict[str, Any], hint: dict[str, Any]) -> dict[str, Any] | None:
    """What of an event may leave the house; None for one that is no error of ours."""
    if str(event.get("logger", "")).startswith(NOT_ERRORS_OF_OURS):
        return None
    record = hint.get("log_record")
    report = {name: event[name] for name in KEPT if name in event}
    if values := (event.get("exception") or {}).get("values"):
        report["exception"] = {"values": [_exception(value) for value in values]}
    if "logentry" in event:
        report["logentry"] = {"message": _words(str(event["logentry"].get("message", "")), record)}
    tags = {"request_id": request_id.get(), "job_id": job_id.get(), "route": _route(record)}
    report["tags"] = {name: value for name, value in tags.items() if value}
    return report


def _exception(value: dict[str, Any]) -> dict[str, Any]:
    frames = (value.get("stacktrace") or {}).get("frames") or []
    told = [{name: frame[name] for name in KEPT_OF_A_FRAME if name in frame} for frame in frames]
    return {
        "type": value.get("type"),
        "module": value.get("module"),
        "value": LEFT_OUT,
        "mechanism": {"type": "generic", "handled": True},
        "stacktrace": {"frames": told},
    }


def _words(template: str, record: logging.LogRecord | None) -> str:
    """The sentence before its values were filled in; a foreign one without values was perhaps filled in before."""
    ours = record is not None and record.name.partition(".")[0] in OURS
    return masked(template) if ours or (record is not None and record.args) else LEFT_OUT


def _route(record: logging.LogRecord | None) -> str:
    match = getattr(getattr(record, "request", None), "resolver_match", None)
    return getattr(match, "view_name", None) or ""
