"""From findings to labels to a verdict, without a database."""

from catalog.classification.verdict import Evidence, Finding, Verdict
from catalog.labelling import DETECTOR, disagrees, revise, settle, suggestions
from catalog.models import Column, Label


def evidence(origin: str = "pattern", category: str = "contact.email", weight: float = 0.9) -> Evidence:
    return Evidence(origin, category, "12 of 12 distinct values look like it.", weight, 12, 12)


def label(category: str = "contact.email", confidence: float = 0.9, **values: object) -> Label:
    made = {
        "origin": "scan",
        "sensitivity": "direct",
        "state": "suggested",
        "detector": DETECTOR,
        "evidence": [{"origin": "pattern", "weight": 0.9}],
    }
    return Label(category=category, confidence=confidence, **{**made, **values})


def test_findings_and_what_is_contained_become_labels():
    verdict = Verdict(
        findings=(Finding("contact.email", 0.97, (evidence(),)),),
        contains=("id.national",),
        contained=(evidence(category="id.national", weight=0.8),),
    )
    whole, inside = suggestions(Column(), verdict)
    assert (whole.category, whole.sensitivity, whole.confidence, whole.contained) == (
        "contact.email",
        "direct",
        0.97,
        False,
    )
    assert (inside.category, inside.confidence, inside.contained) == ("id.national", 0.8, True)
    assert whole.evidence[0]["detail"] == "12 of 12 distinct values look like it."


def test_the_same_finding_again_adds_nothing():
    earlier = label(pk=1, confidence=0.90)
    revision = revise([earlier], [label(confidence=0.93)])
    assert (revision.added, revision.withdrawn, revision.live) == ([], [], [earlier])


def test_a_moved_confidence_replaces_the_earlier_label():
    earlier, now = label(pk=1, confidence=0.7), label(confidence=0.9)
    revision = revise([earlier], [now])
    assert (revision.added, revision.withdrawn, revision.live) == ([now], [earlier], [now])


def test_a_finding_that_is_no_more_is_withdrawn():
    earlier = label(pk=1)
    assert revise([earlier], []).withdrawn == [earlier]


def test_a_rejected_finding_returns_only_with_a_new_witness():
    rejected = label(pk=1, state="rejected", detector="0")
    assert revise([rejected], [label(confidence=0.99)]).added == []
    two = [{"origin": "pattern", "weight": 0.9}, {"origin": "name", "weight": 0.5}]
    assert len(revise([rejected], [label(evidence=two)]).added) == 1
    against = [{"origin": "pattern", "weight": 0.9}, {"origin": "values", "weight": -0.5}]
    assert revise([rejected], [label(evidence=against)]).added == []


def test_the_verdict_is_the_most_confident_suggestion_and_a_persons_word_before_it():
    column = Column(state="unreviewed")
    assert settle(column, [label("name.full", 0.5), label(), label("id.national", 0.9, contained=True)])
    assert (column.category, column.confidence, column.contains) == ("contact.email", 0.9, ["id.national"])
    person = label("none", 1.0, origin="person", state="confirmed", sensitivity="none")
    settle(column, [label(), person])
    assert (column.category, column.sensitivity) == ("none", "none")
    settle(column, [])
    assert (column.category, column.sensitivity, column.confidence, column.contains) == ("", "", 0, [])


def test_a_confirmed_column_keeps_its_category():
    column = Column(state="confirmed", category="none", sensitivity="none", confidence=1.0)
    settle(column, [label(), label("id.national", contained=True)])
    assert (column.category, column.sensitivity, column.contains) == ("none", "none", ["id.national"])


def test_only_something_new_strong_and_different_questions_a_decision():
    def questions(column: Column, *found: Label, earlier: tuple[Label, ...] = ()) -> bool:
        return disagrees(column, revise(earlier, found))

    city = Column(state="confirmed", category="contact.address.city", sensitivity="quasi")
    assert questions(city, label())
    assert not questions(city, label(confidence=0.6))
    assert not questions(city, label("contact.address", 0.9))
    assert not questions(city, label(confidence=0.95), earlier=(label(pk=1, confidence=0.85),))
    assert not questions(city, label("id.national", contained=True))
    given = Column(state="confirmed", category="name.given", sensitivity="direct")
    assert not questions(given, label("name.full", 0.95))  # a part of a name is no other thing
    cleared = Column(state="confirmed", category="none", sensitivity="none")
    assert questions(cleared, label("id.national", 0.5, contained=True))
    assert not questions(Column(state="unreviewed", category="none"), label())
