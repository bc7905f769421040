from collections.abc import Iterator, Mapping

from catalog.classification.vocabulary import CATEGORIES
from catalog.connectors import registry
from catalog.connectors.base import Capability, Connector, Match
from catalog.models import Column, DataSet
from erasure.answers.models import Correction
from erasure.correcting import Fix, carrying, columns_of, fix_for
from erasure.deciding import Decision
from erasure.finding import Estate, complete, search, seeds_from
from erasure.keysets import KeySet
from erasure.models import Hit, Step, SubjectRequest
from erasure.replacing import CannotReplace
from erasure.requests.intake import add_identifier
from erasure.rights.base import CHANGE, FIRST, Right
from retention.models import Hold

NOTHING = "Nothing in these rows is said to be wrong."


class Rectification(Right):
    """Art. 16 GDPR; the right to correct of the CCPA."""

    kind = "rectification"
    label = "Rectification"
    article = "Art. 16"
    asks = "Correct personal data about me that are wrong"
    way = (*FIRST, *CHANGE)
    plans = True
    done = "rectified"
    nothing_left = "nothing to rectify"

    def decide(
        self,
        request: SubjectRequest,
        estate: Estate,
        ordered: list[Hit],
        keys: Mapping[int, KeySet],
        holds: Mapping[int, Hold],
    ) -> dict[int, Decision]:
        """One decision per column that carries what is wrong, in every data set found: copies downstream too."""
        corrections = list(request.corrections.all())
        return {
            hit.data_set_id: _decide(
                request, estate, hit, keys[hit.data_set_id], corrections, holds.get(hit.data_set_id)
            )
            for hit in ordered
        }

    def settle(self, request: SubjectRequest) -> None:
        """The person is known by what is right from now on, too."""
        for correction in request.corrections.all():
            right = correction.values["right"]
            if right and CATEGORIES[correction.category].unique:
                add_identifier(request, correction.category, right)

    def residue(
        self, request: SubjectRequest, estate: Estate, keys: Mapping[int, KeySet]
    ) -> Iterator[tuple[DataSet, int, str]]:
        """Rows of the person that still carry what is wrong; and whether they are found by what is right."""
        done = Step.objects.filter(plan__request=request, method="rectify", state=Step.State.DONE)
        for correction in request.corrections.all():
            category, right = correction.category, correction.values["right"]
            corrected = (
                done.filter(facts__correction=correction.pk).select_related("data_set__system").first()
            )
            if corrected is None or not CATEGORIES[category].unique:
                continue
            found = complete(search(estate, seeds_from(estate, {category: [right]}), follow=False))
            if corrected.data_set is not None and corrected.data_set_id not in found.found:
                yield corrected.data_set, 1, "the person is not found by what was corrected"


def _decide(
    request: SubjectRequest,
    estate: Estate,
    hit: Hit,
    keys: KeySet,
    corrections: list[Correction],
    hold: Hold | None,
) -> Decision:
    each = [
        decision
        for correction in corrections
        for decision in _for_correction(request, estate, hit, keys, correction)
    ]
    if hold and each:
        return Decision("leave", f"Legal hold, {hold.get_exemption_display()}: {hold.reason}", hold)
    own = [decision for decision in each if not decision.part]
    main = own.pop() if own else Decision("leave", NOTHING)
    main.hold = hold
    main.beside = [*own, *(decision for decision in each if decision.part)]
    return main


def _for_correction(
    request: SubjectRequest, estate: Estate, hit: Hit, keys: KeySet, correction: Correction
) -> Iterator[Decision]:
    connector = estate.connections.to(hit.data_set.system)
    values = correction.values
    for column in columns_of(estate.columns[hit.data_set_id], correction.category):
        try:
            fix = fix_for(column, **values)
        except CannotReplace as problem:
            trouble = {"where": str(hit.data_set), "message": str(problem), "remedy": ""}
            yield Decision("leave", problems=[trouble])
            continue
        for part, matches in {"": keys.matches, **keys.shared}.items():
            yield from _for_part(request, connector, hit, correction, fix, column, part, matches)


def _for_part(
    request: SubjectRequest,
    connector: Connector,
    hit: Hit,
    correction: Correction,
    fix: Fix,
    column: Column,
    part: str,
    matches: list[Match],
) -> Iterator[Decision]:
    """One column of the rows that are the person's alone, or of a part of those that are others' too."""
    wrong = carrying(connector, hit.data_set, matches, fix)
    if not wrong.matches:
        return
    rows = connector.count(hit.data_set.name, wrong.matches)
    reason = f"{column.name}: {correction.get_category_display()} corrected in {rows} rows"
    decision = Decision("rectify", reason, part=part)
    if part:
        decision.rows = connector.count(hit.data_set.name, matches)
    decision.facts = {"column": column.name, "correction": correction.pk, "rows": rows}
    decision.sealed = fix.seal(wrong, request)
    if Capability.CHANGE not in registry.get(hit.data_set.system.kind).capabilities:
        decision.method = "ask to correct"
        decision.facts.pop("rows")
    if column.name in hit.data_set.primary_key:
        decision.problems.append(
            {
                "where": str(hit.data_set),
                "message": f"{column.name} is the key of its rows: what refers to them would lose them.",
                "remedy": "Have its custodian correct it in the application, then search again.",
            }
        )
    yield decision
