"""Rows of a model written with COPY: for thousands at once, where the SQL would take longer to write than to run."""

from collections.abc import Iterable

from django.db import connection
from django.db.models import Model
from psycopg import sql


def copy_in(model: type[Model], rows: Iterable[Model]) -> None:
    """Insert unsaved rows, in the caller's transaction. As `bulk_create`, but which keys they get is not told."""
    fields = [each for each in model._meta.concrete_fields if each is not model._meta.auto_field]
    columns = [sql.Identifier(each.column) for each in fields if each.column]
    statement = sql.SQL("COPY {} ({}) FROM STDIN").format(
        sql.Identifier(model._meta.db_table), sql.SQL(", ").join(columns)
    )
    with (
        connection.wrap_database_errors,
        connection.cursor() as cursor,
        cursor.copy(statement) as copy,
    ):
        for row in rows:
            copy.write_row(
                [each.get_db_prep_save(each.pre_save(row, add=True), connection) for each in fields]
            )
