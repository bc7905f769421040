"""What an erasure did beside the rows, and the copies of the person that are elsewhere."""

from __future__ import annotations

from collections.abc import Iterable

from audit.reports.base import Section, Value, many
from audit.reports.evidence import Evidence
from erasure.measures import registry as measures
from erasure.models import Step, SubjectRequest
from erasure.registry.backups import still_hold
from erasure.registry.models import Registration, Replay


def beside_section(evidence: Evidence) -> Section:
    """The measures of the plans, with what came of each: keys, training sets, derived figures, others who were told."""
    steps = [
        step
        for plan in evidence.carried_out
        for step in plan.steps.all()
        if step.method in measures.classes and step.started_at
    ]
    return Section(
        "Beside the rows",
        "Crypto-shredding, training sets, derived data, custodians and recipients.",
        columns=("Plan", "Step", "Measure", "Acts on", "What came of it", "State", "Finished"),
        rows=[
            (
                step.plan.number,
                step.position,
                measures.get(step.method).label,
                step.target or str(step.data_set or ""),
                _outcome(step),
                step.problem or step.waits_for or step.get_state_display().lower(),
                step.finished_at,
            )
            for step in steps
        ],
        empty="No measure beside the rows was needed.",
    )


def copies_sections(request: SubjectRequest) -> list[Section]:
    """Backups that hold the person still, and restored copies in which the registry was replayed since."""
    held = still_hold([request])
    since = request.closed_at or request.received_at
    replays = Replay.objects.filter(finished_at__gt=since, system__in=_systems(request)).select_related(
        "system", "backup"
    )
    entries = Registration.objects.filter(request=request.reference, lifted_at=None).count()
    return [
        Section(
            "Backups that still hold the person",
            "Made before the rows went. Until each is destroyed, whoever restores it replays the registry first, "
            f"which knows this person by {many(entries, 'keyed hash').replace('hashs', 'hashes')}.",
            columns=("System", "Backup", "Place", "Made", "Kept until", "State"),
            rows=[
                (
                    str(each.backup.system),
                    each.backup.name,
                    each.backup.place,
                    each.backup.made_at,
                    each.backup.kept_until,
                    each.backup.state,
                )
                for each in held
            ],
            empty="None that is noted.",
        ),
        Section(
            "Restored copies since",
            "In each the registry was replayed: whoever it names, this person among them, was looked for and erased.",
            columns=(
                "Replay",
                "System",
                "Backup",
                "Registered persons found",
                "Rows",
                "Left",
                "Ended",
                "State",
            ),
            rows=[
                (
                    each.reference,
                    str(each.system),
                    each.backup.name if each.backup else "",
                    each.persons,
                    each.rows,
                    each.left,
                    each.finished_at,
                    each.get_state_display().lower(),
                )
                for each in replays.order_by("finished_at")
            ],
            empty="None.",
        ),
    ]


def _systems(request: SubjectRequest) -> Iterable[int]:
    return Step.objects.filter(plan__request=request, data_set__isnull=False).values_list(
        "data_set__system", flat=True
    )


def _outcome(step: Step) -> Value:
    facts = step.facts.get("outcome", {})
    told = {
        "shred": lambda: [
            many(facts.get("tokens_destroyed", 0), "token") + " destroyed",
            many(facts.get("keys_destroyed", 0), "key") + " destroyed",
        ],
        "exclude": lambda: (
            [f"queued for retraining: {name}" for name in facts.get("models", [])]
            or "excluded; no model learned from it"
        ),
        "recompute": lambda: _recomputed(step, facts),
    }
    say = told.get(step.method)
    return say() if say else ""


def _recomputed(step: Step, facts: dict) -> Value:
    if facts.get("recomputed"):
        return [many(facts.get("rows", 0), "row") + " computed anew", f"how: {step.facts.get('how', '')}"]
    return str(step.facts.get("anonymous") or step.facts.get("warning") or "")
