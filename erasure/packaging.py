"""The answer to an access request (Art. 15): everything found, machine-readable and readable, sealed until fetched."""

import hashlib
import io
import secrets
import zipfile
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Any

import orjson
import pyarrow as pa
from django.db import transaction
from django.db.models import Q
from django.template.loader import render_to_string
from django.utils import timezone

from audit.ledger.recording import record
from catalog.connectors.base import ConnectorError
from erasure import events
from erasure.finding import Connections, Estate
from erasure.keysets import KeySet
from erasure.models import WITH_ROWS, Hit, Package, PackagePart, SubjectRequest
from erasure.requests.letters import send_letter
from erasure.requests.states import move
from erasure.rights import right_of
from erasure.searching import known_keys
from governance.activities.models import Organisation
from governance.console.jobs import JobFailed, Progress
from governance.keyring.sealing import open_sealed, seal

State = SubjectRequest.State
VALID_FOR = timedelta(days=14)
PART_BYTES = 1 << 20
KEYS_AT_ONCE = 5_000
SHOWN_IN_HTML = 1_000  # rows per data set; the JSON has all


def make_package(request: SubjectRequest) -> Iterator[Progress]:
    """Read every found row, make the ZIP, seal it and send the person a link. Yields progress per data set.

    Raises JobFailed if a system does not answer, or if the request is not an access request with its data found.
    """
    if not right_of(request.kind).packages or request.state != State.FOUND:
        raise JobFailed(
            f"{request.reference} is {request.get_state_display().lower()}: there is nothing to package."
        )
    hits = list(request.hits.filter(WITH_ROWS | Q(accessed__gt=0)).select_related("data_set__system"))
    keys = known_keys(request)
    sections = []
    try:
        with Connections() as connections:
            estate = Estate.load(connections)
            for number, hit in enumerate(hits):
                sections.append(_section(estate, hit, keys[hit.data_set_id]))
                yield Progress(number + 1, len(hits), hit.data_set.name)
    except ConnectorError as problem:
        raise JobFailed(f"The package could not be made. {problem}") from problem
    content = _zip(request, sections)
    with transaction.atomic():
        secret = store(request, content, rows=sum(len(section["rows"]) for section in sections))
        send_letter(request, "package_ready", secret=secret, expires=request.package.expires_at)


@transaction.atomic
def store(request: SubjectRequest, content: bytes, *, rows: int) -> str:
    """Seal the package part by part and complete the request; the secret of the download link."""
    secret = secrets.token_urlsafe(32)
    digest = hashlib.sha256(content).hexdigest()
    now = timezone.now()
    Package.objects.filter(request=request).delete()
    package = Package.objects.create(
        request=request,
        size=len(content),
        sha256=digest,
        rows=rows,
        link_digest=hashlib.sha256(secret.encode()).hexdigest(),
        expires_at=now + VALID_FOR,
    )
    PackagePart.objects.bulk_create(
        PackagePart(
            package=package,
            number=number,
            sealed=seal(
                content[start : start + PART_BYTES],
                purpose="package",
                bound_to=f"{request.public_id}/{number}",
            ),
        )
        for number, start in enumerate(range(0, len(content), PART_BYTES))
    )
    move(request, State.COMPLETE, since=[State.FOUND], outcome="answered", problem="", closed_at=now)
    record(events.PACKAGE_MADE, request, subject=request.subject, rows=rows, sha256=digest)
    record(events.REQUEST_COMPLETED, request, subject=request.subject, outcome="answered")
    return secret


def package_for(secret: str) -> Package | None:
    """The package that a download link belongs to, until it expires."""
    digest = hashlib.sha256(secret.encode()).hexdigest()
    return (
        Package.objects.select_related("request")
        .filter(link_digest=digest, expires_at__gt=timezone.now())
        .first()
    )


@transaction.atomic
def read(package: Package) -> Iterator[bytes]:
    """Note that the package is being read, and hand it out part by part."""
    record(events.PACKAGE_READ, package.request, subject=package.request.subject, sha256=package.sha256)
    package.downloads += 1
    package.save(update_fields=["downloads"])
    return _parts(package)


def _parts(package: Package) -> Iterator[bytes]:
    for part in package.parts.iterator(chunk_size=1):
        yield open_sealed(
            part.sealed, purpose="package", bound_to=f"{package.request.public_id}/{part.number}"
        )


def _section(estate: Estate, hit: Hit, keys: KeySet) -> dict[str, Any]:
    """One data set: what each column is, how the rows were found, and the rows themselves."""
    columns = estate.columns[hit.data_set_id]
    names = [column.name for column in columns]
    connector = estate.connections.to(hit.data_set.system)
    pieces = [connector.find(hit.data_set.name, [match], names) for _, match in keys.all.chunks(KEYS_AT_ONCE)]
    rows = pa.concat_tables(pieces, promote_options="permissive").to_pylist() if pieces else []
    return {
        "system": hit.data_set.system.name,
        "data_set": hit.data_set.name,
        "activities": [
            {"name": activity.name, "purpose": activity.purpose, "recipients": activity.recipients}
            for activity in hit.data_set.activities.all()
        ],
        "found_by": hit.routes,
        "columns": {column.name: column.get_category_display() or "not classified" for column in columns},
        "rows": rows,
    }


def _zip(request: SubjectRequest, sections: list[dict[str, Any]]) -> bytes:
    organisation = Organisation.objects.first()
    about = {
        "request": request.reference,
        "made_at": timezone.now().isoformat(timespec="seconds"),
        "controller": organisation.name if organisation else "",
        "contact": organisation.contact if organisation else "",
        "not_searched": [entry["data_set"] for entry in request.unsearched],
    }
    shown = [
        {
            **section,
            "table": [
                [_readable(row[name]) for name in section["columns"]]
                for row in section["rows"][:SHOWN_IN_HTML]
            ],
            "more": max(0, len(section["rows"]) - SHOWN_IN_HTML),
        }
        for section in sections
    ]
    page = render_to_string("erasure/package.html", {"about": about, "sections": shown})
    options = orjson.OPT_INDENT_2 | orjson.OPT_NON_STR_KEYS
    data = orjson.dumps({**about, "data": sections}, option=options, default=_as_json)
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("your-data.html", page)
        archive.writestr("your-data.json", data)
    return buffer.getvalue()


def _as_json(value: Any) -> str:
    if isinstance(value, bytes):
        return value.hex()
    return str(value)


def _readable(value: Any) -> str:
    match value:
        case None:
            return ""
        case datetime():
            return value.strftime("%Y-%m-%d %H:%M:%S")
        case date():
            return value.isoformat()
        case bytes():
            return f"{len(value)} bytes"
    return str(value)
