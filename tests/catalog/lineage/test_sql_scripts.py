"""Many statements in one text: tables that come and go, names that change, procedures."""

import pytest

from catalog.lineage.sql import parse
from tests.catalog.lineage.sql_cases import direct, kinds, read


@pytest.mark.parametrize(
    ("sql", "sources", "targets"),
    [
        ("INSERT INTO b SELECT * FROM a; INSERT INTO c SELECT * FROM b", {"a"}, {"c"}),
        ("INSERT INTO b SELECT * FROM a; INSERT INTO a SELECT * FROM c", {"a", "c"}, {"b", "a"}),
        ("CREATE TABLE t AS SELECT * FROM a; INSERT INTO b SELECT * FROM t; DROP TABLE t", {"a"}, {"b"}),
        ("CREATE TABLE t AS SELECT * FROM a; DROP TABLE t", set(), set()),
        ("DROP TABLE t; CREATE TABLE t AS SELECT 1", set(), {"t"}),
        ("INSERT INTO b SELECT * FROM a; ALTER TABLE b RENAME TO c", {"a"}, {"c"}),
        ("-- only a comment\n;; SELECT * FROM a;", {"a"}, set()),
        ("USE x; SET y = 1; GRANT SELECT ON a TO b", set(), set()),
    ],
)
def test_what_goes_in_and_what_is_left(sql: str, sources: set[str], targets: set[str]) -> None:
    found = read(sql)
    assert (found.sources, found.targets) == (sources, targets)


def test_tables_between_that_stay_have_flows_of_their_own() -> None:
    found = read("CREATE TABLE b AS SELECT p AS q FROM a; CREATE TABLE c AS SELECT * FROM b")
    assert direct(found) == {"a.p>b.q", "b.q>c.q"}


@pytest.mark.parametrize(
    ("dialect", "sql"),
    [
        ("postgres", "CREATE TEMP TABLE t AS SELECT md5(p) AS h FROM a; INSERT INTO b SELECT h FROM t"),
        ("tsql", "SELECT HASHBYTES('SHA2_256', p) AS h INTO #t FROM a; INSERT INTO b SELECT h FROM #t"),
        ("spark", "CACHE TABLE t SELECT md5(p) AS h FROM a; INSERT INTO b SELECT h FROM t"),
        ("", "CREATE TABLE t AS SELECT md5(p) AS h FROM a; INSERT INTO b SELECT h FROM t; DROP TABLE t"),
    ],
)
def test_what_passes_a_temporary_table_is_joined_and_stays_masked(dialect: str, sql: str) -> None:
    assert kinds(read(sql, dialect), "h") == {("a", "p", "direct", "TRANSFORMATION", True)}


def test_stars_pass_a_temporary_table() -> None:
    found = read(
        "CREATE TEMP TABLE t AS SELECT * FROM a; INSERT INTO b SELECT p FROM t; INSERT INTO c SELECT * FROM t",
        "postgres",
    )
    assert direct(found) == {"a.p>b.p", "a.*>c.*"}


@pytest.mark.parametrize(
    ("dialect", "sql"),
    [
        (
            "tsql",
            "CREATE PROCEDURE p @x INT AS BEGIN IF @x > 1 BEGIN INSERT INTO b SELECT q FROM a; END END\nGO",
        ),
        (
            "tsql",
            "CREATE PROC p AS\nSET NOCOUNT ON\nDECLARE @x INT = 1\nINSERT INTO b\nSELECT q\nFROM a\nPRINT 'done'",
        ),
        (
            "oracle",
            "CREATE PROCEDURE p IS n NUMBER; BEGIN SELECT max(q) INTO n FROM a; INSERT INTO b SELECT q FROM a; END;\n/",
        ),
        ("bigquery", "CREATE PROCEDURE d.p() BEGIN LOOP INSERT INTO b SELECT q FROM a; LEAVE; END LOOP; END"),
        ("mysql", "CREATE PROCEDURE p() BEGIN IF x THEN INSERT INTO b SELECT q FROM a; END IF; END"),
        (
            "postgres",
            "CREATE FUNCTION f() RETURNS void LANGUAGE plpgsql AS $$ BEGIN INSERT INTO b SELECT q FROM a; END $$",
        ),
        ("postgres", "DO $$ BEGIN INSERT INTO b SELECT q FROM a; END $$"),
        ("snowflake", "BEGIN INSERT INTO b SELECT q FROM a; END"),
        ("sqlite", "CREATE TRIGGER t AFTER INSERT ON x BEGIN INSERT INTO b SELECT q FROM a; END"),
    ],
)
def test_statements_inside_routines(dialect: str, sql: str) -> None:
    assert {flow.lower() for flow in direct(read(sql, dialect))} == {"a.q>b.q"}


def test_a_routine_in_another_language_is_not_taken_for_sql() -> None:
    found = read("CREATE FUNCTION f() RETURNS int LANGUAGE plpython3u AS $$ insert = 1 $$", "postgres")
    assert found.flows == ()


def test_what_a_routine_does_is_never_lost_silently() -> None:
    assert (
        parse(
            "CREATE PROCEDURE p() BEGIN FOREACH x INSERT INTO b SELECT q FROM a; END", dialect="mysql"
        ).problem
        != ""
    )


def test_statements_after_a_routine_are_read_in_their_order() -> None:
    found = read(
        "CREATE FUNCTION f() RETURNS void LANGUAGE plpgsql AS $$ BEGIN SELECT q INTO x FROM a; END $$;"
        "DO $$ BEGIN INSERT INTO b SELECT q FROM a; END $$; INSERT INTO c SELECT q FROM b",
        "postgres",
    )
    assert (direct(found), found.sources, found.targets) == ({"a.q>b.q", "b.q>c.q"}, {"a"}, {"c"})


def test_statements_without_semicolons() -> None:
    found = read("insert into b select p from a\ninsert into d\nselect q\nfrom c\nwhere q > 1", "tsql")
    assert direct(found) == {"a.p>b.p", "c.q>d.q"}


def test_a_statement_built_at_run_time_is_a_problem() -> None:
    found = parse("CREATE PROCEDURE p AS BEGIN EXEC('INSERT INTO a SELECT * FROM b'); END", dialect="tsql")
    assert found.problem != ""
