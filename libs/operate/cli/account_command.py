"""`liandong accounts`: the people who sign in. A password is asked for, or read from the input."""

import asyncio
import csv
import json as jsons
import sys
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any, TypeVar

import typer

from operate.admin import accounts, leaving, register
from operate.admin.register import Books
from operate.admin.units import post_of, posts_of
from operate.cli.screen import console, plain, say, words
from operate.home.home import Home
from operate.home.trouble import Trouble
from operate.run.installation import Installation

app = typer.Typer(
    help="accounts of people: add, list, disable, enable, password, unlock, second-factor, leave, "
    "import",
    no_args_is_help=True,
)
T = TypeVar("T")

User = Annotated[str, typer.Argument(help="the user name")]
Role = Annotated[str, typer.Option(help="a role code, such as clerk")]
Unit = Annotated[str, typer.Option(help="the code of the unit, or a kind that is unique")]
Json = Annotated[bool, typer.Option("--json", help="for scripts")]


def change(work: Callable[[Books], Awaitable[T]]) -> T:
    """Run the change on the installation's books. Raises Trouble for what they refuse."""

    async def run() -> T:
        async with register.opened(Installation.here(Home.here())) as books:
            return await work(books)

    return asyncio.run(run())


@app.command("add")
def add_account(
    user: User,
    role: Role,
    unit: Unit,
    name: Annotated[str, typer.Option(help="the person's name, shown beside the account")] = "",
    team: Annotated[str, typer.Option(help="the code of the team, for its members")] = "",
) -> None:
    """Add an account. The password is asked for, or is the first line of the standard input."""
    given = register.entry_of(user, name, role, unit, team)
    entry = asyncio.run(post_of(Installation.here(Home.here()), given))
    entry = replace(entry, password=ask_password())
    change(lambda books: books.accounts.add(entry))
    say(
        f"{user} may sign in as {role} of {entry.unit}",
        f"已添加账号 {user}（{role}，{entry.unit}）",
    )


@app.command("list")
def list_accounts(json: Json = False) -> None:
    """List all accounts, with role, unit and state. No password is shown; none is kept."""
    rows = change(lambda books: books.accounts.everyone())
    if json:
        print(jsons.dumps(rows, default=str, ensure_ascii=False))
        return
    table = plain(*words("user name role unit team", "账号 姓名 角色 单位 队伍").split(), "")
    for row in rows:
        parts = (row["user"], row["name"], row["role"], row["unit"], row["team"])
        table.add_row(*parts, state_of(row))
    console.print(table)


@app.command("disable")
def disable_account(
    user: Annotated[str, typer.Argument(help="the user name")] = "",
    demo: Annotated[
        bool, typer.Option("--demo", help="all accounts and keys of the demo city instead")
    ] = False,
) -> None:
    """Disable an account: its sessions and streams end within seconds."""
    if demo == bool(user):
        raise Trouble(
            "Give either a user name or --demo.", "请给出用户名，或者使用 --demo，二者择一。"
        )
    if demo:
        home = Home.here()
        was = asyncio.run(accounts.end(Installation.here(home)))
        if home.supervisor():
            home.demo_ended.touch()
        say(
            "The demo's accounts and keys open nothing any more; no start brings them back."
            if was
            else "The demo's accounts were not in force.",
            "演示账号和密钥已全部停用，重新启动也不会恢复。" if was else "演示账号本未启用。",
        )
        return
    user = change(lambda books: books.accounts.disable(user))
    say(f"{user} is disabled", f"账号 {user} 已停用")


@app.command("enable")
def enable_account(user: User) -> None:
    """Enable a disabled account; its password is the one that it had."""
    user = change(lambda books: books.accounts.enable(user))
    say(f"{user} may sign in again", f"账号 {user} 已恢复")


@app.command("password")
def set_password(user: User) -> None:
    """Set another password; the sessions of the account end. It is asked for, or read from the
    standard input."""
    password = ask_password()
    user = change(lambda books: books.accounts.set_password(user, password))
    say(f"{user} has a new password", f"账号 {user} 的密码已修改")


@app.command("unlock")
def unlock_account(user: User) -> None:
    """Let password and second factor be tried again at once, after too many wrong ones."""
    user = change(lambda books: books.accounts.unlock(user))
    say(f"{user} is unlocked", f"账号 {user} 已解锁")


@app.command("second-factor")
def second_factor(
    user: User,
    remove: Annotated[
        bool, typer.Option("--remove", help="the person has lost the device")
    ] = False,
) -> None:
    """Enrol the account with an app for codes (TOTP); what the app reads is shown only now."""
    if remove:
        change(lambda books: books.factors.remove(user, accounts.operator()))
        say(f"{user} has no second factor", f"账号 {user} 的动态验证码已解除绑定")
        return
    uri = change(lambda books: books.factors.enrol(user, accounts.operator()))
    say(f"Enter this into the app of {user}; it is shown only now:", f"请录入 {user} 的验证器：")
    print(uri)


@app.command("leave")
def leave(
    user: User,
    to: Annotated[str, typer.Option(help="the user name of a colleague of the same unit")],
    json: Json = False,
) -> None:
    """Disable an account and hand all that the person holds to a successor, in one act.

    Exit code 1 if something could not be handed over; it is listed.
    """
    done = asyncio.run(leaving.leave(Installation.here(Home.here()), user, to))
    if json:
        print(jsons.dumps(done, ensure_ascii=False))
        raise typer.Exit(1 if done["left"] else 0)
    say(
        f"{done['incidents']} incidents and {done['care_cases']} cases of care went to {to}",
        f"已移交 {to}：事项 {done['incidents']} 件，帮扶个案 {done['care_cases']} 件",
    )
    for each in done["left"]:
        console.print(f"{each['code']}  {each['reason']}")
    raise typer.Exit(1 if done["left"] else 0)


@app.command("import")
def import_accounts(
    file: Annotated[Path, typer.Argument(help="CSV: user, name, role, unit, team, password")],
) -> None:
    """Add the accounts of a file, and change role and unit of those that are known; all or nothing.

    A new account without a password gets one, which is printed only now, as CSV: user, password.
    """
    by_line = register.read_file(file)
    entries = asyncio.run(posts_of(Installation.here(Home.here()), file, by_line))

    async def bring_in(books: Books) -> tuple[dict[str, int], list[Any]]:
        known = {row["user"] for row in await books.accounts.everyone()}
        fresh = register.with_passwords(entries, known)
        counts = await books.accounts.bring_in(*(fresh.get(e.user, e) for e in entries))
        return counts, [*fresh.values()]

    counts, fresh = change(bring_in)
    csv.writer(sys.stdout).writerows((each.user, each.password) for each in fresh)
    english = "{added} added, {changed} changed, {unchanged} unchanged".format_map(counts)
    chinese = "新增 {added}，变更 {changed}，未变 {unchanged}".format_map(counts)
    print(words(english, chinese), file=sys.stderr)


def ask_password() -> str:
    """From the terminal, twice and unseen; else the first line of the standard input."""
    if sys.stdin.isatty():
        asked: str = typer.prompt(
            words("password", "密码"), hide_input=True, confirmation_prompt=True
        )
        return asked
    given = sys.stdin.readline().rstrip("\r\n")
    if not given:
        raise Trouble(
            "No password was given: it is the first line of the standard input.",
            "没有收到密码：请在标准输入的第一行给出。",
        )
    return given


def state_of(row: dict[str, Any]) -> str:
    said = {
        "disabled": words("disabled", "已停用"),
        "demo": words("demo", "演示"),
        "second_factor": words("second factor", "动态验证码"),
    }
    return ", ".join(word for name, word in said.items() if row[name])
