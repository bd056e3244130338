"""Settings of AlgoTrade Lab. `DATABASE_URL` and `REDIS_URL` alone choose between embedded and full operation.

docs/operations.md says what each variable means. A value that cannot be used stops the start and says so.
"""

import os
from datetime import timedelta
from pathlib import Path

from algotrade.admin_look import UNFOLD  # noqa: F401  a setting as well
from algotrade.env import BASE_DIR, DATA_DIR, bounded, env, metrics_token, secret_key
from algotrade.logging import logging_config

# -- Where it runs -----------------------------------------------------------------------------------------
DEBUG = env.bool("DEBUG", default=False)
SECRET_KEY = secret_key()
DATABASE_URL = env.str("DATABASE_URL", default=f"sqlite:///{DATA_DIR / 'lab.sqlite3'}")
REDIS_URL = env.str("REDIS_URL", default="")
EMBEDDED = not REDIS_URL
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["127.0.0.1", "localhost", "[::1]"])
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[])
HTTPS = env.bool("HTTPS", default=False)
PLUGINS = env.list("LAB_PLUGINS", default=[])

# -- Applications ------------------------------------------------------------------------------------------
INSTALLED_APPS = [
    "daphne",
    "unfold",
    "unfold.contrib.filters",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "django.forms",
    "channels",
    "rest_framework",
    "rest_framework_simplejwt.token_blacklist",
    "django_filters",
    "django_htmx",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "axes",
    "django_celery_beat",
    "algotrade",
    "algotrade.audit",
    "algotrade.jobs",
    "accounts",
    "marketdata",
    "strategies",
    "mlmodels",
    "backtests",
]

MIDDLEWARE = [
    "algotrade.middleware.RequestIdMiddleware",
    "algotrade.observing.requests.ObservingMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "algotrade.middleware.ContentSecurityPolicyMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "algotrade.middleware.InputBoundaryMiddleware",
    "algotrade.middleware.ApiTrailingSlashMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "algotrade.audit.middleware.AuditMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "algotrade.middleware.LabErrorMiddleware",
    "axes.middleware.AxesMiddleware",
]

ROOT_URLCONF = "algotrade.urls"
ASGI_APPLICATION = "algotrade.asgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "algotrade.context.shell",
            ],
        },
    },
]
FORM_RENDERER = "django.forms.renderers.TemplatesSetting"

# -- Data --------------------------------------------------------------------------------------------------
DATABASES = {"default": env.db_url_config(DATABASE_URL)}
if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    DATABASES["default"]["OPTIONS"] = {
        # IMMEDIATE takes the write lock when the transaction opens, so a reader never has to upgrade and fail.
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        "init_command": "PRAGMA journal_mode=WAL;PRAGMA synchronous=NORMAL;PRAGMA cache_size=-16000",
    }
else:
    # A server whose machine goes without a word is noticed within half a minute, and not after the system's two hours.
    DATABASES["default"]["OPTIONS"] = {
        "connect_timeout": 5,
        "keepalives_idle": 10,
        "keepalives_interval": 5,
        "keepalives_count": 3,
        "tcp_user_timeout": 25_000,
    }
    if most := bounded("DATABASE_POOL", 0, 0, 200):
        # Each request has a thread of its own, so that without a pool each would open a connection of its own, too.
        # An attempt to connect is given up soon and begun anew by the next request: left alone it pauses for longer
        # and longer, also when the database has long been back.
        DATABASES["default"]["OPTIONS"]["pool"] = {
            "min_size": 1,
            "max_size": most,
            "timeout": 5,
            "reconnect_timeout": 5,
        }
        DATABASES["default"]["CONN_HEALTH_CHECKS"] = True
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
MEDIA_ROOT = DATA_DIR / "media"
CHECKPOINT_ROOT = DATA_DIR / "checkpoints"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
    # Any storage of Django's interface, such as one of django-storages: a class, and its options as JSON.
    "snapshots": {
        "BACKEND": env.str("SNAPSHOT_STORAGE", default="django.core.files.storage.FileSystemStorage"),
        "OPTIONS": env.json("SNAPSHOT_STORAGE_OPTIONS", default={}),
    },
}
SNAPSHOT_CACHE = Path(env.str("SNAPSHOT_CACHE", default=str(DATA_DIR / "snapshot-cache")))
SNAPSHOT_KEEP_DAYS = env.int("SNAPSHOT_KEEP_DAYS", default=7)
STATIC_URL = "static/"
STATIC_ROOT = Path(env.str("STATIC_ROOT", default=str(DATA_DIR / "static")))
STATIC_ROOT.mkdir(
    parents=True, exist_ok=True
)  # WhiteNoise warns at every start about a folder that is missing
STATICFILES_DIRS = [BASE_DIR / "static"]
WHITENOISE_USE_FINDERS = env.bool("STATIC_FROM_SOURCE", default=True)
WHITENOISE_AUTOREFRESH = DEBUG
WHITENOISE_MAX_AGE = 3600 if not EMBEDDED else 0
CACHES = {
    "default": (
        {
            # Left alone it forgets at random beyond 300 entries: counts of requests, and tickets of sockets.
            "BACKEND": "django.core.cache.backends.locmem.LocMemCache",
            "OPTIONS": {"MAX_ENTRIES": 10_000},
        }
        if EMBEDDED
        else {"BACKEND": "algotrade.cache.PatientCache", "LOCATION": REDIS_URL}
    )
}

# -- Jobs and rooms ----------------------------------------------------------------------------------------
JOB_WORKERS = bounded("JOB_WORKERS", max(2, (os.cpu_count() or 2) // 2), 1, 64)
JOB_MEMORY_LIMIT_MB = env.int("JOB_MEMORY_LIMIT_MB", default=6144)
JOB_PROCESS_MAX_MB = bounded("JOB_PROCESS_MAX_MB", 2048, 0, 1_000_000)
JOB_LEASE_SECONDS = bounded("JOB_LEASE_SECONDS", 30.0, 5.0, 3600.0)
# At least three times in a lease, so that one lost report costs nobody a job.
JOB_BEAT_SECONDS = bounded("JOB_BEAT_SECONDS", 1.0, 0.1, min(60.0, JOB_LEASE_SECONDS / 3))
JOB_SWEEP_SECONDS = bounded("JOB_SWEEP_SECONDS", 5.0, 0.5, 300.0)
LIVE_PREVIEW = env.bool("LIVE_PREVIEW", default=True)
# Two at most by default, because another job may run beside a sweep.
SWEEP_THREADS = bounded("SWEEP_THREADS", min(2, os.cpu_count() or 1), 1, 64)
CHANNEL_LAYERS = {
    "default": (
        {"BACKEND": "channels.layers.InMemoryChannelLayer"}
        if EMBEDDED
        else {
            "BACKEND": "channels_redis.core.RedisChannelLayer",
            # No read timeout: an idle socket waits for its next message as long as it takes.
            "CONFIG": {"hosts": [{"address": REDIS_URL, "socket_timeout": None}], "capacity": 1000},
        }
    )
}

# -- Limits ------------------------------------------------------------------------------------------------
JOB_MAX_RUNNING_PER_USER = bounded("JOB_MAX_RUNNING_PER_USER", 8, 0, 10_000)
JOB_MAX_QUEUED_PER_USER = env.int("JOB_MAX_QUEUED_PER_USER", default=200)
BACKTEST_MAX_BARS = bounded("BACKTEST_MAX_BARS", 5_000_000, 2, 10**9)
SWEEP_MAX_CELLS = bounded("SWEEP_MAX_CELLS", 1_000_000, 1, 20_000_000)
SWEEP_MAX_BAR_CELLS = bounded("SWEEP_MAX_BAR_CELLS", 10**12, 1, 10**18)
# The method's own bounds (mlmodels/configuration/checks.py) are the highest an operator may set.
TRAINING_MAX_BARS = bounded("TRAINING_MAX_BARS", 250_000, 1, 250_000)
TRAINING_MAX_FITS = bounded("TRAINING_MAX_FITS", 2_000, 1, 2_000)
UPLOAD_MAX_BYTES = env.int("UPLOAD_MAX_BYTES", default=1024 * 1024 * 1024)
UPLOAD_MAX_PACKED_BYTES = env.int("UPLOAD_MAX_PACKED_BYTES", default=256 * 1024 * 1024)
DATA_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024

# -- Accounts ----------------------------------------------------------------------------------------------
AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["accounts.lockout.LockoutBackend", "accounts.backends.EmailOrUsernameBackend"]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.BCryptSHA256PasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
LOGIN_URL = "accounts:login"
LOGIN_REDIRECT_URL = "backtests:dashboard"
LOGOUT_REDIRECT_URL = "accounts:login"
REGISTRATION_OPEN = env.bool("REGISTRATION_OPEN", default=True)
AXES_FAILURE_LIMIT = 5
AXES_COOLOFF_TIME = timedelta(minutes=15)
AXES_HANDLER = "accounts.lockout.CountFirstHandler"
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_USERNAME_CALLABLE = "accounts.lockout.counted_name"
AXES_CLIENT_IP_CALLABLE = "algotrade.addresses.client_address"
AXES_LOCKOUT_CALLABLE = "accounts.lockout.lockout_response"
AXES_RESET_ON_SUCCESS = True
AXES_DISABLE_ACCESS_LOG = True  # it would make a session for each log-in over the API
AXES_ENABLE_ADMIN = False
AXES_VERBOSE = False
# How many proxies of our own stand in front: as many addresses of X-Forwarded-For are believed, none by default.
TRUSTED_PROXIES = env.int("TRUSTED_PROXIES", default=0)

# -- Doors -------------------------------------------------------------------------------------------------
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
SECURE_SSL_REDIRECT = HTTPS
SECURE_HSTS_SECONDS = 31_536_000 if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = HTTPS
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if HTTPS else None
SECURE_REDIRECT_EXEMPT = [r"^health"]
X_FRAME_OPTIONS = "DENY"

# -- API ---------------------------------------------------------------------------------------------------
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "accounts.authentication.ApiTokenAuthentication",
        "accounts.authentication.BearerAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": [
        "rest_framework.parsers.JSONParser",
        "algotrade.parsers.CheckedMultiPartParser",
    ],
    "DEFAULT_PAGINATION_CLASS": "algotrade.api.Pagination",
    "DEFAULT_FILTER_BACKENDS": [
        "django_filters.rest_framework.DjangoFilterBackend",
        "algotrade.api.NullsLastOrdering",
    ],
    "DEFAULT_THROTTLE_CLASSES": [
        "algotrade.throttling.AnonThrottle",
        "algotrade.throttling.UserThrottle",
        "algotrade.throttling.ScopedThrottle",
    ],
    "DEFAULT_THROTTLE_RATES": {
        "anon": env.str("THROTTLE_ANON", default="60/min"),
        "user": env.str("THROTTLE_USER", default="1200/min"),
        "auth": env.str("THROTTLE_AUTH", default="20/min"),
    },
    "NUM_PROXIES": TRUSTED_PROXIES,
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "algotrade.api.exception_handler",
    "COERCE_DECIMAL_TO_STRING": False,
    "STRICT_JSON": True,
}
SIMPLE_JWT = {
    "ACCESS_TOKEN_LIFETIME": timedelta(minutes=10),
    "REFRESH_TOKEN_LIFETIME": timedelta(days=7),
    "ROTATE_REFRESH_TOKENS": True,
    "BLACKLIST_AFTER_ROTATION": True,
    "CHECK_REVOKE_TOKEN": True,
}
SPECTACULAR_SETTINGS = {
    "TITLE": "AlgoTrade Lab",
    "DESCRIPTION": "Market data, strategies, backtests and models, for scripts. Fractions are fractions "
    "(0.1 is 10 %), times are UTC, undefined numbers are null.",
    "VERSION": "1.0.0",
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_PERMISSIONS": ["rest_framework.permissions.AllowAny"],
    "COMPONENT_SPLIT_REQUEST": True,
    "ENUM_NAME_OVERRIDES": {"JobStateEnum": "algotrade.jobs.models.Job.State"},
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "SWAGGER_UI_SETTINGS": {"deepLinking": True, "defaultModelsExpandDepth": 0},
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "algotrade.api.document_errors",
    ],
}

# -- Queue -------------------------------------------------------------------------------------------------
CELERY_BROKER_URL = REDIS_URL or "memory://"
CELERY_TASK_ACKS_LATE = False
CELERY_TASK_REJECT_ON_WORKER_LOST = False
CELERY_TASK_IGNORE_RESULT = True
CELERY_RESULT_BACKEND = None
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
# A Celery worker only listens; its own pool of spawned processes computes, so threads are enough, and nothing forks
# a process that has loaded OpenMP. Celery's limits of time, tasks and memory end processes and mean nothing to
# threads: the deadline of each job, JOB_MEMORY_LIMIT_MB and JOB_PROCESS_MAX_MB of our pool stand in their place.
CELERY_WORKER_POOL = "threads"
CELERY_WORKER_CONCURRENCY = 2
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_TASK_PUBLISH_RETRY = False
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": 300,
    "socket_timeout": 10,
    "socket_connect_timeout": 3,
}
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_TIMEZONE = "UTC"
# What runs by the clock is declared by the apps (algotrade/jobs/schedule.py) and kept in the database.
CELERY_BEAT_SCHEDULER = "django_celery_beat.schedulers:DatabaseScheduler"
CELERY_RESULT_EXPIRES = None  # there are no results, so nothing to clean up each night

# -- Seeing it run -----------------------------------------------------------------------------------------
METRICS_TOKEN = metrics_token()
WORKER_METRICS_PORT = bounded("WORKER_METRICS_PORT", 0, 0, 65_535)
WORKER_METRICS_ADDRESS = env.str("WORKER_METRICS_ADDRESS", default="127.0.0.1")
SENTRY_DSN = env.str("SENTRY_DSN", default="")
SENTRY_ENVIRONMENT = env.str("SENTRY_ENVIRONMENT", default="production")

# -- Words, time and logs ----------------------------------------------------------------------------------
LANGUAGE_CODE = "en"
USE_I18N = True
FORMAT_MODULE_PATH = ["algotrade.formats"]
LOCALE_PATHS = [BASE_DIR / "locale"]
TIME_ZONE = "UTC"
USE_TZ = True
LOG_FORMAT = env.str("LOG_FORMAT", default="text" if EMBEDDED else "json")
LOGGING = logging_config(LOG_FORMAT, env.str("LOG_LEVEL", default="INFO"))
SILENCED_SYSTEM_CHECKS = [] if HTTPS else ["security.W004", "security.W008", "security.W012", "security.W016"]
