"""`liandong verify`: journals, anchors, signatures, rows with the columns by which they are found,
and the registers of the gateway (disclosures, sign-ins and rights), from the database."""

import importlib
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import asyncpg

from backbone.door.codes import Codes
from backbone.door.demanded import signed_by
from backbone.door.evidence import Flaw, verify
from backbone.postgres.migrate import schemas
from backbone.process.signing import Verifier
from backbone.shell.nightly import note
from operate.admin import anchors
from operate.admin.anchors import Anchors
from operate.admin.export import Export
from operate.admin.records import forged
from operate.archive import checking as archived
from operate.home import absence
from operate.home.trouble import Trouble
from operate.run.installation import Installation

SCHEMAS = """
SELECT table_schema FROM information_schema.tables WHERE table_name = 'signing' ORDER BY 1
"""
# The tables of aggregates: those with a document and the hash of its last event.
TABLES = """
SELECT table_name FROM information_schema.columns
WHERE table_schema = $1 AND column_name IN ('doc', 'hash', 'shape', 'version')
GROUP BY table_name HAVING count(*) = 4 ORDER BY 1
"""
ANCHORS = "SELECT position, digest FROM anchors ORDER BY position"
# The schema whose registers are chained by themselves. The file of anchors keeps the last line of
# each under the register's name.
GATEWAY = "gateway"
BEFORE = "SELECT position, digest FROM audit_before"
ARCHIVED_UPTO = "SELECT coalesce(max(position), 0) FROM archives"

Tell = Callable[[str, int], None]


@dataclass
class Findings:
    """The result for the evidence of one schema: how many rows were read, how many of its digests
    were compared with the file elsewhere, and the flaws."""

    service: str
    rows: int = 0
    compared: int = 0
    flaws: list[Flaw] = field(default_factory=list)


async def examine(
    installation: Installation,
    elsewhere: str,
    export: str,
    tell: Tell,
    archives: str = "",
) -> list[Findings]:
    """Check everything, and write the anchors to their file elsewhere and the export if asked.

    `tell` hears of the progress: a service and the rows read. `archives` is the folder of the
    archive files, if it is not the one they were written to. Raises Trouble without a database or a
    city in it.
    """
    try:
        conn = await asyncpg.connect(installation.admin_dsn, timeout=5)
    except (OSError, asyncpg.PostgresError) as error:
        raise absence.of(installation, "postgres") from error
    out = None
    try:
        present = await schemas_in(conn)
        kept = anchors.read(elsewhere)
        out = Export(Path(export), installation.keys.signers()) if export else None
        found = list(_missing(present, kept))
        for service in present:
            await conn.execute(f'SET search_path TO "{service}"')
            findings = Findings(service)
            findings.compared = sum(of in _names(service) for of, _ in kept)
            await _examine_one(conn, installation, findings, out, tell, archives)
            for compare in (_compare, _compare_archives):
                findings.flaws += [flaw async for flaw in compare(conn, service, kept)]
            found.append(findings)
            await _note(conn, findings)
            if elsewhere and not findings.flaws:
                await _append(conn, elsewhere, service, kept)
    finally:
        await conn.close()
        if out is not None:
            out.close()
    return found


async def schemas_in(conn: Any) -> list[str]:
    """The schemas that hold evidence. Raises Trouble if there is none: nothing would be checked."""
    if present := [row[0] for row in await conn.fetch(SCHEMAS)]:
        return present
    raise Trouble(
        "There is no city in this database, or none that this user may read: nothing was checked.",
        "该数据库中没有城市数据，或当前用户无权读取：未校验任何内容。",
    )


def _missing(present: Sequence[str], kept: Anchors) -> Iterator[Findings]:
    """A flaw for each schema that the database lacks, and for each unknown name in the file
    elsewhere."""
    for each in schemas():
        if each.name not in present:
            yield Findings(each.name, flaws=[Flaw("the schema", "is missing from the database")])
    names = {name for service in present for name in _names(service)}
    known = {name for each in schemas() for name in _names(each.name)}
    for of in dict.fromkeys(of for of, _ in kept if of not in names | known):
        what = "is known to the file elsewhere, and to no service of this city"
        yield Findings(of, flaws=[Flaw("the schema", what)])


def _names(service: str) -> set[str]:
    """The names of a service's journal, archives and registers in the file elsewhere."""
    registers = (each.table for each in _registers(service))
    return {service, anchors.archives_of(service), *registers}


async def _note(conn: Any, findings: Findings) -> None:
    """Keep the result as that of the last check: the service, doctor and alerts tell it within a
    minute. One who may only read changes nothing."""
    with suppress(asyncpg.InsufficientPrivilegeError, asyncpg.ReadOnlySQLTransactionError):
        await note(conn, findings.rows, findings.flaws)


async def _examine_one(
    conn: Any,
    installation: Installation,
    findings: Findings,
    out: Export | None,
    tell: Tell,
    archives: str,
) -> None:
    service = findings.service
    verifier = Verifier(installation.keys.signers())
    codes = Codes(installation.keys.keyring(service), service)
    signed = await signed_by(conn, verifier, service, codes)
    tables = [row[0] for row in await conn.fetch(TABLES, service)]

    def seen(row: Any, what: str = "journal") -> None:
        findings.rows += 1
        if out is not None:
            out.write(service, what, row)
        if findings.rows % 5_000 == 0:
            tell(service, findings.rows)

    found = archived.verify(conn, service, installation.keys, archives, signed, seen)
    findings.flaws += [each async for each in found]
    upto = 0 if findings.flaws else await conn.fetchval(ARCHIVED_UPTO)

    def once(row: Any) -> None:
        """Rows of open matters stand in an archive and in the database."""
        if row["position"] > upto:
            seen(row)

    findings.flaws += [each async for each in verify(conn, *tables, signed=signed, seen=once)]
    findings.flaws += [each async for each in forged(conn, service, installation.keys)]
    for each in _registers(service):
        lines = _chains().verify_register(conn, each, partial(seen, what=each.table))
        findings.flaws += [flaw async for flaw in lines]
    if out is not None:
        await _export(conn, service, out)
        out.tell(service, signed.since)


async def _export(conn: Any, service: str, out: Export) -> None:
    """Export the rows from which the chains of journal and registers go on."""
    for row in await conn.fetch(ANCHORS):
        out.write(service, "anchors", row)
    if service == GATEWAY:
        for row in await conn.fetch(BEFORE):
            out.write(service, "audit_before", row)


def _chains() -> Any:
    """Imported late: most commands do not need the gateway."""
    return importlib.import_module("services.gateway.accounts.chain")


def _registers(service: str) -> tuple[Any, ...]:
    """The registers of a schema that are chained by themselves."""
    return _chains().REGISTERS if service == GATEWAY else ()


async def _compare(conn: Any, service: str, kept: Anchors) -> AsyncIterator[Flaw]:
    """The anchors of the file that the database does not have, or has otherwise."""
    present = {row["position"]: row["digest"].hex() for row in await conn.fetch(ANCHORS)}
    for (of, position), digest in kept.items():
        if of == service and present.get(position) != digest:
            yield Flaw(f"anchor {position}", "is not that of the file elsewhere")
        for each in _registers(service):
            line = await conn.fetchrow(each.one, position) if of == each.table else None
            if of == each.table and (line is None or line["digest"].hex() != digest):
                yield Flaw(f"{of} {position}", "is not that of the file elsewhere")


async def _compare_archives(conn: Any, service: str, kept: Anchors) -> AsyncIterator[Flaw]:
    """The archives of the file that the database does not know, or knows otherwise."""
    known = {row["position"]: row["digest"].hex() for row in await conn.fetch(anchors.ARCHIVES)}
    for (of, month), digest in kept.items():
        if of == anchors.archives_of(service) and known.get(month) != digest:
            yield Flaw(f"archive {month}", "is not that of the file elsewhere")


async def _append(conn: Any, path: str, service: str, kept: Anchors) -> None:
    """Append what the file lacks."""
    found = [(service, row) for row in await conn.fetch(ANCHORS)]
    found += [(anchors.archives_of(service), row) for row in await conn.fetch(anchors.ARCHIVES)]
    for each in _registers(service):
        found += [(each.table, row) for row in await conn.fetch(each.last)]
    lacking = [(of, row) for of, row in found if (of, row["position"]) not in kept]
    anchors.append(path, [(of, row["position"], row["digest"]) for of, row in lacking])
