"""`manage.py risk` from outside: exit statuses, JSON, what is written, and what is never written."""

import json
import os

import fastavro
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from django.core.management import CommandError, call_command

from tests.retention.risk import adult

QUASI = "--quasi=sex,age,marital-status,education,native-country,occupation"
ADULT = str(adult.FOLDER / "adult.csv")
SMALL = "age;zip;illness\n31;10115;flu\n32;10115;cold\n33;10117;flu\n58;20095;cold\n59;20095;flu\n"


def risk(capsys, *arguments):
    """The exit status, what was printed and the last words."""
    try:
        call_command("risk", *arguments)
        status, words = 0, ""
    except CommandError as refusal:
        status, words = refusal.returncode, str(refusal)
    printed = capsys.readouterr()
    return status, printed.out, words or printed.err


@pytest.fixture
def small(tmp_path):
    path = tmp_path / "people.csv"
    path.write_text(SMALL)
    return path


def test_adult_is_measured_without_a_database(capsys):
    status, out, _ = risk(capsys, ADULT, QUASI, "--sensitive=salary-class", "--json")
    found = json.loads(out)
    assert (status, found["met"], found["measures"]["k"]) == (0, True, 1)
    assert found["measures"]["t"] == pytest.approx(0.7510775147536636)
    assert found["measures"]["risk"]["marketer"] == pytest.approx(0.4327962336715072)
    assert [attack["name"] for attack in found["measures"]["attacks"]] == [
        "singling_out",
        "linkability",
        "inference",
    ]
    assert "Bachelors" not in out


def test_adult_is_generalized_written_and_measured_again(capsys, tmp_path):
    out = tmp_path / "safe.csv"
    arguments = [
        ADULT,
        QUASI,
        "--k=5",
        "--generalize",
        str(adult.FOLDER / "hierarchies"),
        "--suppression=0.02",
    ]
    status, printed, _ = risk(capsys, *arguments, f"--out={out}", "--json")
    found = json.loads(printed)
    assert status == 0
    assert found["generalization"]["levels"] == {
        "sex": 0, "age": 3, "marital-status": 1, "education": 1, "native-country": 1, "occupation": 1,
    }  # fmt: skip
    assert (found["generalization"]["suppressed_rows"], found["generalization"]["optimal"]) == (591, True)
    assert (found["output"]["rows"], found["output"]["measures"]["k"]) == (29_571, 5)
    lines = out.read_text().splitlines()
    assert len(lines) == 29_572
    assert lines[1] == (
        '"Male";"20-39";"White";"spouse not present";"Undergraduate";"North America";"State-gov";"Other";"<=50K"'
    )
    assert [path.name for path in tmp_path.iterdir()] == ["safe.csv"]
    assert risk(capsys, str(out), QUASI, "--k=5")[0] == 0


def test_same_levels_are_applied_to_new_rows(capsys, tmp_path, small):
    (tmp_path / "levels.json").write_text('{"generalization": {"levels": {"age": 1, "zip": 1}}}')
    later = tmp_path / "later.csv"
    later.write_text(SMALL + "77;99999;flu\n")
    given = ["--quasi=age,zip", "--k=2", "--generalize", "age=bands:10,100", "zip=prefix:2,1"]
    for levels in ("age=1,zip=1", str(tmp_path / "levels.json")):
        out = tmp_path / f"{len(levels)}.csv"
        status, *_ = risk(
            capsys, str(later), *given, f"--levels={levels}", "--suppression=0.2", f"--out={out}"
        )
        assert status == 0
        assert out.read_text() == (
            '"age";"zip";"illness"\n"30-39";"10***";"flu"\n"30-39";"10***";"cold"\n"30-39";"10***";"flu"\n'
            '"50-59";"20***";"cold"\n"50-59";"20***";"flu"\n'
        )
    status, _, words = risk(
        capsys, str(later), *given, "--levels=age=1,zip=1", f"--out={tmp_path / 'no.csv'}"
    )
    assert (status, words) == (1, "The targets are not met. 1 of 6 rows would be suppressed, and 0 may be.")
    assert not (tmp_path / "no.csv").exists()


def test_suppressed_rows_can_be_starred(capsys, tmp_path, small):
    small.write_text(SMALL + "77;99999;flu\n")
    given = [str(small), "--quasi=age,zip", "--k=2", "--generalize", "age=bands:10,100", "zip=prefix:2,1"]
    out = tmp_path / "out.jsonl"
    assert risk(capsys, *given, "--suppression=0.2", "--star", f"--out={out}")[0] == 0
    rows = [json.loads(line) for line in out.read_text().splitlines()]
    assert (len(rows), rows[-1]) == (6, {"age": "*", "zip": "*", "illness": "flu"})


@pytest.mark.parametrize("suffix", ["csv", "parquet", "jsonl", "avro"])
def test_every_format_is_read(capsys, tmp_path, suffix):
    table = pa.table({"age": [31, 31, None], "zip": ["a", "a", "b"]})
    path = tmp_path / f"people.{suffix}"
    if suffix == "parquet":
        pq.write_table(table, path)
    elif suffix == "csv":
        path.write_text("age,zip\n31,a\n31,a\n,b\n")
    elif suffix == "jsonl":
        path.write_text("".join(json.dumps(row) + "\n" for row in table.to_pylist()))
    else:
        fields = [{"name": "age", "type": ["null", "int"]}, {"name": "zip", "type": "string"}]
        schema = {"type": "record", "name": "person", "fields": fields}
        with path.open("wb") as file:
            fastavro.writer(file, schema, table.to_pylist())
    status, out, words = risk(capsys, str(path), "--quasi=age,zip", "--k=2", "--json")
    assert (status, json.loads(out)["measures"]["histogram"][:2]) == (1, [[1, 1, 1, 1], [2, 2, 1, 2]])
    assert words == "The targets are not met. k is 1 and should be 2 at least."


@pytest.mark.parametrize("relaxed", [False, True])
def test_mondrian_writes_ranges(capsys, tmp_path, small, relaxed):
    out = tmp_path / "out.parquet"
    given = [str(small), "--quasi=age,zip", "--sensitive=illness", "--k=2", "--l=2", "--method=mondrian"]
    given += ["--generalize", "zip=prefix:2,1", f"--out={out}", *(["--relaxed"] if relaxed else [])]
    status, *_ = risk(capsys, *given)
    assert status == 0
    ages = pq.read_table(out).column("age").to_pylist()
    assert ages == ["31–32"] * 2 + ["33–59"] * 3


def test_what_leaves_nothing_to_use_is_warned_of_and_not_written(capsys, tmp_path, small):
    out = tmp_path / "out.csv"
    given = [str(small), "--quasi=age,zip", "--k=5", "--generalize", "age=hide", "zip=hide", f"--out={out}"]
    status, _, words = risk(capsys, *given)
    assert (status, out.exists()) == (2, False)
    assert "nothing left to use" in words
    status, _, words = risk(capsys, *given, "--even-if-masked")
    assert (status, out.exists()) == (0, True)
    assert "Every quasi-identifier would be hidden in every row." in words


def test_target_out_of_reach_is_said_to_be(capsys, tmp_path, small):
    given = [str(small), "--quasi=age,zip", "--k=6", "--generalize", "age=hide", "zip=hide"]
    for method in ("search", "mondrian"):
        out = tmp_path / "out.csv"
        status, _, words = risk(capsys, *given, f"--method={method}", f"--out={out}")
        assert (status, out.exists()) == (1, False)
        assert words.startswith("The targets are not met. No ")


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (["--quasi=age,street"], "There is no column street. There are age, zip, illness."),
        (["--quasi=age", "--sensitive=age"], "cannot be both"),
        (["--quasi=age", "--l=2"], "l and t speak of a sensitive column"),
        (["--quasi=age", "--k=0"], "k is 0."),
        (["--quasi=age", "--k=2", "--suppression=2"], "suppression limit of 2"),
        (["--quasi=age", "--out={folder}/x.csv"], "need --generalize"),
        (["--quasi=age", "--generalize", "age=hide"], "no target"),
        (["--quasi=age,zip", "--k=2", "--generalize", "age=hide"], "no hierarchy for zip"),
        (["--quasi=illness", "--k=2", "--generalize", "illness=bands:5"], "2 of 2 values of illness are no numbers"),
        (["--quasi=zip", "--sensitive=illness", "--t=0", "--distance=ordered", "--generalize", "zip=hide"], "no order"),
        (["--quasi=age", "--k=2", "--generalize", "age=hide", "--out={source}"], "never overwritten"),
        (["--quasi=age", "--k=2", "--generalize", "age=hide", "--out={folder}/x.xls"], "No format ends in .xls"),
        (["--quasi=age", "--k=2", "--generalize", "age=hide", "--out={folder}/no/x.csv"], "no place for a file"),
        (["--quasi=age", "--k=2", "--generalize", "age=hide", "--levels=age=7"], "levels 0 to 1, and no 7"),
        (["--quasi=age", "--k=2", "--generalize", "age=hide", "--levels=zip=1"], "No level was given for age"),
        (["--quasi=age", "--k=2", "--generalize", "age=hide", "--levels=7"], "cannot be read"),
        (["--quasi=age", "--k=2", "--generalize", "{folder}/short.csv"], "no hierarchy for age"),
    ],
)  # fmt: skip
def test_what_cannot_be_used_is_named(arguments, problem, capsys, tmp_path, small):
    (tmp_path / "short.csv").write_text("a;*\n")
    given = [each.format(folder=tmp_path, source=small) for each in arguments]
    status, _, words = risk(capsys, str(small), *given)
    assert status == 2
    assert problem in words
    assert small.read_text() == SMALL


def test_hierarchy_that_misses_values_lists_them(capsys, tmp_path, small):
    (tmp_path / "zip.csv").write_text("10115;1;*\n10117;1;*\n")
    status, _, words = risk(
        capsys, str(small), "--quasi=zip", "--k=2", "--generalize", str(tmp_path / "zip.csv")
    )
    assert status == 2
    assert "The hierarchy for zip misses 1 of 3 values." in words
    assert "It misses: 20095" in words


def test_output_that_exists_is_kept_unless_told(capsys, tmp_path, small):
    out = tmp_path / "out.csv"
    out.write_text("precious")
    given = [str(small), "--quasi=age", "--k=2", "--generalize", "age=bands:10,100", f"--out={out}"]
    status, _, words = risk(capsys, *given)
    assert (status, out.read_text()) == (2, "precious")
    assert "exists. Choose another name, or say --overwrite." in words
    assert risk(capsys, *given, "--overwrite")[0] == 0
    assert out.read_text().startswith('"age";"zip"')


def test_link_to_the_source_is_the_source(capsys, tmp_path, small):
    os.link(small, tmp_path / "link.csv")
    given = ["--quasi=age", "--k=2", "--generalize", "age=bands:10,100", "--overwrite"]
    status, _, words = risk(capsys, str(small), *given, f"--out={tmp_path / 'link.csv'}")
    assert (status, small.read_text()) == (2, SMALL)
    assert "never overwritten" in words


@pytest.mark.parametrize("content", ["", "age,zip\n"])
def test_empty_file_is_refused(content, capsys, tmp_path):
    path = tmp_path / "empty.csv"
    path.write_text(content)
    status, _, words = risk(capsys, str(path), "--quasi=age")
    assert status == 2
    assert words


def test_columns_can_be_left_out_and_others_are_named(capsys, tmp_path, small):
    out = tmp_path / "out.csv"
    given = [str(small), "--quasi=age", "--k=2", "--generalize", "age=bands:10,100", f"--out={out}"]
    status, _, words = risk(capsys, *given, "--drop=zip")
    assert status == 0
    assert "Written as they are: illness." in words
    assert out.read_text().splitlines()[0] == '"age";"illness"'
