"""Values to their group in a hierarchy: occupations to fields, cities to regions to countries."""

from __future__ import annotations

from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from retention.anonymization.columns import ColumnTechnique, refused
from retention.anonymization.hierarchies import MOST_BYTES, HierarchyProblem, read_hierarchy
from retention.anonymization.techniques.base import Environment, TechniqueError, Transform, parameter
from retention.anonymization.texts import as_text, has_text


@dataclass(frozen=True)
class Parameters:
    hierarchy: str = parameter(
        label="Hierarchy",
        help="A line for each value, from the value to the widest group: Lyon;Rhône-Alpes;France;*",
        longest=MOST_BYTES,
    )
    level: int = parameter(
        1, label="Level", help="1 is the first group after the value.", minimum=1, maximum=50
    )
    delimiter: str = parameter(";", label="Delimiter")
    missing: str = parameter(
        "refuse",
        label="Values that it misses",
        help="`refuse`: nothing is delivered. `suppress`: they become null.",
        choices=("refuse", "suppress"),
    )


class GeneralizeHierarchy(ColumnTechnique):
    """Numbers and dates are looked up by their text (see `texts`), such as 39 or 2024-02-29."""

    kind = "generalize_hierarchy"
    label = "Generalize: hierarchy"
    explanation = (
        "Each value becomes its group at one level of a hierarchy, such as region or country of a city."
    )
    Parameters = Parameters

    def check(self) -> None:
        if len(self.parameters.delimiter) != 1 or self.parameters.delimiter in '"\r\n':
            raise TechniqueError("generalize_hierarchy.delimiter must be one character.")
        self._hierarchy = read_hierarchy(
            self.parameters.hierarchy, name="given", delimiter=self.parameters.delimiter
        )
        if self.parameters.level > self._hierarchy.height:
            raise HierarchyProblem(
                f"The hierarchy has {self._hierarchy.height} levels, and no {self.parameters.level}."
            )

    def type_of(self, plain: pa.DataType) -> pa.DataType:
        if not has_text(plain):
            raise refused(self, plain)
        return pa.string()

    def function(self, plain: pa.DataType, environment: Environment) -> Transform:
        known = pa.array(self._hierarchy.levels[0], pa.string())
        suppress = self.parameters.missing == "suppress"

        def groups(values: pa.Array, person: pa.Array | None) -> pa.Array:
            texts = as_text(values).cast(pa.string())
            if suppress:
                texts = pc.if_else(pc.is_in(texts, known), texts, None)
            try:
                return self._hierarchy.generalize(texts, self.parameters.level)
            except HierarchyProblem as problem:
                raise HierarchyProblem(
                    f"Column {environment.column}: {problem.message}", problem.remedy, values=problem.values
                ) from None

        return groups
