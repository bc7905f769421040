"""Systems: the list, adding and changing one, testing, reading and removing it."""

from __future__ import annotations

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db.models import OuterRef
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.views.decorators.http import require_POST

from catalog import registering, scanning
from catalog.connectors import registry
from catalog.connectors.base import ConnectorError
from catalog.filters import SystemFilter
from catalog.forms import SystemForm
from catalog.models import Column, DataSet, System
from catalog.system_pages import how_many, setting_facts, system_page
from governance.console.http import StaffRequest
from governance.console.listing import Empty, ListColumn, listing
from governance.console.models import Job
from governance.console.pages import TypedWordForm, page
from governance.console.permissions import allow

PREFIX = "settings"
SYSTEMS = [
    ListColumn("name", "Name", sort=True, link=System.get_absolute_url, wraps=True),
    ListColumn("kind", "Kind", sort=True, value="get_kind_display", wraps=True),
    ListColumn("region", "Region", sort=True),
    ListColumn("state", "State", template="ui/state.html"),
    ListColumn("data_sets", "Data sets", value="data_set_count", sort="data_set_count", numeric=True),
    ListColumn("unreviewed", "To review", value="unreviewed_count", numeric=True),
    ListColumn("custodian", "Custodian", value="custodian.display_name", wraps=True),
    ListColumn("scanned_at", "Scanned", sort=True),
]


@allow("systems.view")
def systems(request: StaffRequest) -> HttpResponseBase:
    present = DataSet.objects.filter(system=OuterRef("pk"), gone_at=None)
    of_system = Column.objects.filter(data_set__system=OuterRef("pk"), gone_at=None)
    rows = System.objects.select_related("custodian").annotate(
        data_set_count=how_many(present),
        unreviewed_count=how_many(of_system.filter(state=Column.State.UNREVIEWED)),
    )
    may_add = request.user.may("systems.manage")
    return listing(
        request,
        rows,
        filterset=SystemFilter,
        columns=SYSTEMS,
        title="Systems",
        template="catalog/systems.html",
        context={"may_add": may_add},
        empty=Empty(
            "No systems yet",
            "A system is a database or a folder of files. Connect one to see what personal data it holds.",
            "Connect a system" if may_add else "",
            reverse("catalog:system_add") if may_add else "",
            icon="database",
        ),
    )


@allow("systems.view")
def system(request: StaffRequest, pk: int) -> HttpResponseBase:
    found = get_object_or_404(System.objects.select_related("custodian"), pk=pk)
    return system_page(request, found, tab=request.GET.get("tab", ""))


@allow("systems.manage")
def system_add(request: StaffRequest) -> HttpResponse:
    """First the kind of store, then its settings; stored once the store has answered."""
    kind = request.GET.get("kind", "")
    if not kind:
        kinds = [(name, cls.label, f"?kind={name}") for name, cls in registry.classes.items()]
        return page(request, "catalog/system_kinds.html", {"kinds": kinds, "title": "Connect a system"})
    if kind not in registry.classes:
        raise Http404
    form = SystemForm(request.POST or None)
    settings = registering.connector_form(kind, request.POST or None, prefix=PREFIX)
    if request.method == "POST" and all([form.is_valid(), settings.is_valid()]):
        try:
            added = registering.add(kind=kind, settings=settings.cleaned_data, **form.cleaned_data)
        except ConnectorError as problem:
            form.add_error(None, str(problem))
        except ValidationError as refusal:
            _spread(refusal, form, settings)
        else:
            messages.success(request, f"{added.name} answers. Scan it to see what it holds.")
            return redirect(added)
    context = {"form": form, "settings": settings, "title": f"Connect {registry.get(kind).label}"}
    return page(
        request, "catalog/system_form.html", context, status=422 if form.errors or settings.errors else 200
    )


@allow("systems.manage")
def system_change(request: StaffRequest, pk: int) -> HttpResponse:
    found = get_object_or_404(System, pk=pk)
    form = SystemForm(request.POST or None, instance=System.objects.get(pk=pk))
    settings = registering.connector_form(
        found.kind, request.POST or None, prefix=PREFIX, initial=found.settings
    )
    secrets = sorted(found.secret_fields) if found.secrets else []
    for name in secrets:
        settings.fields[name].required = False
    if request.method == "POST" and all([form.is_valid(), settings.is_valid()]):
        try:
            registering.change(found, settings=settings.cleaned_data, **form.cleaned_data)
        except ConnectorError as problem:
            form.add_error(None, str(problem))
        except ValidationError as refusal:
            _spread(refusal, form, settings)
        else:
            messages.success(request, "Saved.")
            return redirect(f"{found.get_absolute_url()}?tab=settings")
    context = {
        "form": form,
        "settings": settings,
        "secrets_set": secrets,
        "system": found,
        "title": f"Change {found.name}",
    }
    return page(
        request, "catalog/system_form.html", context, status=422 if form.errors or settings.errors else 200
    )


@allow("systems.manage")
@require_POST
def system_test(request: StaffRequest, pk: int) -> HttpResponseBase:
    found = get_object_or_404(System.objects.select_related("custodian"), pk=pk)
    try:
        messages.success(request, f"{found.name} answers: {registering.test(found)}.")
    except ConnectorError:
        found.refresh_from_db()  # the problem stands on the page
        return system_page(request, found, tab="settings", status=422)
    return redirect(f"{found.get_absolute_url()}?tab=settings")


@allow("catalog.scan")
@require_POST
def system_crawl(request: StaffRequest, pk: int) -> HttpResponse:
    return _start(request, pk, "catalog.crawl")


@allow("catalog.scan")
@require_POST
def system_scan(request: StaffRequest, pk: int) -> HttpResponse:
    return _start(request, pk, "catalog.scan")


@allow("systems.manage")
def system_remove(request: StaffRequest, pk: int) -> HttpResponse:
    found = get_object_or_404(System, pk=pk)
    form = TypedWordForm(request.POST or None, word=found.name)
    if request.method == "POST" and form.is_valid():
        try:
            registering.remove(found)
        except registering.InUse as reason:
            form.add_error(None, str(reason))
        else:
            messages.success(request, f"{found.name} is no longer in the catalog.")
            return redirect("catalog:systems")
    context = {
        "system": found,
        "form": form,
        "facts": [
            *setting_facts(found)[:1],
            ("Data sets", found.data_sets.count()),
            ("Columns", Column.objects.filter(data_set__system=found).count()),
        ],
        "title": f"Remove {found.name}",
        "submit": "Remove from the catalog",
        "cancel_url": found.get_absolute_url(),
    }
    return page(request, "catalog/system_remove.html", context, status=422 if form.errors else 200)


def _start(request: StaffRequest, pk: int, kind: str) -> HttpResponse:
    found = get_object_or_404(System, pk=pk)
    try:
        started: Job = scanning.request(found, kind=kind)
    except ValidationError as refusal:
        context = {"reasons": refusal.messages, "back": found.get_absolute_url()}
        return page(request, "catalog/refused.html", context, status=422)
    if started.state == Job.State.RUNNING:
        messages.info(request, "This was running already.")
    return redirect(found)


def _spread(refusal: ValidationError, form: SystemForm, settings: object) -> None:
    """Put the errors of a verb beside the fields they are about."""
    if not hasattr(refusal, "error_dict"):
        form.add_error(None, refusal)
        return
    for name, errors in refusal.error_dict.items():
        where = settings if name in settings.fields else form  # type: ignore[attr-defined]
        where.add_error(name if name in where.fields else None, errors)  # type: ignore[attr-defined]
