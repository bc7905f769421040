"""Where the console finds what it needs: the process environment, then what its embedded servers remembered.

Operators set DATABASE_URL, DATABASE_OWNER_URL, APPLICATION_ROLE, BROKER_URL, CACHE_URL, SECRET_KEY,
PUBLIC_URL, KEYRING_FILE, KEYRING_KEY, KMS_URL, KMS_TOKEN, KMS_TOKEN_FILE, EMAIL_URL, EMAIL_FROM, FOLDER_ROOTS,
WEBHOOK_NETWORKS, LINEAGE_EVENT_DAYS, SEARCH_ASKS_ABOVE, LEDGER_TSA, LEDGER_TSA_ROOTS, LEDGER_TSA_POLICY,
LEDGER_ORIGIN, LEDGER_KEY, LEDGER_WORM (with LEDGER_WORM_ENDPOINT,
LEDGER_WORM_REGION, LEDGER_WORM_ACCESS_KEY, LEDGER_WORM_SECRET_KEY), LEDGER_RETENTION_DAYS, LEDGER_WITNESSES,
TIME_ZONE, HOLIDAYS_REGION, REQUEST_TARGET_DAYS, REQUEST_KEPT_DAYS, TICKET_KEPT_DAYS,
IDENTITY_BY, IDENTITY_REMIND_DAYS, IDENTITY_CLOSE_DAYS, TRUST_PROXY, DEBUG, CONSOLE_VAR.
What they leave out comes from `environment.json` in the console's folder, which `manage.py up` writes, and is
otherwise empty. A problem names the variable and the remedy, never the value.
"""

from __future__ import annotations

import base64
import binascii
import os
from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from urllib.parse import SplitResult, unquote, urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.core.exceptions import ImproperlyConfigured

from governance.embedded import state

PROJECT = Path(__file__).resolve().parent.parent
REDIS_SCHEMES = ("redis", "rediss")
CACHE_NUMBER = 1  # the broker uses database 0 of the same Redis


class EnvironmentProblem(ImproperlyConfigured):
    """Something the console runs on is missing or malformed: a sentence with the remedy, no secret in it."""


@dataclass(frozen=True)
class Environment:
    """What the console runs on. Empty text: not configured. `embedded`: the database is the embedded one."""

    database_url: str
    database_owner_url: str  # of the role that owns the schema and migrates it
    broker_url: str
    cache_url: str
    secret_key: str
    public_url: str
    keyring_file: Path
    keyring_key: str  # base64 of 32 bytes; replaces the file
    kms_url: str  # addresses of key management services; the first wraps, all unwrap; empty: the key ring
    kms_token: str
    kms_token_file: Path | None  # read at each use; replaces the token
    debug: bool
    var_dir: Path
    embedded: bool
    application_role: str  # the database role the application connects as
    email_url: str  # smtp://user:password@host:port or smtps://…; empty: letters are written to files
    email_from: str
    trust_proxy: bool  # a reverse proxy in front sets X-Forwarded-Proto and removes what clients send
    folder_roots: list[Path]  # where the folder connector may read; empty: anywhere
    webhook_networks: list[IPv4Network | IPv6Network]  # private networks that webhooks may reach
    ledger_origin: str  # what the ledger calls itself in its checkpoints
    ledger_key: str  # Ed25519 in PEM, that signs them; replaces the file; after a change of keys, both
    ledger_worm: str  # file:///path or s3://bucket/prefix: where sealed segments go; empty: below CONSOLE_VAR
    ledger_worm_immutable: bool  # whether files there get the immutable flag: not in the console's own folder
    ledger_worm_options: dict[str, str]
    ledger_retention_days: int
    ledger_witnesses: list[str]  # each "verifier key, a space, address"
    ledger_tsa: str  # address of a time stamp authority (RFC 3161)
    ledger_tsa_roots: str  # file with the root certificates (PEM) that its certificate must lead to
    ledger_tsa_policy: str  # the policy (OID) its stamps must be under; empty: any
    lineage_event_days: int  # how long events of lineage are kept; 0: for ever
    time_zone: str  # the controller's: decides which day a request was received on
    holidays_region: str  # two letters of the state or province whose holidays count beside the country's
    request_target_days: int  # how many days before the law's deadline a request ought to be answered
    request_kept_days: int  # how long identifiers, notes, letters and files of an ended request are kept
    ticket_kept_days: int  # how long the ended request itself is kept; 0: for ever
    report_kept_days: int  # how long files and addresses of scheduled reports are kept
    identity_by: str  # link or code: what is sent to prove an identity, unless an officer chooses
    identity_remind_days: int  # after which whoever has not confirmed a request is reminded
    identity_close_days: int  # after which a request that nobody confirmed is closed; 0: when it is due
    search_asks_above: int  # percent of a data set's rows from which a search asks whose they are


def read(environ: Mapping[str, str] = os.environ) -> Environment:
    """The environment, checked. Raises EnvironmentProblem at the first value that cannot be right."""
    var_dir = _folder(environ)
    try:
        remembered = state.load(var_dir)
    except (ValueError, OSError):
        raise EnvironmentProblem(
            f"{var_dir / state.FILE_NAME} cannot be read: make it readable for this user, or restore it; "
            "it holds the passwords of the embedded servers."
        ) from None

    def value(name: str) -> str:
        return environ.get(name) or remembered.get(name, "")

    database_url = _database("DATABASE_URL", value("DATABASE_URL"))
    owned = "DATABASE_OWNER_URL" in environ or not environ.get("DATABASE_URL")
    broker_url = _broker(value("BROKER_URL"))
    return Environment(
        database_url=database_url,
        database_owner_url=_database("DATABASE_OWNER_URL", value("DATABASE_OWNER_URL") if owned else "")
        or database_url,
        broker_url=broker_url,
        cache_url=_cache(environ.get("CACHE_URL", ""), broker_url),
        secret_key=_secret_key(value("SECRET_KEY")),
        public_url=_public_url(value("PUBLIC_URL")),
        keyring_file=Path(value("KEYRING_FILE") or var_dir / "keyring.json"),
        keyring_key=_keyring_key(environ.get("KEYRING_KEY", "")),
        kms_url=_kms(environ.get("KMS_URL", "")),
        kms_token=environ.get("KMS_TOKEN", ""),
        kms_token_file=_absolute("KMS_TOKEN_FILE", environ.get("KMS_TOKEN_FILE", "")),
        debug=_flag("DEBUG", environ.get("DEBUG", "")),
        var_dir=var_dir,
        embedded=not environ.get("DATABASE_URL") and bool(database_url),
        application_role=environ.get("APPLICATION_ROLE", "") or urlsplit(database_url).username or "",
        email_url=_email(environ.get("EMAIL_URL", "")),
        email_from=environ.get("EMAIL_FROM", ""),
        trust_proxy=_flag("TRUST_PROXY", environ.get("TRUST_PROXY", "")),
        folder_roots=_folders(environ.get("FOLDER_ROOTS", "")),
        webhook_networks=_networks(environ.get("WEBHOOK_NETWORKS", "")),
        ledger_origin=_origin(environ.get("LEDGER_ORIGIN", ""), value("PUBLIC_URL")),
        ledger_key=environ.get("LEDGER_KEY", ""),
        ledger_worm=_worm(environ.get("LEDGER_WORM", ""), var_dir),
        ledger_worm_immutable=bool(environ.get("LEDGER_WORM", "")),
        ledger_worm_options={
            name: environ.get(f"LEDGER_WORM_{name.upper()}", "")
            for name in ("endpoint", "region", "access_key", "secret_key")
        },
        ledger_retention_days=_days(
            "LEDGER_RETENTION_DAYS", environ.get("LEDGER_RETENTION_DAYS", "") or "2557"
        ),
        ledger_witnesses=[
            each.strip() for each in environ.get("LEDGER_WITNESSES", "").split(",") if each.strip()
        ],
        ledger_tsa=_tsa(environ.get("LEDGER_TSA", ""), environ.get("LEDGER_TSA_ROOTS", "")),
        ledger_tsa_roots=environ.get("LEDGER_TSA_ROOTS", ""),
        ledger_tsa_policy=environ.get("LEDGER_TSA_POLICY", ""),
        lineage_event_days=_days("LINEAGE_EVENT_DAYS", environ.get("LINEAGE_EVENT_DAYS", "") or "90"),
        time_zone=_time_zone(environ.get("TIME_ZONE", "") or "UTC"),
        holidays_region=environ.get("HOLIDAYS_REGION", "").upper(),
        request_target_days=_days("REQUEST_TARGET_DAYS", environ.get("REQUEST_TARGET_DAYS", "") or "7"),
        request_kept_days=_days("REQUEST_KEPT_DAYS", environ.get("REQUEST_KEPT_DAYS", "") or "30"),
        ticket_kept_days=_days("TICKET_KEPT_DAYS", environ.get("TICKET_KEPT_DAYS", "") or "1096"),
        report_kept_days=_days("REPORT_KEPT_DAYS", environ.get("REPORT_KEPT_DAYS", "") or "400"),
        identity_by=_one_of("IDENTITY_BY", environ.get("IDENTITY_BY", "") or "link", ("link", "code")),
        identity_remind_days=_days("IDENTITY_REMIND_DAYS", environ.get("IDENTITY_REMIND_DAYS", "") or "7"),
        identity_close_days=_days("IDENTITY_CLOSE_DAYS", environ.get("IDENTITY_CLOSE_DAYS", "") or "21"),
        search_asks_above=_percent("SEARCH_ASKS_ABOVE", environ.get("SEARCH_ASKS_ABOVE", "") or "25"),
    )


def _worm(value: str, var_dir: Path) -> str:
    """Beside the console's data by default, which shows how it works and keeps nothing safe from who has the disk."""
    if value and urlsplit(value).scheme not in ("file", "s3"):
        raise EnvironmentProblem("LEDGER_WORM is file:///a/folder or s3://bucket/prefix.")
    return value or (var_dir / "worm").resolve().as_uri()


def _tsa(value: str, roots: str) -> str:
    """Stamps are signed, so plain http is no worse; many public authorities have nothing else."""
    if value and urlsplit(value).scheme not in ("http", "https"):
        raise EnvironmentProblem("LEDGER_TSA is the http(s) address of a time stamp authority.")
    if value and not roots:
        raise EnvironmentProblem(
            "LEDGER_TSA needs LEDGER_TSA_ROOTS: the file of the authority's root certificates."
        )
    return value


def _one_of(name: str, value: str, known: tuple[str, ...]) -> str:
    if value not in known:
        raise EnvironmentProblem(f"{name} is one of: {', '.join(known)}.")
    return value


def _origin(value: str, public_url: str) -> str:
    """A name without spaces or plus signs, as signed notes need it; by default the console's host and `/ledger`."""
    origin = value or f"{urlsplit(public_url).hostname or 'console'}/ledger"
    if "+" in origin or any(each.isspace() for each in origin):
        raise EnvironmentProblem("LEDGER_ORIGIN may hold neither spaces nor a plus sign.")
    return origin


def require(environment: Environment | None = None) -> Environment:
    """The environment of a console that can work: with a database and a secret key, or EnvironmentProblem."""
    environment = environment or read()
    if not environment.database_url:
        raise EnvironmentProblem(
            "DATABASE_URL is not set: set it to postgres://user:password@host:port/name, "
            "or start the console with `make run`, which brings its own PostgreSQL."
        )
    if not environment.secret_key:
        raise EnvironmentProblem(
            "SECRET_KEY is not set: set it to at least 32 random characters, or start the console with "
            "`make run`, which makes one."
        )
    return environment


def allowed_hosts(public_url: str) -> list[str]:
    """The host names the console answers to: its public one, and this machine's own."""
    return sorted({urlsplit(public_url).hostname or "", "127.0.0.1", "localhost", "[::1]"} - {""})


def email_settings(url: str) -> dict[str, str | int | bool]:
    """Django's e-mail settings for `smtp://user:password@host:port`, or `smtps://` (TLS from the first byte).

    `smtp` turns to TLS (STARTTLS) where a user is named: a password never travels in the clear.
    """
    parts = urlsplit(url)
    whole = parts.scheme == "smtps"
    return {
        "EMAIL_HOST": parts.hostname or "",
        "EMAIL_PORT": parts.port or (465 if whole else 587),
        "EMAIL_HOST_USER": unquote(parts.username or ""),
        "EMAIL_HOST_PASSWORD": unquote(parts.password or ""),
        "EMAIL_USE_SSL": whole,
        "EMAIL_USE_TLS": not whole and bool(parts.username),
        "EMAIL_TIMEOUT": 20,
    }


def _folder(environ: Mapping[str, str]) -> Path:
    return Path(environ.get("CONSOLE_VAR") or PROJECT / "var").absolute()


def _database(name: str, url: str) -> str:
    if url:
        parts = _parts(name, url)
        if parts.scheme not in ("postgres", "postgresql") or not parts.path.strip("/"):
            raise EnvironmentProblem(
                f"{name} must look like postgres://user:password@host:port/name: "
                "the console runs on PostgreSQL only."
            )
    return url


def _broker(url: str) -> str:
    if url and _parts("BROKER_URL", url).scheme not in (*REDIS_SCHEMES, "amqp", "amqps"):
        raise EnvironmentProblem("BROKER_URL must begin with redis://, rediss://, amqp:// or amqps://.")
    return url


def _cache(url: str, broker_url: str) -> str:
    if url:
        if _parts("CACHE_URL", url).scheme not in REDIS_SCHEMES:
            raise EnvironmentProblem("CACHE_URL must begin with redis:// or rediss://.")
        return url
    broker = urlsplit(broker_url)
    return broker._replace(path=f"/{CACHE_NUMBER}").geturl() if broker.scheme in REDIS_SCHEMES else ""


def _email(url: str) -> str:
    if url:
        parts = _parts("EMAIL_URL", url)
        if parts.scheme not in ("smtp", "smtps") or not parts.hostname:
            raise EnvironmentProblem(
                "EMAIL_URL must look like smtp://user:password@host:port, or smtps:// for TLS."
            )
    return url


def _kms(addresses: str) -> str:
    for address in addresses.split():
        parts = _parts("KMS_URL", address)
        if not parts.scheme or parts.username or parts.password:
            raise EnvironmentProblem(
                "KMS_URL must look like local:, transit+https://host:8200/transit/key or aws-kms://region/key, "
                "without a user: the token goes into KMS_TOKEN or KMS_TOKEN_FILE."
            )
    return addresses


def _absolute(name: str, value: str) -> Path | None:
    path = Path(value) if value else None
    if path and not path.is_absolute():
        raise EnvironmentProblem(f"{name} must be the absolute path of a file.")
    return path


def _folders(value: str) -> list[Path]:
    folders = [Path(part) for part in value.split(os.pathsep) if part]
    if not all(folder.is_absolute() for folder in folders):
        raise EnvironmentProblem(f"FOLDER_ROOTS must name absolute folders, separated by {os.pathsep!r}.")
    return folders


def _networks(value: str) -> list[IPv4Network | IPv6Network]:
    try:
        return [ip_network(part.strip()) for part in value.split(",") if part.strip()]
    except ValueError:
        raise EnvironmentProblem(
            "WEBHOOK_NETWORKS must name networks as in 10.0.0.0/8, separated by commas."
        ) from None


def _days(name: str, value: str) -> int:
    if not (value.isascii() and value.isdigit() and len(value) <= 5):
        raise EnvironmentProblem(f"{name} must be a whole number of days; 0 is for ever.")
    return int(value)


def _time_zone(name: str) -> str:
    try:
        return ZoneInfo(name).key
    except (ValueError, OSError, ZoneInfoNotFoundError):
        raise EnvironmentProblem(
            "TIME_ZONE must be the name of a time zone, such as Europe/Berlin."
        ) from None


def _percent(name: str, value: str) -> int:
    if not (value.isascii() and value.isdigit() and 1 <= int(value) <= 100):
        raise EnvironmentProblem(f"{name} must be a whole number of percent, 1 to 100.")
    return int(value)


def _parts(name: str, url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        parts.port  # noqa: B018 - raises where it is not a number
    except ValueError:
        raise EnvironmentProblem(
            f"{name} is not a well-formed address: check host and port, and write the characters / @ : # "
            "in a password as %2F %40 %3A %23."
        ) from None
    return parts


def _secret_key(value: str) -> str:
    if value and len(value) < 32:
        raise EnvironmentProblem("SECRET_KEY is too short: it must have at least 32 random characters.")
    return value


def _public_url(url: str) -> str:
    if url:
        parts = _parts("PUBLIC_URL", url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise EnvironmentProblem(
                "PUBLIC_URL must be a whole address, such as https://privacy.example.org."
            )
    return url.rstrip("/")


def _keyring_key(value: str) -> str:
    try:
        if value and len(base64.b64decode(value, validate=True)) != 32:
            raise ValueError
    except (ValueError, binascii.Error):
        raise EnvironmentProblem(
            "KEYRING_KEY must be 32 bytes in base64: make one with `openssl rand -base64 32`."
        ) from None
    return value


def _flag(name: str, value: str) -> bool:
    if value.lower() in ("", "0", "false", "no", "off"):
        return False
    if value.lower() in ("1", "true", "yes", "on"):
        return True
    raise EnvironmentProblem(f"{name} must be 1 or 0.")
