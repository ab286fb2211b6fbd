"""`liandong verify`: whether the evidence is what was written."""

import asyncio
import json as jsons
import os
from typing import Annotated

import typer

from operate.admin import evidence
from operate.cli.screen import console, plain, say, words
from operate.home.home import Home
from operate.run.installation import Installation


def verify(
    anchors: Annotated[
        str, typer.Option(help="a file elsewhere: compared with the anchors, then completed")
    ] = os.environ.get("LIANDONG_ANCHORS", ""),
    export: Annotated[
        str, typer.Option(help="a folder for the evidence with its chains and a check of its own")
    ] = "",
    archives: Annotated[
        str, typer.Option(help="the folder of the archives, if it is not where they were written")
    ] = "",
    json: Annotated[bool, typer.Option("--json", help="for scripts")] = False,
) -> None:
    """Check journals, anchors, signatures, and the registers of disclosures and rights. Exit
    code 1 for any flaw."""
    installation = Installation.here(Home.here())
    with console.status(words("reading the evidence", "正在读取存证")) as waiting:

        def tell(service: str, rows: int) -> None:
            waiting.update(words(f"{service}: {rows:,} rows", f"{service}：{rows:,} 行"))

        found = asyncio.run(evidence.examine(installation, anchors, export, tell, archives))
    if json:
        print(jsons.dumps([_row(each) for each in found]))
    else:
        _show(found)
    raise typer.Exit(1 if any(each.flaws for each in found) else 0)


def _row(findings: evidence.Findings) -> dict[str, object]:
    flaws = [{"where": each.where, "what": each.what} for each in findings.flaws]
    return {"service": findings.service, "rows": findings.rows, "flaws": flaws}


def _show(found: list[evidence.Findings]) -> None:
    table = plain("", *words("service rows flaws", "服务 行数 问题").split())
    for each in found:
        sign = "[red]✗[/]" if each.flaws else "[green]✓[/]"
        table.add_row(sign, each.service, f"{each.rows:,}", str(len(each.flaws)))
    console.print(table)
    bad = next((each for each in found if each.flaws), None)
    if bad is None:
        say("The evidence is what was written.", "存证与写入时一致。")
        return
    first = bad.flaws[0]
    say(
        f"The first bad row: {bad.service}, {first.where}: it {first.what}.",
        f"第一处问题：{bad.service}，{first.where}：{first.what}。",
    )
