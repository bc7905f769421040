"""Database rights: the application's role may append to the ledger and read it, and nothing else."""

from django.db import connection
from psycopg import sql


def grant_application(role: str) -> None:
    """Give `role` what the application needs on every table of the schema. Run as the owner, after each migration."""
    name = sql.Identifier(role)
    statements = [
        # Who may create functions there could put one of theirs where the owner's code looks for another.
        sql.SQL("REVOKE CREATE ON SCHEMA public FROM PUBLIC, {}"),
        sql.SQL("GRANT USAGE ON SCHEMA public TO {}"),
        sql.SQL("GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {}"),
        sql.SQL("GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO {}"),
        sql.SQL("GRANT EXECUTE ON FUNCTION ledger_sequence(integer) TO {}"),
        sql.SQL(
            "REVOKE INSERT, UPDATE, DELETE, TRUNCATE ON ledger_entry, ledger_head, ledger_refused FROM {}"
        ),
        sql.SQL("REVOKE UPDATE, DELETE, TRUNCATE ON ledger_waiting FROM {}"),
        sql.SQL(
            "REVOKE UPDATE, DELETE, TRUNCATE ON ledger_tile, ledger_checkpoint, ledger_segment, "
            "ledger_cosignature, ledger_stamp, ledger_key_change, ledger_verification FROM {}"
        ),
        sql.SQL("REVOKE DELETE, TRUNCATE ON ledger_alarm, ledger_key_proposal FROM {}"),
        sql.SQL("REVOKE INSERT, UPDATE, DELETE ON django_migrations FROM {}"),
    ]
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement.format(name))


def application_owns_ledger() -> bool:
    """Whether the role the console is connected as could switch the protecting triggers off."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_has_role(current_user, relowner, 'USAGE') FROM pg_class WHERE oid = to_regclass('ledger_entry')"
        )
        row = cursor.fetchone()
    return bool(row and row[0])
