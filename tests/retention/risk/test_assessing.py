"""Assessments and hierarchies on their pages and over the API."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from catalog.models import Column, DataSet, System
from governance.console.models import Job
from retention.risk.models import Assessment, Hierarchy
from tests.people import api_of, client_of

HOME = "/anonymization/risk/"
ROWS = "age,zip,illness\n31,10115,flu\n32,10115,cold\n33,10117,flu\n58,20095,cold\n59,20095,flu\n"
ASKED = {
    "quasi": ["age", "zip"],
    "sensitive": "illness",
    "k": 2,
    "suppression": 0,
    "distance": "equal",
    "metric": "loss",
}
ZIPS = "10115;10***;*\n10117;10***;*\n20095;20***;*\n"


@pytest.fixture
def people(db, tmp_path):
    (tmp_path / "people.csv").write_text(ROWS)
    system = System.objects.create(name="files", kind="folder", settings={"path": str(tmp_path)})
    data_set = DataSet.objects.create(system=system, name="people.csv", kind="file", row_estimate=5)
    for position, (name, sensitivity) in enumerate(
        [("age", "quasi"), ("zip", "direct"), ("illness", "sensitive")]
    ):
        Column.objects.create(
            data_set=data_set,
            name=name,
            position=position,
            data_type="text",
            kind="text",
            sensitivity=sensitivity,
        )
    return data_set


@pytest.fixture
def zips(emil):
    return (
        api_of(emil)
        .post("/api/v1/risk/hierarchies/", {"name": "zip", "text": ZIPS}, format="json")
        .json()["id"]
    )


def measured(emil, people, work, **change):
    answer = client_of(emil).post(f"{HOME}add/{people.pk}/", ASKED | change)
    assert answer.status_code == 302, answer.content.decode()
    jobs = work()
    return Assessment.objects.get(), jobs


def test_columns_are_chosen_by_their_tags(emil, people, zips):
    browser = client_of(emil)
    answer = browser.get(f"{HOME}add/?data_set={people.pk}")
    assert answer["Location"] == f"{HOME}add/{people.pk}/"
    text = browser.get(answer["Location"]).content.decode()
    assert [f'value="{name}" ' in text and f'value="{name}" id' not in text for name in ("age", "zip")] == [
        True,
        True,
    ]
    assert text.count("checked") == 2
    assert '<option value="illness" selected>' in text
    assert "zip = zip" in text


def test_assessment_is_made_and_shown_without_values(emil, people, zips, work, sequenced):
    made, jobs = measured(emil, people, work, hierarchies="age = bands:10,20\nzip = zip")
    assert [job.state for job in jobs] == ["done"]
    assert (made.state, made.rows, made.found_k, made.met, made.uniques) == ("done", 5, 1, False, 1.0)
    assert made.suggestion["search"]["levels"] == {"age": 1, "zip": 1}
    assert made.suggestion["search"]["optimal"] is True
    text = client_of(emil).get(made.get_absolute_url()).content.decode()
    for words in (
        "Target missed",
        "Singling out",
        "Linkability",
        "Inference",
        "age, zip",
        "Nothing better exists",
    ):
        assert words in text
    assert "<svg" in text
    assert "style=" not in text
    for value in ("10115", "20095", "flu", "cold"):
        assert value not in text
        assert value not in str([made.measures, made.suggestion, Job.objects.values()])
    entries = {entry.action: entry.content["facts"] for entry in sequenced()}
    assert entries["assessment.requested"] == {
        "data_set": "files / people.csv", "quasi": ["age", "zip"], "sensitive": "illness", "targets": ["k=2"],
    }  # fmt: skip
    assert entries["assessment.made"] == {"rows": 5, "k": 1, "unique_rows": 5, "met": False}
    assert list(entries) == ["hierarchy.imported", "assessment.requested", "assessment.made", "job.done"]


def test_target_that_is_met_needs_no_suggestion(emil, people, work):
    made, _ = measured(emil, people, work, k=1)
    assert (made.met, made.suggestion) == (True, None)
    assert "Target met" in client_of(emil).get(HOME).content.decode()


def test_hierarchy_that_misses_values_is_said_without_them(emil, people, work):
    api_of(emil).post("/api/v1/risk/hierarchies/", {"name": "some", "text": "10115;*\n"}, format="json")
    made, _ = measured(emil, people, work, hierarchies="zip = some")
    assert made.suggestion == {
        "problem": "The hierarchy for zip misses 2 of 3 values. Add a line for each of them."
    }
    assert "There is none yet" in client_of(emil).get(made.get_absolute_url()).content.decode()


def test_target_out_of_reach_and_masked_suggestions_are_told(emil, people, work):
    made, _ = measured(emil, people, work, k=5)
    assert made.suggestion["search"]["warning"] == "Every quasi-identifier would be hidden in every row."
    assert "hidden in every row" in client_of(emil).get(made.get_absolute_url()).content.decode()
    Assessment.objects.all().delete()
    made, _ = measured(emil, people, work, k=6)
    assert made.suggestion["search"]["met"] is False
    assert (
        "No levels of these hierarchies meet" in client_of(emil).get(made.get_absolute_url()).content.decode()
    )


@pytest.mark.parametrize(
    ("content", "reason"), [("age,zip,illness\n", "no rows"), ("age,zip\n1,2\n", "illness")]
)
def test_store_that_changed_fails_the_assessment_with_the_reason(
    content, reason, emil, people, work, tmp_path
):
    (tmp_path / "people.csv").write_text(content)
    made, jobs = measured(emil, people, work)
    assert [job.state for job in jobs] == ["failed"]
    assert made.state == "failed"
    assert reason in made.problem
    assert reason in client_of(emil).get(made.get_absolute_url()).content.decode()


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"quasi": []}, "This field is required."),
        ({"quasi": ["age", "street"]}, "street is not one of the available choices"),
        ({"sensitive": "age"}, "cannot be both"),
        ({"sensitive": "", "l": 2}, "l and t speak of a sensitive column"),
        ({"k": 0}, "greater than or equal to 1"),
        ({"t": 2}, "less than or equal to 1"),
        ({"suppression": 1.5}, "less than or equal to 1"),
        ({"hierarchies": "zip"}, "Line 1 is no"),
        ({"hierarchies": "zip = hide\nzip = mask"}, "Line 2 names zip a second time"),
        ({"hierarchies": "street = hide"}, "street is not among the quasi-identifiers"),
        ({"hierarchies": "zip = nowhere"}, "There is no hierarchy nowhere"),
    ],
)
def test_assessment_that_cannot_be_is_refused(change, problem, emil, people, sequenced):
    answer = client_of(emil).post(f"{HOME}add/{people.pk}/", ASKED | change)
    assert answer.status_code == 422
    assert problem in answer.content.decode()
    assert not Assessment.objects.exists()
    assert sequenced() == []


def test_auditor_looks_and_does_not_measure(vera, emil, people, work):
    made, _ = measured(emil, people, work)
    browser = client_of(vera)
    assert browser.get(made.get_absolute_url()).status_code == 200
    assert "Measure a data set" not in browser.get(HOME).content.decode()
    assert browser.post(f"{HOME}add/{people.pk}/", ASKED).status_code == 403
    assert Assessment.objects.count() == 1


def test_assessments_over_the_api(emil, people, work):
    program = api_of(emil)
    asked = {"data_set": people.pk, "quasi": ["age", "zip"], "sensitive": "illness", "k": 2, "l": 2}
    answer = program.post(
        "/api/v1/risk/assessments/", asked | {"hierarchies": {"zip": "prefix:2"}}, format="json"
    )
    assert (answer.status_code, answer.json()["verdict"]) == (201, "queued")
    work()
    found = program.get(f"/api/v1/risk/assessments/{answer.json()['id']}/").json()
    assert (found["verdict"], found["found_k"], found["measures"]["diversity"]["distinct"]) == (
        "target missed",
        1,
        1,
    )
    assert found["suggestion"]["search"]["levels"] == {"age": 1, "zip": 1}
    listed = program.get("/api/v1/risk/assessments/?verdict=missed").json()
    assert (listed["count"], "measures" in listed["results"][0]) == (1, False)
    for wrong in ({"quasi": ["street"]}, {"sensitive": "age"}, {"hierarchies": {"zip": "nowhere"}}, {"k": 0}):
        assert program.post("/api/v1/risk/assessments/", asked | wrong, format="json").status_code == 400
    assert Assessment.objects.count() == 1


def test_hierarchy_is_imported_from_a_file_and_checked_against_a_column(dana, amir, emil, people, sequenced):
    browser = client_of(emil)
    file = SimpleUploadedFile("zip.csv", "\ufeff10115,10***,*\n10117,10***,*\n".encode())
    answer = browser.post(f"{HOME}hierarchies/add/", {"name": "zip", "file": file})
    made = Hierarchy.objects.get()
    assert answer["Location"] == made.get_absolute_url()
    assert (made.values, made.height, made.owner, made.text) == (2, 2, emil, "10115;10***;*\n10117;10***;*")
    column = people.columns.get(name="zip")
    url = f"{made.get_absolute_url()}?column={column.pk}"
    for person, shown in ((emil, ""), (dana, "2•••"), (amir, "20095")):
        text = client_of(person).get(url).content.decode()
        assert f"It misses 1 value of {column}, in a sample of 5 rows." in text
        assert ("20095" in text, "2•••" in text) == (shown == "20095", shown == "2•••")
    assert "10***" in client_of(dana).get(made.get_absolute_url()).content.decode()
    assert "10***" not in browser.get(made.get_absolute_url()).content.decode()
    assert browser.post(f"{made.get_absolute_url()}remove/")["Location"] == f"{HOME}hierarchies/"
    assert not Hierarchy.objects.exists()
    imported, *looks, removed = sequenced()
    assert (imported.action, removed.action) == ("hierarchy.imported", "hierarchy.removed")
    assert [look.content["facts"] for look in looks] == [
        {"column": str(column), "missing": 1, "shown": shown, "masked": masked}
        for shown, masked in ((0, True), (1, True), (1, False))
    ]


@pytest.mark.parametrize(
    ("asked", "problem"),
    [
        ({"name": "zip"}, "Choose a file, or paste the text."),
        ({"name": "zip", "text": "a;b\nc\n"}, "Line 2 of the hierarchy zip has 1 levels"),
        ({"name": "zip", "text": "a;b\na;c\n"}, "has a value twice"),
        ({"name": "zip", "text": "a;X;1\nb;X;2\n"}, "is no tree"),
        ({"name": "zip", "text": "a\nb\n"}, "no level above its values"),
        ({"name": "mask", "text": "a;*\n"}, "is the name of a rule"),
        ({"name": "known", "text": "a;*\n"}, "There is a hierarchy known already"),
        ({"name": "zip", "file": SimpleUploadedFile("x", b"\xff\xfe\xfa")}, "not UTF-8"),
    ],
)
def test_text_that_is_no_hierarchy_is_refused(asked, problem, emil):
    Hierarchy.objects.create(name="known", text="a;*", values=1, height=1)
    answer = client_of(emil).post(f"{HOME}hierarchies/add/", asked)
    assert answer.status_code == 422
    assert problem in answer.content.decode().replace("&#x27;", "'")
    assert Hierarchy.objects.count() == 1


def test_lists_cost_a_fixed_number_of_queries(emil, people, work, django_assert_max_num_queries):
    for _ in range(3):
        client_of(emil).post(f"{HOME}add/{people.pk}/", ASKED)
    work()
    browser = client_of(emil)
    with django_assert_max_num_queries(12):
        text = browser.get(HOME).content.decode()
    assert text.count("Target missed</span>") == 3
