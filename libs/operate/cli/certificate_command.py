"""`liandong certificates`: makes, renews, revokes and lists the certificates of a secure city."""

import asyncio
import json as jsons
import time
from collections.abc import Collection
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from cryptography import x509

from backbone.process.certificates import flaw_of, hosts
from backbone.process.wires import SECURE, Wires
from backbone.shell.wires import LOOK
from operate.admin import renewal
from operate.admin.renewal import KAFKA, POSTGRES
from operate.admin.wiring import said
from operate.cli.screen import console, errors, plain, say, words
from operate.home import certificates
from operate.home.certificates import IDENTITIES
from operate.home.home import Home, read_state
from operate.home.trouble import Trouble
from operate.run import control
from operate.run.installation import Installation

app = typer.Typer(
    help="the certificates of a secure city: create, renew, revoke, list", no_args_is_help=True
)

# Seconds in which every service has looked at its files.
ALL_HAVE_LOOKED = 2 * LOOK

Hosts = Annotated[
    list[str] | None,
    typer.Option("--host", help="a host name or address of the service; may be repeated"),
]


@app.command("create")
def create(host: Hosts = None) -> None:
    """Make the authority, if there is none, and every certificate that is missing or broken. Exit
    code 1 if one has a flaw then."""
    folder = here().protection.folder
    made = certificates.create(folder, host or ())
    if made:
        say(f"made in {folder}: {', '.join(made)}", f"已在 {folder} 生成：{'、'.join(made)}")
    flaws = flaws_in(folder)
    if not made and not flaws:
        say(f"{folder} has every certificate", f"{folder} 中的证书已齐全")
    end_with(flaws)


@app.command("renew")
def renew(
    names: Annotated[list[str] | None, typer.Argument(help="all, unless some are named")] = None,
    host: Hosts = None,
    authority: Annotated[
        bool, typer.Option(help="with a new authority; the old one stays trusted")
    ] = False,
) -> None:
    """Issue certificates anew, and mend `ca.pem`. What runs uses them within seconds, without a
    restart. Exit code 1 if a server did not take them over, or a file has a flaw."""
    installation = here()
    folder = installation.protection.folder
    if authority and not begin_authority(installation):
        raise Trouble(
            "Kafka does not trust the new authority yet, so that nothing was issued by it: "
            "liandong stop kafka && liandong start kafka, then liandong certificates renew.",
            "Kafka 尚未信任新的签发机构，因此未签发任何证书：请执行 "
            "liandong stop kafka && liandong start kafka，再执行 liandong certificates renew。",
        )
    made = certificates.renew(folder, names or (), host or ())
    say(f"renewed: {', '.join(made)}", f"已更新：{'、'.join(made)}")
    behind = show_renewed(installation)
    end_with(flaws_in(folder), failed=bool(behind))


@app.command("revoke")
def revoke() -> None:
    """Make every certificate of before worthless, as after the theft of one: a new authority
    issues all of them anew, and the old one is trusted no more. Kafka alone is restarted: it asks
    for a certificate only when a connection begins. Exit code 1 if a server did not take them
    over, or a file has a flaw."""
    installation = here()
    folder = installation.protection.folder
    begin_authority(installation)
    certificates.renew(folder)
    show_renewed(installation, restarted=[KAFKA])
    time.sleep(ALL_HAVE_LOOKED)
    certificates.distrust_all_before(folder)
    behind = show_renewed(installation, [POSTGRES])
    end_connections(installation)
    end_with(flaws_in(folder), failed=bool(behind))
    say(
        "all certificates are new; those of before are refused within seconds",
        "证书已全部更换；此前签发的证书将在数秒内被拒绝",
    )


def end_connections(installation: Installation) -> None:
    """End what was opened at Kafka with certificates of before."""
    if not installation.protection.secure:
        return
    if installation.kafka is None:
        say(
            "connections to Kafka of before go on until its brokers are restarted: restart them "
            "one after the other (docs/wires.md)",
            "此前建立的 Kafka 连接在代理重启前仍有效：请逐个重启 Kafka 代理（见 docs/wires.md）",
        )
        return
    home = installation.home
    if home.supervisor() is not None and KAFKA in read_state(home).get("processes", {}):
        waiting = words("restarting Kafka, to end its connections", "正在重启 Kafka 以断开原有连接")
        with console.status(waiting):
            control.again(home, [KAFKA])


def begin_authority(installation: Installation) -> bool:
    """Make a new authority beside the present one, and wait until all that runs trusts it: only
    then may a certificate of it be shown. False if Kafka does not."""
    folder = installation.protection.folder
    certificates.Authority(folder)  # where there is none, none is made by accident
    certificates.make_authority(folder)
    show_renewed(installation)
    time.sleep(ALL_HAVE_LOOKED)
    return asyncio.run(renewal.trusts_the_newest(installation))


def show_renewed(
    installation: Installation,
    servers: Collection[str] = (POSTGRES, KAFKA),
    restarted: Collection[str] = (),
) -> list[str]:
    """Say and return which of the servers need a person for it; those that are restarted anyway
    need none."""
    if not installation.protection.secure:
        return []
    refused = asyncio.run(renewal.show_renewed(installation, servers))
    behind = [name for name in refused if name not in restarted]
    for name in behind:
        say(
            f"{name} did not take it over: liandong stop {name} && liandong start {name}",
            f"{name} 未能启用新证书：请执行 liandong stop {name} && liandong start {name}",
        )
    return behind


def flaws_in(folder: Path) -> list[str]:
    """What is wrong with the files of a city, each once."""
    found = (flaw_of(Wires(name, folder)) for name in IDENTITIES)
    return list(dict.fromkeys(said(flaw) for flaw in found if flaw))


def end_with(flaws: list[str], *, failed: bool = False) -> None:
    for flaw in flaws:
        errors.print(flaw, markup=False, soft_wrap=True)
    if flaws or failed:
        raise typer.Exit(1)


@app.command("list")
def list_certificates(
    json: Annotated[bool, typer.Option("--json", help="for scripts")] = False,
) -> None:
    """List every identity, until when it is good, and for which hosts. Exit code 1 for a flaw.

    A city whose wires are open needs none: unless some were made, the list is empty.
    """
    protection = here().protection
    made = any((protection.folder / f"{name}.pem").exists() for name in IDENTITIES)
    needed = protection.secure or made
    rows = [row_of(Wires(name, protection.folder)) for name in IDENTITIES] if needed else []
    if json:
        print(jsons.dumps(rows, ensure_ascii=False))
    elif not needed:
        say(
            f"The wires of this city are open: it needs no certificates and has none. {SECURE}=1 "
            "protects them (docs/wires.md).",
            f"本系统未启用安全传输，不需要证书，也没有证书。设 {SECURE}=1 可启用"
            "（见 docs/wires.md）。",
        )
    else:
        table = plain(
            *words("name until days hosts flaw", "名称 有效期至 剩余天数 主机 问题").split()
        )
        for row in rows:
            table.add_row(*(str(each) for each in row.values()))
        console.print(table)
    raise typer.Exit(1 if any(row["flaw"] for row in rows) else 0)


def row_of(wires: Wires) -> dict[str, Any]:
    flaw = flaw_of(wires)
    told = "" if flaw is None else said(flaw)
    try:
        own = x509.load_pem_x509_certificate(wires.own.read_bytes())
    except (OSError, ValueError):
        return {"name": wires.name, "until": "", "days": "", "hosts": "", "flaw": told}
    until = own.not_valid_after_utc
    return {
        "name": wires.name,
        "until": until.isoformat(),
        "days": (until - datetime.now(UTC)).days,
        "hosts": " ".join(hosts(own)),
        "flaw": told,
    }


def here() -> Installation:
    return Installation.here(Home.here())
