"""Carry out approved plans: the only place that opens a store for writing.

Nothing is written unless everything still is as it was approved. Then step by step, chunk by chunk, each chunk
idempotent and the cursor saved behind it, so that a worker killed anywhere goes on where it was. Identity rows go
last, and only after nothing else of the person is left. What a step reports is read back from the store.

Many plans are carried out at once: what is the same for many persons is one statement for all of them.
"""

import time
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager

from django.db import transaction

from catalog.connectors.base import Connector, ConnectorError, Unreachable
from catalog.connectors.destruction import open_writable
from catalog.models import System
from erasure import concluding
from erasure.expiry import carrying_out as expiry
from erasure.keysets import KeySet
from erasure.looking_again import after_silence
from erasure.measures import registry as measures
from erasure.measures.base import Outcome
from erasure.methods import registry
from erasure.methods.base import Method
from erasure.models import Plan, Step, SubjectRequest
from erasure.overtaking import overtaken
from erasure.registry.replays import carrying_out as replays
from erasure.rights import right_of
from erasure.searching import keys_of
from erasure.verifying import Sought, search_all_again, strays
from erasure.working import (
    Together,
    Work,
    chunks,
    go_together,
    is_measure,
    next_together,
    take_up,
)
from governance.console.jobs import JobFailed, Progress

__all__ = ["conclude_without_plans", "execute", "execute_many", "rehearse", "writable"]

State = SubjectRequest.State
IN_FORCE = (Plan.State.APPROVED, Plan.State.EXECUTING)
RETRY_AFTER_SECONDS = (1, 3, 9)


@contextmanager
def writable(system: System) -> Iterator[Connector]:
    """The system opened for writing, for measures and for recomputations that were approved."""
    with open_writable(system.kind, system.all_settings()) as connector:
        yield connector


def rehearse(steps: Sequence[Step], keys: Callable[[Step], KeySet]) -> list[int]:
    """Try the steps, all of one system, in their store and undo them: the rows each would change.

    `keys` gives the rows of a step. A step that writes nothing is counted. Raises ConnectorError where carrying them
    out would fail.
    """
    with writable(_system(steps[0])) as connector:
        operations = [registry.get(step.method)().operation(step, keys(step).matches) for step in steps]
        writing = [operation for operation in operations if operation]
        touched = iter(connector.rehearse(writing) if writing else [])
        return [
            next(touched) if operation else connector.count(_name(step), keys(step).matches)
            for step, operation in zip(steps, operations, strict=True)
        ]


def execute(plan: Plan) -> Iterator[Progress]:
    """Carry out an approved plan, or go on with one that was interrupted, and search again afterwards.

    Ends with the request complete, waiting, residual found, or back to be planned if the plan was overtaken. A system
    that does not answer is waited for. Raises JobFailed if it answers that it cannot be asked. A plan in any other
    state: nothing is done.
    """
    yield from execute_many([plan])


def execute_many(
    plans: Sequence[Plan], *, live: Callable[[], Collection[int]] | None = None
) -> Iterator[Progress]:
    """The same for many plans at once; `live` says between steps which may go on, by primary key."""
    open_plans = [plan for plan in plans if plan.state in IN_FORCE]
    for plan in open_plans:
        if plan.request is None:
            carry_out = replays.execute if hasattr(plan, "replay") else expiry.execute
            yield from carry_out(plan, open_writable)
    works = take_up(plan for plan in open_plans if plan.request is not None)
    together = [work for work in works if go_together(work)]
    for group in (together, *([work] for work in works if work not in together)):
        if group:
            yield from _Run(group, live).run()


def conclude_without_plans(ended: Sequence[tuple[SubjectRequest, list[Step]]]) -> None:
    """The search found nothing to erase, or (the steps) only rows that have been dealt with: search again and say so.

    Raises ConnectorError if a system does not answer.
    """
    requests = [request for request, _ in ended]
    earlier: dict[int, list[Step]] = {request.pk: [] for request in requests}
    done = Step.objects.filter(plan__request__in=earlier, state=Step.State.DONE, hit__isnull=False)
    for step in done.select_related("data_set__system", "plan", "hit").order_by("plan__number"):
        earlier[step.plan.request_id or 0].append(step)
    keys = keys_of(requests)
    sought = []
    for request, drafts in ended:
        steps = {step.data_set_id: step for step in [*earlier[request.pk], *drafts]}
        sought.append(Sought(request, list(steps.values()), keys[request.pk]))
    found = search_all_again(sought)
    for each, verification, (request, drafts) in zip(sought, found, ended, strict=True):
        right = right_of(request.kind)
        done_before = right.done_for(request) if earlier[request.pk] else ""
        outcome = done_before or (right.nothing_left if drafts else "no data found")
        with transaction.atomic():
            concluding.settle(request, verification, each.steps, outcome)


class _Run:
    """Plans that are carried out together, from where they stand to where they can come now."""

    def __init__(self, works: list[Work], live: Callable[[], Collection[int]] | None) -> None:
        self.works = works
        self.live = live
        self.total = sum(step.rows_before for work in works for step in work.steps)
        self.done = 0
        self.silent: dict[int, Unreachable] = {}  # systems that did not answer in this run

    def run(self) -> Iterator[Progress]:
        names = ", ".join(str(work.plan) for work in self.works[:3])
        yield Progress(0, self.total, "Checking that nothing has changed")
        try:
            self._begin()
            while together := next_together(self._live()):
                yield from self._step(together)
            yield Progress(self.done, self.total, "Searching again")
            self._end()
        except ConnectorError as problem:
            raise JobFailed(f"{names} was interrupted and can be resumed. {problem}") from problem

    def _live(self) -> list[Work]:
        if self.live is None:
            return self.works
        live = self.live()
        return [work for work in self.works if work.plan.pk in live]

    def _begin(self) -> None:
        """Start what was approved and still is so; leave out what was overtaken, or whose systems do not answer."""
        approved = [work for work in self._live() if work.plan.state == Plan.State.APPROVED]
        why, silent = overtaken(approved) if approved else ({}, {})
        for work, reason in why.items():
            concluding.set_aside(work, reason)
        for work, silence in silent.items():
            at = after_silence(work.plan.decided_at)
            concluding.wait(work.request, str(silence), since=concluding.BEFORE, at=at)
        left = [work for work in approved if work not in why and work not in silent]
        begun = concluding.start(left) if left else []
        self.works = [work for work in self.works if work not in approved or work in begun]

    def _step(self, together: Together) -> Iterator[Progress]:
        steps = [step for _, step in together]
        for work, step in together:
            work.tried.add(step.pk)
        label = measures.get(steps[0].method).label if is_measure(steps[0]) else None
        if label:
            yield Progress(self.done, self.total, f"{label}: {concluding.where(steps[0])}")
            for work, step in together:
                self._measure(work, step)
        else:
            together = self._without_returned(together)
            for rows in self._with_retries(together) if together else ():
                message = f"{registry.get(steps[0].method).label}: {_name(steps[0])}"
                yield Progress(self.done + rows, self.total, message)
        self.done += sum(step.rows_before for step in steps)

    def _without_returned(self, together: Together) -> Together:
        """Before the first identity rows go: without those whose rows have appeared again where they were erased."""
        asked: list[tuple[Sought, list[Step]]] = []
        about: list[Work] = []
        for work, step in together:
            done = [each for each in work.on_rows if each.state == Step.State.DONE]
            if step.identity and done and not any(each.identity for each in done):
                to_come = [each for each in work.on_rows if each.state != Step.State.DONE]
                asked.append((Sought(work.request, done, work.keys), to_come))
                about.append(work)
        if not asked:
            return together
        try:
            for work, verification in zip(about, strays(asked), strict=True):
                work.returned = bool(verification.residue)
        except Unreachable as silence:
            concluding.delay_steps((step for work, step in together if work in about), silence)
            return [(work, step) for work, step in together if work not in about]
        return [(work, step) for work, step in together if not work.returned]

    def _with_retries(self, together: Together) -> Iterator[int]:
        """Carry out steps as one; a store that stops answering is asked again a few times. Yields rows handled."""
        steps = [step for _, step in together]
        system = _system(steps[0])
        if system.pk in self.silent:
            concluding.delay_steps(steps, self.silent[system.pk])
            return
        for pause in (*RETRY_AFTER_SECONDS, None):
            try:
                with writable(system) as connector:
                    yield from _carry_out(together, connector)
                return
            except Unreachable as silence:
                if pause is None:
                    self.silent[system.pk] = silence
                    concluding.delay_steps(steps, silence)
                    return
                time.sleep(pause)
            except ConnectorError as problem:
                if len(together) == 1:
                    (step,) = steps
                    concluding.close_steps([(step, Outcome(step.rows_before, str(problem)))])
                    return
                break
        for (
            each
        ) in together:  # the store refuses something of one of them: who it is shows when each goes alone
            yield from self._with_retries([each])

    def _measure(self, work: Work, step: Step) -> None:
        """Carry out a step beside the rows; one that waits for somebody is only looked at again."""
        measure = measures.get(step.method)()
        carried_out = step.state == Step.State.WAITING and step.rows_after is not None
        concluding.begin_steps([step])
        try:
            outcome = measure.check(step) if carried_out else measure.execute(step)
        except Unreachable as silence:
            concluding.delay_steps([step], silence)
            return
        if outcome.facts:
            step.facts["outcome"] = step.facts.get("outcome", {}) | outcome.facts
            step.save(update_fields=["facts"])
        concluding.close_steps([(step, outcome)])

    def _end(self) -> None:
        """Search again for those whose plans have come to an end; leave the others to wait."""
        ended = []
        for work in self._live():
            for step in work.steps:  # once more: what the rows tell now, somebody else need not say
                if is_measure(step) and step.state == Step.State.WAITING and step.rows_after is not None:
                    self._measure(work, step)
            failed = any(step.state == Step.State.FAILED for step in work.on_rows)
            not_yet = any(step.state == Step.State.WAITING and step.rows_after is None for step in work.steps)
            if not_yet and not failed and not work.returned:
                concluding.leave_waiting(work)
            else:
                ended.append(work)
        if not ended:
            return
        try:
            found = search_all_again([Sought(work.request, work.on_rows, work.keys) for work in ended])
        except Unreachable as silence:
            for work in ended:
                at = after_silence(work.plan.started_at)
                concluding.wait(work.request, str(silence), since=concluding.AT_WORK, at=at)
            return
        concluding.conclude(list(zip(ended, found, strict=True)))


def _carry_out(together: Together, connector: Connector) -> Iterator[int]:
    steps = [step for _, step in together]
    method = registry.get(steps[0].method)()
    _begin(method, [(work, step) for work, step in together if step.started_at is None], connector)
    parts = [(step, work.keys_for(step)) for work, step in together]
    for match, reached in chunks(parts, connector.keys_per_change):
        method.execute(connector, steps[0], match)
        concluding.save_cursors(reached)
        yield sum(min(step.cursor, step.rows_before) for step in steps)
    if method.settles:
        connector.settle(_name(steps[0]))
    every = KeySet.together(keys for _, keys in parts) if len(parts) > 1 else parts[0][1]
    outcome = _read_back(method, connector, steps[0], every)
    if len(parts) == 1 or not (outcome.left or outcome.waits_for):
        concluding.close_steps([(step, outcome) for step in steps])
    else:
        concluding.close_steps([(step, _read_back(method, connector, step, keys)) for step, keys in parts])


def _begin(method: Method, together: Together, connector: Connector) -> None:
    """Mark the steps as running, with the columns that hold something to overwrite; asked of each only if any does."""
    if not together:
        return
    steps = [step for _, step in together]
    every = KeySet.together(work.keys_for(step) for work, step in together)
    written = method.written(connector, steps[0], every.matches) if len(steps) > 1 else []
    if len(steps) > 1 and not written:
        concluding.begin_steps(steps)
        return
    for work, step in together:
        concluding.begin_steps([step], method.written(connector, step, work.keys_for(step).matches))


def _read_back(method: Method, connector: Connector, step: Step, keys: KeySet) -> Outcome:
    """What the store says is left of these rows, and what it still holds of what was deleted."""
    still_there = connector.lingering(_name(step), keys.matches) if method.settles else None
    if still_there is not None:
        return Outcome(still_there.rows, waits_for=still_there.why, until=still_there.until)
    remaining = method.remaining(connector, step, keys.matches)
    return Outcome(remaining, waits_for=method.left if remaining else "")


def _system(step: Step) -> System:
    assert step.data_set is not None
    return step.data_set.system


def _name(step: Step) -> str:
    assert step.data_set is not None
    return step.data_set.name
