"""Getting values of a job back: what its reversible techniques made, by the rules, keys and names it was made with."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

import pyarrow as pa
from django.core.exceptions import ValidationError

from audit.ledger.recording import record
from governance.console.models import User
from governance.keyring.subjects import references_of
from retention.anonymization import events, secrets_for
from retention.anonymization.columns import computable, innermost
from retention.anonymization.compiling import technique_of
from retention.anonymization.models import Run
from retention.anonymization.planning import schema_of
from retention.anonymization.revealing import reveal
from retention.anonymization.techniques.base import Environment, Technique, TechniqueError
from retention.anonymization.techniques.encrypt import Encrypt
from retention.anonymization.techniques.token import Token
from retention.anonymization.texts import as_text, from_text
from retention.vault.asking import ask, require
from retention.vault.detokenizing import UNKNOWN, find
from retention.vault.kms.base import KmsError
from retention.vault.persons import lookups

Opened = Callable[[Sequence[str], Sequence[str] | None], list[str | None]]  # values, and whose they are

NOBODYS = "No value: the key of this person was destroyed, or the value was changed or is another's."
NOT_MADE = "No value: this is nothing that the column's rule makes."


@dataclass(frozen=True, slots=True)
class Recovered:
    """What stood for a value, and the value; None where there is none, and `problem` says why as far as is known."""

    given: str
    value: str | None = field(repr=False)
    problem: str = ""
    persons: frozenset[bytes] = frozenset()  # keyed hashes


def columns(run: Run) -> dict[str, Technique]:
    """The columns whose values can be asked back, with their techniques; none before a run has begun."""
    if not run.plan:
        return {}
    rules, found = run.rule_set, {}
    for column in schema_of(run):
        with suppress(TechniqueError):  # of a plug-in that is gone, or has other parameters now
            technique = technique_of(rules, column.name)
            if technique.reversible and not pa.types.is_null(innermost(column.type)):
                found[column.name] = technique
    return found


def needs_persons(technique: Technique) -> bool:
    """Whether each value has to come with whose it is. The vault knows that of its tokens itself."""
    return technique.needs_person and isinstance(technique, Encrypt)


def recover(
    run: Run,
    column: str,
    values: Sequence[str],
    *,
    reason: str,
    by: User,
    persons: Sequence[str] | None = None,
) -> list[Recovered]:
    """An answer for each of `values` of the run's output, in order; `persons` says whose each is, where each person
    has a key of their own. Bytes are written in hexadecimal, lists item by item.

    Limit, reason and ledger are those of the vault; the ledger gets no value. Raises ValidationError for what cannot
    be asked, TooMany, TechniqueError (also KmsError) where a key cannot be had.
    """
    technique = columns(run).get(column)
    if technique is None:
        raise ValidationError({"column": f"The job has no values of {column[:80]} to give back."})
    require(asked=len(values), reason=reason, field="values")
    look_up = _way_back(run, column, technique, _persons(technique, len(values), persons))

    def look() -> list[Recovered]:
        answers = look_up(values)
        whose = sorted(references_of({each for answer in answers for each in answer.persons}).values())
        record(
            events.RECOVERED,
            run,
            subject=whose[0] if len(whose) == 1 else "",
            job=str(run.pk),
            column=column,
            technique=technique.kind,
            asked=len(values),
            found=sum(answer.value is not None for answer in answers),
            reason=reason,
            persons=whose,
        )
        return answers

    def refused() -> None:
        record(events.RECOVERY_REFUSED, run, job=str(run.pk), column=column, asked=len(values), reason=reason)

    return ask(look, asked=len(values), by=by, about=f"{run.source}: {column}", refused=refused)


def _persons(technique: Technique, count: int, persons: Sequence[str] | None) -> Sequence[str] | None:
    if not needs_persons(technique):
        return None
    if persons is None or len(persons) != count or not all(person.strip() for person in persons):
        raise ValidationError(
            {"persons": "Say of each value whose it is: each person has a key of their own."}
        )
    return persons


def _way_back(
    run: Run, column: str, technique: Technique, persons: Sequence[str] | None
) -> Callable[[Sequence[str]], list[Recovered]]:
    name = run.plan["data_set"]
    if isinstance(technique, Token):
        environment = Environment(column, name)
        return lambda values: _of_tokens(values, technique, environment)
    environment = Environment(column, name, secrets_for.found_again(run.keys))
    kind = innermost(schema_of(run).field(column).type)
    made = technique.output_type(kind)

    def opened(some: Sequence[str], whose: Sequence[str] | None) -> list[str | None]:
        given = from_text(pa.array(some, pa.string()), made)
        person = None if whose is None else pa.array(whose, pa.string())
        back = reveal(given, technique, environment, given=kind, person=person)
        return as_text(back.cast(computable(kind))).to_pylist()

    opened([], persons and [])  # a key that is not there is said before anything is counted
    whose = [frozenset(lookups(run.person_category, [person])) for person in persons or ()]
    return lambda values: _of_keys(values, persons, whose, opened)


def _of_tokens(values: Sequence[str], technique: Token, environment: Environment) -> list[Recovered]:
    places = technique.places(values, environment)
    known = [place for place in places if place]
    found = find({domain for domain, _ in known}, {token for _, token in known})
    answers = []
    for value, place in zip(values, places, strict=True):
        held = found.get(place) if place else None
        if held is None:
            answers.append(Recovered(value, None, UNKNOWN if place else NOT_MADE))
        else:
            answers.append(Recovered(value, technique.spelled(held.value, value), "", held.persons))
    return answers


def _of_keys(
    values: Sequence[str], persons: Sequence[str] | None, whose: Sequence[frozenset[bytes]], opened: Opened
) -> list[Recovered]:
    answers = []
    for place, (text, problem) in enumerate(_each(opened, values, persons)):
        if text is None:
            answers.append(Recovered(values[place], None, problem or (NOBODYS if persons else NOT_MADE)))
        else:
            answers.append(Recovered(values[place], text, "", whose[place] if persons else frozenset()))
    return answers


def _each(
    opened: Opened,
    values: Sequence[str],
    persons: Sequence[str] | None,
) -> Iterable[tuple[str | None, str]]:
    """All at once; where one of them cannot be, one by one, so that it does not hide the others."""
    try:
        return [(text, "") for text in opened(values, persons)]
    except KmsError:
        raise
    except (TechniqueError, ValueError):
        return [
            _one(opened, value, [persons[place]] if persons else None) for place, value in enumerate(values)
        ]


def _one(
    opened: Opened,
    value: str,
    whose: Sequence[str] | None,
) -> tuple[str | None, str]:
    try:
        return opened([value], whose)[0], ""
    except KmsError:
        raise
    except TechniqueError as problem:
        return None, str(problem)
    except ValueError:
        return None, NOT_MADE
