"""Signs records as the service whose topic it is, for tests that stand in for that service."""

from collections.abc import Sequence

from backbone.door.journal import statement_of
from backbone.kafka.origin import command_statement, header_of, owner_of
from backbone.process.signing import Signatures
from operate.home.keys import Keys
from tests.ledger.building import SECRET
from tests.servers import Installed

KEYS = Keys(SECRET)
NAMES = ("ce_type", "ce_id", "ce_subject", "ce_sequence")

Headers = list[tuple[str, bytes]]


def signatures_of(service: str) -> Signatures:
    """Those of the installation of the tests."""
    return Signatures(service, KEYS.keyring(service), KEYS.signers())


def signatures_in(city: Installed, service: str) -> Signatures:
    """Those of a service of this installation."""
    keys = Keys(bytes.fromhex((city.home / "secret").read_text()))
    return Signatures(service, keys.keyring(service), keys.signers())


def signed(
    topic: str,
    key: bytes,
    value: bytes,
    headers: Sequence[tuple[str, bytes]] = (),
    by: Signatures | None = None,
) -> Headers:
    """The headers of a record as its service would send it, with those given."""
    owner = owner_of(topic)
    by = by or signatures_of(owner)
    if ".commands." in topic:
        return [*headers, header_of(by.code(owner, command_statement(topic, key, value)))]
    said = {"ce_type": b"a.kind.v1", "ce_subject": key, **dict(headers)}
    kind, event_id, of, version = (said.get(name, b"").decode("latin-1") for name in NAMES)
    signature = by.sign(statement_of(topic, kind, event_id, of, version, value))
    return [*said.items(), header_of(signature)]
