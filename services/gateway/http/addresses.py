"""Addresses of callers: which network one counts as, and which networks the operator has named."""

from collections.abc import Iterator
from functools import lru_cache
from ipaddress import IPv6Address, IPv6Network, ip_address, ip_network

from starlette.requests import Request

NETWORK_BITS = 64
LONGEST = 64


class Networks:
    """The networks of a setting, such as `10.1.0.7, 10.2.0.0/16`."""

    def __init__(self, text: str = "") -> None:
        """Raises ValueError for a text that is no address or network."""
        parts = (part.strip() for part in text.split(","))
        self._networks = tuple(ip_network(part) for part in parts if part)
        self._has = lru_cache(4_096)(self._find)

    def __contains__(self, host: str) -> bool:
        return bool(self._networks) and self._has(host)

    def __iter__(self) -> Iterator[str]:
        return map(str, self._networks)

    def _find(self, host: str) -> bool:
        try:
            address = ip_address(host)
        except ValueError:
            return False
        return any(address in network for network in self._networks)


@lru_cache(4_096)
def network_of(host: str) -> str:
    """The name under which an address is counted: of IPv6 the network, because a caller with one
    address there has all of them; of IPv4 the address itself, also where IPv6 carries it."""
    try:
        address = ip_address(host.partition("%")[0])
    except ValueError:  # a proxy may have passed on anything
        return host[:LONGEST]
    if not isinstance(address, IPv6Address):
        return str(address)
    if address.ipv4_mapped is not None:
        return str(address.ipv4_mapped)
    return str(IPv6Network((address, NETWORK_BITS), strict=False))


def address_of(request: Request) -> str:
    """The network by which a caller is limited. Only a trusted proxy may have named it."""
    return network_of(request.client.host if request.client else "")
