"""`liandong seals`: the keys of personal data: lists, rotates, wraps anew, retires them."""

import asyncio
import json as jsons
from collections.abc import Collection
from typing import Annotated

import typer
from rich.progress import Progress, TaskID

from backbone.process.keyring import key_id
from backbone.process.settings import KEEPS_TEXTS, SCHEMAS
from operate.admin import data_keys, proofs
from operate.admin.data_keys import OWNERS
from operate.cli.screen import console, plain, say, words
from operate.home import absence
from operate.home.home import Home
from operate.home.keys import Keys, put_into_token, retire, rotate
from operate.home.token import Token
from operate.home.trouble import Trouble
from operate.run import control
from operate.run.installation import Installation

app = typer.Typer(
    help="the keys of personal data: list, rotate, reseal, retire, token", no_args_is_help=True
)
Label = Annotated[str, typer.Argument(help="the label of the token")]
Name = Annotated[str, typer.Option("--key", help="the label of the key in it")]


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

    If liandong runs, the services that seal are restarted, one process after the other. The old
    key is still needed until `liandong seals reseal` and `liandong seals retire`.
    """
    home = Home.here()
    if home.supervisor() is not None:
        _demand_city(home)
    keys = rotate(home.secret)  # refuses a home that is not there, before anything makes one
    installation = Installation.here(home)
    installation.publish_keys()
    say(
        f"Every service has a new key. {home.secret} has changed: keep a copy of it in a safe "
        "place, because data sealed from now on cannot be opened without it.",
        f"每个服务都有了新密钥。{home.secret} 已更改：请在安全处另存副本，"
        "今后加密的数据只有它才能打开。",
    )
    if home.supervisor() is None:
        say("The new key is used from the next start on.", "下次启动后即用新密钥加密。")
        return
    asyncio.run(data_keys.ensure(installation.admin_dsn, keys))
    _start_again(home, KEEPS_TEXTS)
    asyncio.run(data_keys.demand_newest(installation.admin_dsn, keys))


@app.command("reseal")
def reseal_keys() -> None:
    """Put all stored data under the newest keys, while the city works.

    Each key that seals data is wrapped anew; the data, and with them the journals and their proof,
    stay as they are. A rotation that was broken off goes on where it stopped: a service that still
    has an older key is restarted first. Exit code 1 if something remains.
    """
    home = Home.here()
    keys = Keys.read(home.secret)
    dsn = _demand_city(home).admin_dsn
    if home.supervisor() is not None and (late := asyncio.run(data_keys.behind(dsn, keys))):
        _start_again(home, late)
    with Progress(console=console, transient=True) as shown:
        bars: dict[str, TaskID] = {}

        def told(where: str, done: int, total: int) -> None:
            bar = bars[where] = bars.get(where) or shown.add_task(where)
            shown.update(bar, completed=done, total=total)

        done = asyncio.run(data_keys.reseal(dsn, keys, told))
    for owner, count in done.items():
        say(f"{owner}: {count} keys wrapped anew", f"{owner}：重新加密 {count} 个数据密钥")
    if coded := asyncio.run(proofs.code_anew(dsn, keys)):
        say(
            f"{coded} rows of archived records proven by the first key",
            f"已归档记录中有 {coded} 行改由首个密钥证明",
        )
    remaining = asyncio.run(data_keys.stale(dsn, keys))
    say(
        f"{remaining} keys remain under an older key. `liandong seals retire` throws the older "
        "ones away.",
        f"仍由旧密钥保护的有 {remaining} 个。可用 liandong seals retire 停用旧密钥。",
    )
    raise typer.Exit(1 if remaining else 0)


@app.command("retire")
def retire_keys() -> None:
    """Throw the older keys away. Refused while anything is sealed, or proven, by one of them alone.

    What they have signed is still verified: their public keys stay.
    """
    home = Home.here()
    keys = Keys.read(home.secret)
    older = len(keys.seals) - 1  # the first key is none of them: codes and PINs derive from it
    if older < 1:
        say(
            "There is no older key to throw away, and nothing was changed: `liandong seals rotate` "
            "adds a key.",
            "没有可停用的旧密钥，未作任何更改：liandong seals rotate 可增加新密钥。",
        )
        return
    installation = _demand_city(home)
    if remaining := asyncio.run(data_keys.stale(installation.admin_dsn, keys)):
        raise Trouble(
            f"{remaining} keys are still wrapped under an older key: run `liandong seals reseal` "
            "first. Nothing was changed.",
            f"仍有 {remaining} 个密钥由旧密钥保护：请先执行 liandong seals reseal。未作任何更改。",
        )
    asyncio.run(proofs.demand_none(installation.admin_dsn, keys))
    asyncio.run(data_keys.demand_newest(installation.admin_dsn, keys))
    retire(home.secret, keys.seals[-1])
    installation.publish_keys()
    say(
        f"{older} older keys are thrown away. Backups of before need the copy of "
        f"{home.secret} of then; take a new copy of it.",
        f"已停用 {older} 个旧密钥。此前的备份仍需当时的 {home.secret} 副本；请重新保存一份副本。",
    )
    if home.supervisor() is not None:
        _start_again(home, KEEPS_TEXTS)


@app.command("token")
def into_token(label: Label, key: Name = "liandong") -> None:
    """Have a PKCS#11 token wrap the keys: without it, the file of keys opens nothing."""
    home = Home.here()
    Keys.read(home.secret)
    token = Token(label, key)
    token.make_key()
    put_into_token(home.secret, token)
    say(
        f"The secrets in {home.secret} are now wrapped by the token {label!r}. Copies of before "
        "still open everything without it: delete them when the token has its own backup.",
        f"{home.secret} 中的密钥已由密码设备 {label!r} 加密。此前的副本不需设备即可打开："
        "设备自身备份完成后请删除它们。",
    )


def _demand_city(home: Home) -> Installation:
    """The installation whose database can be asked. Raises Trouble."""
    installation = Installation.here(home)
    if installation.postgres and home.supervisor() is None:
        raise Trouble(
            "liandong does not run here, and its database with it: `liandong up --detach` first.",
            "联动未运行，其数据库也未运行：请先执行 liandong up --detach。",
        )
    asyncio.run(absence.demand_postgres(installation))
    return installation


def _start_again(home: Home, schemas: Collection[str]) -> None:
    """Restart the services that seal in these schemas."""
    waiting = words("restarting the services that seal", "正在逐个重新启动使用密钥的服务")
    with console.status(waiting):
        sealing = (name for name, schema in SCHEMAS.items() if schema in schemas)
        names = ", ".join(control.again(home, sealing))
    say(
        f"Restarted with the new key: {names or 'none'}. A service that is held down uses it "
        "after `liandong start`.",
        f"已重新启动并用新密钥加密：{names or '无'}。"
        "被停住的服务在 liandong start 之后使用新密钥。",
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
