"""The nouns of the catalog, each group in a file of its own."""

from catalog.models.contracts import Contract
from catalog.models.inventory import (
    EXTERNAL,
    VIEW,
    Change,
    Column,
    DataSet,
    Label,
    Link,
    System,
    categories,
    sensitivities,
    system_kinds,
)
from catalog.models.lineage import DataSetName, Edge, LineageEvent, LineageJob, LineageRun
from catalog.models.localization import LocalizationRule, Safeguard
from catalog.models.precedents import Precedent

__all__ = [
    "EXTERNAL",
    "VIEW",
    "Change",
    "Column",
    "Contract",
    "DataSet",
    "DataSetName",
    "Edge",
    "Label",
    "LineageEvent",
    "LineageJob",
    "LineageRun",
    "Link",
    "LocalizationRule",
    "Precedent",
    "Safeguard",
    "System",
    "categories",
    "sensitivities",
    "system_kinds",
]
