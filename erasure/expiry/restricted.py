"""Rows of persons who asked that their data be kept but not used: none goes by mere age (Art. 18(1)(b) and (c))."""

from catalog.classification.vocabulary import within
from catalog.connectors.base import Connector, Older
from catalog.models import Column, DataSet
from erasure.expiry.ageing import older_rows
from erasure.registry.models import Registration
from governance.keyring.lookups import lookup_of


def restricted_rows(connector: Connector, data_set: DataSet, older: Older) -> int:
    """How many of the rows that are older carry an identifier of a person whose data are restricted.

    Costs a reading of the identifying columns, and nothing where nobody's data are restricted. Raises ConnectorError.
    """
    known: dict[str, set[bytes]] = {}
    in_force = Registration.objects.filter(effect=Registration.Effect.RESTRICTED, lifted_at=None)
    for category, lookup in in_force.values_list("category", "lookup"):
        known.setdefault(category, set()).add(bytes(lookup))
    columns = [
        (column.name, category)
        for column in Column.objects.filter(data_set=data_set, gone_at=None, nested_in=None)
        for category in known
        if column.category and within(column.category, category)
    ]
    if not columns:
        return 0
    found = 0
    for batch in older_rows(connector, data_set.name, older, [name for name, _ in columns]):
        hits = [False] * batch.num_rows
        for name, category in columns:
            for row, value in enumerate(batch.column(name).to_pylist()):
                hits[row] |= value is not None and lookup_of(category, str(value)) in known[category]
        found += sum(hits)
    return found
