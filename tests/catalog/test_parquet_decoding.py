"""Parquet files that are small and mean much: what is decoded at a time stays small, and means the same."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from uuid import UUID

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from catalog.connectors import parquet_decoding, parquet_file
from catalog.connectors.base import Match, Replacement, Unsupported
from catalog.connectors.file_places import LocalPlace
from catalog.connectors.parquet_file import ParquetFile

MB = 1024**2
READ = """
import sys
from pathlib import Path
import pyarrow as pa
from catalog.connectors.file_places import LocalPlace
from catalog.connectors.parquet_file import ParquetFile
file, rows = ParquetFile(LocalPlace(Path(sys.argv[1])), name="x"), 0
for batch in file.batches(sys.argv[2:], batch_rows=100_000):
    assert batch.nbytes <= 40 * 1024**2, batch.nbytes
    rows += len(batch)
print(rows, pa.default_memory_pool().max_memory() // 1024**2)
"""
VALUE = "x" * MB
ROWS = 400
KINDS = [
    pa.string(),
    pa.large_string(),
    pa.binary(),
    pa.string_view(),
    pa.json_(),
    pa.list_(pa.string()),
    pa.struct({"a": pa.string()}),
]
INCREMENTS = {"use_dictionary": False, "column_encoding": "DELTA_BYTE_ARRAY"}


def opened(path: Path) -> ParquetFile:
    return ParquetFile(LocalPlace(path), name=path.name)


def batches(path: Path, columns: Sequence[str], *, batch_rows: int = 100_000) -> list[pa.RecordBatch]:
    return list(opened(path).batches(columns, batch_rows=batch_rows))


@pytest.mark.parametrize(
    ("kind", "options"), [*((kind, {}) for kind in KINDS), (pa.string(), INCREMENTS)], ids=str
)
def test_a_value_in_every_row_is_unpacked_in_pieces(
    kind: pa.DataType, options: dict[str, Any], tmp_path: Path
) -> None:
    value = [VALUE] if pa.types.is_list(kind) else {"a": VALUE} if pa.types.is_struct(kind) else VALUE
    path = tmp_path / "bomb.parquet"
    pq.write_table(pa.table({"a": pa.array([value] * ROWS, kind)}), path, compression="zstd", **options)
    assert path.stat().st_size < 100_000
    run = subprocess.run(
        [sys.executable, "-c", READ, str(path), "a"], capture_output=True, text=True, timeout=120
    )
    assert run.stderr == ""
    rows, peak = map(int, run.stdout.split())
    assert rows == ROWS
    assert peak < 120


def test_many_columns_of_one_value_are_read_a_few_rows_at_a_time(tmp_path: Path) -> None:
    path = tmp_path / "wide.parquet"
    names = [f"c{place}" for place in range(500)]
    pq.write_table(pa.table({name: pa.array([7] * 20_000) for name in names}), path)
    found = batches(path, names)
    assert sum(map(len, found)) == 20_000
    assert max(batch.nbytes for batch in found) <= 17 * MB


def test_what_is_unpacked_in_pieces_is_what_was_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parquet_decoding, "BATCH_BYTES", 300)
    many = range(60)
    texts = [None if i % 7 == 0 else "äé"[i % 2] * (i % 20) for i in many]
    lists = [None if i % 5 == 0 else [*texts[: i % 4], "end"] for i in many]
    table = pa.table(
        {
            "text": texts,
            "long": pa.array(texts, pa.large_string()),
            "view": pa.array(texts, pa.string_view()),
            "bytes": pa.array([None if each is None else each.encode() for each in texts], pa.binary()),
            "dictionary": pa.array(texts).dictionary_encode(),
            "json": pa.ExtensionArray.from_storage(pa.json_(), pa.array(["{}", None, '"a"'] * 20)),
            "uuid": pa.array([UUID(int=i).bytes for i in many], pa.uuid()),
            "list": lists,
            "large": pa.array(lists, pa.large_list(pa.string())),
            "views": pa.array(lists, pa.list_(pa.string_view())),
            "fixed": pa.array(
                [None if i % 3 == 0 else ["a", str(i)] for i in many], pa.list_(pa.string(), 2)
            ),
            "map": pa.array(
                [None if i % 4 == 0 else [("a", texts[i]), (str(i), "b")] for i in many],
                pa.map_(pa.string(), pa.string()),
            ),
            "struct": [None if i % 6 == 0 else {"x": texts[i], "y": [{"z": "a" * i}]} for i in many],
            "number": list(many),
        },
        metadata={"owner": "sales"},
    )
    written: dict[str, dict[str, Any]] = {
        "dictionaries": {},
        "plain": {"use_dictionary": False},
        "increments": {
            "use_dictionary": ["list.list.element"],
            "column_encoding": {"text": "DELTA_BYTE_ARRAY", "bytes": "DELTA_LENGTH_BYTE_ARRAY"},
        },
    }
    for name, options in written.items():
        path = tmp_path / f"{name}.parquet"
        pq.write_table(table, path, row_group_size=25, **options)
        read = pq.read_table(path)
        for columns in (table.column_names, ["number"], ["list"], ["text", "number"]):
            found = pa.Table.from_batches(batches(path, columns, batch_rows=20))
            assert found.schema.equals(read.select(columns).schema, check_metadata=True)
            assert found.to_pylist() == read.select(columns).to_pylist()
        assert len(batches(path, ["list"])) > 3


def test_a_row_that_cannot_be_unpacked_in_pieces_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parquet_decoding, "LARGEST_ROW", 8 * MB)
    path = tmp_path / "row.parquet"
    pq.write_table(pa.table({"a": [[VALUE] * 100]}), path)
    with pytest.raises(Unsupported, match=r"row\.parquet has a row that unpacks to more than 8 MB"):
        batches(path, ["a"])


def test_long_values_of_one_length_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "fixed.parquet"
    pq.write_table(pa.table({"a": pa.array([VALUE.encode()] * 2, pa.binary(MB))}), path)
    with pytest.raises(Unsupported, match=r"fixed\.parquet has a column of 1,048,576 bytes in each row"):
        opened(path).describe()


def test_rewriting_writes_what_would_be_too_large_as_several_row_groups(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parquet_file, "GROUP_BYTES", 40 * MB)
    path = tmp_path / "bomb.parquet"
    pq.write_table(pa.table({"id": range(ROWS), "a": [VALUE] * ROWS}), path)
    pool = pa.default_memory_pool()
    before = pool.bytes_allocated()
    seen: list[int] = []
    read = parquet_decoding.RowGroups.read

    def watched(self, group, **options):
        for batch in read(self, group, **options):
            seen.append(pool.bytes_allocated() - before)
            yield batch

    monkeypatch.setattr(parquet_decoding.RowGroups, "read", watched)
    matches = [Match(pa.table({"id": [3, 399]}))]
    assert opened(path).rewrite(matches, {"a": Replacement("gone")}) == 2
    assert max(seen) < 200 * MB
    after = pq.read_table(path)
    assert after["id"].to_pylist() == list(range(ROWS))
    assert [i for i, value in enumerate(after["a"].to_pylist()) if value != VALUE] == [3, 399]
    groups = pq.read_metadata(path)
    assert [groups.row_group(i).num_rows for i in range(groups.num_row_groups)] == [*[30] * 12, 40]
