"""Users and rights at Kafka, derived from deploy/topics.yaml: who writes, who reads.

A service writes its own topics and the dead letters of its groups, and reads what it consumes.
Rights of our users that are not declared are taken away.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from hashlib import pbkdf2_hmac
from pathlib import Path
from secrets import token_bytes
from typing import Any

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import for_code
from aiokafka.protocol.admin import DescribeAclsRequest
from msgspec import yaml

from backbone.process.settings import PORTS
from backbone.process.wires import USER, Protected
from operate.admin.kafka_requests import (
    SCRAM_SHA_512,
    AlterScramRequest,
    CreateAcls,
    DeleteAcls,
    Upsertion,
)
from operate.admin.topics import DECLARED, administrator
from operate.cli.screen import words

# Kafka's numbers.
ANY, TOPIC, GROUP = 1, 2, 3
KINDS = {TOPIC: "topic", GROUP: "group"}
READ, WRITE, DESCRIBE = 3, 4, 8
OPERATIONS = {READ: "read", WRITE: "write", DESCRIBE: "describe"}
LITERAL, ALLOW = 3, 3
EVERYWHERE = "*"
ITERATIONS = 8192


@dataclass(frozen=True, slots=True, order=True)
class Right:
    """One user may do one thing with one topic or group."""

    user: str
    kind: int
    name: str
    operation: int

    def __str__(self) -> str:
        what = OPERATIONS.get(self.operation, str(self.operation))
        return f"{self.user}: {what} {KINDS.get(self.kind, self.kind)} {self.name}"

    @property
    def row(self) -> tuple[Any, ...]:
        principal = f"User:{self.user}"
        return (self.kind, self.name, LITERAL, principal, EVERYWHERE, self.operation, ALLOW)


def read(path: Path = DECLARED) -> set[Right]:
    """The rights that follow from the declaration. Raises KeyError for a missing entry."""
    rights: set[Right] = set()
    for topic, entry in yaml.decode(path.read_bytes())["topics"].items():
        rights |= _on(topic, entry["writer"], WRITE)
        for reader in entry.get("readers", ()):
            rights |= _on(topic, reader, READ)
        for group in entry["groups"]:
            service = service_of(group)
            rights |= _on(topic, service, READ) | _on(f"{topic}.{group}.dead", service, WRITE)
            rights.add(Right(f"{USER}{service}", GROUP, group, READ))
    return rights


def _on(topic: str, service: str, operation: int) -> set[Right]:
    return {Right(f"{USER}{service}", TOPIC, topic, each) for each in (operation, DESCRIBE)}


def service_of(group: str) -> str:
    """The service whose process a group runs in: it is named after it."""
    whole = group.replace(".", "-")
    return whole if whole in PORTS else group.partition(".")[0]


async def ensure(
    brokers: Protected, declared: Collection[Right], users: Mapping[str, str]
) -> list[str]:
    """Make the users, grant what is missing, take away the rest; return what has changed."""
    async with administrator(brokers) as admin:
        await _set_passwords(admin, users)
        present = await _present(admin)
        missing, other = sorted(set(declared) - present), sorted(present - set(declared))
        await _change(admin, CreateAcls([each.row for each in missing]), missing)
        await _change(admin, DeleteAcls([each.row for each in other]), other)
    granted = [words(f"granted {each}", f"已授权 {each}") for each in missing]
    return granted + [words(f"revoked {each}", f"已收回 {each}") for each in other]


async def compare(brokers: Protected, declared: Collection[Right]) -> list[str]:
    """One sentence for each difference; changes nothing."""
    async with administrator(brokers) as admin:
        present = await _present(admin)
    missing, other = sorted(set(declared) - present), sorted(present - set(declared))
    told = [words(f"not granted: {each}", f"未授权：{each}") for each in missing]
    return told + [words(f"not declared: {each}", f"多余权限：{each}") for each in other]


async def _set_passwords(admin: AIOKafkaAdminClient, users: Mapping[str, str]) -> None:
    upsertions: list[Upsertion] = []
    for service, password in users.items():
        salt = token_bytes(32)
        salted = pbkdf2_hmac("sha512", password.encode(), salt, ITERATIONS)
        upsertions.append((f"{USER}{service}", SCRAM_SHA_512, ITERATIONS, salt, salted, {}))
    answer = await admin._send_to_controller(AlterScramRequest(upsertions))
    _demand((code, f"{user}: {said}") for user, code, said, _ in answer.results)


async def _present(admin: AIOKafkaAdminClient) -> set[Right]:
    """The rights of our users that the cluster holds."""
    request = DescribeAclsRequest(ANY, None, ANY, None, None, ANY, ANY)
    answer = await admin._send_request(request)
    _demand([(answer.error_code, answer.error_message)])
    return {
        Right(principal.removeprefix("User:"), kind, name, operation)
        for kind, name, pattern, entries in answer.resources
        for principal, host, operation, permission in entries
        if principal.startswith(f"User:{USER}")
        and (pattern, host, permission) == (LITERAL, EVERYWHERE, ALLOW)
    }


async def _change(
    admin: AIOKafkaAdminClient, request: CreateAcls | DeleteAcls, rights: Collection[Right]
) -> None:
    if rights:
        answer = await admin._send_to_controller(request)
        _demand(each[:2] for each in answer.results)


def _demand(answers: Any) -> None:
    """Raises the KafkaError of the first answer that is one."""
    for code, said in answers:
        if code:
            raise for_code(code)(said)
