"""Generalization hierarchies: for each value, what it becomes from level to level, up to one word for all.

As a file in the format that ARX reads and writes: one line a value, `value;level 1;level 2;…;*`.
"""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from retention.anonymization.techniques.base import TechniqueError

MOST_BYTES = 64_000_000


class HierarchyProblem(TechniqueError):
    """A hierarchy that cannot be used. `values` are those it misses, for who may see values: no message has them."""

    def __init__(self, message: str, remedy: str = "", *, values: Sequence[str] = ()) -> None:
        super().__init__(message, remedy)
        self.values = tuple(values)


@dataclass(frozen=True)
class Hierarchy:
    """`levels[0]` are the values, each once; `levels[n][i]` is what value i becomes at level n."""

    name: str
    levels: tuple[tuple[str, ...], ...]

    def __post_init__(self) -> None:
        values = self.levels[0]
        if len(set(values)) != len(values):
            raise HierarchyProblem(
                f"The hierarchy {self.name} has a value twice.", "Keep one line for each value."
            )
        for below, above in zip(self.levels, self.levels[1:], strict=False):
            parents: dict[str, str] = {}
            if any(
                parents.setdefault(child, parent) != parent
                for child, parent in zip(below, above, strict=True)
            ):
                raise HierarchyProblem(
                    f"The hierarchy {self.name} is no tree: what is equal on one level differs on the next.",
                    "Give values that share a group the same groups above it.",
                )

    @property
    def height(self) -> int:
        """The highest level; level 0 is the values themselves."""
        return len(self.levels) - 1

    def missing(self, values: pa.Array | pa.ChunkedArray) -> list[str]:
        """The distinct non-null values that it does not know, in order."""
        distinct = pc.unique(values.cast(pa.string())).drop_null()
        known = pc.is_in(distinct, pa.array(self.levels[0], pa.string()))
        return sorted(distinct.filter(pc.invert(known)).to_pylist())

    def codes(self, values: pa.Array | pa.ChunkedArray) -> np.ndarray:
        """The place of each value among `levels[0]`, -1 for null. Raises HierarchyProblem where it misses any."""
        found = pc.index_in(values.cast(pa.string()), pa.array(self.levels[0], pa.string()))
        if found.null_count > values.null_count:
            unknown = self.missing(values)
            raise HierarchyProblem(
                f"The hierarchy {self.name} does not say what becomes of {len(unknown)} of the values.",
                "Add a line for each of them.",
                values=unknown,
            )
        return found.fill_null(-1).to_numpy(zero_copy_only=False)

    def generalize(self, values: pa.Array, level: int) -> pa.Array:
        """Each value at `level`, as text; null stays null. Raises HierarchyProblem where it misses a value or level."""
        if not 0 <= level <= self.height:
            raise HierarchyProblem(
                f"The hierarchy {self.name} has the levels 0 to {self.height}, and no {level}."
            )
        codes = self.codes(values)
        return pa.array(self.levels[level], pa.string()).take(pa.array(codes, mask=codes < 0))


def read_hierarchy(text: str, *, name: str, delimiter: str = ";") -> Hierarchy:
    """The hierarchy of a CSV text without header. Raises HierarchyProblem naming the line at fault."""
    lines = [
        (number, line)
        for number, line in enumerate(csv.reader(text.splitlines(), delimiter=delimiter), 1)
        if line
    ]
    if not lines:
        raise HierarchyProblem(
            f"The hierarchy {name} is empty.", "Write a line for each value: value;group;*"
        )
    width = len(lines[0][1])
    if width < 2:
        raise HierarchyProblem(
            f"The hierarchy {name} has no level above its values.", f"Separate the levels by {delimiter}"
        )
    for number, line in lines:
        if len(line) != width:
            raise HierarchyProblem(
                f"Line {number} of the hierarchy {name} has {len(line)} levels, and the first has {width}.",
                "Give every value as many levels.",
            )
    return Hierarchy(name, tuple(zip(*(line for _, line in lines), strict=True)))


def load_hierarchy(path: Path, *, name: str = "", delimiter: str = ";") -> Hierarchy:
    """As `read_hierarchy`, of a UTF-8 file."""
    try:
        if path.stat().st_size > MOST_BYTES:
            raise HierarchyProblem(f"{path.name} is larger than {MOST_BYTES:,} bytes.")
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise HierarchyProblem(f"{path.name} cannot be read: {error.strerror}.", "Check the path.") from None
    except UnicodeError:
        raise HierarchyProblem(f"{path.name} is not UTF-8.", "Save it as UTF-8.") from None
    return read_hierarchy(text, name=name or path.stem, delimiter=delimiter)
