"""The ledger: what `record` costs concurrent writers, how soon entries are numbered, how fast they are checked.

    python -m benchmarks.ledger [--seconds 2] [--entries 30000] [--rounds 5] [--export 1000000]
                                [--proofs 1000000,10000000] [--flush-us 1000]

Writers are processes and each commit is flushed to disk. Beside them, in the same rounds: a plain insert of the same
row into a table without any rule, and a chain as one would write it at first, each entry under a lock on the last. Then
what an outsider waits for: the stand-alone verifier, and the proof of one entry of a large log (`ledger_outside`).
"""

import argparse
import hashlib
import multiprocessing
import os
import time
from bisect import bisect_right
from collections.abc import Callable
from functools import cache, partial
from pathlib import Path
from statistics import median, quantiles
from typing import Any

import psycopg

from benchmarks.ground import console, execute, judged, seconds, table
from benchmarks.ledger_outside import measure_proofs, measure_standalone, report_outside

WRITERS = (1, 8, 16)
APPEND, SEQUENCED, SEQUENCE, VERIFY = 0.7, 50, 15_000, 40_000  # a ratio, milliseconds, and entries a second
STEADY = 0.04  # seconds between two entries of a writer who does something else too
FORK = multiprocessing.get_context("fork")  # the children find Django set up
# As long as the entry that `recorded` writes.
BODY = (
    b'{"action":"job.cancelled","actor":{"id":"benchmark","kind":"system","role":""},'
    b'"at":"2026-01-01T00:00:00.000000Z","correlation":"12-3456","facts":{"kind":"benchmark"},'
    b'"id":"0123456789abcdef0123456789abcdef","object":{"id":"","name":"","type":""},"subject":"","v":1}'
)
PEERS = """
CREATE TABLE benchmark_plain (id bigserial PRIMARY KEY, body bytea NOT NULL);
CREATE TABLE benchmark_chain (id bigserial PRIMARY KEY, body bytea NOT NULL, chain bytea NOT NULL);
CREATE TABLE benchmark_head (id int PRIMARY KEY, chain bytea NOT NULL);
INSERT INTO benchmark_head VALUES (1, ''::bytea);
"""
Round = dict[tuple[str, int], float]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=2)
    parser.add_argument("--flush-us", type=int, default=0, help="microseconds that each flush takes longer")
    parser.add_argument("--entries", type=int, default=30_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--export", type=int, default=1_000_000, help="entries of the export to check")
    parser.add_argument("--proofs", default="1000000,10000000", help="sizes of the logs to prove an entry of")
    options = parser.parse_args()
    with console():
        proofs = {int(size): measure_proofs(int(size)) for size in options.proofs.split(",")}
        standalone = measure_standalone(options.export)
        flush_each_commit(options.flush_us)
        execute(PEERS)
        rounds, delays = measure_writing(options.seconds, options.rounds)
        steady = [write_and_sequence(8, options.seconds, STEADY)[1] for _ in range(options.rounds)]
        rates = measure_chain(options.entries, options.rounds)
    print(report(rounds, delays, steady, rates))
    print()
    print(report_outside(options.export, standalone, proofs))


def flush_each_commit(slower_us: int = 0) -> None:
    """The servers of tests answer a commit before the disk has it: not here; as a disk that takes longer, if asked."""
    with psycopg.connect(os.environ["TEST_SUPERUSER_URL"], autocommit=True) as superuser:
        superuser.execute("ALTER ROLE console_owner SET synchronous_commit = on")
        superuser.execute("ALTER ROLE console_owner SET commit_siblings = 0")
        superuser.execute(f"ALTER ROLE console_owner SET commit_delay = {slower_us:d}")
        assert superuser.execute("SHOW fsync").fetchone() == ("on",)


def measure_writing(duration: float, rounds: int) -> tuple[list[Round], list[list[float]]]:
    """Rows a second by scheme and number of writers, and by eight writers the delays until entries had their number.

    In rounds, so that what else the machine does falls on all alike.
    """
    measured, delays = [], []
    for _ in range(rounds):
        one: Round = {}
        for writers in WRITERS:
            one["plain", writers] = write(plain, writers, duration)[0] / duration
            one["by the ORM", writers] = write(by_orm, writers, duration)[0] / duration
            done, delayed = write_and_sequence(writers, duration)
            one["recorded", writers] = done / duration
            one["locked", writers] = write(locked_chain, writers, duration)[0] / duration
            if writers == 8:
                delays.append(delayed)
        measured.append(one)
    return measured, delays


def plain(mark: str) -> None:
    execute("INSERT INTO benchmark_plain (body) VALUES (%s)", [BODY])


def by_orm(mark: str) -> None:
    """The plain row as a Django application writes it."""
    _plain_model().objects.create(body=BODY)


@cache
def _plain_model() -> Any:
    from django.db import models  # noqa: PLC0415

    meta = type("Meta", (), {"app_label": "ledger", "db_table": "benchmark_plain", "managed": False})
    fields = {"body": models.BinaryField(), "Meta": meta, "__module__": __name__}
    return type("BenchmarkPlain", (models.Model,), fields)


def locked_chain(mark: str) -> None:
    ((before,),) = execute("SELECT chain FROM benchmark_head WHERE id = 1 FOR UPDATE")
    chain = hashlib.sha256(b"\x01" + bytes(before) + hashlib.sha256(b"\x00" + BODY).digest()).digest()
    execute("INSERT INTO benchmark_chain (body, chain) VALUES (%s, %s)", [BODY, chain])
    execute("UPDATE benchmark_head SET chain = %s WHERE id = 1", [chain])


def recorded(mark: str) -> None:
    from audit.ledger.context import Actor, acting  # noqa: PLC0415  Django is set up now
    from audit.ledger.recording import record  # noqa: PLC0415
    from governance.console.events import JOB_CANCELLED  # noqa: PLC0415

    with acting(Actor("system", "benchmark"), correlation=mark):
        record(JOB_CANCELLED, kind="benchmark")


def write(
    work: Callable[[str], None], writers: int, duration: float, pause: float = 0
) -> tuple[int, dict[str, int]]:
    """How many transactions that many processes did together, and when each was committed, by its mark."""
    from django.db import connections  # noqa: PLC0415

    connections.close_all()
    told = FORK.Queue()
    processes = [
        FORK.Process(target=write_for, args=(work, number, duration, pause, told))
        for number in range(writers)
    ]
    for process in processes:
        process.start()
    committed: dict[str, int] = {}
    for _ in processes:
        committed |= told.get()
    for process in processes:
        process.join()
    return len(committed), committed


def write_for(
    work: Callable[[str], None], writer: int, duration: float, pause: float, told: multiprocessing.Queue
) -> None:
    from django.db import transaction  # noqa: PLC0415

    transaction.atomic(work)(f"{writer}-first-{os.getpid()}")  # connects
    committed, end = {}, time.perf_counter() + duration
    while time.perf_counter() < end:
        mark = f"{writer}-{len(committed)}"
        with transaction.atomic():
            work(mark)
        committed[mark] = time.monotonic_ns()
        if pause:
            time.sleep(pause)
    told.put(committed)


def write_and_sequence(writers: int, duration: float, pause: float = 0) -> tuple[int, list[float]]:
    """As `write`, of entries, while a sequencer runs: how many, and the milliseconds from commit to number of each."""
    from django.db import connections  # noqa: PLC0415

    from audit.ledger.models import Entry, Head  # noqa: PLC0415

    start = Head.objects.get(pk=1).size
    connections.close_all()
    stop, told = FORK.Event(), FORK.Queue()
    sequencer = FORK.Process(target=sequence_until, args=(stop, told))
    sequencer.start()
    done, committed = write(recorded, writers, duration, pause)
    stop.set()
    steps = told.get()
    sequencer.join()
    reached, moments = [start + size for size, _ in steps], [moment for _, moment in steps]
    delays = []
    for number, mark in Entry.objects.filter(number__gte=start).values_list("number", "correlation"):
        if mark in committed:
            numbered = moments[bisect_right(reached, number)]
            delays.append(max(0, numbered - committed[mark]) / 1e6)
    assert len(delays) == done
    return done, delays


def sequence_until(stop: Any, told: multiprocessing.Queue) -> None:
    """As `manage.py sequence`; tells how many entries were numbered up to when."""
    from audit.ledger.management.commands.sequence import BUSY_SECONDS, IDLE_SECONDS  # noqa: PLC0415
    from audit.ledger.sequencing import sequence  # noqa: PLC0415

    numbered, steps = 0, []
    last = False
    while not last:
        last = stop.is_set()
        moved = sequence()
        numbered += moved
        steps.append((numbered, time.monotonic_ns()))
        stop.wait(BUSY_SECONDS if moved else IDLE_SECONDS)
    told.put(steps)


def measure_chain(entries: int, rounds: int) -> dict[str, list[float]]:
    """Entries a second: numbered by the sequencer alone, checked in the database, and only hashed."""
    from audit.ledger.chain import verify  # noqa: PLC0415
    from audit.ledger.models import Entry, Head, Waiting  # noqa: PLC0415
    from audit.ledger.recording import entry_bytes  # noqa: PLC0415
    from audit.ledger.sequencing import sequence  # noqa: PLC0415
    from governance.console.events import JOB_CANCELLED  # noqa: PLC0415

    rates: dict[str, list[float]] = {
        "sequenced": [],
        "sequenced, CPU": [],
        "verified": [],
        "verified, CPU": [],
        "hashed": [],
    }
    for _ in range(rounds):
        bodies = (Waiting(body=entry_bytes(JOB_CANCELLED, kind="benchmark")) for _ in range(entries))
        Waiting.objects.bulk_create(bodies, batch_size=5_000)
        spent = processor_seconds()
        rates["sequenced"].append(entries / seconds(partial(sequence)))
        rates["sequenced, CPU"].append(entries / (processor_seconds() - spent))
    verdict = verify(checkpoints=True)
    assert verdict.intact, verdict.problem
    size = Head.objects.get(pk=1).size
    contents = [bytes(body) for body in Entry.objects.values_list("body", flat=True)]
    for _ in range(rounds):
        rates["hashed"].append(size / seconds(partial(hash_all, contents)))
        spent = processor_seconds()
        rates["verified"].append(size / seconds(partial(verify, checkpoints=True)))
        rates["verified, CPU"].append(size / (processor_seconds() - spent))
    return rates


def processor_seconds() -> float:
    """Of this process and of its connection's in PostgreSQL: what others do on the machine is not in it."""
    ((backend,),) = execute("SELECT pg_backend_pid()")
    fields = Path(f"/proc/{backend}/stat").read_text().rpartition(")")[2].split()
    return time.process_time() + (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def hash_all(contents: list[bytes]) -> None:
    for content in contents:
        hashlib.sha256(b"\x00" + content).digest()


def report(
    rounds: list[Round], delays: list[list[float]], steady: list[list[float]], rates: dict[str, list[float]]
) -> str:
    def rate(scheme: str, writers: int) -> float:
        return median(one[scheme, writers] for one in rounds)

    def ratio(scheme: str, writers: int, to: str = "plain") -> float:
        return median(one[scheme, writers] / one[to, writers] for one in rounds)

    def at(share: int, measured: list[list[float]]) -> float:
        return median(quantiles(one, n=100)[share - 1] for one in measured)

    writing = [
        [
            str(writers),
            f"{rate('plain', writers):,.0f}",
            f"{rate('by the ORM', writers):,.0f}",
            f"{rate('recorded', writers):,.0f}",
            f"{ratio('recorded', writers):.2f}",
            f"{ratio('recorded', writers, 'by the ORM'):.2f}",
            f"{rate('locked', writers):,.0f}",
            f"{ratio('locked', writers):.2f}",
        ]
        for writers in WRITERS
    ]
    numbering = [
        [name, f"{at(50, measured):.0f}", f"{at(99, measured):.0f}"]
        for name, measured in (("8 writers at full speed", delays), ("8 writers, 25 a second each", steady))
    ]
    sequenced, verified = median(rates["sequenced"]), median(rates["verified"])
    appended, late = ratio("recorded", 8), at(99, delays)
    beside = median(v / h for v, h in zip(rates["verified"], rates["hashed"], strict=True))
    targets = [
        [
            "8 writers against a plain insert",
            f"{appended:.2f}",
            f"at least {APPEND}",
            judged(appended >= APPEND),
        ],
        ["from commit to number, 99 of 100, ms", f"{late:.0f}", f"{SEQUENCED}", judged(late <= SEQUENCED)],
        [
            f"sequencer alone, entries/s ({median(rates['sequenced, CPU']):,.0f} a CPU second)",
            f"{sequenced:,.0f}",
            f"{SEQUENCE:,}",
            judged(sequenced >= SEQUENCE),
        ],
        [
            f"verification, entries/s ({median(rates['verified, CPU']):,.0f} a CPU second; "
            f"{beside:.2f} of hashing alone)",
            f"{verified:,.0f}",
            f"{VERIFY:,}",
            judged(verified >= VERIFY),
        ],
    ]
    header = [
        "writers",
        "plain insert/s",
        "the same by the ORM/s",
        "recorded/s",
        "to plain",
        "to the ORM",
        "chain under a lock/s",
        "to plain",
    ]
    return "\n\n".join(
        [
            table(header, writing),
            table(["from commit to number, ms", "median", "99 of 100"], numbering),
            table(["ledger", "measured", "target", ""], targets),
        ]
    )


if __name__ == "__main__":
    main()
