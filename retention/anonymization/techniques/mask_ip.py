"""IP addresses: the network stays, the machine does not."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv6Address, ip_address, ip_network

import pyarrow as pa

from retention.anonymization.columns import ColumnTechnique, refused
from retention.anonymization.techniques.base import Environment, Transform, parameter
from retention.anonymization.texts import as_text, is_text


@dataclass(frozen=True)
class Parameters:
    ipv4: int = parameter(24, label="Bits of IPv4 kept", minimum=0, maximum=31)
    ipv6: int = parameter(48, label="Bits of IPv6 kept", minimum=0, maximum=127)
    written: str = parameter(
        "network",
        label="Written as",
        help="`network`: 192.0.2.0/24. `address`: 192.0.2.0, for columns that hold addresses only.",
        choices=("network", "address"),
    )


class MaskIp(ColumnTechnique):
    """192.0.2.77 becomes 192.0.2.0/24. IPv4 within IPv6 (RFC 4291, 2.5.5.2) counts as IPv4; zones are left out.

    What is no address becomes null and is never passed on.
    """

    kind = "mask_ip"
    label = "IP address to network"
    explanation = (
        "Only the network of an address stays: enough for rough places and for counting, not for one machine."
    )
    Parameters = Parameters

    def type_of(self, plain: pa.DataType) -> pa.DataType:
        if not is_text(plain):
            raise refused(self, plain)
        return plain

    def function(self, plain: pa.DataType, environment: Environment) -> Transform:
        def mask(values: pa.Array, person: pa.Array | None) -> pa.Array:
            return pa.array([self._network(text) for text in as_text(values).to_pylist()], pa.string())

        return mask

    def _network(self, text: str) -> str | None:
        try:
            address = ip_address(text.strip().partition("%")[0])
        except ValueError:
            return None
        if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
            address = address.ipv4_mapped
        bits = self.parameters.ipv4 if address.version == 4 else self.parameters.ipv6
        network = ip_network((address, bits), strict=False)
        return str(network) if self.parameters.written == "network" else str(network.network_address)
