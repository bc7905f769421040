import pytest

from retention.risk.building import bands, build, masks
from retention.risk.collapsing import RiskProblem, collapse
from retention.risk.hierarchy_files import file_for, hierarchies_for
from tests.retention.risk.test_searching import table_of


@pytest.mark.parametrize(
    ("rule", "values", "lines"),
    [
        ("bands:10,20", ["7", "-1"], [("7", "0-9", "0-19", "*"), ("-1", "-10--1", "-20--1", "*")]),
        ("bands:0.5,1", ["1.2", "1.7"], [("1.2", "[1, 1.5)", "[1, 2)", "*"), ("1.7", "[1.5, 2)", "[1, 2)", "*")]),
        ("dates", ["2024-12-31"], [("2024-12-31", "2024-12", "2024-Q4", "2024", "2020s", "*")]),
        ("dates", ["2024-01-31T10"], [("2024-01-31T10", "2024-01-31", "2024-01", "2024-Q1", "2024", "2020s", "*")]),
        ("prefix:3,1", ["10115", "20095"], [("10115", "101**", "1****", "*"), ("20095", "200**", "2****", "*")]),
        ("mask", ["abc", "de"], [("abc", "ab*", "a**", "*"), ("de", "de*", "d**", "*")]),
        ("hide", ["x"], [("x", "*")]),
    ],
)  # fmt: skip
def test_rules_make_hierarchies(rule, values, lines):
    assert list(zip(*build("c", values, rule).levels, strict=True)) == lines


@pytest.mark.parametrize(
    ("rule", "values", "problem"),
    [
        ("bands:5", ["1", "old", "x"], "2 of 3 values of c are no numbers"),
        ("bands:5,7", ["1"], "do not fit into each other"),
        ("bands:-1", ["1"], "widths above 0"),
        ("bands", ["1"], "widths above 0"),
        ("dates", ["31.12.2024"], "1 of 1 values of c are no dates"),
        ("prefix:2,3", ["abc"], "falling lengths"),
        ("prefix:x", ["abc"], "falling lengths"),
        ("mask:2", ["abc"], "takes nothing"),
        ("blur", ["abc"], "no rule blur"),
    ],
)
def test_rules_that_do_not_fit_are_refused(rule, values, problem):
    with pytest.raises(RiskProblem, match=problem):
        build("c", values, rule)


def test_file_of_a_column_is_the_closest_by_name(tmp_path):
    names = ["adult_hierarchy_age.csv", "language.csv", "stages.csv", "zip.csv", "zip_codes.csv"]
    files = [tmp_path / name for name in names]
    assert file_for("age", files).name == "adult_hierarchy_age.csv"
    assert file_for("zip", files).name == "zip.csv"
    assert file_for("lang", files).name == "language.csv"
    assert file_for("sex", files) is None
    with pytest.raises(RiskProblem, match=r"language\.csv, stages\.csv could all be"):
        file_for("age", files[1:])


def test_hierarchies_come_from_folders_files_and_rules(tmp_path):
    (tmp_path / "of_a.csv").write_text("x,X,*\ny,X,*\n")
    table = table_of([("x", "7"), ("y", "8")], ["a", "b"])
    found = hierarchies_for(["a", "b"], [str(tmp_path), "b=bands:10"], table=table)
    assert [(name, each.height) for name, each in found.items()] == [("b", 2), ("a", 2)]
    for given, problem in (
        (["c=hide"], "c is no quasi-identifier"),
        (["/nowhere"], "no file or folder"),
        (["a=blur"], "neither a file nor a rule"),
    ):
        with pytest.raises(RiskProblem, match=problem):
            hierarchies_for(["a", "b"], given, table=table)
    assert collapse([], ["a"]).rows == 0


def test_hostile_values_and_widths_cannot_fill_the_memory():
    with pytest.raises(RiskProblem, match="1 of 2 values of age are no numbers"):
        bands("age", ["1", "1e999999"], [10])
    with pytest.raises(RiskProblem, match="need widths above 0"):
        bands("age", ["1"], ["1e999999"])
    with pytest.raises(RiskProblem, match="more than 64 characters, and each would be a level"):
        masks("note", ["a", "a" * 100_000])
