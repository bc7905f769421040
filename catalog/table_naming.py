"""The word in a data set's name that says what its rows are: by it columns such as `id` and `name` are judged."""

from __future__ import annotations

import re

from catalog.classification.wordlists import words

_SEPARATORS = re.compile(r"[/.]")
_FORMATS = words("csv tsv txt json jsonl ndjson parquet avro snappy gzip zstd lz4")
# Partitions (`year=2024`), part files, versions, dates and the like are the same whatever the rows are.
_SAYS_NOTHING = re.compile(
    r".*=.*|part[-_]?\d.*|(?:part|data|file|chunk|export|dump|v)?[-_\d]*|[0-9a-f-]{16,}", re.IGNORECASE
)


def table_word(name: str) -> str:
    """`customers` of `exports/customers.csv`, `crm/customers/year=2024/part-0.parquet`, `public.customers`.

    The whole name where no part of it says anything.
    """
    parts = [part for part in _SEPARATORS.split(name) if part]
    telling = (part for part in reversed(parts) if part.lower() not in _FORMATS)
    return next((part for part in telling if not _SAYS_NOTHING.fullmatch(part)), name)
