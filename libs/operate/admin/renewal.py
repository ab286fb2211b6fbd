"""Makes the embedded servers show renewed certificates; services look for them by themselves.

A connection to Kafka lasts longer than what it was opened with: which brokers end it, and when.
"""

import asyncio
import logging
import shutil
from collections.abc import Awaitable, Callable, Collection
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import asyncpg
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import KafkaError, for_code

from backbone.process.wires import Brokers
from operate.admin.topics import administrator
from operate.home import certificates
from operate.home.certificates import AUTHORITY
from operate.home.home import read_state
from operate.run.installation import Installation

log = logging.getLogger(__name__)

POSTGRES, KAFKA = "postgres", "kafka"
LISTENERS = ("broker", "trusted")
NODE = "1"
# Also of one listener, then with its name before.
REAUTH = "connections.max.reauth.ms"
# A server takes a change over behind its answer, and one that is busy may miss a question.
ATTEMPTS, PAUSE = 6, 2.0
# Of a newest authority, about a minute.
TRIES = 30


async def show_renewed(
    installation: Installation, names: Collection[str] = (POSTGRES, KAFKA)
) -> list[str]:
    """Return the names of these running servers that must be restarted, because they refused."""
    refused = []
    processes = read_state(installation.home).get("processes", {})
    running = {name for name, each in processes.items() if each["state"] == "ready"}
    for name, own, show in (
        (POSTGRES, installation.postgres, _postgres),
        (KAFKA, installation.kafka, _kafka),
    ):
        if (
            own
            and name in running.intersection(names)
            and not await _shown(name, show, installation)
        ):
            refused.append(name)
    return refused


async def _shown(
    name: str, show: Callable[[Installation], Awaitable[None]], installation: Installation
) -> bool:
    """Whether the server took its renewed files over, at one of several attempts."""
    for attempt in range(ATTEMPTS):
        try:
            await show(installation)
        except (KafkaError, OSError, asyncpg.PostgresError) as error:
            log.info("%s did not show its renewed certificate: %r", name, error)
            await asyncio.sleep(PAUSE if attempt < ATTEMPTS - 1 else 0)
        else:
            return True
    return False


async def _postgres(installation: Installation) -> None:
    conn = await asyncpg.connect(installation.admin_dsn, timeout=5)
    try:
        await conn.fetchval("SELECT pg_reload_conf()")
    finally:
        await conn.close()


async def _kafka(installation: Installation) -> None:
    """Naming the same files again makes Kafka read them anew."""
    own, ca = (str(path) for path in files_of(installation))
    config: dict[str, str] = {}
    for listener in LISTENERS:
        prefix = f"listener.name.{listener}.ssl."
        config |= {f"{prefix}keystore.type": "PEM", f"{prefix}keystore.location": own}
        config |= {f"{prefix}truststore.type": "PEM", f"{prefix}truststore.location": ca}
    async with administrator(installation.brokers) as admin:
        answers = await admin.alter_configs(
            [ConfigResource(ConfigResourceType.BROKER, NODE, config)]
        )
    for answer in answers:
        for code, said, *_ in answer.resources:
            if code:
                raise for_code(code)(said)


async def trusts_the_newest(installation: Installation) -> bool:
    """Wait until Kafka lets in who comes with a certificate of the newest authority; False if it
    does not. Shown before, every certificate would be refused, the operator's among them."""
    brokers = installation.brokers
    running = read_state(installation.home).get("processes", {}).get(KAFKA, {})
    if installation.kafka is None or running.get("state") != "ready" or isinstance(brokers, str):
        return True
    folder, own = installation.protection.folder, brokers.wires.name
    with TemporaryDirectory(dir=folder) as apart:
        probe = Path(apart)
        for name in (AUTHORITY, "ca.pem", f"{own}.pem"):
            shutil.copy(folder / name, probe / name)
        certificates.renew(probe, [own])
        tried = replace(brokers, wires=replace(brokers.wires, folder=probe))
        for _ in range(TRIES):
            try:
                async with administrator(tried):
                    return True
            except (KafkaError, OSError) as error:
                log.info("Kafka does not trust the newest authority yet: %r", error)
                await asyncio.sleep(PAUSE)
    return False


async def endless(brokers: Brokers) -> list[str]:
    """The brokers at which a connection that has come with a password goes on for ever, whatever
    becomes of that password."""
    async with administrator(brokers) as admin:
        names = [str(each["node_id"]) for each in (await admin.describe_cluster())["brokers"]]
        wanted = [ConfigResource(ConfigResourceType.BROKER, name) for name in names]
        answers = await admin.describe_configs(wanted)
    ending = {
        name
        for answer in answers
        for code, said, _, name, entries in answer.resources
        for entry in _demanded(code, said, entries)
        if entry[0].endswith(REAUTH) and int(entry[1] or 0) > 0
    }
    return sorted({*names} - ending, key=int)


def _demanded(code: int, said: str, entries: Any) -> Any:
    if code:
        raise for_code(code)(said)
    return entries


def files_of(installation: Installation) -> tuple[object, object]:
    wires = installation.protection.of("kafka")
    return (wires.own, wires.ca) if wires else ("", "")
