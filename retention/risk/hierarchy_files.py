"""Which hierarchy belongs to which column, as people name them at the command line."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from retention.anonymization.hierarchies import Hierarchy, load_hierarchy
from retention.risk.building import BUILDERS, build
from retention.risk.collapsing import Combinations, RiskProblem


def hierarchies_for(
    columns: Sequence[str], given: Sequence[str], *, table: Combinations, delimiter: str = ""
) -> dict[str, Hierarchy]:
    """For as many of `columns` as `given` has any: folders, files, `column=file` or `column=rule` (see `build`).

    Raises RiskProblem for what cannot be told apart, TechniqueError for what is no hierarchy.
    """
    found: dict[str, Hierarchy] = {}
    files: list[Path] = []
    for each in given:
        column, equals, said = each.partition("=")
        if equals and column in columns:
            found[column] = _named(column, said, table=table, delimiter=delimiter)
        elif Path(each).is_dir():
            files += sorted(Path(each).glob("*.csv"))
        elif Path(each).is_file():
            files.append(Path(each))
        elif equals:
            raise RiskProblem(f"{column} is no quasi-identifier.", f"There are {', '.join(columns)}.")
        else:
            raise RiskProblem(f"There is no file or folder {each}.", "Check the path, or write column=path.")
    for column in columns:
        if column not in found and (path := file_for(column, files)):
            found[column] = load_hierarchy(path, name=column, delimiter=delimiter or _delimiter_of(path))
    return found


def file_for(column: str, files: Sequence[Path]) -> Path | None:
    """The file whose name is the column's, or has it as a word, or at least as letters. RiskProblem for more than
    one of the closest kind."""
    whole = re.compile(rf"(?<![^\W_]){re.escape(column)}(?![^\W_])", re.IGNORECASE)
    kinds = (
        [path for path in files if path.stem.lower() == column.lower()],
        [path for path in files if whole.search(path.stem)],
        [path for path in files if column.lower() in path.stem.lower()],
    )
    for close in kinds:
        if len(close) > 1:
            names = ", ".join(path.name for path in close)
            raise RiskProblem(f"{names} could all be the hierarchy for {column}.", f"Write {column}=path.")
        if close:
            return close[0]
    return None


def values_of(table: Combinations, column: str) -> list[str]:
    """The values of a column that occur, without null."""
    place = table.columns.index(column)
    used = set(table.codes[place].tolist())
    return sorted(
        value for code, value in enumerate(table.values[place]) if code in used and value is not None
    )


def _named(column: str, said: str, *, table: Combinations, delimiter: str) -> Hierarchy:
    path = Path(said)
    if path.is_file():
        return load_hierarchy(path, name=column, delimiter=delimiter or _delimiter_of(path))
    if said.partition(":")[0] in BUILDERS:
        return build(column, values_of(table, column), said)
    raise RiskProblem(f"{said} is neither a file nor a rule.", f"The rules are {', '.join(BUILDERS)}.")


def _delimiter_of(path: Path) -> str:
    """That of ARX, unless the first line has none and another."""
    try:
        with path.open(encoding="utf-8-sig") as file:
            first = file.readline(65_536)
    except (OSError, UnicodeError):
        return ";"
    return next((mark for mark in (";", ",", "\t", "|") if mark in first), ";")
