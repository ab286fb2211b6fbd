"""Makes the embedded servers show renewed certificates; services look for them by themselves."""

import asyncpg
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import KafkaError, for_code

from operate.admin.topics import administrator
from operate.home.home import read_state
from operate.run.installation import Installation

LISTENERS = ("broker", "trusted")
NODE = "1"


async def show_renewed(installation: Installation) -> list[str]:
    """Return the names of the running servers that must be restarted, because they refused."""
    refused = []
    processes = read_state(installation.home).get("processes", {})
    running = {name for name, each in processes.items() if each["state"] == "ready"}
    if installation.postgres and "postgres" in running:
        refused += [] if await _postgres(installation) else ["postgres"]
    if installation.kafka and "kafka" in running:
        refused += [] if await _kafka(installation) else ["kafka"]
    return refused


async def _postgres(installation: Installation) -> bool:
    try:
        conn = await asyncpg.connect(installation.admin_dsn, timeout=5)
        try:
            return bool(await conn.fetchval("SELECT pg_reload_conf()"))
        finally:
            await conn.close()
    except (OSError, asyncpg.PostgresError):
        return False


async def _kafka(installation: Installation) -> bool:
    """Naming the same files again makes Kafka read them anew."""
    own, ca = (str(path) for path in files_of(installation))
    config: dict[str, str] = {}
    for listener in LISTENERS:
        prefix = f"listener.name.{listener}.ssl."
        config |= {f"{prefix}keystore.type": "PEM", f"{prefix}keystore.location": own}
        config |= {f"{prefix}truststore.type": "PEM", f"{prefix}truststore.location": ca}
    try:
        async with administrator(installation.brokers) as admin:
            answers = await admin.alter_configs(
                [ConfigResource(ConfigResourceType.BROKER, NODE, config)]
            )
            for answer in answers:
                for code, said, *_ in answer.resources:
                    if code:
                        raise for_code(code)(said)
    except (KafkaError, OSError):
        return False
    return True


def files_of(installation: Installation) -> tuple[object, object]:
    wires = installation.protection.of("kafka")
    return (wires.own, wires.ca) if wires else ("", "")
