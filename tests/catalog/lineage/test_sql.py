"""Which column flows into which, statement by statement."""

import pytest

from catalog.lineage.sql import parse
from tests.catalog.lineage.sql_cases import direct, read

PEOPLE = {"people": ["id", "name", "email"], "orders": ["id", "person_id", "total"]}


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("INSERT INTO a (x, y) SELECT p, q FROM b", {"b.p>a.x", "b.q>a.y"}),
        ("INSERT INTO a SELECT p AS x, t.q FROM b AS t", {"b.p>a.x", "b.q>a.q"}),
        ("INSERT INTO a SELECT * FROM b JOIN c ON b.i = c.i", {"b.*>a.*", "c.*>a.*"}),
        ("INSERT INTO a VALUES (1, 'x')", set()),
        ("INSERT INTO a (x) VALUES ((SELECT max(p) FROM b))", {"b.p>a.x"}),
        ("CREATE TABLE a AS SELECT p FROM b", {"b.p>a.p"}),
        ("CREATE VIEW a (x) AS ((SELECT p FROM b))", {"b.p>a.x"}),
        (
            "CREATE VIEW a AS SELECT p FROM b UNION SELECT q FROM c UNION ALL SELECT r FROM d",
            {"b.p>a.p", "c.q>a.p", "d.r>a.p"},
        ),
        ("CREATE VIEW a AS SELECT p FROM b EXCEPT SELECT q FROM c", {"b.p>a.p"}),
        (
            "WITH t AS (SELECT p FROM b), u (x) AS (SELECT p FROM t) INSERT INTO a SELECT x FROM u",
            {"b.p>a.x"},
        ),
        ("INSERT INTO a SELECT s.x FROM (SELECT p AS x FROM (SELECT p FROM b) i) s", {"b.p>a.x"}),
        ("INSERT INTO a SELECT (SELECT max(c.q) FROM c WHERE c.i = b.i) AS x FROM b", {"c.q>a.x"}),
        ("INSERT INTO a SELECT p FROM b JOIN c ON b.i = c.i", {"?.p>a.p"}),
        ("INSERT INTO a SELECT i FROM b JOIN c USING (i)", {"b.i>a.i", "c.i>a.i"}),
        (
            "INSERT INTO a SELECT l.x FROM b, LATERAL (SELECT b.p || c.q AS x FROM c) l",
            {"b.p>a.x", "c.q>a.x"},
        ),
        ("UPDATE a SET x = b.p FROM b WHERE a.i = b.i", {"b.p>a.x"}),
        ("UPDATE a SET x = upper(y)", {"a.y>a.x"}),
        ("UPDATE a SET (x, y) = (SELECT p, q FROM b WHERE b.i = a.i)", {"b.p>a.x", "b.q>a.y"}),
        ("UPDATE a SET x = NULL", set()),
        (
            "MERGE INTO a USING (SELECT i, max(p) AS m FROM b GROUP BY i) s ON a.i = s.i"
            " WHEN MATCHED THEN UPDATE SET x = s.m WHEN NOT MATCHED THEN INSERT (i, x) VALUES (s.i, s.m)",
            {"b.p>a.x", "b.i>a.i"},
        ),
        ("DELETE FROM a WHERE i IN (SELECT i FROM b)", set()),
        ("TRUNCATE TABLE a", set()),
        ("CREATE TABLE a LIKE b", set()),
    ],
)
def test_flows_of_a_statement(sql: str, expected: set[str]) -> None:
    assert direct(read(sql)) == expected


@pytest.mark.parametrize(
    ("dialect", "sql", "expected"),
    [
        ("spark", "INSERT OVERWRITE TABLE a PARTITION (d = 1) SELECT p AS x FROM b", {"b.p>a.x"}),
        (
            "hive",
            "FROM b INSERT OVERWRITE TABLE a SELECT p INSERT INTO TABLE c SELECT q WHERE q > 1",
            {"b.p>a.p", "b.q>c.q"},
        ),
        ("hive", "INSERT INTO a SELECT q.c FROM b LATERAL VIEW explode(b.list) q AS c", {"b.list>a.c"}),
        (
            "snowflake",
            "INSERT ALL INTO a (x) VALUES (p) INTO c (y) VALUES (q) SELECT p, q FROM b",
            {"B.P>A.X", "B.Q>C.Y"},
        ),
        (
            "oracle",
            "INSERT FIRST WHEN p > 1 THEN INTO a (x) VALUES (p) ELSE INTO c SELECT p FROM b",
            {"B.P>A.X", "B.P>C.P"},
        ),
        ("snowflake", "CREATE TABLE a CLONE b", {"B.*>A.*"}),
        ("snowflake", "COPY INTO a FROM 's3://bucket/key'", {"s3://bucket/key.*>A.*"}),
        ("snowflake", "ALTER TABLE a SWAP WITH b", {"A.*>B.*", "B.*>A.*"}),
        (
            "redshift",
            "unload ('select p from b where q = ''x''') to 's3://bucket/key'",
            {"b.p>s3://bucket/key.p"},
        ),
        ("bigquery", "MERGE a USING b ON a.i = b.i WHEN NOT MATCHED THEN INSERT ROW", {"b.*>a.*"}),
        ("mysql", "UPDATE a x JOIN b y ON x.i = y.i SET x.p = y.q", {"b.q>a.p"}),
        ("tsql", "UPDATE x SET x.p = y.q FROM a x JOIN b y ON x.i = y.i", {"b.q>a.p"}),
        ("tsql", "SELECT Name = p INTO a FROM b", {"b.p>a.name"}),
        (
            "postgres",
            "INSERT INTO a (i, x) SELECT i, p FROM b ON CONFLICT (i) DO UPDATE SET x = excluded.x",
            {"b.i>a.i", "b.p>a.x"},
        ),
        ("duckdb", "INSERT INTO a SELECT p FROM read_csv('people.csv')", {"people.csv.p>a.p"}),
        ("duckdb", "INSERT INTO a BY NAME SELECT p AS x FROM b", {"b.p>a.x"}),
        ("teradata", "CREATE VIEW a AS SELECT p, q (TITLE 'Born') FROM b", {"B.p>A.p", "B.q>A.q"}),
    ],
)
def test_flows_as_dialects_write_them(dialect: str, sql: str, expected: set[str]) -> None:
    assert {flow.lower() for flow in direct(read(sql, dialect))} == {flow.lower() for flow in expected}


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        (
            "INSERT INTO a SELECT * FROM people",
            {"people.id>a.id", "people.name>a.name", "people.email>a.email"},
        ),
        (
            "INSERT INTO a SELECT * EXCEPT (id) REPLACE (upper(name) AS name) FROM people",
            {"people.name>a.name", "people.email>a.email"},
        ),
        (
            "INSERT INTO a SELECT email, total FROM people p JOIN orders o ON p.id = o.person_id",
            {"people.email>a.email", "orders.total>a.total"},
        ),
        ("INSERT INTO people SELECT n, e FROM b", {"b.n>people.id", "b.e>people.name"}),
        (
            "INSERT INTO a SELECT name || email AS label, label || id AS x FROM people",
            {
                "people.name>a.label",
                "people.email>a.label",
                "people.name>a.x",
                "people.email>a.x",
                "people.id>a.x",
            },
        ),
        ("INSERT INTO a SELECT p FROM people", {"people.p>a.p"}),  # the schema is older than the statement
        (
            "INSERT INTO a SELECT * FROM people LEFT SEMI JOIN orders ON people.id = orders.person_id",
            {"people.id>a.id", "people.name>a.name", "people.email>a.email"},
        ),
    ],
)
def test_a_schema_makes_stars_and_bare_names_plain(sql: str, expected: set[str]) -> None:
    assert direct(read(sql, "spark" if "SEMI" in sql or "EXCEPT" in sql else "", PEOPLE)) == expected


def test_recursive_query() -> None:
    sql = """INSERT INTO a WITH RECURSIVE up (id, boss) AS (
        SELECT id, boss FROM staff UNION ALL SELECT s.id, u.boss FROM staff s JOIN up u ON s.boss = u.id
    ) SELECT id, boss FROM up"""
    assert direct(read(sql)) == {"staff.id>a.id", "staff.boss>a.boss"}


def test_a_query_alone_fills_what_it_is_said_to() -> None:
    schema = PEOPLE | {"public.adults": ["who", "mail"]}
    found = read("SELECT name, email FROM people", schema=schema, into="public.adults")
    assert direct(found) == {"people.name>public.adults.who", "people.email>public.adults.mail"}
    assert (found.sources, found.targets) == ({"people"}, {"public.adults"})


def test_a_column_of_either_table_names_both() -> None:
    (flow,) = [
        f for f in read("INSERT INTO a SELECT p FROM b JOIN c ON b.i = c.i").flows if f.kind == "direct"
    ]
    assert (flow.source_table, flow.source_column, flow.candidates) == ("", "p", ("b", "c"))


def test_names_are_folded_as_the_store_does_and_spelled_as_the_schema_does() -> None:
    assert read('SELECT * FROM "People"', "postgres").sources == {"People"}
    assert read("SELECT * FROM People", "postgres").sources == {"people"}
    assert read("SELECT * FROM people", "snowflake").sources == {"PEOPLE"}
    assert read("SELECT * FROM people", "postgres", {"public.people": ["id"]}).sources == {"public.people"}
    assert read("SELECT * FROM people", "postgres", {"x.people": ["id"], "y.people": ["id"]}).sources == {
        "people"
    }


def test_it_never_raises_and_says_what_it_could_not_read() -> None:
    found = parse(
        "INSERT INTO a SELECT p FROM b; SELEKT secret@example.org FROM c; INSERT INTO d SELECT q FROM e"
    )
    assert direct(found) == {"b.p>a.p", "e.q>d.q"}
    assert found.problem == "Statement 2 at line 1: not understood at line 1, column 45."
    assert (
        parse("SELECT 'open").problem
        == "A quote or comment in it does not end, or it is written in another dialect."
    )
    assert parse("SELECT 1", dialect="klingon").problem.startswith(
        "There is no SQL dialect 'klingon'. Known: "
    )
    assert parse("CALL refresh_all()").problem == "Statement 1 at line 1: CALL is not understood."
    assert parse("EXEC p", dialect="tsql").problem.startswith("Statement 1 at line 1: it calls a procedure")


@pytest.mark.parametrize(
    "sql", ["SELECT " + "(" * 5_000 + "1" + ")" * 5_000, "SELECT " + "f(" * 101 + "1" + ")" * 101]
)
def test_nesting_is_bounded(sql: str) -> None:
    assert parse(sql).problem == "Statement 1 at line 1: it is too deep or too entangled to be followed."


def test_size_is_bounded() -> None:
    assert (
        parse("SELECT 1" + " " * 1_000_000).problem
        == "It is longer than 1,000,000 characters. Split it into several files."
    )


def test_entanglement_is_bounded() -> None:
    every = " + ".join(f"c{i}" for i in range(120))
    level = f"SELECT {', '.join(f'{every} AS c{i}' for i in range(120))} FROM "
    problem = parse(f"INSERT INTO a {level} ({level} b) s").problem
    assert problem == "Statement 1 at line 1: it is too deep or too entangled to be followed."


def test_a_long_chain_is_no_deep_one() -> None:
    found = read("CREATE VIEW a AS " + " UNION ALL ".join(f"SELECT p FROM b{i}" for i in range(400)))
    assert len(direct(found)) == 400
    assert direct(read("INSERT INTO a SELECT " + " || ".join(["p"] * 300) + " AS x FROM b")) == {"b.p>a.x"}
