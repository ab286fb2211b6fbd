"""The findings of doctor that wait for a person: dead letters, refused follow-ups."""

from operate.admin import deadletters, standing
from operate.admin.finding import Finding
from operate.cli.screen import words
from operate.home import absence
from operate.home.home import Home
from operate.run.installation import Installation

ACKNOWLEDGE = "liandong deadletters acknowledge PLACE --note NOTE"


async def dead_letters(home: Home) -> list[Finding]:
    what = words("dead letters", "死信")
    installation = Installation.here(home)
    letters = await deadletters.read_dead(installation.brokers, installation.keys)
    if letters is None:
        raise absence.of(installation, "kafka")
    if not letters:
        return [Finding(what, words("none waits", "无待处理"))]
    seen = words(f"{len(letters)} wait for a person", f"{len(letters)} 条待处理")
    if forged := sum(letter.reason.startswith("FORGED") for letter in letters):
        seen += words(f", {forged} of them forged", f"，其中伪造 {forged} 条")
    return [Finding(what, seen, f"liandong deadletters list; {ACKNOWLEDGE}")]


async def refused_links(home: Home) -> list[Finding]:
    what = words("refused follow-ups", "后续联动")
    installation = Installation.here(home)
    rows, silent = await standing.links(installation)
    if silent:
        names = ", ".join(silent)
        seen = words(f"no answer from: {names}", f"没有应答：{names}")
        held = absence.held_down(installation, silent[0])
        return [Finding(what, seen, f"liandong start {held}" if held else "liandong status")]
    if not rows:
        return [Finding(what, words("none waits", "无待处理"))]
    seen = words(f"{len(rows)} wait for a person", f"{len(rows)} 条待处理")
    return [Finding(what, seen, "liandong links list; liandong links settle EVENT --note NOTE")]
