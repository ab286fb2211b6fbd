"""The address of a client behind trusted proxies: X-Forwarded-For, or Forwarded (RFC 7239).

The operator says which of the two the proxies write. The other one is what a client has sent, and a
proxy that does not know it passes it on: it is never read.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from ipaddress import ip_address

from starlette.types import ASGIApp, Receive, Scope, Send

from services.gateway.http.addresses import Networks

X_FORWARDED_FOR, FORWARDED = "X-Forwarded-For", "Forwarded"
SCHEMES = ("http", "https")
# A pair of RFC 7239: a token, and a token or a quoted text.
_PAIR = re.compile(
    r"""\s*([!#$%&'*+.^_`|~0-9A-Za-z-]+)=([!#$%&'*+.^_`|~0-9A-Za-z:\[\]-]+|"(?:[^"\\]|\\.)*")\s*"""
)
_ESCAPED = re.compile(r"\\(.)")
_PORT = re.compile(r":[0-9]{1,5}$")

# One proxy tells this of one hop: the address, and how it was asked.
Hop = tuple[str, str]


class Forwarded:
    """Sets client and scheme of a request that comes from a trusted proxy, and of no other."""

    def __init__(self, app: ASGIApp, proxies: Networks, header: str) -> None:
        self._app, self._proxies, self._header = app, proxies, header

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        host = (scope.get("client") or ("", 0))[0]
        if host in self._proxies:
            address, scheme = self._named(scope["headers"], host)
            scope = {**scope, "client": (address, 0), "scheme": scheme or scope["scheme"]}
        await self._app(scope, receive, send)

    def _named(self, headers: Sequence[tuple[bytes, bytes]], host: str) -> Hop:
        """The last hop that is no trusted proxy; the first of all, if each is one."""
        hops = list(hops_of(self._header, headers))
        chosen = next((hop for hop in reversed(hops) if hop[0] not in self._proxies), None)
        address, scheme = chosen or (hops[0] if hops else (host, ""))
        return address or host, scheme


def hops_of(header: str, headers: Sequence[tuple[bytes, bytes]]) -> Iterator[Hop]:
    """Every hop that the header tells, the client's first; from a malformed one on to the left
    nothing is believed."""
    lines = [v.decode("latin-1") for name, v in headers if name.decode("latin-1") == header.lower()]
    text = ",".join(lines)
    if header == FORWARDED:
        elements = list(_elements(text))
        broken = max((at for at, pairs in enumerate(elements) if pairs is None), default=-1)
        for pairs in elements[broken + 1 :]:
            if pairs is not None and (address := _bare(pairs.get("for", ""))):
                yield address, _scheme(pairs.get("proto", ""))
        return
    told = dict(headers).get(b"x-forwarded-proto", b"").decode("latin-1")
    scheme = _scheme(told.rpartition(",")[2])
    addresses = [address for part in text.split(",") if (address := _bare(part.strip()))]
    yield from ((address, scheme) for address in addresses or [""])


def _elements(text: str) -> Iterator[Mapping[str, str] | None]:
    """The pairs of each element, by name; None for one that cannot be read."""
    pairs: dict[str, str] | None = {}
    at = 0
    while at < len(text):
        found = _PAIR.match(text, at)
        if found is None:
            comma = text.find(",", at)
            pairs, at = None, len(text) if comma < 0 else comma
        else:
            name, value = found[1].lower(), found[2]
            if value.startswith('"'):
                value = _ESCAPED.sub(r"\1", value[1:-1])
            if pairs is not None:
                pairs = None if name in pairs else {**pairs, name: value}
            at = found.end()
        if at >= len(text) or text[at] == ",":
            yield pairs
            pairs = {}
        elif text[at] != ";":
            pairs = None
        at += 1


def _bare(node: str) -> str:
    """The address without its port and brackets; a name that hides it stays as it is."""
    if node.startswith("["):
        return node[1:].partition("]")[0]
    try:
        ip_address(node)
    except ValueError:
        return _PORT.sub("", node)
    return node


def _scheme(said: str) -> str:
    scheme = said.strip().lower()
    return scheme if scheme in SCHEMES else ""
