"""The servers a test run needs, started once for all of it: PostgreSQL and Redis in a folder of their own."""

from __future__ import annotations

import base64
import os
import secrets
import shutil
import tempfile
from pathlib import Path
from subprocess import Popen

from governance.embedded.postgres import EmbeddedPostgres
from governance.embedded.programs import Program, choose_port
from governance.embedded.redis import EmbeddedRedis

# What a developer's shell may say, and a test run must not hear.
FOREIGN = (
    "APPLICATION_ROLE",
    "CACHE_URL",
    "DEBUG",
    "DEMO_CONSOLE_URL",
    "DEMO_DATABASE_URL",
    "EMAIL_FROM",
    "EMAIL_URL",
    "FOLDER_ROOTS",
    "KEYRING_FILE",
    "KMS_TOKEN",
    "KMS_TOKEN_FILE",
    "KMS_URL",
    "LINEAGE_EVENT_DAYS",
    "SEARCH_ASKS_ABOVE",
    "TRUST_PROXY",
)


class Servers:
    """PostgreSQL and Redis on free ports; `stop` ends them and removes their folder."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="console-tests-"))
        self.folder.chmod(0o711)  # as root, another user runs PostgreSQL in it
        self.postgres = EmbeddedPostgres(self.folder / "postgres", port=choose_port(0), durable=False)
        self.redis = EmbeddedRedis(self.folder / "redis", port=choose_port(0))
        self.running: list[tuple[Program, Popen[bytes]]] = []

    def start(self) -> dict[str, str]:
        """Start both; the environment variables for a console on them."""
        for server in (self.postgres, self.redis):
            program = server.program()
            with (self.folder / f"{program.name}.log").open("wb") as log:
                process = program.spawn(output=log)
            self.running.append((program, process))
            server.wait_ready(process)
        password = secrets.token_urlsafe(16)
        self.postgres.ensure_role("console_owner", password, create_databases=True)
        self.postgres.ensure_database("console", owner="console_owner")
        url = self.postgres.url("console_owner", password, "console")
        return {
            "DATABASE_URL": url,
            "DATABASE_OWNER_URL": url,
            "BROKER_URL": self.redis.url,
            "SECRET_KEY": secrets.token_urlsafe(40),
            "KEYRING_KEY": base64.b64encode(secrets.token_bytes(32)).decode(),
            "PUBLIC_URL": "http://testserver",
            "CONSOLE_VAR": str(self.folder / "var"),
            "TEST_SUPERUSER_URL": self.postgres.url("postgres", self.postgres.password, "postgres"),
        }

    def stop(self) -> None:
        while self.running:
            program, process = self.running.pop()
            program.stop(process)
        shutil.rmtree(self.folder, ignore_errors=True)


def start_unless_configured() -> Servers | None:
    """Servers for this run, and the process environment set to them; None with TEST_USE_CONFIGURED=1.

    Then DATABASE_URL and the rest must be set, and TEST_SUPERUSER_URL too, for tests that make databases.
    """
    if os.environ.get("TEST_USE_CONFIGURED") == "1" and os.environ.get("DATABASE_URL"):
        return None
    servers = Servers()
    try:
        values = servers.start()
    except BaseException:
        servers.stop()
        raise
    for name in FOREIGN:
        os.environ.pop(name, None)
    os.environ.update(values)
    return servers
