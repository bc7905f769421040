"""Contracts in the browser: all of them, one with its check and its versions, import with a preview, two compared."""

from __future__ import annotations

from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.text import slugify
from django.views.decorators.http import require_POST

from catalog.contracts import activating
from catalog.contracts.comparing import compare
from catalog.contracts.document import Document, from_plain
from catalog.contracts.exporting import FORMS, export
from catalog.contracts.filters import ContractFilter, OwnContractFilter, listed
from catalog.contracts.forms import ImportForm, said
from catalog.contracts.problems import ContractError, Problem
from catalog.contracts.standing import drafted, standing
from catalog.models import Contract, DataSet
from catalog.tabs import catalog_tabs, data_set_tabs
from governance.console.http import StaffRequest
from governance.console.listing import Empty, ListColumn, listing
from governance.console.pages import page
from governance.console.permissions import allow

CONTRACTS = [
    ListColumn(
        "data_set",
        "Data set",
        value="data_set.name",
        sort="data_set__name",
        link=Contract.get_absolute_url,
        wraps=True,
    ),
    ListColumn("system", "System", value="data_set.system.name", sort="data_set__system__name", wraps=True),
    ListColumn("version", "Version", sort=True),
    ListColumn("state", "State", sort=True, template="ui/state.html"),
    ListColumn("owner", "Owner", sort=True, wraps=True),
    ListColumn("field_count", "Columns", sort=True, numeric=True),
    ListColumn("format", "Imported from", sort=True),
    ListColumn("made_at", "Made", sort=True),
]


VERSIONS = [
    ListColumn("version", "Version", sort=True, link=Contract.get_absolute_url),
    *CONTRACTS[3:],
]


@allow("catalog.view")
def contracts(request: StaffRequest) -> HttpResponseBase:
    return listing(
        request,
        listed(),
        filterset=ContractFilter,
        columns=CONTRACTS,
        title="Contracts",
        template="catalog/contracts.html",
        context={"tabs": catalog_tabs("contracts"), "may_manage": request.user.may("contracts.manage")},
        empty=Empty(
            "No contracts yet",
            "A contract says what a data set may be used for, how long it is kept and what each column holds.",
            "Import a contract" if request.user.may("contracts.manage") else "",
            reverse("catalog:contract_import"),
            icon="file-certificate",
        ),
    )


@allow("catalog.view")
def data_set_contracts(request: StaffRequest, pk: int) -> HttpResponseBase:
    """The versions of one data set's contract, and where to get a first one."""
    data_set = get_object_or_404(DataSet.objects.select_related("system"), pk=pk)
    return listing(
        request,
        listed().filter(data_set=data_set).order_by("-made_at"),
        filterset=OwnContractFilter,
        columns=VERSIONS,
        title=data_set.name,
        template="catalog/data_set_contracts.html",
        context={
            "data_set": data_set,
            "tabs": data_set_tabs(data_set, "data_set_contracts"),
            "may_manage": request.user.may("contracts.manage"),
        },
        empty=Empty(
            "No contract yet",
            "Download a first one of what the catalog knows, add owner, purposes and retention, and import it.",
            "Download a first contract",
            reverse("catalog:first_contract", args=[pk]),
            icon="file-certificate",
        ),
    )


@allow("catalog.view")
def first_contract(request: StaffRequest, pk: int) -> HttpResponse:
    """A first contract as YAML: what the catalog knows of the data set."""
    data_set = get_object_or_404(DataSet.objects.select_related("system"), pk=pk)
    return _download(drafted(data_set), form="yaml")


@allow("catalog.view")
def contract(request: StaffRequest, pk: int) -> HttpResponse:
    """One version: what it says, what putting it in force would change, and where the catalog breaks it."""
    found = _contract(pk)
    document = from_plain(found.document)
    versions = list(found.data_set.contracts.select_related("made_by").defer("document"))
    in_force = found.data_set.contracts.filter(state=Contract.State.ACTIVE).exclude(pk=found.pk).first()
    context = {
        "contract": found,
        "document": document,
        "title": found.data_set.name,
        "versions": versions,
        "in_force": in_force,
        "differences": compare(from_plain(in_force.document), document) if in_force else [],
        "breaches": standing(found),
        "forms": list(FORMS),
        "may_manage": request.user.may("contracts.manage"),
    }
    return page(request, "catalog/contract.html", context)


@allow("contracts.manage")
def contract_import(request: StaffRequest) -> HttpResponse:
    """A file becomes drafts, all of its contracts or none; the page of a draft shows what it would change."""
    form = ImportForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        made = _proposed(request, form)
        if len(made) == 1:
            messages.success(request, "Imported as a draft. It takes effect when somebody puts it in force.")
            return redirect(made[0])
        if made:
            messages.success(request, f"{len(made)} contracts imported as drafts.")
            return redirect(f"{reverse('catalog:contracts')}?state={Contract.State.DRAFT}")
    context = {"form": form, "title": "Import a contract"}
    return page(request, "catalog/contract_import.html", context, status=422 if form.errors else 200)


@allow("contracts.manage")
@require_POST
def contract_activate(request: StaffRequest, pk: int) -> HttpResponse:
    found = _contract(pk)
    try:
        effect = activating.activate(found)
    except ContractError as error:
        context = {"reasons": [said(problem) for problem in error.problems], "back": found.get_absolute_url()}
        return page(request, "catalog/refused.html", context, status=422)
    messages.success(
        request, f"In force. Labels: {len(effect.added)} added, {len(effect.withdrawn)} withdrawn."
    )
    if effect.questioned:
        names = ", ".join(effect.questioned)
        messages.warning(
            request, f"It contradicts the review of: {names}. The decisions stand, and are questioned."
        )
    return redirect(found)


@allow("contracts.manage")
@require_POST
def contract_retire(request: StaffRequest, pk: int) -> HttpResponse:
    found = _contract(pk)
    effect = activating.retire(found)
    messages.success(request, f"Out of force. Labels: {len(effect.withdrawn)} withdrawn.")
    return redirect(found)


@allow("catalog.view")
def contract_compare(request: StaffRequest, pk: int, other: int) -> HttpResponse:
    """What the version `pk` says otherwise than the version `other` of the same data set."""
    after = _contract(pk)
    before = get_object_or_404(after.data_set.contracts, pk=other)
    context = {
        "before": before,
        "after": after,
        "differences": compare(from_plain(before.document), from_plain(after.document)),
        "title": f"{before.version} and {after.version}",
    }
    return page(request, "catalog/contract_compare.html", context)


@allow("catalog.view")
def contract_export(request: StaffRequest, pk: int, form: str) -> HttpResponse:
    if form not in FORMS:
        raise Http404
    found = _contract(pk)
    return _download(from_plain(found.document), form=form, status=found.state)


def _download(document: Document, *, form: str, status: str = "") -> HttpResponse:
    text = export([document], form=form, status=status)
    suffix = {"odcs": "odcs.yaml"}.get(form, form)
    name = f"{slugify(document.name.replace('.', '-')) or 'contract'}-{document.version}.{suffix}"
    disposition = {"Content-Disposition": f'attachment; filename="{name}"'}
    return HttpResponse(text, content_type=f"{FORMS[form]}; charset=utf-8", headers=disposition)


def _contract(pk: int) -> Contract:
    return get_object_or_404(Contract.objects.select_related("data_set__system", "made_by"), pk=pk)


def _proposed(request: StaffRequest, form: ImportForm) -> list[Contract]:
    """All of the file's contracts as drafts; none, and the reasons on the form, where one cannot be."""
    made: list[Contract] = []
    problems: list[Problem] = []
    with transaction.atomic():
        for loaded in form.cleaned_data["loaded"]:
            try:
                made.append(activating.propose(loaded.document, format=loaded.format, by=request.user))
            except ContractError as error:
                problems += error.problems
        if problems:
            transaction.set_rollback(True)
            form.refuse(problems)
            return []
    return made
