"""The doors of an opt-out of sale and sharing: one step, no proof of identity (11 CCR 7026).

A browser's Global Privacy Control (`Sec-GPC: 1`) asks for the same (11 CCR 7025); a controller's own servers pass it on
with what they know the visitor by.
"""

import orjson
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST

from erasure.limiting import limited
from erasure.models import SubjectRequest
from erasure.public.forms import OptOutForm
from erasure.public.pages import onwards, page, sent, spoken
from erasure.requests import intake
from erasure.requests.regimes import regimes
from governance.console.permissions import public

KIND = SubjectRequest.Kind.OPT_OUT
HEADER = "Sec-GPC"
LARGEST = 4096


@public
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@limited("10/h", group="privacy.opt_out", methods=("POST",))
def opt_out(request: HttpRequest) -> HttpResponse:
    language = spoken(request)
    form = OptOutForm(*sent(request)[:1], language=language)
    if request.method == "POST" and form.is_valid():
        if not form.cleaned_data["website"]:
            try:
                _receive(form.identifiers(), language=language)
            except ValidationError as refusal:
                form.refuse(refusal)
        if not form.errors:
            return onwards(request, "public:opted_out")
    return page(
        request,
        "opt_out",
        "opt_out.title",
        form=form,
        signal=signalled(request),
        status=422 if form.errors else 200,
    )


@public
@never_cache
@require_http_methods(["GET", "HEAD"])
def opted_out(request: HttpRequest) -> HttpResponse:
    return page(request, "opted_out", "opt_out.done_title")


@public
@csrf_exempt  # no page sends it: a controller's servers do, and it takes nothing from anybody
@require_POST
@limited("3600/h", group="privacy.signal")
def signal(request: HttpRequest) -> HttpResponse:
    """`Sec-GPC: 1` and `{"identifiers": [{"category", "value"}]}`. 403 without the signal, 422 for no identifier."""
    if not signalled(request):
        return JsonResponse({"detail": f"Pass the visitor's header {HEADER}: 1 on."}, status=403)
    if int(request.META.get("CONTENT_LENGTH") or 0) > LARGEST:
        return JsonResponse({"detail": "The body is too long."}, status=413)
    try:
        _receive(_read(request.body), language="")
    except ValidationError as refusal:
        return JsonResponse({"detail": " ".join(refusal.messages)}, status=422)
    return JsonResponse({"opted_out": True})


def signalled(request: HttpRequest) -> bool:
    return request.headers.get(HEADER, "") == "1"


def _receive(identifiers: list[tuple[str, str]], *, language: str) -> None:
    intake.receive(
        kind=KIND,
        identifiers=identifiers,
        channel=SubjectRequest.Channel.FORM,
        regime=_regime(),
        language=language,
    )


def _regime() -> str:
    """The first law that takes a browser's signal for an opt-out: it is carried out alike under each."""
    return next(law.key for law in regimes().values() if KIND in law.rights and law.rights[KIND].signal)


def _read(body: bytes) -> list[tuple[str, str]]:
    try:
        given = orjson.loads(body)
        named = [(each["category"], each["value"]) for each in given["identifiers"]]
    except (orjson.JSONDecodeError, KeyError, TypeError):
        named = []
    if not named or not all(isinstance(part, str) for pair in named for part in pair):
        raise ValidationError('The body is {"identifiers": [{"category": "…", "value": "…"}]}.')
    return named
