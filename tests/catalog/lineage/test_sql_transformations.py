"""How a value gets through an expression: as it is, changed, summed up, hidden; and what only decides."""

import pytest

from tests.catalog.lineage.sql_cases import kinds, read

PLAIN = ("t", "p", "direct", "IDENTITY", False)


def into_x(expression: str, dialect: str = "postgres") -> set[tuple[str, str | None, str, str, bool]]:
    return kinds(read(f"CREATE VIEW v AS SELECT {expression} AS x FROM t", dialect), "x")


@pytest.mark.parametrize("expression", ["p", "(p)", "t.p", "CAST(p AS text)", "p::varchar::text"])
def test_identity(expression: str) -> None:
    assert into_x(expression) == {PLAIN}


@pytest.mark.parametrize(
    "expression",
    ["upper(p)", "substr(p, 1, 3)", "concat(p, 'x')", "p || 'x'", "p + 1", "coalesce(p, '')", "nullif(p, '')",
     "trim(p)", "geohash(p)", "left(p, 2)", "reverse(p)", "p -> 'email'", "discount(p)"],
)  # fmt: skip
def test_transformation_keeps_the_value_visible(expression: str) -> None:
    assert into_x(expression) == {("t", "p", "direct", "TRANSFORMATION", False)}


@pytest.mark.parametrize(
    "expression", ["max(p)", "min(p)", "sum(p)", "array_agg(p)", "string_agg(p, ',')", "avg(p + 1)"]
)
def test_aggregation_keeps_the_value_visible(expression: str) -> None:
    assert into_x(expression) == {("t", "p", "direct", "AGGREGATION", False)}


@pytest.mark.parametrize(
    "expression",
    ["md5(p)", "sha256(p::bytea)", "encode(digest(p, 'sha256'), 'hex')", "upper(md5(p))", "md5(upper(p))", "hash(p)",
     "hmac(p, 'k', 'sha256')", "xxhash64(p)", "farm_fingerprint(p)", "sha2(p, 256)", "crypt(p, 'x')", "murmur_hash(p)"],
)  # fmt: skip
def test_a_hash_masks(expression: str) -> None:
    assert into_x(expression) == {("t", "p", "direct", "TRANSFORMATION", True)}


@pytest.mark.parametrize(
    "expression", ["count(p)", "count(DISTINCT p)", "count(upper(p))", "approx_count_distinct(p)"]
)
def test_a_count_masks(expression: str) -> None:
    assert into_x(expression) == {("t", "p", "direct", "AGGREGATION", True)}


def test_count_of_rows_is_made_of_the_whole_table() -> None:
    assert into_x("count(*)") == {("t", None, "direct", "AGGREGATION", True)}


@pytest.mark.parametrize(
    "expression",
    [
        "CASE WHEN p = 'a' THEN 1 ELSE 0 END",
        "CASE p WHEN 'a' THEN 'b' END",
        "CASE WHEN p IS NULL THEN NULL END",
    ],
)
def test_constants_in_a_case_mask_what_they_depend_on(expression: str) -> None:
    assert into_x(expression) == {
        ("t", "p", "direct", "TRANSFORMATION", True),
        ("t", "p", "indirect", "CONDITIONAL", False),
    }


def test_results_of_a_case_are_visible_and_its_conditions_are_not() -> None:
    assert into_x("CASE WHEN p > 1 THEN q ELSE 'none' END") == {
        ("t", "p", "direct", "TRANSFORMATION", True),
        ("t", "p", "indirect", "CONDITIONAL", False),
        ("t", "q", "direct", "TRANSFORMATION", False),
    }
    assert kinds(read("CREATE VIEW v AS SELECT DECODE(p, 1, q, 2, r) AS x FROM t", "oracle"), "X") == {
        ("T", "P", "direct", "TRANSFORMATION", True),
        ("T", "P", "indirect", "CONDITIONAL", False),
        ("T", "Q", "direct", "TRANSFORMATION", False),
        ("T", "R", "direct", "TRANSFORMATION", False),
    }


def test_what_is_seen_anywhere_is_seen() -> None:
    assert into_x("CASE WHEN p > 100 THEN 100 ELSE p END") >= {("t", "p", "direct", "TRANSFORMATION", False)}
    assert into_x("md5(p) || p") == {("t", "p", "direct", "TRANSFORMATION", False)}


def test_a_window_decides() -> None:
    assert into_x("max(p) OVER (PARTITION BY q ORDER BY r)") == {
        ("t", "p", "direct", "AGGREGATION", False),
        ("t", "q", "direct", "TRANSFORMATION", True),
        ("t", "q", "indirect", "WINDOW", False),
        ("t", "r", "direct", "TRANSFORMATION", True),
        ("t", "r", "indirect", "WINDOW", False),
    }


def test_masking_survives_sub_queries_and_outer_changes() -> None:
    found = read(
        "CREATE VIEW v AS WITH h AS (SELECT md5(p) AS m FROM t) SELECT upper(s.m) AS x FROM (SELECT m FROM h) s"
    )
    assert kinds(found, "x") == {("t", "p", "direct", "TRANSFORMATION", True)}


def test_what_decides_about_rows() -> None:
    sql = """CREATE VIEW v AS SELECT a.p AS x FROM a JOIN b ON a.i = b.j LEFT JOIN c USING (k)
        WHERE a.w > 1 AND a.e IN (SELECT f FROM d) GROUP BY a.p, a.g HAVING max(a.h) > 1 ORDER BY a.o, 1"""
    assert kinds(read(sql)) == {
        ("a", "i", "indirect", "JOIN", False),
        ("b", "j", "indirect", "JOIN", False),
        ("a", "k", "indirect", "JOIN", False),
        ("b", "k", "indirect", "JOIN", False),
        ("c", "k", "indirect", "JOIN", False),
        ("a", "w", "indirect", "FILTER", False),
        ("a", "e", "indirect", "FILTER", False),
        ("d", "f", "indirect", "FILTER", False),
        ("a", "h", "indirect", "FILTER", False),
        ("a", "p", "indirect", "GROUP_BY", False),
        ("a", "g", "indirect", "GROUP_BY", False),
        ("a", "o", "indirect", "SORT", False),
        ("a", "p", "indirect", "SORT", False),
    }


def test_what_decides_in_update_merge_and_delete() -> None:
    assert kinds(read("UPDATE a SET x = 1 FROM b WHERE a.i = b.j")) == {
        ("b", "j", "indirect", "FILTER", False)
    }
    merge = "MERGE INTO a USING b ON a.i = b.j WHEN MATCHED AND b.k > 1 THEN UPDATE SET x = b.p"
    assert kinds(read(merge)) == {
        ("b", "j", "indirect", "JOIN", False),
        ("b", "k", "indirect", "FILTER", False),
    }
    assert kinds(read("DELETE FROM a WHERE i IN (SELECT j FROM b)")) == {
        ("b", "j", "indirect", "FILTER", False)
    }


def test_the_expression_is_told_without_its_alias() -> None:
    (flow,) = read("CREATE VIEW v AS SELECT upper(p) /* why */ AS x FROM t").flows
    assert flow.expression == "UPPER(p)"
