"""Plans in hand: what each does next, and which of their steps can be done together.

Many persons are erased at once: steps that do the same to the same data set are one statement over all their rows,
while each plan keeps its own order, its own states and its own entries.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace

import orjson
import pyarrow as pa

from catalog.connectors.base import Match
from erasure.keysets import KeySet
from erasure.measures import registry as measures
from erasure.measures.base import Turn
from erasure.methods import registry as methods
from erasure.models import Plan, Step, SubjectRequest
from erasure.rights import right_of
from erasure.searching import keys_of

FIRST, ROWS, AFTER_ROWS, IDENTITY, LAST = range(5)
STAGES: dict[str, int] = {Turn.FIRST: FIRST, Turn.AFTER_ROWS: AFTER_ROWS, Turn.LAST: LAST}


@dataclass(eq=False)
class Work:
    """One plan in hand: its steps, the keys of its person's rows, and what was tried in this run."""

    plan: Plan
    request: SubjectRequest
    steps: list[Step]
    keys: dict[int, KeySet]
    tried: set[int] = field(default_factory=set)
    returned: bool = False  # rows of the person appeared where they were erased

    @property
    def on_rows(self) -> list[Step]:
        return [step for step in self.steps if not is_measure(step)]

    def keys_for(self, step: Step) -> KeySet:
        """The rows that the step is about."""
        assert step.data_set_id is not None
        return self.keys[step.data_set_id].part(step.part)

    def following(self) -> Step | None:
        """The next step whose turn it is; None at the end, after a failure, or while it waits for earlier ones."""
        if self.returned:
            return None
        barrier = LAST
        for step in self.steps:
            if step.state == Step.State.FAILED and not is_measure(step):
                return None  # a store failed; what fails beside the rows holds up no other step
            if step.state in (Step.State.DONE, Step.State.FAILED):
                continue
            if step.pk not in self.tried and stage(step) <= barrier:
                return step
            if not carried_out(step):
                barrier = min(barrier, stage(step))
        return None


Together = list[tuple[Work, Step]]


def take_up(plans: Iterable[Plan]) -> list[Work]:
    """Plans of requests with all that carrying them out needs, read at once."""
    known = {plan.pk: plan for plan in plans}
    steps: dict[int, list[Step]] = {pk: [] for pk in known}
    rows = Step.objects.filter(plan__in=known).select_related("hit").prefetch_related("data_set__system")
    for step in rows.order_by("position"):
        step.plan = known[step.plan_id]
        if step.hit and step.plan.request:
            step.hit.request = step.plan.request
        steps[step.plan_id].append(step)
    keys = keys_of(plan.request for plan in known.values() if plan.request)
    return [
        Work(plan, plan.request, steps[pk], keys[plan.request.pk])
        for pk, plan in known.items()
        if plan.request
    ]


def is_measure(step: Step) -> bool:
    """Whether the step acts beside the rows."""
    return step.method in measures.classes


def carried_out(step: Step) -> bool:
    """Whether it has been done, though a store or somebody else may still have to finish it."""
    return step.state == Step.State.DONE or (step.state == Step.State.WAITING and step.rows_after is not None)


def stage(step: Step) -> int:
    """What has to be over before it has its turn: every step of an earlier stage that stands before it in the plan."""
    if is_measure(step):
        return STAGES[measures.get(step.method).turn]
    return IDENTITY if step.identity or step.method == "ask" else ROWS


def next_together(works: Iterable[Work]) -> Together:
    """Steps of these plans that have their turn now and can be done as one; empty when nothing can be done.

    What some plan will only come to later waits until then, so that plans of one shape stay together. Where the orders
    of plans contradict each other, what most of them are at goes first.
    """
    heads: dict[tuple, Together] = {}
    later: set[tuple] = set()
    for work in works:
        head = work.following()
        if head is None:
            continue
        heads.setdefault(likeness(head), []).append((work, head))
        open_steps = (s for s in work.steps if s is not head and s.pk not in work.tried)
        later.update(likeness(s) for s in open_steps if s.state != Step.State.DONE)
    for alike, together in heads.items():
        if alike not in later:
            return together
    return max(heads.values(), key=len, default=[])


def likeness(step: Step) -> tuple:
    """Steps with the same likeness do the same to rows of the same data set, or are of the same measure."""
    if is_measure(step):
        return (step.method,)
    if not methods.get(step.method).alike:
        return (step.pk,)
    written = orjson.dumps(step.replacements, option=orjson.OPT_SORT_KEYS) if step.replacements else b""
    return (step.method, step.data_set_id, step.part, written)


def alike(together: Together) -> list[Together]:
    """Sorted into those that can be done as one."""
    found: dict[tuple, Together] = {}
    for work, step in together:
        found.setdefault(likeness(step), []).append((work, step))
    return list(found.values())


def go_together(work: Work) -> bool:
    """Whether the plan may be carried out with others: only if none of its rows is anybody else's too."""
    return right_of(work.request.kind).together and not any(keys.shared for keys in work.keys.values())


def chunks(parts: Sequence[tuple[Step, KeySet]], size: int) -> Iterator[tuple[Match, dict[Step, int]]]:
    """Matches of at most `size` keys over all parts, each with where the cursors of its steps stand after it."""
    for number in range(max((len(keys.matches) for _, keys in parts), default=0)):
        shapes: dict[tuple, list[tuple[Step, int, Match]]] = {}
        for step, keys in parts:
            if number < len(keys.matches):
                match = keys.matches[number]
                offset = sum(earlier.keys.num_rows for earlier in keys.matches[:number])
                shape = (match.fold, match.path, match.inside, match.keys.schema.to_string())
                shapes.setdefault(shape, []).append((step, offset, match))
        for pieces in shapes.values():
            yield from _packed(pieces, size)


def _packed(pieces: list[tuple[Step, int, Match]], size: int) -> Iterator[tuple[Match, dict[Step, int]]]:
    taken: list[pa.Table] = []
    reached: dict[Step, int] = {}
    room = size
    for step, offset, match in pieces:
        begin = max(0, step.cursor - offset)
        while begin < match.keys.num_rows:
            keys = match.keys.slice(begin, room)
            begin += keys.num_rows
            room -= keys.num_rows
            taken.append(keys)
            reached[step] = offset + begin
            if not room:
                yield replace(match, keys=pa.concat_tables(taken)), reached
                taken, reached, room = [], {}, size
    if taken:
        yield replace(pieces[0][2], keys=pa.concat_tables(taken)), reached
