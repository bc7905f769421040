"""Search for the persons of requests and keep what was found, sealed, before anything is written anywhere."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from datetime import datetime

import orjson
from django.db import transaction
from django.utils import timezone

from audit.ledger.recording import record_many
from catalog.connectors.base import ConnectorError
from erasure import events
from erasure.asking import answers_to, stop
from erasure.doubting import Doubts
from erasure.finding import (
    Connections,
    Estate,
    Found,
    Search,
    Seeds,
    search,
    seeds_from,
    seeds_from_anchors,
    seeds_from_matches,
)
from erasure.freshness import read_structure
from erasure.keysets import KeySet
from erasure.models import Hit, Identifier, Question, SubjectRequest
from erasure.reaching import unreached, unsearchable
from erasure.requests.states import NotNow, move_many
from erasure.sharing import divide
from governance.console.copying import copy_in
from governance.console.jobs import JobFailed, Progress

State = SubjectRequest.State
SEARCHABLE = (State.VERIFIED, State.SEARCHING, State.FOUND, State.PLANNED, State.RESIDUAL, State.FAILED)
AT_ONCE = 500  # hits written together
UNVERIFIED = "No identifier of this request is verified: verify the person's identity first."


def find_person(request: SubjectRequest) -> Iterator[Progress]:
    """Search every system for the request's verified identifiers and store the hits. Yields progress per query.

    Afterwards the request is found, or it waits for an officer's answers to what the search asks (`erasure.asking`).
    Raises JobFailed if nothing is verified or a system does not answer, NotNow if the request is not to be searched.
    """
    verified_identifiers(request)
    yield from find_persons([request])
    request.refresh_from_db()
    if request.state != State.FOUND and not request.questions.filter(answer="").exists():
        raise NotNow(f"{request} is {request.get_state_display().lower()}: this is not possible now.")


def find_persons(requests: Sequence[SubjectRequest]) -> Iterator[Progress]:
    """Search for the persons of many requests at once: as many queries in each store as for one.

    What an earlier attempt knew is not forgotten: rows it found are looked for again by their keys. A request that
    has no verified identifier, or whose state has changed meanwhile, is left as it is. Raises JobFailed if a system
    does not answer.
    """
    identifiers = identifiers_of(requests)
    requests = [request for request in requests if request.pk in identifiers]
    known = keys_of(requests)
    result, doubts = Search(), Doubts([])
    try:
        with Connections() as connections:
            yield Progress(0, message="Reading the structure of the systems")
            read_structure(connections)
            estate = Estate.load(connections)
            persons = [identifiers[request.pk] for request in requests]
            accepted, excluded = (answers_to(requests, answer) for answer in Question.Answer.values)
            doubts.accepted = [accepted[request.pk] for request in requests]
            seeds = seeds_from(estate, persons, [excluded[request.pk] for request in requests])
            _add_known(estate, seeds, [known[request.pk] for request in requests])
            for result in search(estate, seeds, doubts=doubts):
                yield Progress(len(result.searched), len(estate.data_sets), f"{result.all_rows} rows found")
            divide(estate, result)
            result.unsearched += unsearchable()
            ways = {frozenset(person): unreached(estate, person) for person in persons}
    except ConnectorError as problem:
        raise JobFailed(f"The search could not be finished. {problem}") from problem
    store(requests, result, known, doubts, [ways[frozenset(person)] for person in persons])
    yield Progress(len(result.searched), len(result.searched), f"{result.all_rows} rows found")


def verified_identifiers(request: SubjectRequest) -> dict[str, list[str]]:
    """The request's {category: values}.

    Raises JobFailed if nothing is verified: nobody is searched for on a mere claim.
    """
    found = identifiers_of([request]).get(request.pk)
    if not found:
        raise JobFailed(UNVERIFIED)
    return found


def identifiers_of(requests: Iterable[SubjectRequest]) -> dict[int, dict[str, list[str]]]:
    """The verified identifiers, {category: values}, of each request that has any."""
    found: dict[int, dict[str, list[str]]] = {}
    verified = Identifier.objects.filter(request__in=requests, verified=True, sealed__isnull=False)
    for identifier in verified.select_related("request").order_by("pk"):
        of_request = found.setdefault(identifier.request_id, {})
        of_request.setdefault(identifier.category, []).append(identifier.value)
    return found


def known_keys(request: SubjectRequest) -> dict[int, KeySet]:
    """The key sets of the request's hits, by data set."""
    return keys_of([request])[request.pk]


def keys_of(requests: Iterable[SubjectRequest]) -> dict[int, dict[int, KeySet]]:
    """The key sets of each request's hits, by data set."""
    known = {request.pk: str(request.public_id) for request in requests}
    found: dict[int, dict[int, KeySet]] = {pk: {} for pk in known}
    hits = Hit.objects.filter(request__in=known, sealed_keys__isnull=False)
    for request, data_set, sealed in hits.values_list("request_id", "data_set_id", "sealed_keys"):
        found[request][data_set] = KeySet.open(sealed or b"", bound_to=known[request])
    return found


@transaction.atomic
def store(
    requests: Sequence[SubjectRequest],
    result: Search,
    known: dict[int, dict[int, KeySet]],
    doubts: Doubts,
    unreached: Sequence[list[dict[str, str]]],
) -> None:
    """Replace the requests' hits by what was found, or ask. Hits that a step of a plan refers to stay with it."""
    now = timezone.now()
    moved = _move(requests, result, doubts, unreached, now)
    views = {request.pk: result.of(person) for person, request in enumerate(requests) if request.pk in moved}
    found = [request for request in requests if request.pk in moved]
    depths = _depths(found)
    hits = [
        hit
        for request in found
        for hit in _hits(request, views[request.pk].found, known[request.pk], depths, now)
    ]
    record_many(events.PERSON_SEARCHED, ((each, each.subject, _facts(views[each.pk])) for each in found))
    kept = {(hit.request_id, hit.data_set_id) for hit in hits}
    earlier = {
        (hit.request_id, hit.data_set_id): hit.pk
        for hit in Hit.objects.filter(request__in=moved).only("pk", "request_id", "data_set_id")
    }
    lost = Hit.objects.filter(pk__in=[pk for hit, pk in earlier.items() if hit not in kept])
    lost.filter(steps__isnull=True).delete()
    lost.update(rows=0, shared=0, accessed=0, found_at=now)
    # Nobody else adds hits meanwhile: the requests are locked since they were moved.
    copy_in(Hit, (hit for hit in hits if (hit.request_id, hit.data_set_id) not in earlier))
    Hit.objects.bulk_create(
        (hit for hit in hits if (hit.request_id, hit.data_set_id) in earlier),
        batch_size=AT_ONCE,
        update_conflicts=True,
        unique_fields=["request", "data_set"],
        update_fields=["depth", "rows", "shared", "accessed", "routes", "sealed_keys", "found_at"],
    )


def _add_known(estate: Estate, seeds: Seeds, known: list[dict[int, KeySet]]) -> None:
    for earlier in (seeds_from_matches(estate, known), seeds_from_anchors(estate, known)):
        for data_set_id, wanted in earlier.items():
            seeds.setdefault(data_set_id, []).extend(wanted)


def _move(
    requests: Sequence[SubjectRequest],
    result: Search,
    doubts: Doubts,
    unreached: Sequence[list[dict[str, str]]],
    now: datetime,
) -> set[int]:
    """Say of those that have waited for this search that they are found, which are returned, or what they ask."""
    alike: dict[bytes, list[int]] = {}
    for person, request in enumerate(requests):
        if doubts.of(person):
            with suppress(NotNow):
                stop(request, doubts.of(person), since=SEARCHABLE)
        else:
            alike.setdefault(orjson.dumps(unreached[person]), []).append(person)
    moved: set[int] = set()
    for persons in alike.values():
        facts = {"searched_at": now, "unsearched": result.unsearched, "unreached": unreached[persons[0]]}
        these = [requests[person] for person in persons]
        moved |= move_many(these, State.FOUND, since=SEARCHABLE, problem="", **facts)
    return moved


def _depths(requests: Iterable[SubjectRequest]) -> dict[tuple[int, int], int]:
    """How far from the identity rows were when they were found first: {(request, data set): depth}.

    Rows that are looked for again by their keys are no nearer to it for that. What identifies goes last, and what is
    computed from the rest just before.
    """
    hits = Hit.objects.filter(request__in=requests, sealed_keys__isnull=False)
    return {
        (hit.request_id, hit.data_set_id): hit.depth
        for hit in hits.only("request_id", "data_set_id", "depth")
    }


def _hits(
    request: SubjectRequest,
    found: dict[int, Found],
    known: dict[int, KeySet],
    depths: dict[tuple[int, int], int],
    now: datetime,
) -> list[Hit]:
    hits = []
    for data_set_id, here in found.items():
        if data_set_id in known:
            here.keys.keep_anchors_of(known[data_set_id])
        hits.append(
            Hit(
                request=request,
                data_set=here.data_set,
                depth=depths.get((request.pk, data_set_id), here.depth),
                rows=here.rows,
                shared=here.shared,
                accessed=here.accessed,
                routes=here.routes,
                sealed_keys=here.keys.seal(bound_to=str(request.public_id)),
                found_at=now,
            )
        )
    return hits


def _facts(result: Search) -> dict[str, int]:
    return {
        "data_sets_searched": len(result.searched),
        "data_sets_with_rows": len(result.found),
        "rows": result.rows,
        "unsearched": len(result.unsearched),
    }
