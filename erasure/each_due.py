"""What is due, one thing after another, by however many workers."""

from collections.abc import Callable
from typing import TypeVar

from django.db import transaction
from django.db.models import Model, QuerySet

AT_ONCE = 500

Row = TypeVar("Row", bound=Model)


def each_due(due: QuerySet[Row], do: Callable[[Row], None]) -> int:
    """Do it for each row of `due`, in a transaction of its own; for how many. What is left over after 500 waits.

    A row that somebody else holds is passed over. Whether a row is still due is asked once it is locked, in a
    statement of its own: one that locks and asks at once judges by what the related rows were before it waited.
    """
    done = 0
    rows = due.model._default_manager
    for pk in list(due.order_by("pk").values_list("pk", flat=True)[:AT_ONCE]):
        with transaction.atomic():
            if not rows.select_for_update(skip_locked=True).filter(pk=pk).values("pk").first():
                continue
            row = due.filter(pk=pk).first()
            if row is not None:
                do(row)
                done += 1
    return done
