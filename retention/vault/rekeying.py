"""Everything in the vault brought under the newest versions: data keys wrapped anew, entries encrypted anew.

What techniques made outside the vault stays as it is, and readable. Each chunk is one transaction that reads back what
it wrote, and leaves nothing for a second run: whoever is killed goes on where they were.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.db.models import Q

from audit.ledger.recording import record
from audit.ledger.statements import run
from governance.console.jobs import JobFailed, Progress, enqueue, job
from governance.console.models import Job
from retention.anonymization.techniques.base import TechniqueError
from retention.vault import configured, events, material, person_keys, tokens, versions
from retention.vault.models import KeyVersion, PersonKey, Token
from retention.vault.seals import Sealer

KIND = "vault.rekey"
AT_ONCE = 2_000
MOST_PASSES = 5

STALE_PERSON_KEYS = """
    SELECT p.id, p.sealed, k.name, k.name, p.person, old.number, new.number, new.id
    FROM vault_person_key p
    JOIN vault_key_version old ON old.id = p.version_id AND old.state <> 'active'
    JOIN vault_key k ON k.id = p.key_id
    JOIN vault_key_version new ON new.key_id = k.id AND new.state = 'active'
    WHERE p.id > %b ORDER BY p.id LIMIT %b FOR UPDATE OF p
"""
STALE_TOKENS = """
    SELECT t.id, t.sealed, k.name, d.name, t.lookup, old.number, new.number, new.id
    FROM vault_token t
    JOIN vault_key_version old ON old.id = t.version_id AND old.state <> 'active'
    JOIN vault_key k ON k.id = old.key_id
    JOIN vault_key_version new ON new.key_id = k.id AND new.state = 'active'
    JOIN vault_token_domain d ON d.id = t.domain_id
    WHERE t.id > %b ORDER BY t.id LIMIT %b FOR UPDATE OF t
"""
WRITE_PERSON_KEYS = """
    UPDATE vault_person_key e SET sealed = made.sealed, version_id = made.version
    FROM unnest(%b::bigint[], %b::bytea[], %b::bigint[]) AS made (id, sealed, version) WHERE e.id = made.id
    RETURNING e.id, e.sealed
"""
WRITE_TOKENS = """
    UPDATE vault_token e SET sealed = made.sealed, version_id = made.version
    FROM unnest(%b::bigint[], %b::bytea[], %b::bigint[]) AS made (id, sealed, version) WHERE e.id = made.id
    RETURNING e.id, e.sealed
"""


@dataclass(frozen=True)
class _Entries:
    stale: str
    write: str
    purpose: str
    bound_to: Callable[[str, bytes], bytes]


ENTRIES = {
    "person keys": _Entries(STALE_PERSON_KEYS, WRITE_PERSON_KEYS, person_keys.PURPOSE, person_keys.bound_to),
    "tokens": _Entries(STALE_TOKENS, WRITE_TOKENS, tokens.PURPOSE, tokens.bound_to),
}


def request() -> Job:
    """The job that re-keys the vault: the one that is at it, or a new one."""
    at_it = Job.objects.filter(kind=KIND).exclude(state__in=Job.FINISHED).first()
    return at_it or enqueue(KIND, title="Re-key the vault")


def under_old_versions() -> int:
    """How many entries are not under the newest version of their key, and data keys not under the service in force."""
    service = configured.active()
    elsewhere = KeyVersion.objects.filter(~Q(kms=service.kind, reference=service.reference))
    return elsewhere.count() + _stale_entries()


@job(KIND)
def rekey(running: Job) -> Iterator[Progress]:
    """Raises JobFailed where a key cannot be opened or wrapped; a new job goes on with what is left."""
    try:
        yield from _rekey(dict(running.cursor))
    except TechniqueError as problem:
        raise JobFailed(f"{problem} What was done stays done; re-key again to go on.") from problem


def _rekey(cursor: dict[str, Any]) -> Iterator[Progress]:
    after = {"versions": 0, **dict.fromkeys(ENTRIES, 0), **cursor.get("after", {})}
    done = cursor.get("done", 0)
    total = cursor.get("total") or KeyVersion.objects.count() + _stale_entries()

    def progress(where: str, last: int, count: int) -> Progress:
        nonlocal done
        after[where] = last
        done += count
        return Progress(
            done, max(total, done), where, cursor={"after": dict(after), "done": done, "total": total}
        )

    versions_left = KeyVersion.objects.filter(pk__gt=after["versions"]).select_related("key").order_by("pk")
    for version in versions_left:
        _wrap_anew(version)
        yield progress("versions", version.pk, 1)
    for _ in range(MOST_PASSES):
        for name, entries in ENTRIES.items():
            while written := _chunk(entries, after[name]):
                yield progress(name, written[-1], len(written))
            after[name] = 0
        if not _stale_entries():  # else a job that pinned an older version has written meanwhile
            break
    yield _conclude(done)


def _wrap_anew(version: KeyVersion) -> None:
    """By the service in force, also where that is the same: its own key may have a newer version."""
    kept = version.as_wrapped()
    new = material.wrap(kept.name, kept.number, material.opened(kept).material)
    # Unless somebody has wrapped it anew just now.
    KeyVersion.objects.filter(pk=version.pk, wrapped=kept.wrapped).update(
        wrapped=new.wrapped, kms=new.kms, reference=new.reference
    )


@transaction.atomic
def _chunk(entries: _Entries, after: int) -> list[int]:
    """Encrypt the next entries anew, read them back, and say which."""
    rows = run(entries.stale, [after, AT_ONCE])
    sealers = _Sealers(entries.purpose)
    plain, sealed = {}, []
    for number, old_sealed, name, place, about, old, new, _ in rows:
        bound = entries.bound_to(place, bytes(about))
        value = sealers.of(name, old).open(bytes(old_sealed), bound=bound)
        sealed.append(sealers.of(name, new).seal(value, bound=bound))
        plain[number] = (value, bound, sealers.of(name, new))
    written = run(entries.write, [list(plain), sealed, [row[7] for row in rows]]) if rows else []
    for number, new_sealed in written:
        value, bound, sealer = plain[number]
        if sealer.open(bytes(new_sealed), bound=bound) != value:
            raise TechniqueError(
                "An entry did not read back as it was written.", "Nothing of it was changed."
            )
    return sorted(number for number, _ in written)


class _Sealers:
    """One for each version, opened when it is met."""

    def __init__(self, purpose: str) -> None:
        self.purpose = purpose
        self._made: dict[tuple[str, int], Sealer] = {}

    def of(self, name: str, number: int) -> Sealer:
        if (name, number) not in self._made:
            _, every = versions.read([name])
            secret = material.opened(every[f"{name}/{number}"])
            self._made[name, number] = Sealer(material.derived(secret, self.purpose))
        return self._made[name, number]


def _stale_entries() -> int:
    retired = Q(version__state=KeyVersion.State.RETIRED)
    return PersonKey.objects.filter(retired).count() + Token.objects.filter(retired).count()


@transaction.atomic
def _conclude(done: int) -> Progress:
    service, left = configured.active(), under_old_versions()
    record(
        events.VAULT_REKEYED,
        kms=service.kind,
        wrapped_by=service.reference,
        versions=KeyVersion.objects.count(),
        person_keys=PersonKey.objects.count(),
        tokens=Token.objects.count(),
        under_old_versions=left,
    )
    if left:
        raise JobFailed(
            f"{left:,} entries are still under older versions: wait for jobs to end, then re-key again."
        )
    return Progress(done, done, "Read back: nothing is under an older version.")
