"""Labels travel along edges, weaken, are masked, withdrawn; and never override a person."""

from collections.abc import Callable
from pathlib import Path

import pytest
from django.utils import timezone

from catalog import registering, reviewing, scanning
from catalog.lineage import propagation
from catalog.lineage.spreading import Base, Flows, spread
from catalog.lineage.transforming import Claim, Effect, become, passage
from catalog.models import Column, Edge, Label
from governance.console.models import Job, User
from tests.catalog.ledger import facts_of
from tests.catalog.lineage.conftest import Estate

EMAIL = Claim("contact.email", "direct")


@pytest.mark.parametrize(
    ("edge", "expected"),
    [
        (("direct", "IDENTITY", False), (0.95, Effect.KEEP)),
        (("direct", "TRANSFORMATION", False), (0.8, Effect.KEEP)),
        (("direct", "transformation", True), (0.8, Effect.PSEUDONYM)),
        (("direct", "AGGREGATION", False), (0.6, Effect.KEEP)),
        (("direct", "AGGREGATION", True), (0.6, Effect.FIGURE)),
        (("direct", "", False), (0.8, Effect.KEEP)),
        (("direct", "IDENTITY", True), (0.8, Effect.PSEUDONYM)),
        (("indirect", "JOIN", False), (0.3, Effect.HINT)),
        (("indirect", "JOIN", True), None),
    ],
)
def test_what_an_edge_does(edge: tuple, expected: tuple | None):
    assert passage(*edge) == expected


def test_masking_leaves_nothing_of_what_is_inside_a_text():
    inside = Claim("contact.email", "direct", contained=True)
    assert become(inside, Effect.KEEP) == inside
    assert become(inside, Effect.PSEUDONYM) is None
    assert become(EMAIL, Effect.PSEUDONYM) == Claim("id.pseudonym", "pseudonymous")
    assert become(EMAIL, Effect.FIGURE) == Claim("none.operational", "none")


def flows(*edges: tuple[int, int, float]) -> Flows:
    made = Flows()
    for number, (source, target, factor) in enumerate(sorted(edges), start=1):
        made.add(source, target, factor=factor, effect=Effect.KEEP, edge=number)
    return made


def reached(made: Flows, *columns: int, **options: object) -> dict[int, tuple[float, int, int]]:
    found = spread(made, {pk: [Base(EMAIL, 1.0)] for pk in columns}, **options)  # type: ignore[arg-type]
    return {column: (round(a.confidence, 4), a.origin, a.steps) for column, a in found}


def test_the_best_way_wins_over_the_shorter_one():
    diamond = flows((1, 4, 0.5), (1, 2, 0.9), (2, 3, 0.9), (3, 4, 0.9))
    assert reached(diamond, 1) == {2: (0.9, 1, 1), 3: (0.81, 1, 2), 4: (0.729, 1, 3)}


def test_a_cycle_ends_and_its_origin_says_nothing_to_itself():
    cycle = flows((1, 2, 0.9), (2, 3, 0.9), (3, 1, 0.9))
    assert reached(cycle, 1) == {2: (0.9, 1, 1), 3: (0.81, 1, 2)}
    assert reached(cycle, 1, 2)[1] == (0.81, 2, 2)


def test_below_the_floor_nothing_goes_on():
    chain = flows(*((at, at + 1, 0.5) for at in range(1, 9)))
    assert reached(chain, 1) == {2: (0.5, 1, 1), 3: (0.25, 1, 2)}


def test_a_persons_column_is_told_but_passes_nothing_on():
    assert reached(flows((1, 2, 0.9), (2, 3, 0.9)), 1, decided={2}) == {2: (0.9, 1, 1)}


def test_what_was_refused_does_not_come_from_there_again():
    two = flows((1, 3, 0.9), (2, 3, 0.8))
    assert reached(two, 1, 2, refused={(3, "contact.email", 1)}) == {3: (0.8, 2, 1)}


def test_edges_come_in_the_order_of_their_sources():
    made = flows((1, 2, 0.9), (2, 3, 0.9))
    with pytest.raises(ValueError, match="in the order of their sources"):
        made.add(1, 3, factor=1, effect=Effect.KEEP, edge=9)


def test_labels_follow_the_kind_of_each_edge(estate: Estate, propagated: Callable):
    estate.suggest("shop.customer.email", "contact.email", 1.0)
    estate.flow("shop.customer.email", "lake.a.copy")
    estate.flow("shop.customer.email", "lake.b.lower", "TRANSFORMATION")
    estate.flow("shop.customer.email", "lake.c.latest", "AGGREGATION")
    estate.flow("shop.customer.email", "lake.d.hash", "TRANSFORMATION", masking=True)
    estate.flow("shop.customer.email", "lake.e.count", "AGGREGATION", masking=True)
    estate.flow("shop.customer.email", "lake.f.joined", "JOIN", kind="indirect")
    estate.flow("lake.d.hash", "lake.g.hash")
    estate.flow("lake.e.count", "lake.h.count")
    assert propagated() == {
        "lake.a.copy": [("contact.email", 0.95)],
        "lake.b.lower": [("contact.email", 0.8)],
        "lake.c.latest": [("contact.email", 0.6)],
        "lake.d.hash": [("id.pseudonym", 0.8)],
        "lake.e.count": [("none.operational", 0.6)],
        "lake.f.joined": [("contact.email", 0.3)],
        "lake.g.hash": [("id.pseudonym", 0.76)],
    }
    verdicts = {
        c.name: (c.category, c.sensitivity) for c in Column.objects.filter(data_set__system__name="lake")
    }
    assert verdicts["copy"] == ("contact.email", "direct")
    assert verdicts["joined"] == ("", "")  # a hint is no verdict
    assert Column.objects.get(name="count", data_set__name="e").personal  # until a person says otherwise


def test_the_evidence_names_the_edge_and_never_an_example(estate: Estate, propagated: Callable):
    origin = estate.suggest("shop.customer.email", "contact.email", 1.0)
    masks = estate.flow("shop.customer.email", "lake.d.hash", "TRANSFORMATION", masking=True)
    last = estate.flow("lake.d.hash", "lake.g.hash", job="hourly")
    propagated()
    (said,) = Label.objects.get(column=last.target_column, origin="lineage").evidence
    assert said["detail"] == (
        "Made from shop / customer / email, 2 steps away, and masked on the way by "
        "“email → d / hash” (transformation, etl / nightly): a pseudonym."
    )
    del said["detail"]
    assert said == {
        "origin": "lineage",
        "category": "id.pseudonym",
        "weight": 0.76,
        "sampled": 0,
        "matched": 0,
        "valid": 0,
        "examples": [],
        "contained": False,
        "column": origin.pk,
        "edge": last.pk,
        "job": "etl / hourly",
        "steps": 2,
        "masked": True,
        "masked_by": masks.pk,
        "indirect": False,
    }


def test_a_second_run_writes_nothing(estate: Estate, propagated: Callable, sequenced: Callable):
    estate.suggest("shop.customer.email", "contact.email")
    estate.flow("shop.customer.email", "lake.a.copy")
    first = propagated()
    entries = len(sequenced())
    assert facts_of(sequenced()[-2]) == ("labels.propagated", {"added": 1, "withdrawn": 0, "questioned": 0})
    assert propagated() == first
    assert Label.objects.filter(origin="lineage").count() == 1
    assert [entry.action for entry in sequenced()[entries:]] == ["job.done"]


def test_labels_go_with_the_edge_and_with_the_source_label(estate: Estate, propagated: Callable):
    estate.suggest("shop.customer.email", "contact.email")
    edge = estate.flow("shop.customer.email", "lake.a.copy")
    estate.flow("lake.a.copy", "lake.b.copy")
    assert list(propagated()) == ["lake.a.copy", "lake.b.copy"]
    Label.objects.filter(origin="scan").update(state="superseded")
    assert propagated() == {}
    assert estate("lake.b.copy").category == ""
    Label.objects.filter(origin="scan").update(state="suggested")
    assert list(propagated()) == ["lake.a.copy", "lake.b.copy"]
    Edge.objects.filter(pk=edge.pk).update(gone_at=edge.last_seen_at)
    assert propagated() == {}
    assert set(Label.objects.filter(origin="lineage").values_list("state", flat=True)) == {"superseded"}


def test_two_columns_of_a_cycle_do_not_hold_each_other_up(estate: Estate, propagated: Callable):
    estate.suggest("shop.customer.email", "contact.email")
    for source, target in (
        ("shop.customer.email", "lake.a.x"),
        ("lake.a.x", "lake.b.y"),
        ("lake.b.y", "lake.a.x"),
    ):
        estate.flow(source, target)
    assert list(propagated()) == ["lake.a.x", "lake.b.y"]
    Label.objects.filter(origin="scan").update(state="superseded")
    assert propagated() == {}


def test_what_a_text_contains_goes_with_the_text(estate: Estate, propagated: Callable):
    estate.suggest("desk.ticket.body", "contact.email", 0.7, contained=True)
    estate.flow("desk.ticket.body", "lake.t.body")
    estate.flow("desk.ticket.body", "lake.t.hash", "TRANSFORMATION", masking=True)
    assert propagated() == {"lake.t.body": [("contact.email", 0.665)]}
    assert (estate("lake.t.body").contains, estate("lake.t.body").category) == (["contact.email"], "")


def test_a_persons_decision_stands_and_is_questioned_once(estate: Estate, propagated: Callable, dana: User):
    estate.suggest("shop.customer.email", "contact.email", 1.0)
    reviewing.classify([estate("lake.a.copy")], category="none", by=dana)
    estate.flow("shop.customer.email", "lake.a.copy")
    estate.flow("lake.a.copy", "lake.b.copy")
    assert list(propagated()) == ["lake.a.copy"]
    column = estate("lake.a.copy")
    assert (column.category, column.state, column.questioned) == ("none", "confirmed", True)
    reviewing.confirm([column], by=dana)
    assert list(propagated()) == ["lake.a.copy"]
    assert not estate("lake.a.copy").questioned


def test_a_decision_is_a_new_base(estate: Estate, propagated: Callable, dana: User):
    estate.suggest("shop.customer.contact", "contact.email", 0.6)
    estate.flow("shop.customer.contact", "lake.a.copy")
    assert propagated() == {"lake.a.copy": [("contact.email", 0.57)]}
    reviewing.classify([estate("shop.customer.contact")], category="contact.phone", by=dana)
    assert propagated() == {"lake.a.copy": [("contact.phone", 0.95)]}
    reviewing.classify([estate("shop.customer.contact")], category="none", by=dana)
    assert propagated() == {}


def test_a_refused_label_does_not_come_back(estate: Estate, propagated: Callable, dana: User):
    estate.suggest("shop.customer.email", "contact.email")
    estate.flow("shop.customer.email", "lake.a.copy")
    estate.flow("lake.a.copy", "lake.b.copy")
    propagated()
    reviewing.reject([estate("lake.a.copy")], by=dana)
    assert propagated() == {}
    assert estate("lake.a.copy").category == ""


def test_a_scan_and_lineage_leave_each_others_labels_alone(
    estate: Estate, propagated: Callable, work: Callable, tmp_path: Path
):
    people = "".join(
        f"{given} {family}\n" for given in ("Anna", "Ingrid", "Maria") for family in ("Hansen", "Berg")
    )
    (tmp_path / "people.csv").write_text(f"full_name\n{people}")
    folder = registering.add(name="Exports", kind="folder", settings={"path": str(tmp_path)})
    scanning.request(folder)
    work()
    estate.suggest("shop.customer.email", "contact.email", 1.0)
    estate.flow("shop.customer.email", "Exports.people.csv.full_name")
    target = Column.objects.get(data_set__system=folder)
    Edge.objects.update(target=target.data_set, target_column=target)
    assert list(propagated().values()) == [[("contact.email", 0.95)]]

    def live() -> list[tuple[int, str, str]]:
        labels = target.labels.filter(state="suggested", contained=False).order_by("origin")
        return [(label.pk, label.origin, label.category) for label in labels]

    before = live()
    assert [row[1:] for row in before] == [("lineage", "contact.email"), ("scan", "name.full")]
    scanning.request(folder)
    assert [job.kind for job in work()] == ["catalog.scan", "catalog.propagate"]
    assert live() == before
    Edge.objects.update(gone_at=timezone.now())
    assert propagated() == {}
    assert live() == before[1:]
    target.refresh_from_db()
    assert target.category == "name.full"


def test_edges_between_whole_data_sets_carry_no_label(estate: Estate, propagated: Callable):
    estate.suggest("shop.customer.email", "contact.email")
    estate("lake.a.copy")
    estate.flow("shop.customer:", "lake.a:", "")
    estate.flow("shop.customer.email", "lake.a:", "FILTER", kind="indirect")
    assert propagated() == {}


def test_many_labels_cost_as_many_queries_as_one(
    estate: Estate, propagated: Callable, django_assert_max_num_queries: Callable
):
    for number in range(40):
        estate.suggest(f"shop.customer.c{number}", "contact.email")
        estate.flow(f"shop.customer.c{number}", f"lake.a.c{number}")
    with django_assert_max_num_queries(45):
        assert len(propagated()) == 40


def test_one_job_waits_at_most_and_none_without_lineage(estate: Estate, db: None):
    propagation.request()
    assert not Job.objects.exists()
    estate.flow("shop.customer.email", "lake.a.copy")
    propagation.request()
    propagation.request()
    assert [job.kind for job in Job.objects.all()] == ["catalog.propagate"]


def test_a_column_that_is_gone_neither_gives_nor_keeps_a_label(estate: Estate, propagated: Callable):
    estate.suggest("shop.customer.email", "contact.email")
    estate.flow("shop.customer.email", "lake.a.copy")
    estate.flow("lake.a.copy", "lake.b.copy")
    assert list(propagated()) == ["lake.a.copy", "lake.b.copy"]
    Column.objects.filter(pk=estate("lake.a.copy").pk).update(gone_at=timezone.now())
    assert propagated() == {}
    assert propagated() == {}
