"""Addresses that a table's metadata may hold, and what of this machine they lead to."""

import os
from pathlib import Path

import pytest

from catalog.connectors.base import AccessDenied
from catalog.connectors.iceberg_files import table_files


@pytest.mark.parametrize(
    "spelled",
    [
        "{path}",
        "file://{path}",
        "file://localhost{path}",
        "{relative}",
        "./{relative}",
        "file://{relative}",
        "FILE://{path}",
        "{inside}/../outside.avro",
    ],
)
def test_no_spelling_of_an_address_leaves_the_warehouse(tmp_path: Path, spelled: str) -> None:
    inside, outside = tmp_path / "warehouse", tmp_path / "outside.avro"
    inside.mkdir()
    outside.write_bytes(b"secret")
    address = spelled.format(path=outside, relative=os.path.relpath(outside), inside=inside)
    with pytest.raises(AccessDenied):
        table_files({"warehouse": str(inside)}).new_input(address)


@pytest.mark.parametrize("spelled", ["{path}", "file://{path}"])
def test_what_is_in_the_warehouse_is_read(tmp_path: Path, spelled: str) -> None:
    inside = tmp_path / "warehouse"
    inside.mkdir()
    (inside / "a part.avro").write_bytes(b"rows")
    found = table_files({"warehouse": str(inside)}).new_input(spelled.format(path=inside / "a part.avro"))
    assert found.open().read() == b"rows"
