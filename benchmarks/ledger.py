"""The ledger: what `record` costs eight concurrent writers, how fast entries are chained, and how fast checked.

    python -m benchmarks.ledger [--seconds 3] [--entries 50000]

Writers are processes, each commit is flushed to disk, and a sequencer runs beside them as it does in production.
"""

import argparse
import multiprocessing
import os
import time
from collections.abc import Callable
from functools import partial
from statistics import median

import psycopg

from benchmarks.ground import console, seconds, table

WRITERS = 8
ROUNDS = 5
APPEND, SEQUENCE, VERIFY = 0.7, 15_000, 40_000  # the least we want: ratio, entries a second
FORK = multiprocessing.get_context("fork")  # the children find Django set up


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=3)
    parser.add_argument("--entries", type=int, default=50_000)
    options = parser.parse_args()
    with console():
        flush_each_commit()
        writing = measure_writing(options.seconds)
        sequenced, verified = measure_chain(options.entries)
    print(report(writing, sequenced, verified))


def flush_each_commit() -> None:
    """The servers of tests answer a commit before the disk has it: not here."""
    with psycopg.connect(os.environ["TEST_SUPERUSER_URL"], autocommit=True) as superuser:
        superuser.execute("ALTER ROLE console_owner SET synchronous_commit = on")
        assert superuser.execute("SHOW fsync").fetchone() == ("on",)


def measure_writing(duration: float) -> list[dict[str, float]]:
    """Transactions a second by eight writers: a business row alone, with a second plain row, with its entry.

    In rounds, so that what else the machine does falls on all three alike.
    """
    works = {"one row": one_row, "two rows": two_rows, "one row and its entry": row_and_entry}
    return [{name: transactions(work, duration) for name, work in works.items()} for _ in range(ROUNDS)]


def one_row() -> None:
    from governance.console.models import Job  # noqa: PLC0415  Django is set up now

    Job.objects.create(kind="benchmark", title="A business row", correlation="c")


def two_rows() -> None:
    from audit.ledger.models import Waiting  # noqa: PLC0415

    one_row()
    Waiting.objects.bulk_create([Waiting(body=BODY)])


def row_and_entry() -> None:
    from audit.ledger.recording import record  # noqa: PLC0415
    from governance.console.events import JOB_CANCELLED  # noqa: PLC0415

    one_row()
    record(JOB_CANCELLED, kind="benchmark")


# As long as the entry that `row_and_entry` writes.
BODY = (
    b'{"action":"benchmark","actor":{"id":"benchmark","kind":"system","role":""},"at":"2026-01-01T00:00:00.000000Z",'
    b'"correlation":"0123456789abcdef0123456789abcdef","facts":{"kind":"benchmark"},'
    b'"id":"0123456789abcdef0123456789abcdef","object":{"id":"","name":"","type":""},"subject":"","v":1}'
)


def transactions(work: Callable[[], None], duration: float) -> float:
    """How many a second, of eight processes together, while a ninth sequences."""
    from django.db import connections  # noqa: PLC0415

    connections.close_all()
    stop, counted = FORK.Event(), FORK.Queue()
    sequencer = FORK.Process(target=sequence_until, args=(stop,))
    sequencer.start()
    writers = [FORK.Process(target=write_for, args=(work, duration, counted)) for _ in range(WRITERS)]
    for writer in writers:
        writer.start()
    total = sum(counted.get() for _ in writers)
    for writer in writers:
        writer.join()
    stop.set()
    sequencer.join()
    return total / duration


def write_for(work: Callable[[], None], duration: float, counted: multiprocessing.Queue) -> None:
    from django.db import transaction  # noqa: PLC0415

    transaction.atomic(work)()  # connects
    done, end = 0, time.perf_counter() + duration
    while time.perf_counter() < end:
        with transaction.atomic():
            work()
        done += 1
    counted.put(done)


def sequence_until(stop: multiprocessing.Event) -> None:
    from audit.ledger.sequencing import sequence  # noqa: PLC0415

    while not stop.wait(0.02):
        sequence()


def measure_chain(entries: int) -> tuple[float, float]:
    """Entries a second: chained by the sequencer alone, and checked by `verify`."""
    from audit.ledger.chain import verify  # noqa: PLC0415
    from audit.ledger.models import Head, Waiting  # noqa: PLC0415
    from audit.ledger.recording import entry_bytes  # noqa: PLC0415
    from audit.ledger.sequencing import sequence  # noqa: PLC0415
    from governance.console.events import JOB_CANCELLED  # noqa: PLC0415

    sequence()
    bodies = (Waiting(body=entry_bytes(JOB_CANCELLED, kind="benchmark")) for _ in range(entries))
    Waiting.objects.bulk_create(bodies, batch_size=5_000)
    sequenced = entries / seconds(partial(sequence))
    verdict = verify()
    assert verdict.intact, verdict.problem
    size = Head.objects.get(pk=1).size
    verified = size / median(seconds(verify) for _ in range(ROUNDS))
    return sequenced, verified


def report(rounds: list[dict[str, float]], sequenced: float, verified: float) -> str:
    def ratio(name: str, to: str) -> float:
        return median(one[name] / one[to] for one in rounds)

    rows = [
        [
            name,
            f"{median(one[name] for one in rounds):,.0f}",
            f"{ratio(name, 'one row'):.2f}",
            f"{ratio(name, 'two rows'):.2f}",
        ]
        for name in rounds[0]
    ]
    header = [
        f"{WRITERS} writers, each commit flushed",
        "transactions/s",
        "ratio to one row",
        "ratio to two rows",
    ]
    recorded = ratio("one row and its entry", "two rows")
    chain = [
        ["record against the same row inserted plainly", f"{recorded:.2f}", judge(recorded, APPEND)],
        ["sequencer alone, entries/s", f"{sequenced:,.0f}", judge(sequenced, SEQUENCE)],
        ["verify, entries/s", f"{verified:,.0f}", judge(verified, VERIFY)],
    ]
    return f"{table(header, rows)}\n\n{table(['ledger', 'measured', 'wanted'], chain)}"


def judge(value: float, wanted: float) -> str:
    return f"at least {wanted:,}: {'reached' if value >= wanted else 'MISSED'}"


if __name__ == "__main__":
    main()
