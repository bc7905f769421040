"""Decisions of persons: in bulk, once, kept as labels, and never less careful than before."""

from collections.abc import Callable

import pytest
from django.core.exceptions import ValidationError

from catalog import reviewing
from catalog.models import Column, Label, System
from governance.console.models import User
from tests.catalog.ledger import facts_of

Find = Callable[[str], Column]
pytestmark = pytest.mark.usefixtures("scanned")


def reviewed(sequenced: Callable) -> list[dict]:
    return [facts for action, facts in map(facts_of, sequenced()) if action == "columns.reviewed"]


def test_one_decision_confirms_many_and_is_one_entry(dana: User, sequenced: Callable):
    changed = reviewing.confirm(Column.objects.filter(data_set__name="public.customer"), by=dana)
    assert len(changed) == 9
    assert set(
        Column.objects.filter(data_set__name="public.customer").values_list(
            "state", "reviewed_by", "confidence"
        )
    ) == {("confirmed", dana.pk, 1.0)}
    (entry,) = reviewed(sequenced)
    assert entry["decision"] == "confirm"
    assert {
        "column": "Shop / public.customer / email",
        "category": "contact.email",
        "sensitivity": "direct",
    } in entry["columns"]
    assert len(entry["columns"]) == 9


def test_confirming_again_changes_and_records_nothing(dana: User, column: Find, sequenced: Callable):
    email = column("customer.email")
    assert len(reviewing.confirm([email, email], by=dana)) == 1
    labels = Label.objects.count()
    assert reviewing.confirm([column("customer.email")], by=dana) == []
    assert Label.objects.count() == labels
    assert len(reviewed(sequenced)) == 1


def test_without_a_suggestion_nothing_is_confirmed(dana: User, column: Find):
    Column.objects.filter(name="email").update(category="", sensitivity="")
    assert reviewing.confirm([column("customer.email")], by=dana) == []
    assert column("customer.email").personal


def test_only_a_persons_word_makes_a_column_not_personal(dana: User, column: Find):
    milliseconds = column("track.milliseconds")
    assert milliseconds.sensitivity == "none"
    assert milliseconds.personal
    reviewing.confirm([milliseconds], by=dana)
    assert not column("track.milliseconds").personal


def test_classify_sets_category_and_its_own_sensitivity_unless_told(dana: User, column: Find):
    reviewing.classify([column("customer.city")], category="health.condition", by=dana)
    city = column("customer.city")
    assert (city.category, city.sensitivity, city.state) == ("health.condition", "sensitive", "confirmed")
    reviewing.classify([city], category="health.condition", sensitivity="direct", by=dana)
    assert column("customer.city").sensitivity == "direct"
    states = city.labels.filter(origin="person").order_by("pk").values_list("state", "sensitivity")
    assert list(states) == [("superseded", "sensitive"), ("confirmed", "direct")]


@pytest.mark.parametrize(
    "words", [{"category": "shoe.size"}, {"category": ""}, {"category": "name", "sensitivity": "very"}]
)
def test_unknown_words_change_nothing(dana: User, column: Find, words: dict[str, str]):
    with pytest.raises(ValidationError, match="Choose a "):
        reviewing.classify([column("customer.city")], by=dana, **words)
    assert column("customer.city").state == "unreviewed"


def test_an_unknown_decision_is_refused(dana: User):
    with pytest.raises(ValidationError, match="“erase” is none of: confirm, classify, reject, reopen"):
        reviewing.decide(Column.objects.all(), "erase", by=dana)


def test_a_rejected_suggestion_leaves_the_column_personal(dana: User, column: Find, sequenced: Callable):
    title = column("employee.title")
    assert len(reviewing.reject([title], by=dana)) == 1
    title.refresh_from_db()
    assert (title.state, title.personal) == ("unreviewed", True)
    assert title.category != "employment.occupation"
    mine = title.labels.get(origin="person")
    assert (mine.state, mine.category, mine.made_by) == ("rejected", "employment.occupation", dana)
    assert title.labels.get(origin="scan", category="employment.occupation").state == "rejected"
    assert reviewed(sequenced)[0]["decision"] == "reject"


def test_a_confirmed_column_is_not_rejected_but_reopened(dana: User, column: Find):
    email = column("customer.email")
    reviewing.classify([email], category="none", by=dana)
    assert reviewing.reject([email], by=dana) == []
    assert len(reviewing.reopen([email], by=dana)) == 1
    again = column("customer.email")
    assert (again.state, again.category, again.reviewed_by) == ("unreviewed", "contact.email", None)
    assert again.labels.get(origin="person").state == "superseded"
    assert reviewing.reopen([again], by=dana) == []


def test_a_decision_on_thousands_is_split_into_entries_the_ledger_takes(
    scanned: System, dana: User, sequenced: Callable
):
    data_set = scanned.data_sets.first()
    assert data_set
    Column.objects.bulk_create(
        Column(data_set=data_set, name=f"{'é' * 380}{n}", position=n, data_type="text", kind="text")
        for n in range(2_500)
    )
    wide = Column.objects.filter(data_set=data_set, position__gte=0, data_type="text")
    assert len(reviewing.classify(wide, category="none", by=dana)) == 2_500
    entries = reviewed(sequenced)
    assert sum(len(entry["columns"]) for entry in entries) == 2_500
    assert len(entries) > 1


def test_half_a_decision_is_none(dana: User, column: Find, monkeypatch: pytest.MonkeyPatch):
    def refuse(*args: object, **kwargs: object) -> None:
        raise RuntimeError("the ledger does not answer")

    monkeypatch.setattr(reviewing, "record", refuse)
    with pytest.raises(RuntimeError):
        reviewing.confirm(Column.objects.all(), by=dana)
    assert not Column.objects.filter(state="confirmed").exists()
    assert not Label.objects.filter(origin="person").exists()
