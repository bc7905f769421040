"""What has happened to a request, from the ledger and from what is kept beside it, the newest first."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

from django.db.models import Q

from audit.ledger.events import EVENTS
from audit.ledger.models import Entry
from erasure.models import Plan, SubjectRequest
from erasure.requests.letters.kinds import KINDS
from erasure.requests.letters.sending import readable
from erasure.requests.models import Letter, Note, RequestFile
from governance.console.models import User
from governance.keyring.sealing import CannotOpen

AT_MOST = 500
DESTROYED = "Destroyed, some days after the request had ended."


@dataclass(frozen=True, slots=True)
class Told:
    """One line. `text` is for staff alone; `by` is a name, or who acted where nobody did."""

    at: datetime
    kind: str  # entry, note, letter or file
    title: str
    by: str
    text: str = ""
    letter: Letter | None = None
    file: RequestFile | None = None


def timeline(request: SubjectRequest, *, texts: bool) -> list[Told]:
    """With `texts`, what notes and letters say; else only that there are any."""
    kept = correspondence(request)
    if not texts:
        kept = [replace(told, text="") for told in kept]
    return sorted([*kept, *_entries(request)], key=lambda told: told.at, reverse=True)


def correspondence(request: SubjectRequest) -> list[Told]:
    """Notes, letters and files, the newest first."""
    told = [_note(note) for note in request.notes.select_related("written_by")]
    told += [_letter(letter) for letter in request.letters.all()]
    told += [_file(file) for file in request.files.select_related("added_by")]
    return sorted(told, key=lambda each: each.at, reverse=True)


def _entries(request: SubjectRequest) -> list[Told]:
    """What the ledger says of the request and its plans; the sequencer is moments behind."""
    about = Q(object_type=request._meta.label_lower, object_id=str(request.pk)) | Q(
        object_type=Plan._meta.label_lower,
        object_id__in=[str(pk) for pk in request.plans.values_list("pk", flat=True)],
    )
    entries = list(Entry.objects.filter(about).order_by("-number")[:AT_MOST])
    names = {
        str(user.public_id): user.display_name for user in User.objects.filter(public_id__in=_people(entries))
    }
    return [
        Told(
            at=entry.at,
            kind="entry",
            title=_said(entry.action),
            by=names.get(entry.actor, entry.actor),
            text=", ".join(
                f"{name} {value}" for name, value in entry.content["facts"].items() if value != ""
            ),
        )
        for entry in entries
    ]


def _people(entries: list[Entry]) -> set[str]:
    return {entry.actor for entry in entries if entry.content["actor"]["kind"] == "user"}


def _said(action: str) -> str:
    title = EVENTS[action].title if action in EVENTS else action
    return f"{title[:1].upper()}{title[1:]}"


def _note(note: Note) -> Told:
    return Told(
        note.written_at, "note", note.get_kind_display(), _name(note.written_by), _opened(lambda: note.text)
    )


def _letter(letter: Letter) -> Told:
    title = KINDS[letter.kind].title if letter.kind in KINDS else letter.kind
    text = _opened(lambda: readable(letter).get("body", DESTROYED))
    return Told(letter.made_at, "letter", f"Letter: {title}", "", text, letter=letter)


def _file(file: RequestFile) -> Told:
    return Told(
        file.added_at,
        "file",
        "File",
        _name(file.added_by),
        _opened(lambda: file.name or DESTROYED),
        file=file,
    )


def _opened(read: Callable[[], str]) -> str:
    try:
        return read()
    except CannotOpen as problem:
        return str(problem)


def _name(user: User | None) -> str:
    return user.display_name if user else ""
