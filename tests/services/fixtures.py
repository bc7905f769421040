"""What tests ask for: the test run's PostgreSQL, a fresh database in it, and Redis."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote, urlsplit

import psycopg
import pytest
from psycopg import sql


@dataclass(frozen=True)
class Database:
    """One database and a role that may sign in to it."""

    host: str
    port: int
    name: str
    user: str
    password: str

    @property
    def dsn(self) -> str:
        return f"postgresql://{self.user}:{self.password}@{self.host}:{self.port}/{self.name}"

    def connect(self) -> psycopg.Connection:
        """A connection where each statement is its own transaction."""
        return psycopg.connect(self.dsn, autocommit=True)

    def execute(self, statement: str, parameters: Sequence[Any] | None = None) -> list[tuple[Any, ...]]:
        """Run it and return its rows; none where it has none. Several statements go without `parameters`."""
        with self.connect() as connection:
            cursor = connection.execute(statement, parameters)
            return cursor.fetchall() if cursor.description else []


@dataclass(frozen=True)
class Server:
    """The PostgreSQL of the test run, as its superuser."""

    superuser: Database

    def create_database(self, prefix: str = "store") -> Database:
        """A new empty database, owned by a new role that has no other right."""
        name, password = f"{prefix}_{secrets.token_hex(4)}", secrets.token_hex(12)
        identifier = sql.Identifier(name)
        with self.superuser.connect() as connection:
            connection.execute(
                sql.SQL("CREATE ROLE {} LOGIN PASSWORD {}").format(identifier, sql.Literal(password))
            )
            connection.execute(sql.SQL("CREATE DATABASE {} OWNER {}").format(identifier, identifier))
        return Database(self.superuser.host, self.superuser.port, name, name, password)

    def create_login(self, database: Database, prefix: str = "reader") -> Database:
        """The same database through another new role, which owns nothing in it and was granted nothing."""
        name, password = f"{prefix}_{secrets.token_hex(4)}", secrets.token_hex(12)
        with self.superuser.connect() as connection:
            connection.execute(
                sql.SQL("CREATE ROLE {} LOGIN PASSWORD {}").format(
                    sql.Identifier(name), sql.Literal(password)
                )
            )
        return Database(database.host, database.port, database.name, name, password)

    def drop_database(self, database: Database) -> None:
        """The database, whoever is in it, and its owner."""
        identifier = sql.Identifier(database.name)
        with self.superuser.connect() as connection:
            connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(identifier))
            connection.execute(sql.SQL("DROP ROLE IF EXISTS {}").format(identifier))


@pytest.fixture(scope="session")
def pg_server() -> Server:
    """The PostgreSQL of this run: `.superuser`, `.create_database()`, `.create_login(database)`."""
    parts = urlsplit(os.environ["TEST_SUPERUSER_URL"])
    return Server(
        Database(
            host=parts.hostname or "127.0.0.1",
            port=parts.port or 5432,
            name=parts.path.lstrip("/"),
            user=unquote(parts.username or ""),
            password=unquote(parts.password or ""),
        )
    )


@pytest.fixture
def pg_database(pg_server: Server) -> Iterator[Database]:
    """A new empty database with a login of its own, dropped afterwards."""
    database = pg_server.create_database()
    yield database
    pg_server.drop_database(database)


@pytest.fixture
def redis_url() -> str:
    """The Redis of this run."""
    return os.environ["BROKER_URL"]
