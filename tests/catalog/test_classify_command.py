"""`manage.py classify`: what engineers and pipelines rely on. No test here asks for the console's database."""

from __future__ import annotations

import gzip
import json
import os
import re
import sqlite3
import subprocess
import sys
from io import BytesIO, StringIO
from pathlib import Path
from typing import Any

import jsonschema
import numpy as np
import pandas as pd
import pytest
from django.core.management import CommandError, call_command

from governance.environment import PROJECT
from tests.catalog.chinook import fill
from tests.services.fixtures import Database
from tests.services.objects import ObjectServer

GIVEN = ("Anna", "Bjorn", "Carla", "David", "Elena", "Frank", "Greta", "Hugo", "Irene", "Jakob")
FAMILY = (
    "Hansen",
    "Silva",
    "Tremblay",
    "Kowalski",
    "Rossi",
    "Novak",
    "Almeida",
    "Schneider",
    "Murphy",
    "Dubois",
)
CUSTOMERS = (
    "id,email,shade,note\n"
    "1,anna.hansen@example.org,teal,called back\n"
    "2,bjorn.silva@example.org,ochre,wants a refund\n"
    "3,carla.rossi@example.org,mauve,moved; write to carla@example.net now\n"
    "4,david.novak@example.org,beige,ok then\n"
)


def run(*arguments: object) -> tuple[str, str]:
    """What the command prints as its result and beside it."""
    said, beside = StringIO(), StringIO()
    call_command("classify", *map(str, arguments), stdout=said, stderr=beside)
    return said.getvalue(), beside.getvalue()


def classified(*arguments: object) -> dict[str, Any]:
    said, _ = run(*arguments, "--json")
    found = json.loads(said)
    jsonschema.validate(found, SCHEMA)
    return found


def categories(columns: dict[str, Any]) -> dict[str, str | None]:
    return {name: column["category"] for name, column in columns.items()}


def refused(*arguments: object) -> tuple[int, str]:
    with pytest.raises(CommandError) as error:
        run(*arguments)
    return error.value.returncode, str(error.value)


def documented_schema() -> dict[str, Any]:
    text = (PROJECT / "docs" / "classifying.md").read_text()
    (block,) = re.findall(r"```json\n(.*?)\n```", text, re.DOTALL)
    schema = json.loads(block)
    jsonschema.Draft202012Validator.check_schema(schema)
    return schema


SCHEMA = documented_schema()


@pytest.fixture
def customers(tmp_path: Path) -> Path:
    path = tmp_path / "customers.csv"
    path.write_text(CUSTOMERS)
    return path


def test_the_json_of_values_alone_is_exactly_as_documented(customers: Path):
    silent: dict[str, Any] = {
        "category": None,
        "sensitivity": "unknown",
        "confidence": 0.0,
        "contains": [],
        "evidence": [],
    }
    (found,) = classified(customers, "--ignore-names").items()
    assert found == (
        "customers.csv",
        {
            "id": silent,
            "email": {
                "category": "contact.email",
                "sensitivity": "direct",
                "confidence": found[1]["email"]["confidence"],
                "contains": [],
                "evidence": [
                    {
                        "origin": "pattern",
                        "category": "contact.email",
                        "detail": "4 of 4 distinct values look like e-mail addresses.",
                        "weight": 0.97,
                        "sampled": 4,
                        "matched": 4,
                        "valid": 0,
                        "examples": [
                            "a***.******@e******.org",
                            "b****.*****@e******.org",
                            "c****.*****@e******.org",
                        ],
                        "contained": False,
                    }
                ],
            },
            "shade": silent,
            "note": {
                "category": None,
                "sensitivity": "unknown",
                "confidence": 0.0,
                "contains": ["contact.email"],
                "evidence": [
                    {
                        "origin": "pattern",
                        "category": "contact.email",
                        "detail": "1 of 4 texts hold e-mail addresses.",
                        "weight": 0.7,
                        "sampled": 4,
                        "matched": 1,
                        "valid": 0,
                        "examples": ["c****@e******.net"],
                        "contained": True,
                    }
                ],
            },
        },
    )
    assert 0.9 <= found[1]["email"]["confidence"] <= 1  # its value is the calibration's to say


def test_two_runs_print_the_same_bytes(customers: Path):
    assert run(customers, "--json")[0] == run(customers, "--json")[0]


def test_people_get_a_table_and_how_quick_it_was(customers: Path):
    said, beside = run(customers, "--ignore-names")
    lines = [line.split("  ") for line in said.splitlines()]
    assert said.splitlines()[0] == "customers.csv  (4 columns, 4 rows sampled)"
    assert [cell.strip() for cell in lines[1] if cell] == [
        *("column", "category", "sensitivity", "confidence", "contains", "why")
    ]
    assert re.fullmatch(r"  id      –              unknown", said.splitlines()[2])
    assert re.fullmatch(
        r"  email   contact\.email  direct             0\.\d\d                 4 of 4 distinct values look like .*",
        said.splitlines()[3],
    )
    assert said.splitlines()[5] == (
        "  note    –              unknown                  contact.email  1 of 4 texts hold e-mail addresses."
    )
    assert re.fullmatch(r"4 columns of 1 data set: 16 values in [\d.]+ s, [\d,]+ a second\.\n", beside)


def test_no_value_is_printed(customers: Path):
    printed = "".join(run(customers)) + "".join(run(customers, "--json"))
    for value in ("anna", "silva", "@example", "example.org", "refund", "ochre"):
        assert value not in printed


def test_it_runs_where_nothing_is_configured(customers: Path, tmp_path: Path):
    ours = ("DATABASE_URL", "DATABASE_OWNER_URL", "BROKER_URL", "SECRET_KEY", "CACHE_URL")
    kept = {name: value for name, value in os.environ.items() if name not in ours}
    done = subprocess.run(
        [sys.executable, "manage.py", "classify", str(customers), "--fail-on", "direct"],
        cwd=PROJECT,
        # Roots bind the console; who is at the command line reads what they may.
        env=kept | {"CONSOLE_VAR": str(tmp_path / "var"), "FOLDER_ROOTS": "/srv/none"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert done.stdout.startswith("customers.csv  (4 columns, 4 rows sampled)\n")
    assert re.fullmatch(
        r"CommandError: 2 columns are direct:\n"
        r"customers\.csv: email is direct \(contact\.email, confidence 0\.9\d\)\n"
        r"customers\.csv: note contains direct \(contact\.email, confidence 0\.70\)",
        done.stderr.partition("a second.\n")[2].strip(),
    )
    assert not (tmp_path / "var").exists()


def test_fail_on_counts_only_what_is_sure_enough(customers: Path):
    assert refused(customers, "--fail-on", "direct", "--at-least", "0.8")[1].count("customers.csv:") == 1
    run(customers, "--fail-on", "sensitive,pseudonymous", "--ignore-names")
    run(customers, "--fail-on", "direct", "--at-least", "1")
    assert refused(customers, "--fail-on", "unknown", "--ignore-names") == (
        1,
        "3 columns are unknown:\n"
        "customers.csv: id is unknown\ncustomers.csv: shade is unknown\ncustomers.csv: note is unknown",
    )


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--fail-on", "secret"], "There is no sensitivity 'secret'; known are direct, quasi,"),
        (["--fail-on", ","], "Name one sensitivity at least."),
        (["--at-least", "2"], "'2' is no number from 0 to 1."),
        (["--sample", "0"], "'0' is no number of rows."),
        (["--seed", "-1"], "'-1' is no whole number from 0 on."),
        (["--encoding", "klingon"], "The encoding 'klingon' is not known here."),
        (["--region", "Atlantis"], "“Atlantis” is no region"),
    ],
)
def test_an_option_that_means_nothing_is_refused(customers: Path, arguments: list[str], said: str):
    with pytest.raises(CommandError) as error:
        run(customers, *arguments)
    assert said in str(error.value)


def test_a_parquet_file_of_pandas_gets_its_paths(tmp_path: Path):
    people = [
        {"name": {"first": GIVEN[n % 10], "last": FAMILY[n % 7]}, "email": f"p{n}@example.org"}
        for n in range(60)
    ]
    notes = [
        f"{GIVEN[n % 10]} {FAMILY[n % 10]} called on Tuesday about the broken heating in the hall."
        for n in range(60)
    ]
    pd.DataFrame(
        {
            "person": people,
            "tags": [["a", "b"]] * 60,
            "visits": [json.dumps([{"ip": f"10.1.{n}.7"}]) for n in range(60)],
            "note": notes,
            "size": np.where(np.arange(60) % 3, np.arange(60) / 7, np.nan),
            "nothing": [None] * 60,
        }
    ).to_parquet(tmp_path / "people.parquet")
    columns = classified(tmp_path / "people.parquet")["people.parquet"]
    assert list(columns) == [
        *("person", "person.name.first", "person.name.last", "person.email", "tags", "tags[]"),
        *("visits", "visits[].ip", "note", "size", "nothing"),
    ]
    assert columns["person.name.first"]["category"] == "name.given"
    assert columns["person.name.last"]["category"] == "name.family"
    assert columns["person.email"]["category"] == "contact.email"
    assert columns["visits[].ip"]["category"] == "online.ip"
    assert set(columns["person"]["contains"]) == {"contact.email", "name.family", "name.given"}
    assert columns["visits"]["contains"] == ["online.ip"]
    assert columns["note"]["contains"] == ["name.full"]
    assert columns["nothing"]["category"] is None
    without = classified(tmp_path / "people.parquet", "--no-entities")["people.parquet"]
    assert without["note"]["contains"] == []


def test_neighbours_in_json_speak_for_each_other(tmp_path: Path):
    """Given names beside family names, told by values alone because they stand in one object."""
    lines = [json.dumps({"who": {"a": GIVEN[n], "b": FAMILY[n]}}) for n in range(10)]
    (tmp_path / "who.jsonl").write_text("\n".join(lines))
    columns = classified(tmp_path / "who.jsonl", "--ignore-names")["who.jsonl"]
    assert categories(columns) == {"who": None, "who.a": "name.given", "who.b": "name.family"}
    origins = {item["origin"] for item in columns["who.a"]["evidence"]}
    assert origins == {"values", "neighbours"}


def test_a_folder_tells_what_could_not_be_read(tmp_path: Path, customers: Path):
    (tmp_path / "broken.parquet").write_bytes(b"PAR1 and no footer")
    (tmp_path / "broken.jsonl").write_text('{"a": 1}\n{"a":\n')
    (tmp_path / "quotes.csv").write_text('a,b\n"x,2\n')
    (tmp_path / "empty.csv").write_text("")
    (tmp_path / "readme.md").write_text("# Exports")
    said, beside = run(tmp_path, "--json")
    found = json.loads(said)
    jsonschema.validate(found, SCHEMA)
    assert list(found) == ["broken.jsonl", "broken.parquet", "customers.csv", "empty.csv", "quotes.csv"]
    assert found["broken.jsonl"] == {
        "problem": "broken.jsonl, line 2 is not JSON. Correct the line, or write the file again."
    }
    assert found["broken.parquet"] == {
        "problem": "broken.parquet cannot be read as Parquet: it is cut short or damaged. Write the file again."
    }
    assert found["empty.csv"]["problem"].startswith("empty.csv is empty")
    assert found["quotes.csv"]["problem"].startswith("quotes.csv, line 2: the quotes or line ends")
    assert found["customers.csv"]["email"]["category"] == "contact.email"
    assert beside.splitlines()[0] == (
        "Passed over 1 file that is no CSV, JSON Lines, Parquet or Avro by name: readme.md"
    )
    assert beside.splitlines()[1].startswith("4 columns of 1 data set (4 could not be read): 16 values in ")
    assert "quotes.csv: quotes.csv, line 2: the quotes" in run(tmp_path)[0]


def test_nothing_readable_is_status_2(tmp_path: Path):
    assert refused(tmp_path) == (2, "There is no table, topic or data file to be seen there.")
    assert refused(tmp_path / "nowhere.csv") == (
        2,
        f"There is no file or folder {tmp_path}/nowhere.csv. Check the path.",
    )
    (tmp_path / "a.csv.gz").write_bytes(gzip.compress(b"a,b\n1,2\n"))
    assert refused(tmp_path / "a.csv.gz") == (
        2,
        "a.csv.gz: a.csv.gz is packed. Unpack it first; save a workbook as CSV.",
    )
    (tmp_path / "array.json").write_text('[{"a": 1}]')
    assert refused(tmp_path / "array.json", "--json")[1] == (
        "array.json: array.json is one JSON array. Write one object on each line (JSON Lines)."
    )
    (tmp_path / "core").write_bytes(b"\x7fELF\0\0\0")
    assert refused(tmp_path / "core")[1].startswith("core: core is no kind of file that can be read here.")


def test_a_file_is_taken_for_what_it_is_and_not_for_its_name(tmp_path: Path):
    buffer = BytesIO()
    pd.DataFrame({"email": ["anna@example.org", "carla@example.org"]}).to_parquet(buffer)
    (tmp_path / "export.csv").write_bytes(buffer.getvalue())
    (tmp_path / "export.txt").write_text("email;total\nanna@example.org;2.5\n")
    assert categories(classified(tmp_path / "export.csv")["export.csv"]) == {"email": "contact.email"}
    assert list(classified(tmp_path / "export.txt")["export.txt"]) == ["email", "total"]


def test_each_file_of_a_folder_is_read_in_its_own_encoding(tmp_path: Path):
    text = "city;email\n" + "".join(f"Kölnstraße {n};jörg{n}@example.org\n" for n in range(20))
    (tmp_path / "bom.csv").write_text(text, encoding="utf-8-sig")
    (tmp_path / "excel.csv").write_text(text.replace(";", "\t"), encoding="utf-16")
    (tmp_path / "plain.csv").write_text(text, encoding="utf-8")
    (tmp_path / "west.csv").write_text(text + "5 €;a@example.org\n", encoding="cp1252")
    (tmp_path / "z.csv").write_bytes(text.encode("iso-8859-1") + b"\x81;a@example.org\n")
    said, beside = run(tmp_path, "--json", "--ignore-names")
    found = json.loads(said)
    assert [list(columns) for columns in found.values()] == [["city", "email"]] * 5
    assert found["excel.csv"] == found["plain.csv"] == found["bom.csv"]
    assert found["west.csv"]["email"]["evidence"][0]["matched"] == 21
    assert beside.splitlines()[:3] == [
        "excel.csv: not UTF-8, it was read as utf-16.",
        "west.csv: not UTF-8, it was read as cp1252.",
        "z.csv: not UTF-8, it was read as iso-8859-1.",
    ]
    _, beside = run(tmp_path / "west.csv", "--encoding", "cp1252")
    assert beside.startswith("2 columns of 1 data set: 42 values in ")
    assert refused(tmp_path / "west.csv", "--encoding", "utf-8")[0] == 2


def test_csv_is_read_as_it_comes(tmp_path: Path):
    pd.DataFrame({"email": ["anna@example.org", "carla@example.org"]}).to_csv(tmp_path / "index.csv")
    (tmp_path / "twice.csv").write_text("total,total\n1,2\n")
    (tmp_path / "ragged.csv").write_text("a,b\n1,2\n3\n4,5,6\n7,8\n9,10\n")
    (tmp_path / "headless.csv").write_text("anna@example.org,Anna\ncarla@example.org,Carla\n")
    said, beside = run(tmp_path, "--json", "--ignore-names")
    found = json.loads(said)
    assert {name: list(columns) for name, columns in found.items()} == {
        "headless.csv": ["column_1", "column_2"],
        "index.csv": ["column_1", "email"],
        "ragged.csv": ["a", "b"],
        "twice.csv": ["total", "total (2)"],
    }
    assert found["headless.csv"]["column_1"]["evidence"][0]["matched"] == 2
    assert beside.splitlines()[:4] == [
        "headless.csv: its first line is data and not names.",
        "index.csv: columns without a name of their own were given one.",
        "ragged.csv: 2 lines were left out, with more or fewer fields than the header.",
        "twice.csv: columns without a name of their own were given one.",
    ]
    (tmp_path / "ragged.csv").write_text("a,b\n1,2\n3\n4,5,6\n")
    assert refused(tmp_path / "ragged.csv")[1] == (
        "ragged.csv: ragged.csv: 2 of 3 lines have more or fewer fields than the header. "
        "Check its header and delimiter, or export the file again."
    )


def test_the_word_in_the_path_says_what_rows_are(tmp_path: Path):
    """`name` of a customer is a person's, `name` of a genre is not, wherever the file is."""
    for folder in ("customers/year=2024", "genre"):
        (tmp_path / folder).mkdir(parents=True)
        (tmp_path / folder / "part-0.csv").write_text("id\n4711\n4712\n")
    found = classified(tmp_path)
    assert found["customers/year=2024/part-0.csv"]["id"]["category"] == "id.customer"
    assert found["genre/part-0.csv"]["id"]["category"] == "none.operational"


def test_names_cannot_steer_the_terminal(tmp_path: Path):
    (tmp_path / "a.csv").write_text("col\x1b[2J,b\n1,2\n")
    assert "\x1b" not in run(tmp_path / "a.csv")[0]
    assert list(classified(tmp_path / "a.csv")["a.csv"]) == ["col\x1b[2J", "b"]


def test_a_sample_is_spread_and_the_same_for_the_same_seed(tmp_path: Path):
    rows = "".join(f"{GIVEN[n % 10]}{n}@example.org\n" for n in range(3_000))
    (tmp_path / "mails.csv").write_text("mail\n" + rows)

    def examples(seed: int) -> list[str]:
        found = classified(tmp_path / "mails.csv", "--sample", "50", "--seed", str(seed), "--ignore-names")
        (evidence,) = found["mails.csv"]["mail"]["evidence"]
        assert evidence["sampled"] == 50
        return evidence["examples"]

    assert examples(1) == examples(1)
    assert len({tuple(examples(seed)) for seed in range(4)}) > 1


def test_telephone_numbers_are_judged_by_the_region(tmp_path: Path):
    """Norwegian numbers as Norwegians write them are nothing elsewhere."""
    (tmp_path / "n.csv").write_text("x\n" + "".join(f"22 44 {n:02} {n + 10:02}\n" for n in range(20, 60)))
    at_home = classified(tmp_path / "n.csv", "--ignore-names", "--region", "NO")["n.csv"]["x"]
    assert at_home["category"] == "contact.phone"


def test_five_thousand_columns_are_classified(tmp_path: Path):
    names = [f"{('email', 'shade', 'first_name')[n % 3]}_{n}" for n in range(5_000)]
    row = ",".join(("anna@example.org", "teal", "Anna")[n % 3] for n in range(5_000))
    (tmp_path / "wide.csv").write_text(",".join(names) + "\n" + f"{row}\n" * 3)
    columns = classified(tmp_path / "wide.csv")["wide.csv"]
    assert list(columns) == names
    assert columns["email_4998"]["category"] == "contact.email"
    assert columns["first_name_4997"]["category"] == "name.given"


def test_a_sqlite_file_is_a_database_whatever_its_name(tmp_path: Path, settings: Any):
    settings.FOLDER_ROOTS = ["/srv/none"]
    path = tmp_path / "backup.csv"
    with sqlite3.connect(path) as store:
        store.execute("CREATE TABLE customer (id integer PRIMARY KEY, email text)")
        store.executemany(
            "INSERT INTO customer (email) VALUES (?)", [(f"p{n}@example.org",) for n in range(9)]
        )
    store.close()
    assert categories(classified(path)["customer"]) == {"id": "id.customer", "email": "contact.email"}
    assert classified(f"sqlite://{path}") == classified(path)


def test_a_postgresql_database_is_classified_without_being_registered(
    pg_database: Database, monkeypatch: pytest.MonkeyPatch
):
    fill(pg_database)
    monkeypatch.setenv("CLASSIFY_PASSWORD", pg_database.password)
    url = f"postgresql://{pg_database.user}@{pg_database.host}:{pg_database.port}/{pg_database.name}"
    found = classified(f"{url}?schemas=public")
    assert list(found) == [
        *("public.album", "public.artist", "public.customer", "public.employee", "public.invoice"),
        *("public.invoice_line", "public.track"),
    ]
    assert categories(found["public.customer"]) == {
        "customer_id": "id.customer",
        "first_name": "name.given",
        "last_name": "name.family",
        "address": "contact.address.street",
        "city": "contact.address.city",
        "country": "contact.address.country",
        "phone": "contact.phone",
        "email": "contact.email",
        "support_rep_id": "id.employee",
    }
    said = refused(f"{url}?schemas=publik")
    assert said == (2, f"There is no schema 'publik' in {pg_database.name}. Correct the list of schemas.")


def test_a_refused_password_is_not_repeated(pg_database: Database, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv("CLASSIFY_PASSWORD", raising=False)
    url = (
        f"postgresql://{pg_database.user}:hunter2%40@{pg_database.host}:{pg_database.port}/{pg_database.name}"
    )
    status, said = refused(url)
    assert status == 2
    assert "hunter2" not in said


def test_a_bucket_is_classified_with_keys_from_the_environment(
    s3_server: ObjectServer, s3_bucket: str, monkeypatch: pytest.MonkeyPatch
):
    s3_server.client.put_object(Bucket=s3_bucket, Key="exports/customers.csv", Body=CUSTOMERS.encode())
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", s3_server.access_key)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", s3_server.secret_key)
    monkeypatch.setenv("AWS_ENDPOINT_URL", s3_server.endpoint)
    try:
        found = classified(f"s3://{s3_bucket}/exports")
    finally:
        s3_server.client.delete_object(Bucket=s3_bucket, Key="exports/customers.csv")
    assert found["customers.csv"]["email"]["category"] == "contact.email"


def test_a_gate_lets_nothing_pass_that_it_could_not_read(tmp_path: Path):
    (tmp_path / "shades.csv").write_text("id,shade\n1,teal\n2,ochre\n")
    (tmp_path / "broken.parquet").write_bytes(b"PAR1 and no footer")
    run(tmp_path)
    status, said = refused(tmp_path, "--fail-on", "direct")
    assert status == 2
    assert "broken.parquet" in said
    assert "\n" in said
