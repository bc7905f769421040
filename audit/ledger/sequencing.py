"""Number and chain what waits.

Writers only insert, so appends never queue behind one another; one database function, serialized by an advisory
lock, moves whole batches into the chain. It takes what exists (DELETE … RETURNING) and never "everything after
the last id": a transaction with a lower id may commit later.
"""

from django.db import connection

BATCH = 5_000


def sequence(*, batch: int = BATCH) -> int:
    """Move everything that waits into the chain; how many waited. Does nothing while another sequencer works."""
    moved = 0
    while True:
        with connection.cursor() as cursor:
            cursor.execute("SELECT ledger_sequence(%s)", [batch])
            (count,) = cursor.fetchone()
        moved += count
        if count < batch:
            return moved
