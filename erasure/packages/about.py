"""What Art. 15(1) and (2) GDPR ask beside the data: why, for whom, how long, from where, and which rights."""

from collections.abc import Iterable
from typing import Any

from django.utils import timezone

from catalog.models import DataSet, Edge
from erasure.answers.models import Notice
from erasure.models import Hit, SubjectRequest
from governance.activities.models import Organisation
from retention.policies.resolving import Resolution, resolve_all

RIGHTS = (
    "to have wrong data corrected (Art. 16)",
    "to have data erased (Art. 17)",
    "to have their use restricted (Art. 18)",
    "to receive what you provided in a machine-readable form (Art. 20)",
    "to object to their use (Art. 21)",
    "to withdraw consent at any time, where the use is based on it (Art. 7(3))",
    "to complain to a supervisory authority (Art. 77)",
)
AUTHORITY = (
    "The data protection supervisory authority where you live or work, or where you think the law was broken."
)
NOT_RECORDED = "No period is recorded."


def about_request(request: SubjectRequest) -> dict[str, Any]:
    """What is said once, in front of all data sets."""
    organisation, notice = Organisation.objects.first(), Notice.objects.first()
    return {
        "request": request.reference,
        "right": request.get_kind_display(),
        "made_at": timezone.now().isoformat(timespec="seconds"),
        "controller": organisation.name if organisation else "",
        "contact": organisation.contact if organisation else "",
        "officer": f"{organisation.officer_name}\n{organisation.officer_contact}".strip()
        if organisation
        else "",
        "representative": organisation.representative if organisation else "",
        "joint_controllers": organisation.joint_controllers if organisation else "",
        "your_rights": list(RIGHTS),
        "complaints": (notice and notice.authority) or AUTHORITY,
        "automated_decisions": notice.automated_decisions if notice else "",
        "sources": notice.sources if notice else "",
        "not_searched": [entry["data_set"] for entry in request.unsearched],
    }


def about_data_sets(hits: Iterable[Hit]) -> dict[int, dict[str, Any]]:
    """What is said of each data set, by its key: activities, retention, where the data come from."""
    data_sets = {hit.data_set_id: hit.data_set for hit in hits}
    resolved = resolve_all(data_sets.values())
    upstream = _upstream(data_sets)
    return {
        pk: {
            "activities": [_activity(activity) for activity in data_set.activities.all()],
            "kept_for": _kept_for(resolved[pk], data_set),
            "source": sorted(upstream.get(pk, ())),
            "region": data_set.system.region,
        }
        for pk, data_set in data_sets.items()
    }


def _activity(activity: Any) -> dict[str, Any]:
    return {
        "name": activity.name,
        "purpose": activity.purpose,
        "lawful_basis": activity.get_lawful_basis_display(),
        "recipients": activity.recipients,
        "transfers": activity.transfers,
        "safeguards": activity.safeguards,
    }


def _kept_for(resolution: Resolution, data_set: DataSet) -> str:
    """The period, or the criteria that decide it (Art. 15(1)(d))."""
    said = []
    if resolution.policy:
        said.append(f"{resolution.policy.period}: {resolution.policy.reason}")
    elif resolution.contract_days:
        said.append(f"{resolution.contract_days} days")
    else:
        said += [activity.time_limits for activity in data_set.activities.all() if activity.time_limits]
    if resolution.hold:
        said.append(f"Longer as long as this applies: {resolution.hold.reason}")
    return " ".join(said) or NOT_RECORDED


def _upstream(data_sets: dict[int, DataSet]) -> dict[int, set[str]]:
    found: dict[int, set[str]] = {}
    edges = Edge.objects.filter(target__in=data_sets, gone_at=None).exclude(source__in=data_sets)
    for target, system, name in edges.values_list(
        "target_id", "source__system__name", "source__name"
    ).distinct():
        found.setdefault(target, set()).add(f"{system} / {name}")
    return found
