"""How every Kafka client of ours connects: in the open, or over TLS with a name."""

from typing import Any

from aiokafka.conn import create_conn
from aiokafka.errors import (
    AuthenticationFailedError,
    KafkaConnectionError,
    KafkaError,
    SaslAuthenticationFailed,
)

from backbone.process.certificates import WireFlaw, flaw_in, no_tls
from backbone.process.current import client_context
from backbone.process.wires import MECHANISM, Brokers, Protected

PATIENCE = 5_000
KAFKA = "Kafka"  # its name in the sentence of a flaw
WRONG_PASSWORD = (AuthenticationFailedError, SaslAuthenticationFailed)


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


async def refusal_by(brokers: Protected) -> WireFlaw | None:
    """Why the brokers do not let us in; None if one does, or if none answers at all."""
    found: WireFlaw | None = None
    for address in brokers.addresses.split(","):
        host, _, port = address.strip().rpartition(":")
        try:
            connection = await create_conn(
                host.strip("[]"), int(port), request_timeout_ms=PATIENCE, **protection(brokers)
            )
        except WRONG_PASSWORD:
            return wrong_password(brokers.wires.user)
        except (ConnectionResetError, ConnectionAbortedError, KafkaConnectionError):
            found = found or no_tls(KAFKA)  # it took the connection and ended the handshake
        except (OSError, TimeoutError, KafkaError) as error:
            found = found or flaw_in(error, KAFKA)
        else:
            connection.close()
            return None
    return found


def wrong_password(user: str) -> WireFlaw:
    return WireFlaw(
        f"Kafka refuses the password of {user}: give each service its password there with "
        "`make acls`, or correct LIANDONG_…_KAFKA_PASSWORD.",
        f"Kafka 拒绝了 {user} 的密码：请执行 make acls 设置各服务的密码，"
        "或更正 LIANDONG_…_KAFKA_PASSWORD。",
    )
