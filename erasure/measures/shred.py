from collections.abc import Iterable, Sequence

from django.db import transaction

from audit.ledger.recording import record
from catalog.classification.vocabulary import CATEGORIES
from catalog.models import Column, DataSet
from erasure import events
from erasure.keysets import KeySet
from erasure.measures.base import Measure, Outcome, Planned, Turn
from erasure.models import Hit, Identifier, Step, SubjectRequest
from governance.keyring.sealing import open_json, seal_json
from retention.vault.persons import known_as
from retention.vault.shredding import Holdings, remaining, remaining_of_each, shred

MOST_ROWS = 10_000  # of a hit whose keys are identifiers themselves; more are not one person's own record


class Shred(Measure):
    """Crypto-shredding: the person's tokens and keys go, and with them what was encrypted or replaced under them."""

    kind = "shred"
    label = "Destroy tokens and keys"
    turn = Turn.AFTER_ROWS
    erases = True
    alone = True

    def drafts(self, planned: Sequence[Planned]) -> list[list[Step]]:
        requests = [each.request for each in planned]
        persons = _persons([each for each in requests if each.kind == SubjectRequest.Kind.ERASURE])
        found = dict(zip(persons, remaining_of_each(persons.values()), strict=True))
        return [
            [_step(each, persons[each.pk], found[each.pk])] if found.get(each.pk) else [] for each in requests
        ]

    def execute(self, step: Step) -> Outcome:
        """The plan's approval is the second person's. Counted and recorded in the transaction that destroys."""
        persons = _sealed_persons(step)
        with transaction.atomic():
            locked = Step.objects.select_for_update().get(pk=step.pk)
            gone = shred(persons)
            destroyed = {
                "tokens_destroyed": locked.facts.get("tokens_destroyed", 0) + gone.tokens,
                "keys_destroyed": locked.facts.get("keys_destroyed", 0) + gone.keys,
            }
            # Saved here, so that a worker that is killed afterwards leaves no wrong count.
            Step.objects.filter(pk=step.pk).update(facts=locked.facts | destroyed)
            if gone.tokens or gone.keys:
                record(
                    events.PERSON_SHREDDED_BY_PLAN,
                    step.plan,
                    subject=step.plan.subject,
                    tokens=gone.tokens,
                    keys=gone.keys,
                )
        step.facts = step.facts | destroyed
        outcome = self.check(step)
        return Outcome(left=outcome.left, problem=outcome.problem, facts=destroyed)

    def check(self, step: Step) -> Outcome:
        left = remaining(_sealed_persons(step))
        if not left:
            return Outcome()
        return Outcome(
            left=left.tokens + left.keys,
            problem=f"{left.tokens} tokens and {left.keys} keys of the person were made again: "
            "end the jobs that issue for this person, then plan again.",
        )


def _step(request: SubjectRequest, persons: Sequence[bytes], found: Holdings) -> Step:
    step = Step(
        target=f"{found.tokens} tokens, {found.keys} keys in the vault",
        rows_before=found.tokens + found.keys,
        facts={
            "tokens": found.tokens,
            "keys": found.keys,
            "vault": [name for name, _ in (*found.by_domain, *found.by_key)],
        },
    )
    step.sealed = seal_json(
        [person.hex() for person in persons], purpose="shred", bound_to=str(request.public_id)
    )
    return step


def _persons(requests: Sequence[SubjectRequest]) -> dict[int, list[bytes]]:
    """By request every keyed hash the vault may know the person by: of what is verified, and of the keys of their own
    records."""
    known: dict[int, list[tuple[str, str]]] = {request.pk: [] for request in requests}
    verified = Identifier.objects.filter(request__in=known, verified=True, sealed__isnull=False)
    for each in verified.select_related("request"):
        if each.value:
            known[each.request_id].append((each.category, each.value))
    hits = Hit.objects.filter(
        request__in=known, depth=0, rows__gt=0, rows__lte=MOST_ROWS, sealed_keys__isnull=False
    )
    own = list(hits.select_related("request", "data_set"))
    columns = _own_keys({hit.data_set for hit in own})
    for hit in own:
        if hit.data_set_id in columns:
            known[hit.request_id] += _own_identifiers(hit, columns[hit.data_set_id])
    return {
        request: sorted({person for category, value in found for person in known_as(category, value)})
        for request, found in known.items()
    }


def _own_keys(data_sets: Iterable[DataSet]) -> dict[int, Column]:
    """By data set the column that alone is its key, where that is confirmed as an identifier of one person."""
    unique = {key for key, category in CATEGORIES.items() if category.unique}
    keys = {each.pk: each.primary_key[0] for each in data_sets if len(each.primary_key) == 1}
    columns = Column.objects.filter(
        data_set__in=keys, gone_at=None, category__in=unique, state=Column.State.CONFIRMED
    )
    return {column.data_set_id: column for column in columns if column.name == keys[column.data_set_id]}


def _own_identifiers(hit: Hit, key: Column) -> list[tuple[str, str]]:
    """The customer number that is the key of the row in which the person's address stands.

    No other column of a row will do: a message holds the addresses of two people.
    """
    assert hit.sealed_keys is not None
    return [
        (key.category, str(value))
        for match in KeySet.open(hit.sealed_keys, bound_to=str(hit.request.public_id)).matches
        if key.name in match.columns and not match.fold
        for value in match.keys.column(key.name).to_pylist()
        if value is not None
    ]


def _sealed_persons(step: Step) -> list[bytes]:
    assert step.sealed is not None
    request = step.plan.request
    assert request is not None
    persons = open_json(step.sealed, purpose="shred", bound_to=str(request.public_id))
    return [bytes.fromhex(person) for person in persons]
