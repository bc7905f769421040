"""Whether the configured servers answer, asked once before anything is built on them."""

from __future__ import annotations

import kombu
import psycopg

from governance.environment import EnvironmentProblem


def reach_database(url: str, *, name: str) -> None:
    """EnvironmentProblem, in PostgreSQL's words, where the database of the variable `name` cannot be used."""
    try:
        psycopg.connect(url, connect_timeout=5).close()
    except psycopg.OperationalError as problem:
        raise EnvironmentProblem(
            f"{name} does not lead to a database that lets us in: {reason(problem)}. "
            "Check host, port, name, role and password, and that the server runs."
        ) from None


def reach_broker(url: str) -> None:
    """EnvironmentProblem where the broker does not answer or refuses us."""
    with kombu.Connection(url, connect_timeout=5) as connection:
        try:
            connection.connect()
            connection.channel().close()
        except (*connection.connection_errors, *connection.channel_errors, OSError) as problem:
            raise EnvironmentProblem(
                f"BROKER_URL does not lead to a broker that lets us in: {reason(problem)}. "
                "Check host, port, user and password, and that the server runs."
            ) from None


def reason(problem: BaseException) -> str:
    """Why a server was not reached, from a client library's message: one line without its full stop."""
    lines = [line.strip(" \t-") for line in str(problem).splitlines() if line.strip()]
    if len(lines) > 1 and lines[0].endswith(":"):  # "All failures were:", then one a line
        lines.pop(0)
    return (lines[0] if lines else type(problem).__name__).rstrip(".")
