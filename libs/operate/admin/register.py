"""The accounts and keys of an installation, as its operator changes them."""

import importlib
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence, Set
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from secrets import token_urlsafe
from typing import Any

import asyncpg

from backbone.postgres.migrate import service_url
from backbone.words.encodings import UnknownEncoding, decoded
from operate.admin.accounts import coded_rows, operator
from operate.admin.superiors import may_stand_in
from operate.home import absence
from operate.home.csv_rows import Numbered, rows_of
from operate.home.given_file import bytes_of
from operate.home.trouble import Trouble
from operate.run.installation import Installation

COLUMNS = ("user", "name", "role", "unit", "team")
OPTIONAL = ("password",)
# As many flaws of a file are shown as fit a screen.
SHOWN = 20
SHOWN_HEADER = 100


@dataclass(frozen=True, slots=True)
class Books:
    """The gateway's books of people and systems: accounts, second factors, keys."""

    accounts: Any
    factors: Any
    keys: Any
    deputies: Any
    leaving: Any


@asynccontextmanager
async def opened(installation: Installation) -> AsyncIterator[Books]:
    """The gateway's own books, on its database. Raises Trouble for whatever it refuses."""
    pools = importlib.import_module("backbone.postgres.pool")
    part = "services.gateway.accounts."
    names = ("register", "second_factor", "keys", "deputies", "leaving")
    register, factors, keys, deputies, leaving = (
        importlib.import_module(part + name) for name in names
    )
    keyring = installation.keys.keyring("gateway")
    coded = coded_rows(installation)
    dsn = service_url(installation.admin_dsn, "gateway", installation.keys.secret)
    opening = pools.open_pool(dsn, "gateway", size=1, patient=True)
    async with refusals(installation), await opening as pool:
        yield Books(
            register.Register(pool, operator(), coded, keyring.lasting),
            factors.SecondFactors(pool, factors.sealer_of(keyring), coded),
            keys.KeyRing(pool, operator(), coded),
            deputies.Deputies(pool, coded, partial(may_stand_in, installation)),
            leaving.Leaving(pool, coded),
        )


@asynccontextmanager
async def refusals(installation: Installation) -> AsyncIterator[None]:
    """Turn the gateway's refusals into sentences at the terminal. Raises Trouble."""
    pools = importlib.import_module("backbone.postgres.pool")
    problems = importlib.import_module("services.gateway.http.problems")
    try:
        yield
    except problems.Problem as problem:
        raise Trouble(*sentences(problem)) from problem
    except pools.TRANSIENT as error:
        if not pools.is_transient(error):
            raise
        raise absence.of(installation, "postgres") from error
    except asyncpg.UndefinedTableError as error:
        raise Trouble(
            "This database has no accounts yet: `liandong up` makes what is missing.",
            "该数据库尚无账号表：请先执行 liandong up。",
        ) from error


def sentences(problem: Any) -> tuple[str, str]:
    """The refusal in English and in Chinese, with its reason and the field that it is about."""
    problems = importlib.import_module("services.gateway.http.problems")
    naming = importlib.import_module("services.gateway.contract.naming")
    reasons = problems.Reasons(naming.Names())
    english, chinese = (
        reasons.say("detail", problem.reason, problem.status, language, problem.facts)
        for language in ("en", "zh")
    )
    about = ", ".join([problem.reason, *(flaw.field for flaw in problem.errors)])
    return f"{english} ({about})", f"{chinese}（{about}）"


def entry_of(*parts: str) -> Any:
    """An account to add: user, name, role, unit, team, password."""
    return importlib.import_module("services.gateway.accounts.register").Entry(*parts)


def require_post(entry: Any) -> None:
    """Raise Trouble for a role that does not go with a team, or without one."""
    register = importlib.import_module("services.gateway.accounts.register")
    problems = importlib.import_module("services.gateway.http.problems")
    try:
        register.require_post(entry.role, entry.team)
    except problems.Problem as problem:
        raise Trouble(*sentences(problem)) from problem


def with_passwords(entries: Iterable[Any], known: Set[str]) -> dict[str, Any]:
    """The entries of accounts that are new and name no password, each with one, by their users. One
    that is known gets none: it would replace that of a row which was changed by hand, unseen."""
    fresh = [each for each in entries if not each.password and each.user not in known]
    return {each.user: replace(each, password=_made_for(each)) for each in fresh}


def _made_for(entry: Any) -> str:
    """A password that the rules take: chance may put the name into one."""
    rules = importlib.import_module("services.gateway.accounts.rules")
    problems = importlib.import_module("services.gateway.http.problems")
    while True:
        password = token_urlsafe(12)
        with suppress(problems.Problem):
            rules.require_password(password, entry.user, entry.name)
            return password


def period_of(start: str, end: str) -> Any:
    """A period of two times, in the zone of the city where they name none. Raises Trouble."""
    zone = importlib.import_module("services.gateway.http.problems").CITY
    try:
        times = [datetime.fromisoformat(given) for given in (start, end)]
        times = [t if t.tzinfo else t.replace(tzinfo=zone) for t in times]
        period = [t.astimezone(UTC) for t in times]  # no time before the first year, or after all
    except (ValueError, OverflowError) as error:
        raise Trouble(
            f"{error}: a time looks like 2026-12-01T08:30 or 2026-12-01T08:30+08:00.",
            f"时间格式不对（{error}），应为 2026-12-01T08:30 或 2026-12-01T08:30+08:00。",
        ) from error
    return importlib.import_module("services.gateway.accounts.deputies").Period(*period)


def read_file(path: Path) -> dict[int, Any]:
    """The accounts of a CSV file, in UTF-8 or GB18030, by their lines. Raises Trouble, naming each
    wrong line."""
    (_, named), *rows = rows_of(str(path), text_of(path)) or [(0, [])]
    header = columns_in(named)
    require_columns(path, header)
    if not rows:
        raise Trouble(f"{path} has no rows.", f"{path} 没有数据行。")
    entries = {line: entry_in(dict(zip(header, row, strict=False))) for line, row in rows}
    require_none(path, [*_too_long(header, rows), *flaws_of(entries)])
    return entries


def _too_long(header: Sequence[str], rows: Numbered) -> Iterable[tuple[int, str, str]]:
    """The lines with more cells than the header: a comma in a name shifts what follows."""
    for line, row in rows:
        if any(cell.strip() for cell in row[len(header) :]):
            yield (
                line,
                f"it has {len(row)} values, the header {len(header)}",
                f"有 {len(row)} 个值，表头只有 {len(header)} 个",
            )


def entry_in(row: Mapping[str, str]) -> Any:
    """The account of a row; a cell that it lacks is empty."""
    return entry_of(*(row.get(name, "").strip() for name in (*COLUMNS, *OPTIONAL)))


def require_none(path: Path, flaws: Sequence[tuple[int, str, str]]) -> None:
    """Raises Trouble for the flaws of a file: line, and the sentence in both languages."""
    if not flaws:
        return
    english = "\n".join(f"line {line}: {said}" for line, said, _ in flaws[:SHOWN])
    chinese = "\n".join(f"第 {line} 行：{said}" for line, _, said in flaws[:SHOWN])
    raise Trouble(
        f"{path} has {len(flaws)} errors, and nothing was changed:\n{english}",
        f"{path} 有 {len(flaws)} 处错误，未作任何更改：\n{chinese}",
    )


def text_of(path: Path) -> str:
    try:
        return decoded(bytes_of(path))[0]
    except UnknownEncoding as error:
        raise Trouble(
            f"{path} cannot be read: line {error.line}: {error}. "
            "Save it as CSV in UTF-8 or GB18030.",
            f"无法读取 {path}：第 {error.line} 行{error.chinese}。"
            "请另存为 UTF-8 或 GB18030 编码的 CSV。",
        ) from error
    except OSError as error:
        raise Trouble(
            f"{path} cannot be read as a CSV file ({error}).",
            f"无法读取 CSV 文件 {path}（{error}）。",
        ) from error


def columns_in(header: Sequence[str]) -> list[str]:
    """The names of the columns; without the empty ones behind them, as spreadsheets leave."""
    names = [name.strip() for name in header]
    while names and not names[-1]:
        names.pop()
    return names


def require_columns(path: Path, named: Sequence[str]) -> None:
    """Raises Trouble for a column that is missing, stands there twice or has no meaning here."""
    unique = len({*named}) == len(named)
    if unique and {"user", "role", "unit"} <= {*named} <= {*COLUMNS, *OPTIONAL}:
        return
    columns, optional = ", ".join(COLUMNS), ", ".join(OPTIONAL)
    found = ", ".join(named)[:SHOWN_HEADER]
    raise Trouble(
        f"{path} has the columns “{found}”; it needs {columns} (and, if wanted, {optional}), each "
        "once, with commas between them.",
        f"{path} 的列名是“{found}”，应为 {columns}（可另加 {optional}），各写一次，以逗号分隔。",
    )


def flaws_of(entries: Mapping[int, Any]) -> Iterable[tuple[int, str, str]]:
    """The wrong lines, with the sentence in both languages."""
    register = importlib.import_module("services.gateway.accounts.register")
    rules = importlib.import_module("services.gateway.accounts.rules")
    problems = importlib.import_module("services.gateway.http.problems")
    seen: dict[str, str] = {}
    for line, entry in entries.items():
        name = rules.folded(entry.user)
        try:
            register.require_entry(entry)
            if name in seen:
                facts = {"name": entry.user, "named": seen[name]}
                raise problems.Problem(409, "NAME_TAKEN", facts)
        except problems.Problem as problem:
            yield (line, *sentences(problem))
        seen[name] = entry.user
