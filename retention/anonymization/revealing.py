"""The way back for who holds the keys, and from old pseudonyms to new ones after a rotation."""

from __future__ import annotations

import pyarrow as pa

from retention.anonymization.techniques.base import Environment, Technique, TechniqueError
from retention.anonymization.techniques.pseudonym import Pseudonym


def reveal(
    values: pa.Array,
    technique: Technique,
    environment: Environment,
    *,
    given: pa.DataType,
    person: pa.Array | None = None,
) -> pa.Array:
    """The values that `technique` made `values` from, of type `given`.

    `environment` names the data set and column that they were made in. Raises TechniqueError where the technique is no
    way back, a key is gone (such as a shredded person's), or a value was changed or made elsewhere.
    """
    if not technique.reversible:
        raise TechniqueError(f"{technique.label} cannot be undone: nobody can say what stood there.")
    return technique.undo(given, environment)(values, person)


def successors(
    values: pa.Array, technique: Pseudonym, environment: Environment, *, old: int, new: int
) -> pa.Table:
    """For the window of a rotation: `old` and `new` pseudonym of each distinct value, under two versions of the key.

    `technique` says everything but the version. Who changes over replaces one by the other, without seeing values.
    """
    distinct = pa.array(values.unique()).drop_null()
    columns = {}
    for name, version in (("old", old), ("new", new)):
        made = Pseudonym({**vars(technique.parameters), "version": version})
        columns[name] = made.prepare(distinct.type, environment)(distinct, None)
    return pa.table(columns)
