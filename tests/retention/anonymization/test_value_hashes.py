"""Keyed hashes on disk: what is common is found, in sorted files of bounded size."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from retention.anonymization import value_hashes
from retention.anonymization.value_hashes import HashWriter, count_common, files_of, hash_values, merged

KEY = "0123456789abcdef"


def put(folder: Path, *batches: list) -> list[Path]:
    writer = HashWriter(folder, "0-00000", key=KEY)
    for batch in batches:
        writer.add(pa.array(batch))
    writer.close()
    return files_of(folder, 0)


def test_spelling_differs_only_by_case_and_spaces():
    one = hash_values(pa.array([" Ada@Example.org "]), key=KEY)
    other = hash_values(pa.array(["ada@example.org"]), key=KEY)
    assert one.tolist() == other.tolist()
    assert hash_values(pa.array(["ada@example.org"]), key="another key 1234").tolist() != one.tolist()
    assert hash_values(pa.array([42]), key=KEY).tolist() == hash_values(pa.array(["42"]), key=KEY).tolist()


def test_the_hash_is_siphash_2_4_and_what_pandas_does_after_it():
    """Known from `openssl mac -macopt hexkey:30313233343536373839616263646566 -macopt size:8 SIPHASH`; pandas then
    mixes the 64 bits in a way that can be undone (the finalizer of SplitMix64)."""
    value = int.from_bytes(bytes.fromhex("062E1DB5645D595E"), "little")
    for shift, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB), (31, 1)):
        value = (value ^ value >> shift) * factor % 2**64
    assert hash_values(pa.array(["ada@example.org"]), key=KEY).tolist() == [value]


def test_nulls_and_values_without_letters_or_digits_are_left_out():
    assert hash_values(pa.array([None, "", "  ", "***", "-"]), key=KEY).tolist() == []


def test_what_is_common_is_counted_over_many_small_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(value_hashes, "MOST_WAITING", 50)
    one = put(tmp_path / "a", *([f"p{n}" for n in range(start, start + 40)] for start in range(0, 1_000, 20)))
    other = put(tmp_path / "b", [f"p{n}" for n in range(900, 1_100)])
    assert len(one) > 10
    assert count_common(one, other) == (120, 200)
    assert count_common(one, []) == (0, 0)
    whole = np.concatenate(list(merged(one)))
    assert len(whole) == 1_020
    assert (np.diff(whole.astype(object)) > 0).all()
