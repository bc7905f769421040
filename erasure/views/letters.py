"""The texts of letters: which there are, and an officer's own in their place."""

from contextlib import suppress

from django.core.exceptions import ValidationError
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from erasure.forms import LetterTextForm, spread
from erasure.requests.letters.editing import preview, restore_text, save_text
from erasure.requests.letters.kinds import KINDS, LetterKind
from erasure.requests.letters.wording import LANGUAGES, check, text_of
from erasure.requests.models import LetterText
from erasure.requests.states import NotNow
from governance.console.http import StaffRequest
from governance.console.pages import page
from governance.console.permissions import allow


@allow("requests.configure")
def letters(request: StaffRequest) -> HttpResponse:
    own = set(LetterText.objects.values_list("kind", "language"))
    rows = [
        (kind, [(code, name, (kind.key, code) in own) for code, name in LANGUAGES.items()])
        for kind in KINDS.values()
    ]
    return page(request, "erasure/letters.html", {"title": "Letters", "rows": rows})


@allow("requests.configure")
def letter_text(request: StaffRequest, kind: str, language: str) -> HttpResponse:
    """The text with what it looks like; `preview` shows what is typed and keeps nothing."""
    known = _known(kind, language)
    text = text_of(kind, language)
    form = LetterTextForm(request.POST or None, initial={"subject": text.subject, "body": text.body})
    shown = text.subject, text.body
    if request.method == "POST" and form.is_valid():
        given = {name: form.cleaned_data[name] for name in ("subject", "body")}
        try:
            if "preview" not in request.POST:
                save_text(kind, language, **given, by=request.user)
                return redirect("erasure:letter_text", kind, language)
            check(kind, given["subject"], given["body"])
            shown = given["subject"], given["body"]
        except ValidationError as refusal:
            spread(refusal, form)
    subject, body = preview(kind, language, subject=shown[0], body=shown[1])
    context = {
        "title": f"{known.title} ({LANGUAGES[language]})",
        "known": known,
        "language": language,
        "languages": LANGUAGES,
        "form": form,
        "own": text.own,
        "subject": subject,
        "body": body,
    }
    return page(request, "erasure/letter_text.html", context, status=422 if form.errors else 200)


@allow("requests.configure")
@require_POST
def letter_restore(request: StaffRequest, kind: str, language: str) -> HttpResponse:
    _known(kind, language)
    with suppress(NotNow):  # somebody else was faster, and it is what was wanted
        restore_text(kind, language)
    return redirect("erasure:letter_text", kind, language)


def _known(kind: str, language: str) -> LetterKind:
    if kind not in KINDS or language not in LANGUAGES:
        raise Http404
    return KINDS[kind]
