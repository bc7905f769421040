from collections.abc import Sequence
from typing import Any

from django.core.checks import Error, Tags, register
from django.db import DatabaseError

from audit.ledger.roles import application_owns_ledger


@register(Tags.database, deploy=True)
def application_must_not_own_the_ledger(
    *, databases: Sequence[str] | None = None, **kwargs: Any
) -> list[Error]:
    """Runs with `check --deploy --database default`."""
    if not databases:
        return []
    try:
        owns = application_owns_ledger()
    except DatabaseError:
        return []
    if not owns:
        return []
    return [
        Error(
            "The application's database role owns the ledger, so it could switch its protection off.",
            hint="Migrate with an owner role (DATABASE_OWNER_URL), run `manage.py grant`, and let "
            "DATABASE_URL name another role.",
            id="ledger.E001",
        )
    ]
