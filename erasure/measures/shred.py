from collections.abc import Sequence

from django.db import transaction

from audit.ledger.recording import record
from catalog.classification.vocabulary import CATEGORIES
from catalog.models import Column
from erasure import events
from erasure.keysets import KeySet
from erasure.measures.base import Measure, Outcome, Turn
from erasure.models import Hit, Step, SubjectRequest
from governance.keyring.sealing import open_json, seal_json
from retention.vault.persons import known_as
from retention.vault.shredding import remaining, shred

MOST_ROWS = 10_000  # of a hit whose keys are identifiers themselves; more are not one person's own record


class Shred(Measure):
    """Crypto-shredding: the person's tokens and keys go, and with them what was encrypted or replaced under them."""

    kind = "shred"
    label = "Destroy tokens and keys"
    turn = Turn.AFTER_ROWS
    erases = True
    alone = True

    def drafts(self, request: SubjectRequest, rows: Sequence[Step]) -> list[Step]:
        if request.kind != SubjectRequest.Kind.ERASURE:
            return []
        persons = _persons(request)
        found = remaining(persons)
        if not found:
            return []
        names = [name for name, _ in (*found.by_domain, *found.by_key)]
        step = Step(
            target=f"{found.tokens} tokens, {found.keys} keys in the vault",
            rows_before=found.tokens + found.keys,
            facts={"tokens": found.tokens, "keys": found.keys, "vault": names},
        )
        step.sealed = seal_json(
            [person.hex() for person in persons], purpose="shred", bound_to=str(request.public_id)
        )
        return [step]

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


def _persons(request: SubjectRequest) -> list[bytes]:
    """Every keyed hash the vault may know the person by: of what is verified, and of the keys of their own records."""
    known = [
        (each.category, each.value)
        for each in request.identifiers.filter(verified=True, sealed__isnull=False)
        if each.value
    ]
    hits = request.hits.filter(depth=0, rows__gt=0, rows__lte=MOST_ROWS, sealed_keys__isnull=False)
    for hit in hits.select_related("data_set"):
        known += _own_identifiers(request, hit)
    return sorted({person for category, value in known for person in known_as(category, value)})


def _own_identifiers(request: SubjectRequest, hit: Hit) -> list[tuple[str, str]]:
    """The customer number that is the key of the row in which the person's address stands.

    No other column of a row will do: a message holds the addresses of two people.
    """
    unique = {key for key, category in CATEGORIES.items() if category.unique}
    columns = Column.objects.filter(
        data_set=hit.data_set,
        name__in=hit.data_set.primary_key,
        gone_at=None,
        category__in=unique,
        state=Column.State.CONFIRMED,
    )
    if len(hit.data_set.primary_key) != 1:
        return []
    found = []
    assert hit.sealed_keys is not None
    for match in KeySet.open(hit.sealed_keys, bound_to=str(request.public_id)).matches:
        for column in columns:
            if column.name in match.columns and not match.fold:
                values = match.keys.column(column.name).to_pylist()
                found += [(column.category, str(value)) for value in values if value is not None]
    return found


def _sealed_persons(step: Step) -> list[bytes]:
    assert step.sealed is not None
    request = step.plan.request
    assert request is not None
    persons = open_json(step.sealed, purpose="shred", bound_to=str(request.public_id))
    return [bytes.fromhex(person) for person in persons]
