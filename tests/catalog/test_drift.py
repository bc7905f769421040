"""Comparing what is known with what is found: every sort of change, and what must not count as one."""

import pytest
from django.utils import timezone

from catalog import drift
from catalog.connectors.base import ColumnInfo, DataSetInfo, Kind
from catalog.models import Change, Column, DataSet

Sort = Change.Sort


def known(name: str, position: int = 1, data_type: str = "text", *, gone: bool = False) -> Column:
    return Column(
        name=name,
        position=position,
        data_type=data_type,
        kind=Kind.INTEGER if data_type == "integer" else Kind.TEXT,
        gone_at=timezone.now() if gone else None,
    )


def found(name: str, position: int = 1, data_type: str = "text") -> ColumnInfo:
    return ColumnInfo(name, position, data_type, Kind.INTEGER if data_type == "integer" else Kind.TEXT)


def drifts(columns: list[Column], infos: list[ColumnInfo]) -> list[drift.Drift]:
    pairs = drift.pair(columns, infos)
    return [change for column, info in pairs if (change := drift.of_column(column, info))]


def test_the_same_columns_have_not_drifted():
    assert drifts([known("a"), known("b", 2)], [found("b", 2), found("a")]) == []


def test_a_new_and_a_missing_column_of_other_types_are_two_changes():
    changes = drifts([known("old", 1)], [found("new", 1, "integer")])
    assert changes == [drift.Drift(Sort.COLUMN_GONE, "old"), drift.Drift(Sort.COLUMN_ADDED, "new", "integer")]


@pytest.mark.parametrize("name", ["EMAIL", "e_mail"])
def test_a_column_renamed_in_place_stays_the_same_and_is_to_be_reviewed(name: str):
    column = known("email", 3)
    info = found(name, 3)
    assert drift.pair([column], [info]) == [(column, info)]
    (change,) = drifts([column], [info])
    assert (change.sort, change.column, change.unsettles) == (Sort.COLUMN_RENAMED, name, True)
    assert change.detail == "It was email. Review it again."


def test_a_change_of_case_is_recognised_wherever_the_column_stands():
    column, info = known("Email", 3), found("email", 1)
    assert drift.pair([column], [info]) == [(column, info)]


def test_a_column_that_was_gone_is_matched_by_its_name_only():
    assert drifts([known("old", 1, gone=True)], [found("new", 1)]) == [
        drift.Drift(Sort.COLUMN_ADDED, "new", "text")
    ]


def test_a_column_that_comes_back_is_to_be_reviewed():
    (change,) = drifts([known("email", gone=True)], [found("email")])
    assert (change.sort, change.unsettles) == (Sort.COLUMN_BACK, True)


def test_another_type_unsettles_and_another_length_does_not():
    (turned,) = drifts([known("a", data_type="integer")], [found("a")])
    (longer,) = drifts([known("a", data_type="varchar(40)")], [found("a", data_type="varchar(60)")])
    assert (turned.sort, turned.unsettles) == (Sort.COLUMN_CHANGED, True)
    assert turned.detail == "integer became text. Review it again."
    assert (longer.sort, longer.unsettles) == (Sort.COLUMN_CHANGED, False)
    assert longer.detail == "varchar(40) became varchar(60)."


def test_data_sets_are_added_gone_and_back():
    info = DataSetInfo("t", "table")
    gone = DataSet(name="t", gone_at=timezone.now())
    assert drift.of_data_set(None, info) == drift.Drift(Sort.DATA_SET_ADDED)
    assert drift.of_data_set(DataSet(name="t"), None) == drift.Drift(Sort.DATA_SET_GONE)
    assert drift.of_data_set(gone, info) == drift.Drift(Sort.DATA_SET_BACK)
    assert drift.of_data_set(gone, None) is None
    assert drift.of_data_set(DataSet(name="t"), info) is None
