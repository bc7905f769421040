"""A page for the people whose data it is: in their language, kept nowhere, its secret told to nobody."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest, HttpResponse, HttpResponseBase, QueryDict
from django.shortcuts import redirect, render
from django.utils import translation
from django.utils.datastructures import MultiValueDict
from django.views.decorators.cache import never_cache

from erasure.limiting import limited
from erasure.models import SubjectRequest
from erasure.public import wording
from governance.activities.models import Organisation
from governance.console.permissions import public

View = Callable[..., HttpResponseBase]


def with_secret(view: View) -> View:
    """A page with a secret in its address: kept nowhere, told to no other page, tried 60 times an hour at most."""
    patient = limited("60/h", group="privacy.secret")(view)

    @wraps(view)
    def answer(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        response = patient(request, *args, **kwargs)
        # Others learn our origin at most, never the path. With "no-referrer" browsers say `Origin: null` when a
        # form is sent, and the CSRF check would refuse everybody.
        response["Referrer-Policy"] = "strict-origin"
        # Django logs the path of what it refuses: here the path is the secret.
        response._has_been_logged = True  # type: ignore[attr-defined]
        return response

    return public(never_cache(answer))


def page(
    request: HttpRequest,
    name: str,
    title: str,
    *,
    about: SubjectRequest | None = None,
    status: int = 200,
    **context: Any,
) -> HttpResponse:
    """`public/<name>.html` under the sentence `title`; in the language of the request it is `about`, if any."""
    language = spoken(request, about)
    organisation = Organisation.objects.first()
    context |= {
        "title": wording.say(language, title, **context),
        "organisation": organisation,
        "us": str(organisation or wording.say(language, "page.us")),
        "language": language,
        "languages": wording.languages(),
    }
    with translation.override("en-gb" if language == "en" else language):
        response = render(request, f"public/{name}.html", context, status=status)
    response["Content-Language"] = language
    if about is None:
        response["Vary"] = "Accept-Language, Cookie"
    return response


def sent(request: HttpRequest) -> tuple[QueryDict | None, MultiValueDict[str, UploadedFile] | None]:
    """What a form is bound to: also to nothing at all, where nothing was filled in."""
    return (request.POST, request.FILES) if request.method == "POST" else (None, None)


def gone(request: HttpRequest) -> HttpResponse:
    return page(request, "gone", "gone.title", status=410)


def spoken(request: HttpRequest, about: SubjectRequest | None = None) -> str:
    return wording.language_of(request, otherwise=about.language if about else "")


def onwards(request: HttpRequest, to: str, *arguments: str) -> HttpResponse:
    """To the next page, in the language that was chosen."""
    response = redirect(to, *arguments)
    chosen = request.GET.get("lang", "")
    if chosen in wording.languages():
        response["Location"] += f"?lang={chosen}"
    return response
