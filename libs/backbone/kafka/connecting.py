"""How every Kafka client of ours connects: in the open, or over TLS with a name."""

from typing import Any

from backbone.process.wires import MECHANISM, Brokers, Protected, client_context


def connection(brokers: Brokers) -> dict[str, Any]:
    """The arguments of an aiokafka client that say where and as whom it connects."""
    if not isinstance(brokers, Protected):
        return {"bootstrap_servers": brokers}
    return {"bootstrap_servers": brokers.addresses, **protection(brokers)}


def protection(brokers: Protected) -> dict[str, Any]:
    wires = brokers.wires
    shield = {"ssl_context": client_context(wires)}
    if not wires.password:
        return {"security_protocol": "SSL", **shield}
    return {
        "security_protocol": "SASL_SSL",
        "sasl_mechanism": MECHANISM,
        "sasl_plain_username": wires.user,
        "sasl_plain_password": wires.password,
        **shield,
    }
