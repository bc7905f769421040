"""A MariaDB server for the tests that ask for one, started with the first of them from Debian's package."""

from __future__ import annotations

import os
import pwd
import secrets
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pymysql
import pytest

from governance.embedded.programs import Program, choose_port
from tests.services.folders import service_folder

HOST = "127.0.0.1"
# Nobody wants its data after a crash, and the machine has other things to do.
OPTIONS = (
    "--bind-address=127.0.0.1",
    "--innodb-buffer-pool-size=32M",
    "--innodb-flush-log-at-trx-commit=0",
    "--innodb-doublewrite=0",
    "--performance-schema=OFF",
    "--skip-log-bin",
    "--skip-name-resolve",
    "--character-set-server=utf8mb4",
)


@dataclass(frozen=True)
class MariadbServer:
    """Where it is, and a user who may do everything."""

    host: str
    port: int
    user: str
    password: str

    def connect(self) -> pymysql.Connection:
        """A connection where each statement is its own transaction."""
        return pymysql.connect(
            host=self.host,
            port=self.port,
            user=self.user,
            password=self.password,
            charset="utf8mb4",
            autocommit=True,
        )

    def execute(self, statement: str, parameters: Sequence[Any] | None = None) -> list[tuple[Any, ...]]:
        """Run one statement, or several parted by semicolons at the end of lines; the rows of the last."""
        parts = [statement] if parameters else [part for part in statement.split(";\n") if part.strip()]
        with closing(self.connect()) as connection, connection.cursor() as cursor:
            for part in parts:
                cursor.execute(part, parameters)
            return list(cursor.fetchall())

    def create_database(self, prefix: str = "store") -> str:
        """A new empty database."""
        name = f"{prefix}_{secrets.token_hex(4)}"
        self.execute(f"CREATE DATABASE {name}")
        return name

    def create_user(self, *grants: str) -> tuple[str, str]:
        """A new user and password with those grants, such as `SELECT ON shop.*`."""
        name, password = f"user_{secrets.token_hex(4)}", secrets.token_hex(12)
        self.execute(f"CREATE USER {name} IDENTIFIED BY '{password}'")
        for grant in grants:
            self.execute(f"GRANT {grant} TO {name}")
        return name, password


@pytest.fixture(scope="session")
def mariadb_server() -> Iterator[MariadbServer]:
    """The MariaDB of this run: `.execute()`, `.create_database()`, `.create_user(*grants)`."""
    daemon, installer = _installed("mariadbd"), _installed("mariadb-install-db")
    with service_folder() as folder:
        user = pwd.getpwnam("mysql") if os.geteuid() == 0 else None
        if user:
            os.chown(folder, user.pw_uid, user.pw_gid)
        data, log = folder / "data", folder / "mariadb.log"
        made = subprocess.run(
            [
                *(installer, "--no-defaults", f"--datadir={data}", "--skip-test-db", "--skip-name-resolve"),
                *("--auth-root-authentication-method=normal", *(["--user=mysql"] if user else [])),
            ],
            capture_output=True,
            text=True,
            timeout=120,
        )
        assert made.returncode == 0, made.stdout + made.stderr
        server = MariadbServer(HOST, choose_port(0, HOST), "tests", secrets.token_hex(12))
        first = folder / "first.sql"
        first.write_text(
            f"CREATE USER tests IDENTIFIED BY '{server.password}';\n"
            "GRANT ALL ON *.* TO tests WITH GRANT OPTION;\n"
        )
        first.chmod(0o644)
        program = Program(
            name="mariadb",
            argv=[
                *(daemon, "--no-defaults", f"--datadir={data}", f"--port={server.port}", *OPTIONS),
                *(f"--socket={folder}/s", f"--pid-file={folder}/pid", f"--init-file={first}"),
            ],
            user=user.pw_uid if user else None,
            group=user.pw_gid if user else None,
            stop_signal=signal.SIGKILL,
        )
        with log.open("wb") as output:
            process = program.spawn(output=output)
        try:
            _wait_ready(server, process, log)
            yield server
        finally:
            program.stop(process)


def _installed(name: str) -> str:
    path = shutil.which(name, path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")
    if path is None:
        pytest.fail(f"There is no {name} here: apt-get install mariadb-server", pytrace=False)
    return path


def _wait_ready(server: MariadbServer, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + 60
    while True:
        try:
            server.connect().close()
        except pymysql.MySQLError:
            assert process.poll() is None, log.read_text(errors="replace")
            assert time.monotonic() < deadline, log.read_text(errors="replace")
            time.sleep(0.05)
        else:
            return
