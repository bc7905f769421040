"""Whether an erasure is proven: each check says what it looked at, and one that fails is enough for a no.

The console's own tables could be changed by who runs its database; the ledger not without
breaking its chain. So whatever
the tables claim has to be found in the ledger too.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from audit.ledger.chain import leaf_hash
from audit.ledger.recording import as_listed
from audit.reports.base import many
from audit.reports.evidence import Evidence, Told
from erasure.fingerprints import fingerprint_of
from erasure.models import Plan, Step, SubjectRequest

State = SubjectRequest.State
STEP_FACTS = ("plan", "method", "rows_before", "rows_after")


@dataclass(frozen=True, slots=True)
class Check:
    what: str
    holds: bool
    evidence: str


def checks(evidence: Evidence) -> list[Check]:
    """Everything that must be so before the erasure may be called proven."""
    return [
        _identity(evidence),
        _two_persons(evidence),
        _as_approved(evidence),
        _read_back(evidence),
        _searched_again(evidence),
        _completed(evidence),
        _hashes(evidence),
    ]


def conclusion(evidence: Evidence, found: Iterable[Check]) -> tuple[str, bool]:
    """What is proven, or plainly what is not."""
    request = evidence.request
    if request.state == State.REJECTED:
        return f"Nothing is proven: the request was rejected. {request.outcome.capitalize()}.", False
    if request.state != State.COMPLETE:
        state = request.get_state_display().lower()
        reason = f" {request.problem}" if request.problem else ""
        return f"Not proven: the request is not complete, its state is “{state}”.{reason}", False
    failed = [check.what.rstrip(".") for check in found if not check.holds]
    if failed:
        return (
            f"Not proven, although the console says complete. This does not hold: {'; '.join(failed)}.",
            False,
        )
    last = evidence.last("erasure.verified")
    searched = last.facts["data_sets_searched"] if last else 0
    if not evidence.carried_out:
        return (
            f"Proven: a search of {many(searched, 'data set')} found nothing of the person. Nothing was erased.",
            True,
        )
    return (
        f"Proven: {request.outcome}. A second search of {many(searched, 'data set')} found nothing more of the person.",
        True,
    )


def _identity(evidence: Evidence) -> Check:
    verified, searched = evidence.last("request.identity_verified"), _first(evidence.told("person.searched"))
    holds = bool(verified and searched and verified.number < searched.number)
    return Check("The identity was verified before anybody searched", holds, _entries(verified, searched))


def _two_persons(evidence: Evidence) -> Check:
    pairs = [
        (evidence.last("plan.made", plan), evidence.last("plan.approved", plan))
        for plan in evidence.carried_out
    ]
    holds = all(made and approved and made.actor != approved.actor for made, approved in pairs)
    said = ", ".join(_entries(*pair) for pair in pairs) or "no plan was carried out"
    return Check("Somebody other than who made a plan approved it", holds, said)


def _as_approved(evidence: Evidence) -> Check:
    holds = all(_fingerprint_holds(evidence, plan) for plan in evidence.carried_out)
    said = ", ".join(_entries(evidence.last("plan.approved", plan)) for plan in evidence.carried_out)
    return Check(
        "What was carried out has the fingerprint that was approved", holds, said or "no plan was carried out"
    )


def _fingerprint_holds(evidence: Evidence, plan: Plan) -> bool:
    approved = evidence.last("plan.approved", plan)
    now = fingerprint_of(plan, plan.steps.all())
    return bool(approved and approved.facts["fingerprint"] == plan.fingerprint == now)


def _read_back(evidence: Evidence) -> Check:
    """Of each data set the last step counts: an earlier plan may have been stopped half way."""
    steps = [
        step for plan in evidence.carried_out for step in plan.steps.all() if step.state == Step.State.DONE
    ]
    last = {step.data_set_id: step for plan in evidence.carried_out for step in plan.steps.all()}
    in_tables = Counter(
        (step.plan.number, step.method, step.rows_before, step.rows_after, tuple(as_listed(step.written)))
        for step in steps
    )
    in_ledger = Counter(
        (*(told.facts[name] for name in STEP_FACTS), tuple(told.facts["columns"]))
        for told in evidence.told("step.done")
    )
    clean = all(step.state == Step.State.DONE and step.rows_after == 0 for step in last.values())
    said = _entries(*evidence.told("step.done")) if steps else "no step was needed"
    return Check(
        "After each step no row still held the person, as the ledger says too",
        clean and in_tables == in_ledger,
        said,
    )


def _searched_again(evidence: Evidence) -> Check:
    last = evidence.last("erasure.verified")
    written = [told.number for action in ("step.done", "step.failed") for told in evidence.told(action)]
    holds = bool(
        last
        and last.facts["rows_left"] == 0
        and not last.facts["where"]
        and last.number > max(written, default=-1)
    )
    return Check("The last search, after the last step, found nothing", holds, _entries(last))


def _completed(evidence: Evidence) -> Check:
    told = evidence.last("request.completed")
    holds = bool(
        told
        and evidence.request.state == State.COMPLETE
        and told.facts["outcome"] == evidence.request.outcome
    )
    return Check("The request is complete, as the ledger says too", holds, _entries(told))


def _hashes(evidence: Evidence) -> Check:
    wrong = [told for told in evidence.entries if leaf_hash(told.body) != told.leaf]
    said = _entries(*wrong) if wrong else f"{len(evidence.entries)} entries"
    return Check("The content of every entry listed here has the hash it was given", not wrong, said)


def _first(told: list[Told]) -> Told | None:
    return told[0] if told else None


def _entries(*told: Told | None) -> str:
    numbers = [str(entry.number) for entry in told if entry]
    if not numbers:
        return "no entry"
    return f"{'entries' if len(numbers) > 1 else 'entry'} {', '.join(numbers)}"
