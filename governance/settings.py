"""Settings: everything a deployment decides comes from `governance.environment`; the rest is the same everywhere."""

import warnings
from datetime import timedelta
from pathlib import Path

import dj_database_url
from celery.schedules import crontab
from csp.constants import NONE, SELF

from governance import environment

BASE_DIR = Path(__file__).resolve().parent.parent
ENVIRONMENT = environment.read()

PRODUCT_NAME = "Privacy governance console"
PRODUCT_VERSION = "0.1.0"

DEBUG = ENVIRONMENT.debug
SECRET_KEY = ENVIRONMENT.secret_key or "unset: run `make run`, or set SECRET_KEY"
PUBLIC_URL = ENVIRONMENT.public_url or "http://127.0.0.1:8000"
SECURE_TRANSPORT = PUBLIC_URL.startswith("https://")
ALLOWED_HOSTS = environment.allowed_hosts(PUBLIC_URL)
CSRF_TRUSTED_ORIGINS = [PUBLIC_URL]

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "template_partials",
    "django_htmx",
    "django_filters",
    "rest_framework",
    "drf_spectacular",
    "axes",
    "csp",
    "audit.ledger",
    "governance.keyring",
    "governance.console",
    "governance.activities",
    "catalog",
    "retention",
    "retention.policies",
    "retention.vault",
    "retention.anonymization",
    "retention.risk",
    "retention.statistics",
    "erasure",
    "erasure.requests",
    "erasure.answers",
    "erasure.registry",
    "erasure.training",
    "erasure.custodians",
    "erasure.protocols",
    "erasure.expiry",
    "erasure.recomputing",
    "audit.reports",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "governance.console.middleware.BoundedBodyMiddleware",
    "governance.console.middleware.ActorMiddleware",
    "governance.console.middleware.PermissionMiddleware",
    "axes.middleware.AxesMiddleware",
]

ROOT_URLCONF = "governance.urls"
WSGI_APPLICATION = "governance.wsgi.application"
ASGI_APPLICATION = "governance.asgi.application"

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
                "governance.console.navigation.navigation",
            ],
        },
    }
]

DATABASES = {
    "default": dj_database_url.parse(ENVIRONMENT.database_url, conn_max_age=60, conn_health_checks=True)
    if ENVIRONMENT.database_url
    else {"ENGINE": "governance.unset_database"}
}
DATABASE_OWNER_URL = ENVIRONMENT.database_owner_url
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

CACHES = {
    "default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": ENVIRONMENT.cache_url}
    if ENVIRONMENT.cache_url
    else {"BACKEND": "django.core.cache.backends.db.DatabaseCache", "LOCATION": "console_cache"}
}

CELERY_BROKER_URL = ENVIRONMENT.broker_url
# A broker that is down delays jobs until the next sweep; it must not hold up the page that queues them.
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "max_retries": 1,
    "interval_start": 0,
    "interval_step": 0.2,
    "interval_max": 0.5,
    **({"socket_connect_timeout": 3} if ENVIRONMENT.broker_url.startswith("redis") else {}),
}
CELERY_TASK_PUBLISH_RETRY = False
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_TASK_IGNORE_RESULT = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_BEAT_SCHEDULE = {
    "revive jobs": {"task": "console.revive_jobs", "schedule": timedelta(seconds=5)},
    # Under `manage.py sequence`, which does it within milliseconds: in case nobody runs that.
    "sequence the ledger": {"task": "ledger.sequence", "schedule": timedelta(seconds=30)},
    "sign a checkpoint of the ledger": {"task": "ledger.checkpoint", "schedule": timedelta(minutes=5)},
    "stamp a checkpoint of the ledger": {"task": "ledger.stamp", "schedule": timedelta(hours=1)},
    "export the ledger": {"task": "ledger.export", "schedule": timedelta(hours=1)},
    "verify the ledger": {"task": "ledger.verify", "schedule": crontab(hour="1", minute="0")},
    "scan every night": {"task": "catalog.scan_nightly", "schedule": crontab(hour="2", minute="0")},
    "expire events of lineage": {
        "task": "catalog.expire_lineage",
        "schedule": crontab(hour="4", minute="0"),
    },
    "remind of identity": {"task": "requests.remind", "schedule": crontab(hour="6", minute="0")},
    "send letters": {"task": "requests.send_letters", "schedule": timedelta(minutes=1)},
    "look at what waits again": {"task": "erasure.recheck", "schedule": timedelta(minutes=5)},
    "expire what has run out": {"task": "erasure.expire", "schedule": timedelta(minutes=5)},
    "count what is due every night": {
        "task": "policies.count_due",
        "schedule": crontab(hour="3", minute="0"),
    },
    "carry out standing policies": {
        "task": "expiry.run_standing",
        "schedule": crontab(hour="4", minute="30"),
    },
    "resume expiry": {"task": "expiry.resume", "schedule": timedelta(minutes=15)},
    "send tasks to custodians": {"task": "custodians.send", "schedule": timedelta(minutes=1)},
    "tell senders of protocols": {"task": "protocols.notify", "schedule": timedelta(minutes=1)},
    "remind of tasks": {"task": "custodians.remind", "schedule": timedelta(hours=1)},
    "make scheduled reports": {"task": "reports.make_due", "schedule": timedelta(minutes=5)},
    "send scheduled reports": {"task": "reports.send", "schedule": timedelta(minutes=1)},
    "forget scheduled reports": {"task": "reports.forget", "schedule": crontab(hour="4", minute="45")},
    "send completion events": {"task": "anonymization.send_notices", "schedule": timedelta(minutes=1)},
}
# Days after an erasure is complete on which the person is searched for again: data come back.
ERASURE_LOOKED_AGAIN_DAYS = (7, 30)
JOB_HEARTBEAT_SECONDS = 2
JOB_STALE_SECONDS = 8

KEYRING_FILE = ENVIRONMENT.keyring_file
KEYRING_KEY = ENVIRONMENT.keyring_key
KMS_URL = ENVIRONMENT.kms_url
KMS_TOKEN = ENVIRONMENT.kms_token
KMS_TOKEN_FILE = ENVIRONMENT.kms_token_file
VAULT_CACHE_SECONDS = 300  # how long an opened data key stays in the memory of a process
VAULT_DETOKENIZE_PER_HOUR = 100  # values one officer may ask back
VAR_DIR = ENVIRONMENT.var_dir
# What the ledger is called in its checkpoints, and the key that signs them: in PEM, or in a file only we can read.
LEDGER_ORIGIN = ENVIRONMENT.ledger_origin
LEDGER_KEY = ENVIRONMENT.ledger_key
LEDGER_KEY_FILE = ENVIRONMENT.var_dir / "ledger.key"
# Where sealed segments of it go, for how long (seven years and a margin), and who watches its checkpoints.
LEDGER_WORM = ENVIRONMENT.ledger_worm
LEDGER_WORM_IMMUTABLE = ENVIRONMENT.ledger_worm_immutable
LEDGER_WORM_OPTIONS = ENVIRONMENT.ledger_worm_options
LEDGER_RETENTION_DAYS = ENVIRONMENT.ledger_retention_days
LEDGER_WITNESSES = ENVIRONMENT.ledger_witnesses
LEDGER_EXPORT_HOURS = 1
LEDGER_SEAL = "governance.keyring.sealing.seal"
LEDGER_OPEN = "governance.keyring.sealing.open_sealed"
LEDGER_TSA = ENVIRONMENT.ledger_tsa
LEDGER_TSA_ROOTS = ENVIRONMENT.ledger_tsa_roots
LEDGER_TSA_POLICY = ENVIRONMENT.ledger_tsa_policy
LEDGER_KEY_OVERLAP_DAYS = (
    30  # so long the key before signs as well, until auditors and witnesses have the new one
)
# Folders the folder connector may read; empty: any. Set it where engineers are not trusted with the host.
FOLDER_ROOTS: list[Path] = ENVIRONMENT.folder_roots
# Private networks that webhooks may reach; none by default.
WEBHOOK_NETWORKS = ENVIRONMENT.webhook_networks
LINEAGE_EVENT_DAYS = ENVIRONMENT.lineage_event_days
HOLIDAYS_REGION = ENVIRONMENT.holidays_region
REQUEST_TARGET_DAYS = ENVIRONMENT.request_target_days
REQUEST_KEPT_DAYS = ENVIRONMENT.request_kept_days
TICKET_KEPT_DAYS = ENVIRONMENT.ticket_kept_days
REPORT_KEPT_DAYS = ENVIRONMENT.report_kept_days
IDENTITY_BY = ENVIRONMENT.identity_by
IDENTITY_REMIND_DAYS = ENVIRONMENT.identity_remind_days
IDENTITY_CLOSE_DAYS = ENVIRONMENT.identity_close_days
SEARCH_ASKS_ABOVE = ENVIRONMENT.search_asks_above

AUTH_USER_MODEL = "console.User"
LOGIN_URL = "console:sign_in"
LOGIN_REDIRECT_URL = "console:overview"
LOGOUT_REDIRECT_URL = "console:sign_in"
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "django.contrib.auth.backends.ModelBackend",
]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 12},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
AXES_FAILURE_LIMIT = 5
AXES_COOLOFF_TIME = timedelta(minutes=15)
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_LOCKOUT_TEMPLATE = "console/locked_out.html"
AXES_HTTP_RESPONSE_CODE = 429
AXES_RESET_ON_SUCCESS = True
AXES_CLIENT_IP_CALLABLE = "governance.console.clients.client_network"
AXES_DISABLE_ACCESS_LOG = True  # names and addresses for ever; who signed in is in the ledger
AXES_VERBOSE = False
AXES_SENSITIVE_PARAMETERS = ["username", "ip_address"]

SESSION_COOKIE_AGE = 8 * 3600
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = SECURE_TRANSPORT
CSRF_COOKIE_SECURE = SECURE_TRANSPORT
CSRF_COOKIE_HTTPONLY = True
SECURE_SSL_REDIRECT = SECURE_TRANSPORT
SECURE_REDIRECT_EXEMPT = [r"^health$"]  # probed from inside, without TLS
SECURE_HSTS_SECONDS = 31_536_000 if SECURE_TRANSPORT else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_TRANSPORT
SECURE_HSTS_PRELOAD = SECURE_TRANSPORT
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if ENVIRONMENT.trust_proxy else None
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
DATA_UPLOAD_MAX_MEMORY_SIZE = 2_621_440
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "object-src": [NONE],
        "base-uri": [NONE],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
    }
}

FILTERS_EMPTY_CHOICE_LABEL = "Any"

LANGUAGE_CODE = "en-gb"
TIME_ZONE = ENVIRONMENT.time_zone
USE_I18N = True
USE_TZ = True

STATIC_URL = "/static/"
STATIC_ROOT = BASE_DIR / "staticfiles"
STATICFILES_DIRS = [
    (prefix, folder)
    for prefix, folder in (
        ("tabler", BASE_DIR / "node_modules/@tabler/core/dist"),
        ("icons", BASE_DIR / "node_modules/@tabler/icons-webfont/dist"),
    )
    if folder.is_dir()
]
# Served straight from their sources unless `collectstatic` has gathered them.
WHITENOISE_USE_FINDERS = not STATIC_ROOT.is_dir()
if WHITENOISE_USE_FINDERS:
    warnings.filterwarnings("ignore", message="No directory at", category=UserWarning)
WHITENOISE_MAX_AGE = 3600

EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
if ENVIRONMENT.email_url:
    globals().update(environment.email_settings(ENVIRONMENT.email_url))
else:
    # Without a mail server, letters are written to files that an officer can open.
    EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
    EMAIL_FILE_PATH = VAR_DIR / "mail"
DEFAULT_FROM_EMAIL = ENVIRONMENT.email_from or "privacy@localhost"

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "governance.console.api_authentication.TokenAuthentication",
        "governance.console.api_authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["governance.console.api_permissions.HasPermission"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["governance.console.api_parsers.Json"],
    "DEFAULT_FILTER_BACKENDS": ["django_filters.rest_framework.DjangoFilterBackend"],
    "DEFAULT_PAGINATION_CLASS": "governance.console.api_pagination.Pages",
    "PAGE_SIZE": 50,
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "governance.console.api_errors.problem",
    "DEFAULT_THROTTLE_CLASSES": [
        "rest_framework.throttling.AnonRateThrottle",
        "rest_framework.throttling.UserRateThrottle",
    ],
    "NUM_PROXIES": 1 if ENVIRONMENT.trust_proxy else 0,
    "DEFAULT_THROTTLE_RATES": {"anon": "60/minute", "user": "1200/minute"},
    "UNAUTHENTICATED_USER": "django.contrib.auth.models.AnonymousUser",
}
SPECTACULAR_SETTINGS = {
    "TITLE": PRODUCT_NAME,
    "VERSION": PRODUCT_VERSION,
    "DESCRIPTION": "Every capability of the console over REST. Authenticate with `Authorization: Bearer <token>`.",
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_PERMISSIONS": ["governance.console.api_permissions.HasPermission"],
    "COMPONENT_SPLIT_REQUEST": True,
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "ENUM_NAME_OVERRIDES": {
        "JobState": "governance.console.models.Job.State",
        "ColumnState": "catalog.models.Column.State",
        "ContractState": "catalog.models.Contract.State",
        "EdgeKind": "catalog.models.Edge.Kind",
        "LabelState": "catalog.models.Label.State",
        "LineageEventKind": "catalog.models.LineageEvent.Kind",
        "RequestState": "erasure.models.SubjectRequest.State",
        "RequestKind": "erasure.models.SubjectRequest.Kind",
        "PlanState": "erasure.models.Plan.State",
        "StepState": "erasure.models.Step.State",
        "KeyVersionState": "retention.vault.models.KeyVersion.State",
        "ShredState": "retention.vault.models.ShredRequest.State",
        "UniqueCategory": "retention.vault.forms.unique_categories",
        "Category": "catalog.models.categories",
        "SystemKind": "catalog.models.system_kinds",
        "QuestionAnswer": "erasure.models.Question.Answer",
        "ReplayAnswer": "erasure.registry.models.ReplayQuestion.Answer",
        "BudgetUnit": "retention.statistics.models.Budget.Unit",
        "TimeUnit": "retention.policies.models.Policy.Unit",
        "StatisticKind": "retention.statistics.queries.KIND_CHOICES",
    },
}

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "line": {
            "class": "governance.console.masking.WithoutValues",
            "format": "{asctime} {levelname} {name}: {message}",
            "style": "{",
        }
    },
    "filters": {"secrets": {"()": "governance.console.masking.MaskSecretPaths"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line", "filters": ["secrets"]}},
    "root": {"handlers": ["stderr"], "level": "WARNING"},
    "loggers": {
        "console": {"level": "INFO"},
        "celery": {"level": "WARNING"},
        # Presidio logs the recognizers it leaves out at every start.
        "presidio-analyzer": {"level": "ERROR"},
    },
}

SILENCED_SYSTEM_CHECKS: list[str] = []
