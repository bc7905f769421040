"""The plans of an erasure, step by step, and what of the rows stays."""

from __future__ import annotations

from collections.abc import Iterator

from audit.reports.base import Fact, Section, Value
from audit.reports.evidence import Evidence
from erasure.measures import registry as measures
from erasure.methods import registry
from erasure.models import Plan, Step

STEPS = (
    "Step",
    "System",
    "Data set",
    "Method",
    "Rows before",
    "Rows after",
    "Columns written",
    "State",
    "Started",
    "Finished",
)
IN_FORCE = (Plan.State.PROPOSED, Plan.State.APPROVED)


def plan_sections(evidence: Evidence) -> Iterator[Section]:
    """Every plan there ever was, also those that were overtaken, rejected or stopped."""
    if not evidence.plans:
        yield Section("Plans", "There is no plan: nothing was written in any store.")
    for plan in evidence.plans:
        yield _plan(evidence, plan)


def staying_sections(evidence: Evidence) -> list[Section]:
    """The rows and the values that a law, or other rows, keep: by the plans carried out or still in force."""
    plans = [plan for plan in evidence.plans if plan.started_at or plan.state in IN_FORCE]
    steps = [step for plan in plans for step in plan.steps.all()]
    return [
        Section(
            "Rows that stay, and why",
            columns=("Plan", "Data set", "Rows", "Method", "Why", "Exemption", "Held until"),
            rows=[_staying(step) for step in steps if step.hit_id and step.method != "delete"],
            empty="None.",
        ),
        Section(
            "Values that stay, and why",
            "In rows that stay, every other personal column is overwritten.",
            columns=("Plan", "Data set", "Column", "Why"),
            rows=[
                (step.plan.number, str(step.data_set), kept["column"], kept["why"])
                for step in steps
                for kept in step.kept
            ],
            empty="None.",
        ),
    ]


def _plan(evidence: Evidence, plan: Plan) -> Section:
    made, approved = evidence.last("plan.made", plan), evidence.last("plan.approved", plan)
    rejected = evidence.last("plan.rejected", plan)
    return Section(
        f"Plan {plan.number}: {plan.get_state_display().lower()}",
        "Rows after: rows that still held the person when the store was read back."
        if plan.started_at
        else "Nothing of this plan was carried out.",
        facts=[
            Fact("State", plan.get_state_display()),
            Fact("Fingerprint", plan.fingerprint),
            Fact("Made by", evidence.name_of(made.actor) if made else ""),
            Fact("Made at", plan.made_at),
            Fact("Approved by", evidence.name_of(approved.actor) if approved else "nobody"),
            Fact("Approved at", approved.at if approved else None),
            Fact("Rejected by", evidence.name_of(rejected.actor) if rejected else ""),
            Fact("Said about it", plan.decision_reason),
            Fact("What stood in the way", [f"{p['where']}: {p['message']}" for p in plan.problems]),
            Fact("Started", plan.started_at),
            Fact("Finished", plan.finished_at),
        ],
        columns=STEPS,
        rows=[_step(step) for step in plan.steps.all()],
        empty="It has no steps.",
    )


def _step(step: Step) -> tuple[Value, ...]:
    return (
        step.position,
        step.data_set.system.name if step.data_set else "",
        step.data_set.name if step.data_set else step.target,
        _label(step.method),
        step.rows_before,
        step.rows_after,
        step.written,
        step.problem or step.get_state_display().lower(),
        step.started_at,
        step.finished_at,
    )


def _staying(step: Step) -> tuple[Value, ...]:
    hold = step.hold
    return (
        step.plan.number,
        str(step.data_set),
        step.rows_before,
        _label(step.method),
        hold.reason if hold else step.reason,
        hold.get_exemption_display() if hold else "",
        hold.until if hold else None,
    )


def _label(method: str) -> str:
    known = registry.classes.get(method) or measures.classes.get(method)
    return known.label if known else method
