"""Redis: the keys of one pattern are a data set, whatever types they have."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from catalog.connectors.ageing import Aged, Rows, compared, is_older
from catalog.connectors.base import Capability, Lingering, Match, Older, Operation, Replacement
from catalog.connectors.redis_store_changes import Command, apply, removal, rewriting, rewritten, try_out
from catalog.connectors.redis_store_client import explained
from catalog.connectors.redis_store_form import RedisForm
from catalog.connectors.redis_store_reading import BATCH_ROWS, KeyReader, many, with_parts
from catalog.connectors.redis_store_rows import Row
from catalog.connectors.redis_store_settling import lingering, rewrite_files


class RedisConnector(KeyReader):
    kind = "redis"
    label = "Redis"
    Form = RedisForm
    secret_fields = frozenset({"password"})
    ages_in_text = True
    capabilities = frozenset({Capability.FIND, Capability.CHANGE, Capability.EXPIRE})

    def __init__(self, settings: Mapping[str, Any], *, writable: bool = False) -> None:
        super().__init__(settings, writable=writable)
        self._rewritten = False

    def rehearse(self, operations: Sequence[Operation]) -> list[int]:
        self.require_writable()
        counts = [0] * len(operations)
        with explained(self.settings):
            for name in dict.fromkeys(operation.data_set for operation in operations):
                places = [place for place, each in enumerate(operations) if each.data_set == name]
                for place, many in zip(
                    places, self._rehearse(name, [operations[p] for p in places]), strict=True
                ):
                    counts[place] = many
        return counts

    def delete(self, data_set: str, matches: Sequence[Match]) -> int:
        return self._change(data_set, matches, (), removal)

    def overwrite(
        self, data_set: str, matches: Sequence[Match], replacements: Mapping[str, Replacement]
    ) -> int:
        if not replacements:
            raise ValueError(f"Nothing was said to write into {data_set}; that would mean to delete.")
        return self._change(data_set, matches, list(replacements), lambda row: rewriting(row, replacements))

    def settle(self, data_set: str) -> None:
        self.require_writable()
        with explained(self.settings):
            self._rewritten = rewrite_files(self.client)

    def lingering(self, data_set: str, matches: Sequence[Match]) -> Lingering | None:
        # Changes after the rewriting are no remains of these rows.
        with explained(self.settings):
            return None if self._rewritten else lingering(self.client)

    def count_older(self, data_set: str, older: Older) -> int:
        with explained(self.settings):
            self._require_columns(data_set, [older.column])
            batches = self._batches(self._rows(data_set), [older.column], BATCH_ROWS)
            return sum(many(is_older(batch[0], older)) for batch, _ in batches)

    def expire(self, data_set: str, older: Older, *, limit: int) -> int:
        self.require_writable()
        self.count_older(data_set, older)  # meets what is no date before anything is written
        return self._change(data_set, Aged(older, limit), (), removal)

    def _change(
        self,
        data_set: str,
        wanted: Rows,
        written: Sequence[str],
        commands: Callable[[Row], list[Command]],
    ) -> int:
        self.require_writable()
        self._rewritten = False
        with explained(self.settings):
            self._require_columns(data_set, [*compared(wanted), *written])
            found = (
                row.key
                for _, rows, mask in self._hits(data_set, wanted, ())
                for row, hit in zip(rows, mask.to_pylist(), strict=True)
                if hit
            )
            keys = list(dict.fromkeys(found))
            return (
                apply(
                    self.client,
                    keys,
                    lambda rows: self._matching(with_parts(data_set, rows), wanted),
                    commands,
                )
                if keys
                else 0
            )

    def _rehearse(self, data_set: str, operations: Sequence[Operation]) -> list[int]:
        """Each operation on what the ones before it would leave; how many rows each would touch."""
        needed = [name for each in operations for name in (*compared(each.matches), *each.replacements)]
        self._require_columns(data_set, needed)
        counts = [0] * len(operations)
        for _, rows in self._batches(self._rows(data_set), (), BATCH_ROWS):
            left = rows
            for place, operation in enumerate(operations):
                hits = list(self._matching(iter(left), operation.matches))
                counts[place] += len(hits)
                if operation.replacements:
                    try_out(self.client, [c for row in hits for c in rewriting(row, operation.replacements)])
                    for row in hits:
                        rewritten(row, operation.replacements)
                else:
                    try_out(self.client, [command for row in hits for command in removal(row)])
                    gone = set(map(id, hits))
                    left = [row for row in left if id(row) not in gone]
        return counts
