"""Which tables of a statement are which data sets of its event."""

import time

from catalog.lineage.statements import Statement, read_sql


def test_many_tables_among_many_names_are_found_at_once():
    inputs = {
        ("db", f"shop.t{i}"): [f"shop.t{i}", *(f"alias{n}.s.t{i}" for n in range(40))] for i in range(2_000)
    }
    query = "INSERT INTO target SELECT t0.a FROM t0 " + " ".join(f"CROSS JOIN t{i}" for i in range(1, 2_000))
    before = time.monotonic()
    reading = read_sql(
        Statement(query, ""), inputs=inputs, outputs={("db", "shop.target"): ["shop.target"]}, columns={}
    )
    assert [(flow.source, flow.target_column) for flow in reading.flows] == [(("db", "shop.t0"), "a")]
    assert time.monotonic() - before < 20
