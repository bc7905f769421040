"""Contracts by what people call them: `Shop / public.customer`, `public.customer@1.2.0`, or a file."""

from __future__ import annotations

from pathlib import Path

from catalog.contracts.document import Document, from_plain
from catalog.contracts.loading import Loaded, load_file
from catalog.contracts.problems import ContractError, Problem
from catalog.contracts.standing import drafted, find_data_set
from catalog.models import Contract

FILES = (".yaml", ".yml", ".json", ".avsc", ".proto", ".parquet")


def named_contract(name: str) -> Contract | None:
    """The contract in force for the data set of that name, else its latest version, or the one after the `@`.

    None where the data set has none. Raises ContractError for a data set or version that is not there.
    """
    of, _, version = name.partition("@")
    system, _, data_set = of.rpartition(" / ")
    found = find_data_set(Document("", data_set.strip(), system=system.strip()))
    contracts = found.contracts.select_related("data_set__system")
    if version:
        chosen = contracts.filter(version=version).first()
        if chosen is None:
            known = ", ".join(contracts.values_list("version", flat=True)) or "none"
            raise ContractError(
                Problem(f"{found} has no version {version}; it has: {known}.", "Name one of them.")
            )
        return chosen
    return contracts.filter(state=Contract.State.ACTIVE).first() or contracts.first()


def loaded_from(name: str, *, system: str = "", message: str = "") -> tuple[list[Loaded], str]:
    """What a file or a name stands for, and the state of the contract. Raises ContractError.

    A data set without a contract gives a first one, made of what the catalog knows of it.
    """
    if Path(name).exists() or Path(name).suffix in FILES:
        return load_file(Path(name), system=system, message=message), ""
    contract = named_contract(name)
    if contract:
        return [Loaded(from_plain(contract.document), contract.format)], contract.state
    of, _, data_set = name.rpartition(" / ")
    return [Loaded(drafted(find_data_set(Document("", data_set, system=of))), "catalog")], ""
