"""The proof of one erasure: what was asked, planned, approved, done, searched again, and where the ledger says so.

Nothing in it is about the person: they are a keyed reference, as in the ledger.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from django import forms
from django.conf import settings
from django.db.models import Model

from audit.ledger.events import EVENTS
from audit.reports.base import Fact, Gap, Report, ReportContent, Section, Suggestion
from audit.reports.evidence import Evidence
from audit.reports.inclusion import checkpoint_section, named, proof_of
from audit.reports.proof_beyond import beside_section, copies_sections
from audit.reports.proof_others import others_sections, untold
from audit.reports.proof_sections import plan_sections, staying_sections
from audit.reports.proving import checks, conclusion
from erasure.models import SubjectRequest
from erasure.requests.clock import regimes

SUGGESTED = 20
LIMITS = (
    "Backups that nobody has noted; stores that are not in the catalog, or known from lineage "
    "only; columns of which a steward has confirmed that they hold no identifier; what others received earlier and "
    "keep themselves. The chain as a whole is checked with “manage.py audit verify”."
)
KEYED = "The person appears as a keyed reference only. It leads to them while the key exists, and to nobody afterwards."


class Which(forms.Form):
    request = forms.CharField(
        label="Reference of the request",
        max_length=20,
        help_text="As in R-2026-00001.",
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )

    def clean_request(self) -> str:
        reference = self.cleaned_data["request"].strip().upper()
        found = SubjectRequest.objects.filter(reference=reference).first()
        if found is None:
            raise forms.ValidationError("There is no request with this reference.")
        if found.kind != SubjectRequest.Kind.ERASURE:
            kind = found.get_kind_display()
            raise forms.ValidationError(f"{reference} asks for another right ({kind}): no erasure to prove.")
        return reference


class ErasureProof(Report):
    kind = "erasure_proof"
    title = "Proof of an erasure"
    purpose = "What was done on one request for erasure, by whom, how that was checked, and where the ledger says so."
    permission = "requests.view"
    Parameters = Which
    witnessed = True

    def build(self, **parameters: Any) -> ReportContent:
        request = parameters["request"]
        evidence = Evidence.load(request)
        checkpoint = named(evidence.entries)
        found = checks(evidence)
        said, proven = conclusion(evidence, found)
        recipients = _recipients(evidence)
        return ReportContent(
            title=f"{self.title}: {request}",
            subtitle=f"{evidence.request.get_kind_display()} GDPR. Data subject: {evidence.request.subject}",
            conclusion=said,
            conclusive=proven,
            sections=[
                _request(evidence),
                Section(
                    "Checks",
                    "Each must hold for the erasure to be proven.",
                    columns=("Check", "Holds", "Evidence"),
                    rows=[(check.what, check.holds, check.evidence) for check in found],
                ),
                *plan_sections(evidence),
                beside_section(evidence),
                *staying_sections(evidence),
                *others_sections(evidence.request),
                recipients,
                _searches(evidence),
                *copies_sections(evidence.request),
                _people(evidence),
                checkpoint_section(checkpoint),
                _ledger(evidence),
                Section("What this proof does not cover", LIMITS),
            ],
            gaps=_gaps(evidence, recipients),
            ledger_proof=proof_of(evidence.entries, checkpoint) if checkpoint else {},
        )

    def about(self, **parameters: Any) -> Model:
        return SubjectRequest.objects.get(reference=parameters["request"])

    def suggestions(self) -> Sequence[Suggestion]:
        latest = SubjectRequest.objects.filter(kind=SubjectRequest.Kind.ERASURE).order_by(
            "-received_at", "-pk"
        )
        return [
            Suggestion(found.reference, found.state, f"?request={found.reference}")
            for found in latest[:SUGGESTED]
        ]


def _request(evidence: Evidence) -> Section:
    request = evidence.request
    regime = regimes().get(request.regime)
    return Section(
        "Request",
        KEYED,
        facts=[
            Fact("Reference", request.reference),
            Fact("Subject", request.subject),
            Fact("Kind", request.get_kind_display()),
            Fact("State", request.get_state_display()),
            Fact("Outcome", request.outcome),
            Fact("Regime", regime.title if regime else request.regime),
            Fact(
                "Ground",
                request.get_ground_display()
                or "As asked by the data subject; no letter of (a) to (f) is recorded",
                "Art. 17(1)",
            ),
            Fact("Received", request.received_at),
            Fact("Received by", request.get_channel_display()),
            Fact("Due", request.due_on, regime.reference if regime else ""),
            Fact("Extended because", request.extension_reason),
            Fact("Closed", request.closed_at),
            Fact("Identity verified", request.verified_at, "Art. 12(6)"),
            Fact("Verified how", request.verified_how),
            Fact("First searched", request.searched_at),
            Fact("Identifiers and keys", _sealed(evidence)),
        ],
    )


def _sealed(evidence: Evidence) -> str:
    destroyed = evidence.last("request.keys_destroyed")
    if destroyed:
        return f"destroyed, entry {destroyed.number}"
    if evidence.request.closed_at:
        until = evidence.request.closed_at + timedelta(days=settings.REQUEST_KEPT_DAYS)
        return f"kept sealed for complaints, until {until:%Y-%m-%d} at least"
    return "kept sealed while the request is open"


def _searches(evidence: Evidence) -> Section:
    """The search right after the erasure, and those of the days after, which show that nothing came back."""
    request = evidence.request
    left = [f"{entry['data_set']}: {entry['rows']} rows, {entry['how']}" for entry in request.residue]
    unsearched = [f"{entry['data_set']}: {entry['problem']}" for entry in request.unsearched]
    looks = sorted(
        [*evidence.told("erasure.verified"), *evidence.told("erasure.verified_again")],
        key=lambda told: told.number,
    )
    to_come = request.look_again_at if request.state == SubjectRequest.State.COMPLETE else None
    days = ", ".join(str(each) for each in settings.ERASURE_LOOKED_AGAIN_DAYS)
    return Section(
        "Searches after the erasure",
        "As if for the first time, for rows that point to where the person was, and at every row that was changed; "
        f"once more {days} days after the end.",
        facts=[
            Fact("Found by the last one", left or "nothing"),
            Fact("Could not be searched at first", unsearched or "nothing"),
            Fact("The next one", to_come or "none is due"),
        ],
        columns=("Entry", "When", "Days after", "Data sets searched", "Rows left", "Where"),
        rows=[
            (
                told.number,
                told.at,
                told.facts.get("days", 0),
                told.facts["data_sets_searched"],
                told.facts["rows_left"],
                told.facts["where"],
            )
            for told in looks
        ],
        empty="Nobody has searched again yet.",
    )


def _recipients(evidence: Evidence) -> Section:
    """Whom the activities that use the erased data sets name as recipients."""
    erased: dict[str, tuple[list[str], set[str]]] = {}
    for plan in evidence.carried_out:
        for step in plan.steps.all():
            for activity in step.data_set.activities.all() if step.data_set else ():
                if activity.recipients:
                    erased.setdefault(activity.name, (activity.recipients, set()))[1].add(str(step.data_set))
    return Section(
        "Recipients to be told, Art. 19",
        "Each recipient of the data is told of the erasure, unless that is impossible or disproportionate.",
        columns=("Activity", "Recipients", "Data sets"),
        rows=[(name, list(told), sorted(data_sets)) for name, (told, data_sets) in sorted(erased.items())],
        empty="No activity that uses the erased data names a recipient.",
    )


def _gaps(evidence: Evidence, recipients: Section) -> list[Gap]:
    named = {name for _, names, _ in recipients.rows for name in names}  # type: ignore[union-attr]
    missing = untold(evidence.request, named)
    if not missing:
        return []
    return [
        Gap(
            f"Whether they were told is not recorded: {', '.join(missing)}",
            "Recipients to be told",
            "Art. 19",
        )
    ]


def _people(evidence: Evidence) -> Section:
    return Section(
        "Who acted",
        "Staff only; the ledger knows them by identifier.",
        columns=("Name", "Role", "Actor"),
        rows=[
            (user.display_name, user.get_role_display(), actor)
            for actor, user in sorted(evidence.staff.items(), key=lambda pair: (pair[1].username, pair[0]))
        ],
        empty="Nobody of the staff has acted yet.",
    )


def _ledger(evidence: Evidence) -> Section:
    return Section(
        "Entries of the ledger",
        "All entries about this request and its plans, except that reports were made. Leaf: SHA-256 as in RFC 6962.",
        columns=("Entry", "When", "What", "Action", "Actor", "Leaf"),
        rows=[
            (
                told.number,
                told.at,
                EVENTS[told.action].title if told.action in EVENTS else told.action,
                told.action,
                told.actor,
                told.leaf.hex(),
            )
            for told in evidence.entries
        ],
    )
