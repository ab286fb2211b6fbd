"""`liandong seals`: lists the keys of personal data, and rotates them."""

import json as jsons
from dataclasses import replace
from typing import Annotated

import typer

from backbone.process.keyring import key_id
from backbone.process.settings import KEEPS_TEXTS
from operate.cli.screen import console, plain, say, words
from operate.home.home import Home
from operate.home.keys import Keys, rotate
from operate.run import control
from operate.run.installation import Installation

app = typer.Typer(help="the keys of personal data: list, rotate", no_args_is_help=True)

# The services that hold personal data.
SEALING = ("alarm", "petition", "dispute", "population")
# Whose keys there are: those of each such service, and those of what is personal in free texts,
# which every service has that keeps texts.
OWNERS = (*SEALING, "texts")


@app.command("list")
def list_keys(
    json: Annotated[bool, typer.Option("--json", help="for scripts")] = False,
) -> None:
    """List each service's keys by their ids, oldest first. The keys themselves are never shown."""
    rows = listed(Keys.read(Home.here().secret))
    if json:
        print(jsons.dumps(rows))
        return
    table = plain(*words("service key made", "服务 密钥编号 生成时间").split(), "")
    for row in rows:
        made = str(row["made"] or words("with the installation", "随系统建立"))
        role = words("seals and opens", "加密并解密") if row["seals"] else words("opens", "仅解密")
        table.add_row(str(row["service"]), str(row["key"]), made, role)
    console.print(table)


@app.command("rotate")
def rotate_keys() -> None:
    """Add a new key for every service; data that is already sealed stays readable.

    If liandong runs, the services that seal are restarted, one process after the other. Stored
    data is not sealed anew, so no key may be thrown away.
    """
    home = Home.here()
    keys = rotate(home.secret)  # refuses a home that is not there, before anything makes one
    replace(Installation.here(home), keys=keys).publish_keys()
    say(
        f"Every service has a new key. {home.secret} has changed: keep a copy of it in a safe "
        "place, because data sealed from now on cannot be opened without it.",
        f"每个服务都有了新密钥。{home.secret} 已更改:请在安全处另存副本,"
        "今后加密的数据只有它才能打开。",
    )
    if home.supervisor() is None:
        say("The new key is used from the next start on.", "下次启动后即用新密钥加密。")
        return
    waiting = words("restarting the services that seal", "正在逐个重新启动使用密钥的服务")
    with console.status(waiting):
        names = ", ".join(control.again(home, KEEPS_TEXTS))
    say(
        f"Restarted with the new key: {names or 'none'}. A service that is held down uses it "
        "after `liandong start`.",
        f"已重新启动并用新密钥加密:{names or '无'}。被停住的服务在 liandong start 之后使用新密钥。",
    )


def listed(keys: Keys) -> list[dict[str, str | bool | None]]:
    """One row for each key of each service: `service`, `key` (its id), `made`, `seals`.

    `made` is an RFC 3339 time, or None for the first key, which the installation was made with.
    """
    made = [None, *(seal.made.isoformat() for seal in keys.seals)]
    newest = len(keys.seals)
    return [
        {"service": name, "key": key_id(bytes.fromhex(key)), "made": made[n], "seals": n == newest}
        for name in OWNERS
        for n, key in enumerate(keys.sealing(name))
    ]
