"""Officers' own texts of letters: checked, kept beside those the console brings, and taken back."""

from django.db import transaction
from django.utils import timezone

from audit.ledger.recording import record
from erasure.models import SubjectRequest
from erasure.requests import events
from erasure.requests.letters.filling import signature, written
from erasure.requests.letters.kinds import KINDS
from erasure.requests.letters.wording import brought, check, fill, phrases
from erasure.requests.models import LetterText
from erasure.requests.states import NotNow
from governance.activities.models import Organisation
from governance.console.models import User


@transaction.atomic
def save_text(kind: str, language: str, *, subject: str, body: str, by: User | None) -> LetterText:
    """From now on letters of the kind in this language say this. Raises ValidationError beside the field."""
    subject, body = subject.strip(), body.replace("\r\n", "\n").strip()
    check(kind, subject, body)
    text, _ = LetterText.objects.update_or_create(
        kind=kind,
        language=language,
        defaults={"subject": subject, "body": body, "written_by": by, "written_at": timezone.now()},
    )
    record(events.LETTER_TEXT_CHANGED, text, letter=kind, language=language)
    return text


@transaction.atomic
def restore_text(kind: str, language: str) -> None:
    """Back to the text that the console brings. Raises NotNow if there is no other."""
    text = LetterText.objects.filter(kind=kind, language=language).select_for_update().first()
    if text is None:
        raise NotNow("This letter already has the text that comes with the console.")
    record(events.LETTER_TEXT_RESTORED, text, letter=kind, language=language)
    text.delete()


def preview(kind: str, language: str, *, subject: str, body: str) -> tuple[str, str]:
    """Subject and body as a person would read them, of a request that does not exist."""
    words = phrases(language)
    organisation = Organisation.objects.first()
    day = written(timezone.localdate(), language)
    values = {name: f"[{what}]" for name, what in KINDS[kind].allowed.items()} | {
        "reference": f"R-{timezone.localdate().year}-00042",
        "organisation": organisation.name if organisation else words["other"]["us"],
        "asks": words["asks"][SubjectRequest.Kind.ERASURE],
        "done": words["done"][SubjectRequest.Kind.ERASURE],
        "due": day,
        "expires": day,
        "other": f"R-{timezone.localdate().year}-00041",
        "authority": words["other"]["authority"],
        "appeal": words["other"]["appeal"],
        "told": words["other"]["told"],
    }
    filled = "\n\n".join(part for part in (fill(body, values), signature()) if part)
    return fill(subject, values), filled


def original(kind: str, language: str) -> dict[str, str]:
    text = brought(kind, language)
    return {"subject": text.subject, "body": text.body}
