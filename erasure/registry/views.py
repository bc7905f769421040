"""The registry, and the backups that still hold whom it names. Nothing here shows an identifier."""

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.views.decorators.http import require_POST

from audit.ledger.recording import record
from erasure.registry import backups, events
from erasure.registry.checking import check
from erasure.registry.filters import BackupFilter, RegistrationFilter
from erasure.registry.forms import BackupForm, CheckForm, DestroyedForm
from erasure.registry.models import Backup, Registration
from governance.console.http import StaffRequest
from governance.console.listing import Empty, ListColumn, listing
from governance.console.pages import page
from governance.console.permissions import allow
from retention.policies.tabs import retention_tabs

COLUMNS = [
    ListColumn("request", "Request", sort=True),
    ListColumn("effect", "Effect", value="get_effect_display", sort=True),
    ListColumn("category", "Known by", sort=True),
    ListColumn("purpose", "Purpose", value=lambda entry: entry.purpose or "All", wraps=True),
    ListColumn("since", "Since", sort=True),
    ListColumn("lifted_at", "Lifted", sort=True),
]
BACKUP_COLUMNS = [
    ListColumn("name", "Backup", sort=True, link=Backup.get_absolute_url, wraps=True),
    ListColumn("state", "State", template="ui/state.html"),
    ListColumn("system", "System", sort="system__name", wraps=True),
    ListColumn("place", "Place", wraps=True),
    ListColumn("made_at", "Made", sort=True),
    ListColumn("kept_until", "Kept until", sort=True),
    ListColumn("destroyed_at", "Destroyed", sort=True),
]


@allow("retention.view")
def list_registrations(request: StaffRequest) -> HttpResponseBase:
    may_check = request.user.may("registry.check")
    return listing(
        request,
        Registration.objects.all(),
        filterset=RegistrationFilter,
        columns=COLUMNS,
        title="Registry",
        template="registry/registry.html",
        context={
            "tabs": retention_tabs(request.user, "registry:registry"),
            "check_url": reverse("registry:check") if may_check else "",
        },
        empty=Empty(
            "Nobody is registered",
            "Persons who were erased, or whose data must not be used, stand here as keyed hashes: "
            "restored backups, training sets and pipelines ask before they use anybody's data.",
            icon="user-off",
        ),
    )


@allow("registry.check")
def check_values(request: StaffRequest) -> HttpResponse:
    """Which lines are of somebody registered. The lines themselves are neither kept nor shown again."""
    form = CheckForm(request.POST or None)
    context = {"title": "Check a list", "form": form}
    if request.method == "POST" and form.is_valid():
        asked = form.cleaned_data
        found = check(asked["category"], asked["values"], use=asked["use"])
        with transaction.atomic():
            record(
                events.CHECKED,
                category=asked["category"],
                use=asked["use"],
                asked=len(found),
                registered=sum(found),
            )
        context |= {
            "form": CheckForm(initial={"category": asked["category"], "use": asked["use"]}),
            "asked": len(found),
            "lines": [number for number, registered in enumerate(found, 1) if registered],
        }
    return page(request, "registry/check.html", context, status=422 if form.errors else 200)


@allow("retention.view")
def list_backups(request: StaffRequest) -> HttpResponseBase:
    add = reverse("registry:backup_add") if request.user.may("backups.manage") else ""
    return listing(
        request,
        Backup.objects.select_related("system"),
        filterset=BackupFilter,
        columns=BACKUP_COLUMNS,
        title="Backups",
        template="registry/backups.html",
        context={"tabs": retention_tabs(request.user, "registry:backups"), "add_url": add},
        empty=Empty(
            "No backups are noted",
            "Each backup holds whoever was erased after it was made, until it is destroyed.",
            "Note a backup" if add else "",
            add,
            icon="archive",
        ),
    )


@allow("backups.manage")
def backup_add(request: StaffRequest) -> HttpResponse:
    form = BackupForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            return redirect(backups.note(**form.cleaned_data, by=request.user))
        except ValidationError as refusal:
            for field, problems in refusal.message_dict.items():
                form.add_error(field, problems)
    context = {"title": "Note a backup", "form": form}
    return page(request, "registry/backup_add.html", context, status=422 if form.errors else 200)


@allow("retention.view")
def backup(request: StaffRequest, pk: int) -> HttpResponse:
    return _backup_page(request, _backup(pk), DestroyedForm())


@allow("backups.manage")
@require_POST
def backup_destroyed(request: StaffRequest, pk: int) -> HttpResponse:
    found = _backup(pk)
    form = DestroyedForm(request.POST)
    if not form.is_valid():
        return _backup_page(request, found, form, status=422)
    try:
        backups.confirm_destroyed(found, evidence=form.cleaned_data["evidence"])
    except ValidationError as refusal:
        messages.warning(request, " ".join(refusal.messages))
    return redirect(found)


def _backup(pk: int) -> Backup:
    return get_object_or_404(Backup.objects.select_related("system", "noted_by"), pk=pk)


def _backup_page(
    request: StaffRequest, found: Backup, form: DestroyedForm, *, status: int = 200
) -> HttpResponse:
    held = backups.held_by(found)
    context = {
        "title": found.name,
        "backup": found,
        "held": held,
        "may_read": request.user.may("requests.view"),
        "form": form if found.destroyed_at is None and request.user.may("backups.manage") else None,
        "action": reverse("registry:backup_destroyed", args=[found.pk]),
        "replays": found.replays.select_related("system"),
        "facts": [
            ("System", found.system),
            ("Place", found.place),
            ("Made", found.made_at),
            ("Kept until", found.kept_until),
            ("Noted by", found.noted_by and found.noted_by.display_name),
            ("Destroyed", found.destroyed_at),
        ],
    }
    return page(request, "registry/backup.html", context, status=status)
