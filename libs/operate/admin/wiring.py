"""The findings of `liandong doctor` about the wires: certificates, Kafka's users and rights."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from backbone.kafka.connecting import refusal_by
from backbone.process.certificates import WireFlaw, end_of, flaw_of
from backbone.process.settings import PORTS
from backbone.process.wires import Protected, Wires
from operate.admin import acls, renewal
from operate.cli.screen import words
from operate.home.certificates import AUTHORITY, IDENTITIES, readable_by_others
from operate.home.trouble import speaks_chinese
from operate.run.installation import Installation
from operate.run.protection import kafka_password
from operate.servers.kafka import REAUTH

# A fact, and its remedy, which is empty if there is no problem.
Seen = tuple[str, str]

SOON = 30


def certificates(installation: Installation, names: Sequence[str] = IDENTITIES) -> list[Seen]:
    """One line if all is well, and else one for each flaw; nothing in a city without them."""
    if not installation.protection.secure:
        return []
    folder = installation.protection.folder
    flaws = dict.fromkeys(filter(None, (flaw_of(Wires(name, folder)) for name in names)))
    found = [("", said(flaw)) for flaw in flaws]
    found += [(str(path), f"chmod 600 {path}") for path in readable_by_others(folder)]
    return found or [_shortest(folder, names)]


def _shortest(folder: Path, names: Sequence[str]) -> Seen:
    ends = {name: end_of(folder / f"{name}.pem") for name in names}
    first = min(ends, key=lambda name: ends[name])
    days = (ends[first] - datetime.now(UTC)).days
    seen = words(f"good for {days} days ({first})", f"最短剩余 {days} 天（{first}）")
    where = words("liandong certificates renew", "请执行 liandong certificates renew")
    if not (folder / AUTHORITY).exists():
        where += words(", where the authority is", "（在保存签发机构私钥的机器上）")
    return (seen, where if days < SOON else "")


async def at_kafka(installation: Installation) -> list[Seen]:
    """Whether each service's password is accepted, and differences from the declared rights."""
    brokers, folder = installation.brokers, installation.protection.folder
    if not isinstance(brokers, Protected):
        return []
    users = [Wires(name, folder, kafka_password(installation.keys, name)) for name in PORTS]
    # Of a missing certificate the check of the certificates tells; a city elsewhere has others.
    here = [each for each in users if each.own.exists()]
    asked = (refusal_by(Protected(installation.bootstrap, each)) for each in here)
    found = [("", said(flaw)) for flaw in await asyncio.gather(*asked) if flaw]
    if found:
        return found
    told = [(each, "make acls") for each in await acls.compare(brokers, acls.read())]
    told += [_endless(each) for each in await renewal.endless(brokers)]
    declared = words("as declared", "与声明一致")
    return told or [(declared, "")]


def _endless(broker: str) -> Seen:
    seen = words(
        f"broker {broker} keeps a connection whose password was changed",
        f"代理 {broker} 不会断开密码已更改的连接",
    )
    return seen, words(
        f"set {renewal.REAUTH}={REAUTH} there (docs/wires.md)",
        f"请在该代理设置 {renewal.REAUTH}={REAUTH}（见 docs/wires.md）",
    )


def said(flaw: WireFlaw) -> str:
    return flaw.chinese if speaks_chinese() else flaw.english
