"""What must hold after every run, whatever was struck: nothing lost, nothing done twice, no false success."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from email import message_from_string

from audit.ledger.chain import verify
from audit.ledger.models import Entry
from audit.ledger.sequencing import sequence
from benchmarks.faulty.driving import Run, stands_in
from benchmarks.faulty.estate import PEOPLE, Company, Person
from erasure.custodians.models import Task
from erasure.models import Plan, Step, SubjectRequest
from erasure.requests.models import Letter
from erasure.training.models import Exclusion, TrainedModel
from governance.console.models import Job
from retention.vault.models import Token

ONCE_PER_PLAN = ("plan.started",)
MADE_ANEW = ("article_totals", "what the totals should be")


def broken(run: Run, company: Company) -> list[str]:
    """Every invariant that does not hold, in words."""
    return [*run.notes, *_data(run, company), *_ledger(run), *_outside(run, company), *_words(run)]


def _data(run: Run, company: Company) -> Iterator[str]:
    after = company.rows()
    for name, rows in after.items():
        left = [row for row in rows if stands_in(row, run.gone)]
        if left:
            yield f"{len(left)} rows of {name} still hold the person"
    for name, rows in run.before.items():
        if name in MADE_ANEW:
            continue
        kept = Counter(row for row in rows if not _of(name, row, run.gone))
        now = Counter(after.get(name, []))
        if lost := kept - now:
            yield f"LOST: {lost.total()} rows of others are gone from, or changed in, {name}"
        extra = (now - kept).total()
        if extra > _anonymized(name, company, len(run.gone)):
            yield f"{extra} rows of {name} are new, and nobody wrote them"
    for name in after.keys() - run.before.keys():
        yield f"{name} is new"
    if "totals" in run.choice.estate and after["article_totals"] != after["what the totals should be"]:
        yield "the totals still count the person"


def _of(name: str, row: str, gone: list[Person]) -> bool:
    """Whether a row, as it was before, is that of one of these."""
    if name == "purchase_line":
        return int(row[1:].partition(",")[0]) // 10 in {each.number for each in gone}
    return stands_in(row, gone)


def _anonymized(name: str, company: Company, persons: int) -> int:
    """How many rows may stand there that were others before: those that a hold keeps without the person."""
    if not company.held:
        return 0
    return {"purchase": 3, "customer": 1, "purchase_line": 3}.get(name, 0) * persons


def _ledger(run: Run) -> Iterator[str]:
    sequence()
    if not verify().intact:
        yield "the ledger's chain is broken"
    for action in ONCE_PER_PLAN:
        for plan, times in Counter(_objects(action)).items():
            if times != 1:
                yield f"TWICE: {action} stands {times} times for plan {plan}"
    done = Counter(
        (entry.object_id, entry.content["facts"]["data_set"], entry.content["facts"]["method"])
        for entry in Entry.objects.filter(action="step.done")
    )
    steps = Counter(
        (str(step.plan_id), str(step.data_set) if step.data_set else step.target, step.method)
        for step in Step.objects.filter(state=Step.State.DONE).select_related("data_set__system")
    )
    for step in done - steps:
        yield f"TWICE: step.done of {step[1]} ({step[2]}) stands {done[step]} times for {steps[step]} steps"
    for step in steps - done:
        yield f"{step[1]} ({step[2]}) is done, and the ledger does not say so"
    completed = Counter(_objects("request.completed"))
    for request in SubjectRequest.objects.filter(pk__in=run.requests):
        if request.state != SubjectRequest.State.COMPLETE:
            yield f"a request ended {request.state}: {request.problem}"
        if completed[str(request.pk)] != 1 + request.reopened:
            yield f"TWICE: request.completed stands {completed[str(request.pk)]} times"
        letters = request.letters.filter(kind="completed").count()
        if letters != 1:
            yield f"TWICE: {letters} letters say that it is complete"
    in_force = Plan.objects.filter(state__in=["approved", "executing", "proposed"]).count()
    if in_force:
        yield f"{in_force} plans are in force although all has ended"


def _objects(action: str) -> list[str]:
    return list(Entry.objects.filter(action=action).values_list("object_id", flat=True))


def _outside(run: Run, company: Company) -> Iterator[str]:
    unsent = Letter.objects.exclude(state=Letter.State.SENT).count()
    if unsent:
        yield f"{unsent} letters were not sent"
    sent = [message_from_string(text) for text in run.letters()]
    ids = Counter(str(each["Message-ID"]) for each in sent if "Auto-Submitted" in each)
    again = sum(times - 1 for times in ids.values())
    if len(ids) != Letter.objects.count():
        yield f"{Letter.objects.count()} letters were written, {len(ids)} went out"
    if again and run.choice.fault not in ("sigkill", "database", "flush"):
        yield f"{again} letters went out again although nobody died"
    tasks = list(Task.objects.select_related("step"))
    for step, times in Counter(task.step_id for task in tasks).items():
        if times != 1:
            yield f"TWICE: step {step} has {times} tasks"
    if company.custodian:
        known = {str(task.public_id) for task in tasks if task.system_id}
        if set(company.custodian.tasks) != known:
            yield f"{len(known)} tasks were given, the custodian's system has {len(company.custodian.tasks)}"
        if company.custodian.people & {each.email for each in run.gone}:
            yield "the custodian's system still holds the person"
    for task in tasks:
        if task.told_at is None and not (task.system_id and company.custodian):
            yield f"nobody was told of the task of {task.step.target}"
    if company.tokens and Token.objects.count() != len(PEOPLE) - len(run.gone):
        yield f"{Token.objects.count()} tokens are left, of {len(PEOPLE) - len(run.gone)} persons"
    shredded = Counter(_objects("person.shredded_by_plan"))
    if shredded and max(shredded.values()) > 1:
        yield "TWICE: a person was shredded twice by one plan"
    if company.version:
        if Exclusion.objects.count() != len(run.gone):
            yield f"{Exclusion.objects.count()} of {len(run.gone)} persons are excluded from training"
        model = TrainedModel.objects.get()
        references = model.retrain_because.split(", ")
        if len(references) != len(set(references)) or not model.retrain_since:
            yield f"the model is to be retrained because of {len(references)} requests"


def _words(run: Run) -> Iterator[str]:
    """Nothing personal where it does not belong."""
    marks = [mark for each in PEOPLE for mark in each.marks]
    said = {
        "the worker's log": run.log.read_text(errors="replace") if run.log.exists() else "",
        "the ledger": " ".join(str(entry.content) for entry in Entry.objects.all()),
        "the jobs": " ".join(f"{job.message} {job.title} {job.arguments}" for job in Job.objects.all()),
        "the problems of requests": " ".join(
            f"{each.problem} {each.residue}" for each in SubjectRequest.objects.all()
        ),
        "the steps": " ".join(f"{each.problem} {each.waits_for} {each.facts}" for each in Step.objects.all()),
    }
    for where, text in said.items():
        found = sum(mark.lower() in text.lower() for mark in marks)
        if found:
            yield f"PERSONAL: {found} values of persons stand in {where}"
