"""Where the shop's database is, and the two roles that sign in to it: its owner, and the console.

On the embedded server both are made here. Elsewhere DEMO_DATABASE_URL names an empty database and its owner, who
then makes the console's role; where they may not, DEMO_CONSOLE_URL names that one too. What is made here is
remembered beside the other addresses of the embedded servers.
"""

from __future__ import annotations

import os
import secrets
from dataclasses import dataclass, replace
from urllib.parse import quote, unquote, urlsplit

import psycopg
from psycopg import errors, sql

from erasure.demo import DemoProblem
from governance.console.reaching import reason
from governance.embedded import state
from governance.embedded.accounts import data_home
from governance.embedded.postgres import EmbeddedPostgres
from governance.environment import Environment

NAME = "chinook"
OWNER = "chinook_owner"
CONSOLE = "chinook_console"


@dataclass(frozen=True)
class Login:
    """How a role reaches the shop's database."""

    host: str
    port: int
    database: str
    user: str
    password: str

    @classmethod
    def read(cls, url: str, *, name: str) -> Login:
        """From the URL of the variable `name`. Raises DemoProblem where it is none."""
        try:
            parts = urlsplit(url)
            port = parts.port or 5432
        except ValueError:
            parts, port = urlsplit(""), 0
        if parts.scheme not in ("postgres", "postgresql") or not parts.username or not parts.path.strip("/"):
            raise DemoProblem(f"{name} must look like postgres://user:password@host:port/name.")
        return cls(
            host=parts.hostname or "localhost",
            port=port,
            database=unquote(parts.path.strip("/")),
            user=unquote(parts.username),
            password=unquote(parts.password or ""),
        )

    @property
    def url(self) -> str:
        who = f"{quote(self.user, safe='')}:{quote(self.password, safe='')}"
        return f"postgres://{who}@{self.host}:{self.port}/{quote(self.database, safe='')}"

    def connect(self) -> psycopg.Connection:
        """A connection in one transaction, committed at its end. Raises DemoProblem where none is to be had."""
        try:
            return psycopg.connect(
                host=self.host,
                port=self.port,
                dbname=self.database,
                user=self.user,
                password=self.password,
                connect_timeout=10,
            )
        except psycopg.OperationalError as problem:
            raise DemoProblem(
                f"The demo's database {self.database} does not let {self.user} in: {reason(problem)}. "
                "Check DEMO_DATABASE_URL, and that the server runs."
            ) from None


@dataclass(frozen=True)
class Shop:
    """The shop's database, as its owner and as the console reaches it."""

    owner: Login
    console: Login


def prepare(environment: Environment) -> Shop | None:
    """The shop's database with both roles, made where they are missing; None where there is no place for it.

    Raises DemoProblem where the configured one cannot be used.
    """
    if os.environ.get("DEMO_DATABASE_URL"):
        return _configured(environment)
    return on_server(embedded_server(environment), environment) if environment.embedded else None


def remembered(environment: Environment) -> Shop | None:
    """The shop on the embedded server as it was made there, where that listens now; None where it was not."""
    urls = [state.load(environment.var_dir).get(name) for name in ("DEMO_DATABASE_URL", "DEMO_CONSOLE_URL")]
    if os.environ.get("DEMO_DATABASE_URL") or not all(urls):
        return None
    now = urlsplit(environment.database_url)
    owner, console = (
        replace(
            Login.read(url or "", name="the demo's database"), host=now.hostname or "", port=now.port or 5432
        )
        for url in urls
    )
    return Shop(owner, console)


def embedded_server(environment: Environment) -> EmbeddedPostgres:
    """The console's own server, which runs already."""
    server = EmbeddedPostgres(data_home(environment.var_dir))
    server.port = urlsplit(environment.database_url).port or 5432
    return server


def on_server(server: EmbeddedPostgres, environment: Environment) -> Shop:
    """Roles and database on a server whose superuser we are; the second time, nothing changes."""
    remembered = state.load(environment.var_dir)

    def role(name: str, variable: str) -> Login:
        known = urlsplit(remembered.get(variable, "")).password
        password = known or secrets.token_urlsafe(24)
        state.save(environment.var_dir, **{variable: server.url(name, password, NAME)})
        server.ensure_role(name, password)
        return Login.read(server.url(name, password, NAME), name=variable)

    owner = role(OWNER, "DEMO_DATABASE_URL")
    console = role(CONSOLE, "DEMO_CONSOLE_URL")
    server.ensure_database(NAME, owner=OWNER)
    return Shop(owner, console)


def _configured(environment: Environment) -> Shop:
    owner = Login.read(os.environ["DEMO_DATABASE_URL"], name="DEMO_DATABASE_URL")
    given = os.environ.get("DEMO_CONSOLE_URL")
    if given:
        return Shop(owner, Login.read(given, name="DEMO_CONSOLE_URL"))
    user = f"{owner.database}_console"
    remembered = state.load(environment.var_dir).get("DEMO_CONSOLE_URL", "")
    known = Login.read(remembered, name="DEMO_CONSOLE_URL") if remembered else None
    password = known.password if known and known.user == user else secrets.token_urlsafe(24)
    console = Login(owner.host, owner.port, owner.database, user, password)
    state.save(environment.var_dir, DEMO_CONSOLE_URL=console.url)
    _ensure_role(owner, console)
    return Shop(owner, console)


def _ensure_role(owner: Login, console: Login) -> None:
    with owner.connect() as connection:
        known = connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [console.user]).fetchone()
        statement = sql.SQL("{} ROLE {} LOGIN PASSWORD {}").format(
            sql.SQL("ALTER" if known else "CREATE"),
            sql.Identifier(console.user),
            sql.Literal(console.password),
        )
        try:
            connection.execute(statement)
        except errors.InsufficientPrivilege:
            raise DemoProblem(
                f"{owner.user} may not make the role {console.user}, as which the console signs in to the shop. "
                f"Give {owner.user} CREATEROLE, or make a role without rights and set DEMO_CONSOLE_URL to it."
            ) from None
