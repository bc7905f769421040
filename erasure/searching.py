"""Search for the person of a request and keep what was found, sealed, before anything is written anywhere."""

from collections.abc import Iterator

from django.db import transaction
from django.utils import timezone

from audit.ledger.recording import record
from catalog.connectors.base import ConnectorError
from erasure import events
from erasure.finding import (
    Connections,
    Estate,
    Search,
    search,
    seeds_from,
    seeds_from_anchors,
    seeds_from_matches,
)
from erasure.freshness import read_structure
from erasure.keysets import KeySet
from erasure.models import Hit, SubjectRequest
from erasure.requests.states import move
from governance.console.jobs import JobFailed, Progress

State = SubjectRequest.State
SEARCHABLE = (State.VERIFIED, State.SEARCHING, State.FOUND, State.PLANNED, State.RESIDUAL, State.FAILED)


def find_person(request: SubjectRequest) -> Iterator[Progress]:
    """Search every system for the request's verified identifiers and store the hits. Yields progress per query.

    What an earlier attempt knew is not forgotten: rows it found are looked for again by their keys.
    Raises JobFailed if a system does not answer.
    """
    identifiers = verified_identifiers(request)
    result = Search()
    known = known_keys(request)
    try:
        with Connections() as connections:
            yield Progress(0, message="Reading the structure of the systems")
            read_structure(connections)
            estate = Estate.load(connections)
            seeds = seeds_from(estate, identifiers)
            for earlier in (seeds_from_matches(estate, known), seeds_from_anchors(estate, known)):
                for data_set_id, wanted in earlier.items():
                    seeds.setdefault(data_set_id, []).extend(wanted)
            for result in search(estate, seeds):
                yield Progress(len(result.searched), len(estate.data_sets), f"{result.rows} rows found")
    except ConnectorError as problem:
        raise JobFailed(f"The search could not be finished. {problem}") from problem
    store(request, result, known)
    yield Progress(len(result.searched), len(result.searched), f"{result.rows} rows found")


def verified_identifiers(request: SubjectRequest) -> dict[str, list[str]]:
    """The request's {category: values}.

    Raises JobFailed if nothing is verified: nobody is searched for on a mere claim.
    """
    found: dict[str, list[str]] = {}
    for identifier in request.identifiers.filter(verified=True, sealed__isnull=False):
        found.setdefault(identifier.category, []).append(identifier.value)
    if not found:
        raise JobFailed("No identifier of this request is verified: verify the person's identity first.")
    return found


def known_keys(request: SubjectRequest) -> dict[int, KeySet]:
    """The key sets of the request's hits, by data set."""
    return {
        hit.data_set_id: KeySet.open(hit.sealed_keys, bound_to=str(request.public_id))
        for hit in request.hits.all()
        if hit.sealed_keys is not None
    }


@transaction.atomic
def store(request: SubjectRequest, result: Search, known: dict[int, KeySet]) -> None:
    """Replace the request's hits by what was found. Hits that a step of a plan refers to stay with it."""
    now = timezone.now()
    bound_to = str(request.public_id)
    request.hits.exclude(data_set__in=list(result.found)).filter(steps__isnull=True).delete()
    for data_set_id, found in result.found.items():
        if data_set_id in known:
            found.keys.keep_anchors_of(known[data_set_id])
        Hit.objects.update_or_create(
            request=request,
            data_set=found.data_set,
            defaults={
                "depth": found.depth,
                "rows": found.rows,
                "routes": found.routes,
                "sealed_keys": found.keys.seal(bound_to=bound_to),
                "found_at": now,
            },
        )
    request.hits.exclude(data_set__in=list(result.found)).update(rows=0, found_at=now)
    move(
        request,
        State.FOUND,
        since=SEARCHABLE,
        searched_at=now,
        unsearched=result.unsearched,
        problem="",
    )
    record(
        events.PERSON_SEARCHED,
        request,
        subject=request.subject,
        data_sets_searched=len(result.searched),
        data_sets_with_rows=len(result.found),
        rows=result.rows,
        unsearched=len(result.unsearched),
    )
