"""The findings of doctor that wait for a person: dead letters, refused follow-ups."""

from operate.admin import deadletters, standing
from operate.admin.finding import Finding
from operate.cli.screen import words
from operate.home.home import Home
from operate.run.installation import Installation


async def dead_letters(home: Home) -> list[Finding]:
    what = words("dead letters", "死信")
    installation = Installation.here(home)
    letters = await deadletters.read_dead(installation.brokers, installation.keys)
    if not letters:
        return [Finding(what, words("none waits", "无待处理"))]
    seen = words(f"{len(letters)} wait for a person", f"{len(letters)} 条待处理")
    return [Finding(what, seen, "liandong deadletters list; liandong deadletters acknowledge")]


async def refused_links(home: Home) -> list[Finding]:
    what = words("refused follow-ups", "后续联动")
    rows, _ = await standing.links(Installation.here(home))
    if not rows:
        return [Finding(what, words("none waits", "无待处理"))]
    seen = words(f"{len(rows)} wait for a person", f"{len(rows)} 条待处理")
    return [Finding(what, seen, "liandong links list; liandong links settle EVENT --note NOTE")]
