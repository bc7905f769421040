"""Token domains, and asking values back: with a reason, shown once, each time in the ledger."""

from django.core.exceptions import ValidationError
from django.http import HttpResponse, HttpResponseBase
from django.urls import reverse

from governance.console.http import StaffRequest
from governance.console.listing import Empty, ListColumn, listing
from governance.console.pages import page
from governance.console.permissions import allow
from retention.anonymization.techniques.base import TechniqueError
from retention.tabs import anonymization_tabs
from retention.vault import standing
from retention.vault.asking import TooMany
from retention.vault.detokenizing import resolve
from retention.vault.filters import DomainFilter
from retention.vault.forms import DetokenizeForm, show

COLUMNS = [
    ListColumn("name", "Domain", sort=True),
    ListColumn("token_count", "Tokens", sort=True, numeric=True),
    ListColumn("with_person", "Of known persons", sort=True, numeric=True),
    ListColumn("created_at", "First token", sort=True),
    ListColumn("note", "Note", wraps=True),
]


@allow("anonymization.view")
def list_domains(request: StaffRequest) -> HttpResponseBase:
    return listing(
        request,
        standing.domains(),
        filterset=DomainFilter,
        columns=COLUMNS,
        title="Tokens",
        template="vault/tokens.html",
        context={
            "tabs": anonymization_tabs("vault:tokens"),
            "may_detokenize": request.user.may("vault.detokenize"),
            "may_shred": request.user.may("vault.shred"),
        },
        empty=Empty(
            "No tokens yet",
            "The domains in which values have tokens stand here. A job with a token rule makes the first, "
            "or a program over the API.",
            "Read how" if reverse("api-schema") else "",
            reverse("api-schema"),
            icon="coin",
        ),
    )


@allow("vault.detokenize")
def detokenize(request: StaffRequest) -> HttpResponse:
    form = DetokenizeForm(request.POST or None)
    answers, status, wait = None, 200, 0
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        try:
            answers = resolve(given["domain"], given["tokens"], reason=given["reason"], by=request.user)
        except ValidationError as refusal:
            show(refusal, form)
        except TechniqueError as problem:
            form.add_error(None, str(problem))
        except TooMany as refusal:
            form.add_error(None, str(refusal))
            status, wait = 429, refusal.seconds
    context = {
        "title": "Ask values back",
        "tabs": anonymization_tabs("vault:tokens"),
        "form": form,
        "answers": answers,
        "domains": standing.offered(),
        "cancel_url": reverse("vault:tokens"),
    }
    response = page(
        request, "vault/detokenize.html", context, status=422 if form.errors and status == 200 else status
    )
    response["Cache-Control"] = "no-store, private"
    if wait:
        response["Retry-After"] = str(wait)
    return response
