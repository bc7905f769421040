"""What a restored copy still holds of registered persons, and what policy demands to be done about it.

The same look makes the preview, the plan and the verification: nobody is left when it finds nothing that would change,
nothing in question and nothing that it could not read.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import pyarrow as pa

from catalog.models import Link
from erasure.custodians.models import RowExemption
from erasure.deciding import Decision, decide
from erasure.estate import Connections, Estate
from erasure.finding import Search, complete, search, seeds_from, seeds_from_matches, subtract
from erasure.fingerprints import schema_digest
from erasure.keysets import KeySet, distinct
from erasure.methods import registry as methods
from erasure.models import Hit, Step, SubjectRequest
from erasure.ordering import in_order
from erasure.registry.models import Replay, ReplayQuestion
from erasure.registry.replays.places import place_of
from erasure.registry.replays.recognizing import Person, Recognition, recognize
from erasure.registry.replays.structure import Structure, structure_of
from erasure.registry.replays.telling_apart import Ages, Apart, DoubtsAmongOld, newer_rows, tell_apart
from erasure.seeds import PERSON
from erasure.sharing import divide
from governance.console.jobs import Progress
from retention.holds import holds_on

Why, Answer = ReplayQuestion.Why, ReplayQuestion.Answer
Asked = tuple[int, str, str]  # data set, why, category
NEVER_LAST = ("ask", "keep", "leave")


@dataclass
class Look:
    """What was found. `drafts` are all steps, `remaining` how many of the rows of each would still change."""

    persons: int = 0
    drafts: list[Step] = field(default_factory=list)
    keys: list[KeySet] = field(default_factory=list)  # of the drafts
    remaining: list[int] = field(default_factory=list)
    problems: list[dict[str, str]] = field(default_factory=list)
    questions: dict[Asked, tuple[int, int]] = field(default_factory=dict)  # rows, persons
    newer: dict[str, int] = field(default_factory=dict)
    unsearched: list[dict[str, str]] = field(default_factory=list)

    @property
    def rows(self) -> int:
        """That are to change."""
        return sum(self.remaining)

    @property
    def left(self) -> int:
        return self.rows + sum(rows for rows, _ in self.questions.values())

    @property
    def clean(self) -> bool:
        return not self.left and not self.unsearched

    def steps(self) -> list[dict[str, object]]:
        """As a replay keeps them: names and counts."""
        return [
            {
                "data_set": str(step.data_set),
                "method": step.method,
                "rows": step.rows_before,
                "left": left,
                "why": step.reason,
            }
            for step, left in zip(self.drafts, self.remaining, strict=True)
        ]


def look(replay: Replay, result: Look) -> Iterator[Progress]:
    """Search the copy for everybody in the registry; afterwards `result` is complete. Nothing is written anywhere.

    Raises ConnectorError if the copy does not answer.
    """
    answered = ReplayQuestion.objects.filter(replay=replay.pk).exclude(answer="")
    answers = {(each.data_set_id, each.why, each.category): each.answer for each in answered}
    with Connections() as connections:
        structure = structure_of(place_of(replay), connections)
        estate, recognition = structure.estate, Recognition()
        yield from recognize(estate, recognition)
        result.unsearched += structure.unsearched + recognition.unsearched
        if not recognition.persons:
            return
        yield Progress(0, message=f"Following {len(recognition.persons):,} registered persons")
        ages = Ages.of(estate, recognition.persons, replay.backup.made_at if replay.backup else None)
        apart = _stand(estate, ages, answers, result)
        kept = _without_new_customers(estate, ages, apart, answers, result)
        _draft(structure, ages.persons, apart, kept, result)


def _stand(estate: Estate, ages: Ages, answers: Mapping[Asked, str], result: Look) -> Apart:
    """The rows in which the persons' identifiers stand, told apart by age."""
    accepted = frozenset(
        (pk, c) for (pk, why, c), said in answers.items() if (why, said) == (Why.DOUBT, Answer.ERASE)
    )
    excluded = {(pk, c) for (pk, why, c), said in answers.items() if (why, said) == (Why.DOUBT, Answer.LEAVE)}
    doubts = DoubtsAmongOld([accepted for _ in ages.persons], ages=ages)
    identifiers = [person.identifiers for person in ages.persons]
    seeds = seeds_from(estate, identifiers, [excluded for _ in ages.persons])
    found = complete(search(estate, seeds, follow=False, doubts=doubts))
    _note_unsearched(found, result)
    for doubt in doubts.raised:
        asked = (doubt.data_set.pk, Why.DOUBT.value, doubt.category)
        rows, persons = result.questions.get(asked, (0, 0))
        result.questions[asked] = (rows + doubt.rows, persons + 1)
    result.persons = len(
        {person for trove in found.troves.values() for person in trove.persons}
        | {doubt.person for doubt in doubts.raised}
    )
    said = {
        answer: {pk for (pk, why, _), given in answers.items() if (why, given) == (Why.UNDATED, answer)}
        for answer in Answer
    }
    apart = tell_apart(estate, found, ages, erase=said[Answer.ERASE], leave=said[Answer.LEAVE])
    for pk, (rows, persons) in apart.undated.items():
        result.questions[pk, Why.UNDATED.value, ""] = (rows, persons)
    return apart


def _without_new_customers(
    estate: Estate, ages: Ages, apart: Apart, answers: Mapping[Asked, str], result: Look
) -> set[int]:
    """Ask where newer rows hang on old ones; the persons whose rows are left alone as wholes, by their numbers."""
    found = complete(search(estate, seeds_from_matches(estate, apart.old)))
    _note_unsearched(found, result)
    kept: set[int] = set()
    for pk, trove in found.troves.items():
        newer = newer_rows(estate, trove, ages)
        if newer is None or not newer.num_rows:
            continue
        names = list(trove.data_set.primary_key)
        for known in apart.others.get(pk, []):
            newer = subtract(newer, known, names)
        asked = (pk, Why.NEWER.value, "")
        owners = set(newer[PERSON].to_pylist())
        rows = distinct(newer.select(names)).num_rows
        if rows and answers.get(asked) == Answer.LEAVE:
            kept |= owners
            apart.newer[pk] = apart.newer.get(pk, 0) + rows
        elif rows and asked not in answers:
            kept |= owners
            result.questions[asked] = (rows, len(owners))
    result.newer = {str(estate.data_sets[pk]): rows for pk, rows in apart.newer.items()}
    return kept


def _draft(
    structure: Structure, persons: Sequence[Person], apart: Apart, kept: set[int], result: Look
) -> None:
    """Decide what becomes of the old rows: of everybody together, and apart for whom an exception is in force."""
    estate = structure.estate
    exceptions = _exceptions(estate, persons)
    numbers = [number for number in range(len(persons)) if apart.old[number] and number not in kept]
    groups = [[number] for number in numbers if number in exceptions]
    groups.append([number for number in numbers if number not in exceptions])
    known = [_together([apart.old[number] for number in group]) for group in groups]
    found = complete(search(estate, seeds_from_matches(estate, known)))
    divide(estate, found)
    _note_unsearched(found, result)
    holds = holds_on(estate.data_sets.values())
    for place, group in enumerate(groups):
        view = found.of(place)
        hits, keys = _hits(view, apart)
        if not hits:
            continue
        ordered = in_order(hits, _all_links(estate))
        excepted = exceptions.get(group[0], {}) if len(group) == 1 else {}
        decisions = decide(estate, ordered, keys, holds, excepted)
        ordered.sort(key=lambda hit: decisions[hit.data_set_id].method == "ask")
        for hit in ordered:
            decision = decisions[hit.data_set_id]
            for one in [*decision.beside, *([decision] if hit.rows else [])]:
                _add_step(structure, hit, one, keys[hit.data_set_id], result)


def _add_step(structure: Structure, hit: Hit, decision: Decision, keys: KeySet, result: Look) -> None:
    data_set = hit.data_set
    mine = KeySet(keys.part(decision.part).matches)
    rows = decision.rows if decision.part else hit.rows
    step = Step(
        position=len(result.drafts) + 1,
        data_set=data_set,
        method=decision.method,
        identity=hit.depth == 0 and decision.method not in NEVER_LAST,
        replacements=decision.replacements,
        kept=decision.kept,
        reason=decision.reason[:400],
        hold=decision.hold,
        schema_digest=schema_digest(structure.infos[data_set.pk], data_set.system),
        keys_digest=mine.digest(),
        rows_before=rows,
        facts=decision.facts | ({"part": decision.part} if decision.part else {}),
    )
    connector = structure.estate.connections.to(data_set.system)
    remaining = rows
    if not decision.problems:
        remaining = methods.get(decision.method)().remaining(connector, step, mine.matches)
    result.drafts.append(step)
    result.keys.append(mine)
    result.remaining.append(remaining)
    if remaining:
        result.problems += decision.problems


def _hits(view: Search, apart: Apart) -> tuple[list[Hit], dict[int, KeySet]]:
    """As `decide` takes them, without the rows that are not to be erased."""
    hits, keys = [], {}
    for pk, found in view.found.items():
        mine = found.keys
        names = list(found.data_set.primary_key)
        for left in apart.others.get(pk, []):
            mine.matches = _minus(mine.matches, left, names)
            mine.shared = {
                part: rest for part, matches in mine.shared.items() if (rest := _minus(matches, left, names))
            }
        rows = mine.size if names else found.rows
        shared = sum(match.keys.num_rows for match in mine.all_shared) if names else found.shared
        if rows or shared:
            keys[pk] = mine
            hits.append(
                Hit(data_set=found.data_set, depth=found.depth, rows=rows, shared=shared, routes=found.routes)
            )
    return hits, keys


def _minus(matches: Sequence, left: pa.Table, names: list[str]) -> list:
    rest = [type(match)(subtract(match.keys, left, names)) for match in matches]
    return [match for match in rest if match.keys.num_rows]


def _together(known: Sequence[Mapping[int, KeySet]]) -> dict[int, KeySet]:
    by_data_set: dict[int, list[KeySet]] = {}
    for of_person in known:
        for pk, keys in of_person.items():
            by_data_set.setdefault(pk, []).append(keys)
    return {pk: KeySet.together(these) for pk, these in by_data_set.items()}


def _exceptions(estate: Estate, persons: Sequence[Person]) -> dict[int, dict[int, RowExemption]]:
    """Of each person, by number, the exceptions of Art. 17(3) in force for any of their requests, by data set."""
    subjects = dict(
        SubjectRequest.objects.filter(reference__in=[person.reference for person in persons]).values_list(
            "reference", "subject"
        )
    )
    made = RowExemption.objects.filter(
        request__subject__in=set(subjects.values()), withdrawn_at=None, data_set__in=estate.data_sets
    ).select_related("request")
    by_subject: dict[str, dict[int, RowExemption]] = {}
    for each in made.order_by("made_at"):
        by_subject.setdefault(each.request.subject, {})[each.data_set_id] = each
    return {
        number: by_subject[subjects[person.reference]]
        for number, person in enumerate(persons)
        if subjects.get(person.reference) in by_subject
    }


def _all_links(estate: Estate) -> list[Link]:
    return [link for links in estate.links_into.values() for link in links]


def _note_unsearched(found: Search, result: Look) -> None:
    result.unsearched += [entry for entry in found.unsearched if entry not in result.unsearched]
