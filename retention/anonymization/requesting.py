"""Asking for a run: the same checks and the same job, whichever door it comes through."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

from django.db import transaction

from audit.ledger.context import current_actor
from audit.ledger.recording import record
from catalog.classification.vocabulary import Sensitivity
from catalog.contracts.document import Document
from governance.console.jobs import enqueue, reserve
from governance.console.models import Job, User
from retention.anonymization import events, secrets_for, sources
from retention.anonymization.advising import Described
from retention.anonymization.column_types import declared
from retention.anonymization.compiling import Compiled
from retention.anonymization.describing import contract_in_force, describe, document_of
from retention.anonymization.destinations import destination_of
from retention.anonymization.models import Run
from retention.anonymization.once import OnceKeys, OnceTokens
from retention.anonymization.pipeline import KIND
from retention.anonymization.reporting import facts_of, rules_table
from retention.anonymization.resolving import MOST_NAMED, Resolution, resolve
from retention.anonymization.rules import KEEP, Rule, RuleSet
from retention.anonymization.runners import registry
from retention.anonymization.techniques.base import TechniqueError


@dataclass(frozen=True)
class Draft:
    """A run that was thought through and not asked for yet: what a person reviews."""

    source: str
    source_spec: Mapping[str, Any]
    use: str
    contract: str
    columns: tuple[Described, ...]
    resolution: Resolution
    types: Mapping[str, str]
    by_hand: frozenset[str] = frozenset()  # the columns whose rule is another than contract and catalog say


def draft(
    source_spec: Mapping[str, Any],
    *,
    use: str,
    document: Document | None = None,
    given: Mapping[str, Rule] | None = None,
    person: str = "",
    look: bool = True,
) -> Draft:
    """The rules that a run would have. Without a `document` the contract in force holds, where there is one.

    With `look`, columns that nobody described are sampled and classified, which is not for a request.

    Raises ConnectorError, SchemaChanged and TechniqueError; columns without a rule are in `resolution.undecided`.
    """
    contract = None if document else contract_in_force(source_spec)
    document = document_of(contract) if contract else document
    types = {item.name: item.type for item in document.fields if item.type} if document else {}
    with sources.open_source(source_spec) as source:
        schema = declared(source.schema, types)
        columns = tuple(describe(source, source_spec, document, schema=schema, look=look))
        label = source.label
    asked: dict[str, Any] = {"use": use, "document": document, "person": person}
    resolution = resolve(columns, **asked, given=given)
    by_hand = _differing(given or {}, resolve(columns, **asked)) if given else frozenset()
    named = f"{document.data_set} {document.version}" if document else ""
    return Draft(label, dict(source_spec), use, named, columns, resolution, types, by_hand)


def only_decided(made: Draft) -> Draft:
    """The draft with the columns that nobody decided about left out: for a look, never for a run."""
    left_out = [Rule(each.column, "drop", {}, each.why) for each in made.resolution.undecided]
    rules = made.resolution.rules
    whole = RuleSet((*rules.rules, *left_out), rules.use, rules.person)
    return replace(made, resolution=replace(made.resolution, rules=whole, undecided=()))


def check(made: Draft, destination_spec: Mapping[str, Any], *, runner: str, overwrite: bool) -> None:
    """All that can be refused before a row is read. Raises TechniqueError, DestinationError and ConnectorError."""
    made.resolution.require_complete()
    if runner not in registry.classes:
        raise TechniqueError(f"There is no runner {runner}.", f"Known are {', '.join(registry.classes)}.")
    destination = destination_of(destination_spec, run="check", overwrite=overwrite)
    destination.check(made.source_spec)
    secrets_for.require_keys(made.resolution.rules)
    with sources.open_source(made.source_spec) as source:
        schema = declared(source.schema, made.types)
        compiled = Compiled(
            made.resolution.rules, schema, data_set=source.name, keys=OnceKeys(), tokens=OnceTokens()
        )
    if not compiled.output_schema.names:
        raise TechniqueError("Every column is dropped: there is nothing to deliver.")
    destination.check_schema(compiled.output_schema)


def require_right(made: Draft, by: User | None) -> None:
    """TechniqueError where `by` keeps direct identifiers on their own, and may not see them.

    Whoever may not see values must not get them by having them copied: a contract decides that, or an officer. At the
    command line (`by` is None) the rights of the machine's user count.
    """
    if by is None or by.may("values.plain"):
        return
    rules = made.resolution.rules
    kept = [
        column.name
        for column in made.columns
        if column.name in made.by_hand
        and column.sensitivity == Sensitivity.DIRECT
        and _keeps(rules, column.name)
    ]
    if kept:
        raise TechniqueError(
            f"{', '.join(kept[:MOST_NAMED])}: direct identifiers may be kept by a privacy officer, or by a contract.",
            "Choose another technique, or agree on a contract that keeps them for this use.",
        )


@transaction.atomic
def start(
    made: Draft,
    destination_spec: Mapping[str, Any],
    *,
    runner: str,
    overwrite: bool = False,
    by: User | None = None,
    here: bool = False,
) -> Run:
    """The run and its job, which starts when this commits; with `here` the caller runs it. `check` comes before.

    Raises TechniqueError where it is not for `by` to start it.
    """
    require_right(made, by)
    rules = made.resolution.rules
    run = Run(
        source=made.source[:1000],
        source_spec=dict(made.source_spec),
        destination=destination_of(destination_spec, run="check", overwrite=overwrite).label[:1000],
        destination_spec=dict(destination_spec),
        overwrite=overwrite,
        use=made.use[:100],
        contract=made.contract[:300],
        runner=runner,
        watched=list(made.resolution.watched),
        types=dict(made.types),
        columns={column.name: _known(column) for column in made.columns},
        person_category=made.resolution.person_category,
        keys=secrets_for.pin(rules, category=made.resolution.person_category, by=by),
        asked_by=by,
        operator=current_actor().id[:80],
    )
    run.set_rules(rules)
    run.job = _job(run, here=here)
    run.save(force_insert=True)
    record(events.REQUESTED, run, **facts_of(run), contract=run.contract, rules=rules_table(run))
    return run


@transaction.atomic
def resume(run: Run, *, here: bool = False) -> Run:
    """Another job for a run that failed: it goes on from what is staged, or begins again. ValueError otherwise."""
    locked = Run.objects.select_for_update(of=("self",)).select_related("job").get(pk=run.pk)
    if not locked.resumable:
        raise ValueError("This job is not one that can go on: it is under way, or it ended for good.")
    locked.outcome, locked.problem, locked.finished_at = "", "", None
    locked.parts.filter(state="failed").update(state="waiting")
    locked.job = _job(locked, here=here)
    locked.save()
    record(events.REQUESTED, locked, **facts_of(locked), contract=locked.contract, rules=rules_table(locked))
    return locked


def _differing(given: Mapping[str, Rule], without: Resolution) -> frozenset[str]:
    found = {rule.column: rule for rule in without.rules.rules}

    def same(rule: Rule, other: Rule | None) -> bool:
        return other is not None and (rule.technique, rule.parameters) == (other.technique, other.parameters)

    return frozenset(name for name, rule in given.items() if not same(rule, found.get(name)))


def _keeps(rules: RuleSet, column: str) -> bool:
    rule = rules.of(column)
    return rule is not None and rule.technique == KEEP


def _job(run: Run, *, here: bool) -> Job:
    make = reserve if here else enqueue
    return make(KIND, title=f"Anonymize {run.source}"[:200], run=str(run.pk))


def _known(column: Described) -> dict[str, Any]:
    facts = asdict(column)
    return {name: facts[name] for name in ("category", "sensitivity", "known_by")} | {
        "type": str(column.type)
    }
