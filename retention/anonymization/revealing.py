"""The way back from what a reversible technique made, for who holds the keys."""

from __future__ import annotations

import pyarrow as pa

from retention.anonymization.techniques.base import Environment, Technique, TechniqueError


def reveal(
    values: pa.Array,
    technique: Technique,
    environment: Environment,
    *,
    given: pa.DataType,
    person: pa.Array | None = None,
) -> pa.Array:
    """The values that `technique` made `values` from, of type `given`; tokens are the vault's to give back.

    `environment` names the data set and column that they were made in; `person` says whose each is, as text, where
    the technique has a key for each person. Whose key was destroyed gets null. Raises TechniqueError where the
    technique is no way back, a key of the ring is gone, or a value was changed or made elsewhere.
    """
    if not technique.reversible:
        raise TechniqueError(f"{technique.label} cannot be undone: nobody can say what stood there.")
    return technique.undo(given, environment)(values, person)
