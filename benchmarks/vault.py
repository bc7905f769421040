"""The vault: tokens and keys of persons issued a second, against a plain COPY of such rows and one row at a time.

    python -m benchmarks.vault [--values 50000]

In rounds, so that what else the machine does falls on all of them alike. The COPY goes into a table with the same
columns and one index, and knows no value twice: it is what the database can take. One at a time is what a vault does
that asks `get_or_create` for each value.
"""

import argparse
import os
import secrets
from statistics import median

from benchmarks.ground import console, seconds, table

ROUNDS = 3
ONE_BY_ONE = 1_000
COPY_TABLE = """
    CREATE TABLE benchmark_copy (id bigserial PRIMARY KEY, domain_id bigint, lookup bytea, token text, sealed bytea)
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--values", type=int, default=50_000)
    options = parser.parse_args()
    with console():
        print(report(measure(options.values)))


def measure(count: int) -> dict[str, float]:
    """Rows a second of each way, the median of the rounds."""
    from django.db import connection  # noqa: PLC0415  Django is set up now

    from retention.vault import rekeying  # noqa: PLC0415
    from retention.vault.keyring import bundle, ensure, rotate  # noqa: PLC0415
    from retention.vault.models import Key, TokenDomain  # noqa: PLC0415
    from retention.vault.tokens import TokenVault  # noqa: PLC0415

    with connection.cursor() as cursor:
        cursor.execute(COPY_TABLE)
    (key,) = ensure(["benchmark"])
    keys, vault, speeds = bundle(["benchmark"]), TokenVault(), {}

    def timed(name: str, work: object, rows: int) -> None:
        speeds.setdefault(name, []).append(rows / seconds(work))

    for turn in range(ROUNDS):
        values = [f"{turn}-{number}@example.org" for number in range(count)]
        domain = TokenDomain.objects.create(name=f"one-by-one-{turn}")
        timed("COPY into a table", lambda: copy(count), count)
        timed("one at a time", lambda domain=domain: one_by_one(domain.pk), ONE_BY_ONE)
        for name in ("tokens, new", "tokens, known"):
            timed(name, lambda given=values: vault.issue("email", given, fresh=random_tokens), count)
        timed(
            "tokens, new, each of another person",
            lambda given=values: vault.issue("login", given, fresh=random_tokens, persons=given),
            count,
        )
        for name in ("keys of persons, new", "keys of persons, known"):
            timed(name, lambda given=values: keys.of_persons("benchmark", given), count)
        rotate(key)
        rotate(Key.objects.get(name="vault.tokens"))
        stale = rekeying.under_old_versions()
        timed("entries re-keyed", lambda: list(rekeying._rekey({})), stale)
    return {name: median(measured) for name, measured in speeds.items()}


def random_tokens(count: int) -> list[str]:
    return [secrets.token_hex(11) for _ in range(count)]


def copy(count: int) -> None:
    from django.db import connection  # noqa: PLC0415

    with (
        connection.cursor() as cursor,
        cursor.copy("COPY benchmark_copy (domain_id, lookup, token, sealed) FROM STDIN") as target,
    ):
        for token in random_tokens(count):
            target.write_row((1, os.urandom(32), token, os.urandom(44)))


def one_by_one(domain: int) -> None:
    from retention.vault.models import Token  # noqa: PLC0415

    for token in random_tokens(ONE_BY_ONE):
        made = {"token": token, "sealed": os.urandom(44)}
        Token.objects.get_or_create(domain_id=domain, lookup=os.urandom(32), defaults=made)


def report(speeds: dict[str, float]) -> str:
    limit = speeds["COPY into a table"]
    return table(
        ["what", "a second", "of COPY"],
        [[name, f"{speed:,.0f}", f"{speed / limit:.0%}"] for name, speed in speeds.items()],
    )


if __name__ == "__main__":
    main()
