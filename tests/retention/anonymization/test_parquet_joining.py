"""Parquet files joined without decoding them."""

from __future__ import annotations

import io
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from retention.anonymization.parquet_joining import join

SCHEMA = pa.schema(
    [
        ("n", pa.int64()),
        ("text", pa.string()),
        ("list", pa.list_(pa.string())),
        ("flag", pa.bool_()),
        ("share", pa.float64()),
        ("at", pa.timestamp("us", tz="UTC")),
    ]
)


def table(count: int) -> pa.Table:
    numbers = range(count)
    return pa.table(
        {
            "n": list(numbers),
            "text": [f"x{n % 7}" for n in numbers],
            "list": [["q", None] if n % 3 else None for n in numbers],
            "flag": [n % 2 == 0 for n in numbers],
            "share": [n / 3 for n in numbers],
            "at": [n * 1_000_000 for n in numbers],
        },
        schema=SCHEMA,
    )


@pytest.mark.parametrize(
    "options", [{}, {"write_page_index": True, "compression": "zstd"}, {"version": "1.0"}]
)
def test_joined_files_are_one_file_with_all_rows(tmp_path: Path, options: dict):
    tables = [table(3_000), table(0), table(10), table(20_000)]
    parts = []
    for number, each in enumerate(tables):
        parts.append(tmp_path / f"{number}.parquet")
        pq.write_table(each, parts[-1], row_group_size=900, **options)
    with (tmp_path / "all.parquet").open("wb") as file:
        join(parts, file)
    with pq.ParquetFile(tmp_path / "all.parquet") as whole:
        assert whole.read().equals(pa.concat_tables(tables).cast(whole.schema_arrow))
        assert whole.metadata.num_row_groups == sum(pq.read_metadata(part).num_row_groups for part in parts)
        last = whole.read_row_group(whole.metadata.num_row_groups - 1)
        assert last.column("n").to_pylist()[-1] == 19_999


def test_an_empty_first_file_takes_nothing_away(tmp_path: Path):
    for number, count in enumerate((0, 5)):
        pq.write_table(table(count), tmp_path / f"{number}.parquet")
    with (tmp_path / "all.parquet").open("wb") as file:
        join([tmp_path / "0.parquet", tmp_path / "1.parquet"], file)
    assert pq.read_table(tmp_path / "all.parquet").equals(table(5))


def test_files_of_other_schemas_and_broken_ones_are_refused(tmp_path: Path):
    pq.write_table(table(5), tmp_path / "a.parquet")
    pq.write_table(table(5).drop_columns(["flag"]), tmp_path / "b.parquet")
    (tmp_path / "c.parquet").write_bytes((tmp_path / "a.parquet").read_bytes()[:-4])
    with pytest.raises(ValueError, match="different schemas"):
        join([tmp_path / "a.parquet", tmp_path / "b.parquet"], io.BytesIO())
    with pytest.raises(ValueError, match="no whole Parquet file"):
        join([tmp_path / "a.parquet", tmp_path / "c.parquet"], io.BytesIO())
