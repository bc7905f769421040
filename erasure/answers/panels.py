"""What the page of a request shows of its own right: package and links, corrections, restriction, objections."""

from typing import Any

from erasure.answers.models import Lifting, Objection, Preview, Statement
from erasure.answers.restricting import in_force
from erasure.models import SubjectRequest
from erasure.rights import right_of
from governance.console.models import User
from governance.console.templatetags.ui import masked

Kind = SubjectRequest.Kind


def panel_of(request: SubjectRequest, user: User) -> dict[str, Any]:
    """{template, …} for `{% include panel.template %}`; empty where the right has no panel."""
    may = user.may("requests.handle")
    if right_of(request.kind).packages:
        return _package(request) | {"template": "answers/_package.html", "may": may}
    match request.kind:
        case Kind.RECTIFICATION:
            content = _corrections(request) | {"template": "answers/_corrections.html"}
        case Kind.RESTRICTION:
            content = _restriction(request) | {"template": "answers/_restriction.html"}
        case Kind.OBJECTION:
            content = _objections(request) | {"template": "answers/_objections.html"}
        case _:
            return {}
    return content | {"may": may}


def _package(request: SubjectRequest) -> dict[str, Any]:
    package = getattr(request, "package", None)
    preview = Preview.objects.filter(request=request).prefetch_related("selections__data_set__system").first()
    selections = list(preview.selections.all()) if preview else []
    return {
        "preview": preview,
        "withheld": [each for each in selections if each.included and (each.withheld or each.left_out)],
        "left_out": [each for each in selections if not each.included],
        "links": list(package.links.select_related("issued_by")) if package else [],
        "available": bool(package and package.available),
        "transmits": right_of(request.kind).transmits,
    }


def _corrections(request: SubjectRequest) -> dict[str, Any]:
    return {
        "corrections": [
            {"pk": each.pk, "what": each.get_category_display(), "stated_at": each.stated_at}
            | {name: masked(value) or "destroyed" for name, value in each.values.items()}
            for each in request.corrections.all()
        ],
        "statement": Statement.objects.filter(request=request).first(),
        "open": not request.ended,
    }


def _restriction(request: SubjectRequest) -> dict[str, Any]:
    return {
        "in_force": in_force(request),
        "lifting": Lifting.objects.select_related("told_by").filter(request=request).first(),
    }


def _objections(request: SubjectRequest) -> dict[str, Any]:
    objections = list(request.objections.select_related("activity", "decided_by"))
    return {
        "objections": objections,
        "open": not request.ended,
        "decidable": request.state == SubjectRequest.State.VERIFIED,
        "settled": bool(objections) and all(each.state != Objection.State.OPEN for each in objections),
    }
