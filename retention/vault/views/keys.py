"""Named keys: where they are wrapped, how old they are, and what is under older versions."""

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.views.decorators.http import require_POST

from governance.console.http import StaffRequest
from governance.console.listing import Empty, ListColumn, listing
from governance.console.models import Job
from governance.console.pages import TypedWordForm, page
from governance.console.permissions import allow
from retention.anonymization.techniques.base import TechniqueError
from retention.tabs import anonymization_tabs
from retention.vault import configured, keyring, rekeying, standing
from retention.vault.filters import KeyFilter
from retention.vault.forms import KeyForm, show
from retention.vault.models import Key

COLUMNS = [
    ListColumn("name", "Key", sort=True, link=Key.get_absolute_url),
    ListColumn("number", "Version", sort=True, numeric=True),
    ListColumn("since", "In use", value="since", sort=True),
    ListColumn("kms", "Wrapped by", value=lambda key: f"{key.kms} {key.reference}", wraps=True),
    ListColumn("entries", "Entries", sort=True, numeric=True),
    ListColumn("stale", "Under older versions", sort=True, numeric=True),
    ListColumn("note", "Note", wraps=True),
]


@allow("anonymization.view")
def list_keys(request: StaffRequest) -> HttpResponseBase:
    may = request.user.may("vault.manage")
    add = reverse("vault:key_add") if may else ""
    problem, behind = _behind()
    return listing(
        request,
        standing.named_keys(),
        filterset=KeyFilter,
        columns=COLUMNS,
        title="Keys",
        template="vault/keys.html",
        context={
            "tabs": anonymization_tabs("vault:keys"),
            "add_url": add,
            "may_rekey": may,
            "behind": behind,
            "problem": problem,
            "job": Job.objects.filter(kind=rekeying.KIND).first(),
        },
        empty=Empty(
            "No keys yet",
            "The keys that rules name for pseudonyms and encryption, with their versions and who wraps them.",
            "Make a key" if add else "",
            add,
            icon="key",
        ),
    )


@allow("anonymization.view")
def key(request: StaffRequest, pk: int) -> HttpResponse:
    found = get_object_or_404(Key.objects.select_related("created_by"), pk=pk)
    rotate = reverse("vault:key_rotate", args=[found.pk])
    context = {
        "title": found.name,
        "key": found,
        "tabs": anonymization_tabs("vault:keys"),
        "versions": standing.versions_of(found),
        "rotate_url": rotate if request.user.may("vault.manage") and keyring.rotates(found) else "",
        "facts": [
            ("Note", found.note),
            ("Made", found.created_at),
            ("Made by", found.created_by.display_name if found.created_by else "the console"),
        ],
    }
    return page(request, "vault/key.html", context)


@allow("vault.manage")
def key_add(request: StaffRequest) -> HttpResponse:
    form = KeyForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            return redirect(keyring.create(**form.cleaned_data, by=request.user))
        except ValidationError as refusal:
            show(refusal, form)
        except TechniqueError as problem:
            form.add_error(None, str(problem))
    context = {"title": "Make a key", "form": form}
    return page(request, "vault/key_add.html", context, status=422 if form.errors else 200)


@allow("vault.manage")
def key_rotate(request: StaffRequest, pk: int) -> HttpResponse:
    found = get_object_or_404(standing.named_keys(), pk=pk)
    form = TypedWordForm(request.POST or None, word=found.name)
    if request.method == "POST" and form.is_valid():
        try:
            version = keyring.rotate(found)
        except (TechniqueError, keyring.Rotated) as problem:
            form.add_error(None, str(problem))
        else:
            messages.success(
                request, f"{version} is in use. Re-key to bring the vault's own entries under it."
            )
            return redirect(found)
    context = {
        "title": f"Rotate {found.name}",
        "key": found,
        "form": form,
        "submit": "Rotate",
        "cancel_url": found.get_absolute_url(),
    }
    return page(request, "vault/key_rotate.html", context, status=422 if form.errors else 200)


@allow("vault.manage")
@require_POST
def rekey(request: StaffRequest) -> HttpResponse:
    return redirect(rekeying.request())


def _behind() -> tuple[str, int]:
    """Why the service in force cannot be told, and how much is under older versions."""
    try:
        configured.active()
        return "", rekeying.under_old_versions()
    except TechniqueError as problem:
        return str(problem), 0
