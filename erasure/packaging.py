"""The answer to a request for access (Art. 15) or portability (Art. 20): everything released, sealed until fetched.

The rows are read once into a sealed spool and written from there, part by part, so that memory stays bounded. A
package that a worker left half made is no answer: nobody can open it, and the next attempt begins anew without it.
"""

import secrets
from collections.abc import Generator, Iterator, Mapping
from contextlib import ExitStack
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from audit.ledger.recording import record
from catalog.connectors.base import ConnectorError
from erasure import events
from erasure.answers.models import Preview, Selection
from erasure.finding import Connections, Estate
from erasure.models import WITH_ROWS, Package, SubjectRequest
from erasure.packages.about import about_data_sets, about_request
from erasure.packages.fetching import issue
from erasure.packages.others import Own
from erasure.packages.previewing import forget
from erasure.packages.sealing import SealedParts
from erasure.packages.sections import Section, fill
from erasure.packages.writing import write_zip
from erasure.requests.letters import send_letter
from erasure.requests.states import move
from erasure.rights import right_of
from erasure.searching import known_keys
from governance.console.jobs import JobFailed, Progress

State = SubjectRequest.State
VALID_FOR = timedelta(days=14)
HALF_MADE_FOR = timedelta(days=2)  # then the sweep deletes what no worker finished


def make_package(request: SubjectRequest) -> Iterator[Progress]:
    """Read every released row, write and seal the ZIP, and send the person a link. Yields progress.

    Raises JobFailed if a system does not answer, or if nothing was released.
    """
    if not right_of(request.kind).packages or request.state != State.FOUND:
        raise JobFailed(
            f"{request.reference} is {request.get_state_display().lower()}: there is nothing to package."
        )
    preview = Preview.objects.filter(request=request, released_at__isnull=False).first()
    if preview is None:
        raise JobFailed(f"{request.reference}: what goes into the package was not released.")
    selections = {each.data_set_id: each for each in preview.selections.select_related("data_set__system")}
    with ExitStack() as stack:
        sections = yield from _read(request, preview, selections, stack)
        package = begin(request)
        about = about_request(request) | {"left_out": _left_out(selections.values())}
        total = 2 * len(sections) + 3
        stream = SealedParts(package)
        to_read = right_of(request.kind).to_read
        for number, name in enumerate(write_zip(stream, about, sections, to_read=to_read), len(sections)):
            yield Progress(number, total, name)
        stream.close()
        rows = sum(section.spool.rows for section in sections)
    with transaction.atomic():  # the letter is not lost where the package is complete
        secret = complete(request, package, stream, rows=rows)
        send_letter(request, "package_ready", secret=secret, expires=package.expires_at)


@transaction.atomic
def begin(request: SubjectRequest) -> Package:
    """A package with nothing in it; an earlier one of the request is deleted."""
    Package.objects.filter(request=request).delete()
    return Package.objects.create(
        request=request,
        size=0,
        sha256="",
        rows=0,
        link_digest=secrets.token_hex(32),
        expires_at=timezone.now() + HALF_MADE_FOR,
    )


@transaction.atomic
def complete(request: SubjectRequest, package: Package, stream: SealedParts, *, rows: int) -> str:
    """The package is whole and the request answered; the secret of the person's link."""
    now = timezone.now()
    package.size, package.sha256, package.rows = stream.size, stream.sha256, rows
    package.made_at, package.expires_at = now, now + VALID_FOR
    package.save()
    move(request, State.COMPLETE, since=[State.FOUND], outcome="answered", problem="", closed_at=now)
    forget(request)
    record(events.PACKAGE_MADE, request, subject=request.subject, rows=rows, sha256=package.sha256)
    record(events.REQUEST_COMPLETED, request, subject=request.subject, outcome="answered")
    return issue(package)


def _read(
    request: SubjectRequest, preview: Preview, selections: Mapping[int, Selection], stack: ExitStack
) -> Generator[Progress, None, list[Section]]:
    """The sections, their rows spooled; yields progress per data set."""
    hits = list(request.hits.filter(WITH_ROWS | Q(accessed__gt=0)).select_related("data_set__system"))
    hits = [hit for hit in hits if hit.data_set_id in selections and selections[hit.data_set_id].included]
    keys, own = known_keys(request), Own.of(preview.own)
    about: dict[int, dict[str, Any]] = about_data_sets(hits)
    sections: list[Section] = []
    try:
        with Connections() as connections:
            estate = Estate.load(connections)
            for number, hit in enumerate(hits):
                section = Section(
                    hit, estate.columns[hit.data_set_id], about[hit.data_set_id], selections[hit.data_set_id]
                )
                stack.callback(section.spool.close)
                fill(section, estate, keys, own)
                sections.append(section)
                yield Progress(number, 2 * len(hits) + 3, hit.data_set.name)
    except ConnectorError as problem:
        raise JobFailed(f"The package could not be made. {problem}") from problem
    return sections


def _left_out(selections: Any) -> list[dict[str, str]]:
    return [
        {"data_set": each.data_set.name, "reason": each.reason} for each in selections if not each.included
    ]
