"""`liandong verify`: whether the evidence is what was written."""

import asyncio
import json as jsons
import os
from pathlib import Path
from typing import Annotated

import typer

from operate.admin import evidence
from operate.cli.screen import console, plain, say, words
from operate.home.home import Home
from operate.home.outside import demand_outside
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
    code 1 for any flaw, and where there was nothing to check."""
    installation = Installation.here(Home.here())
    if export:
        demand_outside(installation.home.path, Path(export))
    with console.status(words("reading the evidence", "正在读取存证")) as waiting:

        def tell(service: str, rows: int) -> None:
            waiting.update(words(f"{service}: {rows:,} rows", f"{service}：{rows:,} 行"))

        asked = evidence.examine(installation, anchors, export, tell, archives)
        found = asyncio.run(asked)
    if json:
        print(jsons.dumps([_row(each) for each in found]))
    else:
        _show(found, anchors)
    read = sum(each.rows for each in found)
    raise typer.Exit(1 if not read or any(each.flaws for each in found) else 0)


def _row(findings: evidence.Findings) -> dict[str, object]:
    flaws = [{"where": each.where, "what": each.what} for each in findings.flaws]
    counts = {"rows": findings.rows, "compared": findings.compared}
    return {"service": findings.service, **counts, "flaws": flaws}


def _show(found: list[evidence.Findings], anchors: str) -> None:
    table = plain("", *words("service rows flaws", "服务 行数 问题").split())
    for each in found:
        sign = "[red]✗[/]" if each.flaws else "[green]✓[/]"
        table.add_row(sign, each.service, f"{each.rows:,}", str(len(each.flaws)))
    console.print(table)
    bad = next((each for each in found if each.flaws), None)
    if bad is None:
        _show_sound(found, anchors)
        return
    first = bad.flaws[0]
    say(
        f"The first bad row: {bad.service}, {first.where}: it {first.what}.",
        f"第一处问题：{bad.service}，{first.where}：{first.what}。",
    )


def _show_sound(found: list[evidence.Findings], anchors: str) -> None:
    if not any(each.rows for each in found):
        say("There is no evidence yet: nothing was checked.", "尚无存证：未校验任何内容。")
        return
    say("The evidence is what was written.", "存证与写入时一致。")
    if compared := sum(each.compared for each in found):
        say(f"{compared} digests of {anchors} agree.", f"与 {anchors} 中的 {compared} 条一致。")
    elif anchors:
        say(
            f"But nothing was compared with {anchors}: it was missing or had no anchors, and is "
            "begun now. If there was one before, find out what became of it.",
            f"但未与 {anchors} 比对：该文件原先不存在或没有锚点，现已新建。"
            "如原先已有，请查明其去向。",
        )
