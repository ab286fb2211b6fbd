"""What no fault of the table brings about: each with its alerts, made in a city whose processes all
run. `make alarms` plays them against the deployed rules, whose windows are seconds there.
"""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from uuid import uuid4

import asyncpg
from aiokafka import AIOKafkaProducer

from backbone.door.beside import CodedRows
from backbone.door.codes import Codes
from backbone.kafka.inbox import LINKS
from operate.admin.probe import flaws_of
from operate.home.keys import Keys
from tests.faults.flooded import FLOOD
from tests.faults.injected import (
    INCIDENTS,
    Act,
    Fault,
    Scene,
    acknowledge,
    liandong,
    nothing,
)
from tests.living.work import DISPUTE, MEDIATION
from tests.people import TOWNSHIP, Listener, act, open_incident, take_call
from tests.telephones import Telephones, listening
from tests.watching import home_of

PATIENCE = 120.0
UNIT, TEAM = f"{TOWNSHIP}-emergency", f"{TOWNSHIP}-emergency-team"
URGENT = {"category": "hazard.flood", "priority": "P1", "narrative": "长风路内涝,水还在涨"}
DESK = "dispatcher.990100-command"


@asynccontextmanager
async def admin(scene: Scene) -> AsyncIterator[Any]:
    """A connection of the database's administrator."""
    conn = await asyncpg.connect(scene.city.run["database"])
    try:
        yield conn
    finally:
        await conn.close()


def sql(*statements: str) -> Act:
    async def run(scene: Scene) -> None:
        async with admin(scene) as conn:
            for each in statements:
                await conn.execute(each)

    return run


def then(*acts: Act) -> Act:
    async def run(scene: Scene) -> None:
        for each in acts:
            await each(scene)

    return run


def locked(table: str, mode: str) -> tuple[Act, Act]:
    """A statement of somebody's hand holds a table."""

    async def make(scene: Scene) -> None:
        scene.left = await asyncpg.connect(scene.city.run["database"])
        await scene.left.execute(f"BEGIN; LOCK TABLE {table} IN {mode} MODE")

    async def mend(scene: Scene) -> None:
        await scene.left.close()

    return make, mend


async def migrate(scene: Scene) -> None:
    """`make migrate`, as the runbook says."""
    command = (sys.executable, "-m", "operate.cli.targets", "migrate")
    done = await asyncio.create_subprocess_exec(*command, env=scene.city.env)
    assert await done.wait() == 0


async def take_from_the_sweep(scene: Scene) -> None:
    """A service may not forget any more; its last walk was that of its start."""
    await sql("REVOKE EXECUTE ON FUNCTION dispute.forget_outcomes FROM liandong_dispute")(scene)
    await liandong(scene, "restart", "dispute")
    port = home_of(scene.city).ports.metrics("dispute")
    async with asyncio.timeout(PATIENCE):
        while not any("cannot be deleted" in each for each in await flaws_of(port)):
            await asyncio.sleep(1)


SWEEP = Fault(
    "a table cannot be swept",
    take_from_the_sweep,
    migrate,
    (("SweepLate", {"schema": "dispute", "table": "outcomes"}),),
)
NEXT_MONTH = """
DO $$ DECLARE part text; BEGIN
    FOR part IN SELECT inhrelid::regclass FROM pg_inherits JOIN pg_class AS c ON c.oid = inhrelid
        WHERE inhparent IN ('petition.journal'::regclass, 'petition.outcomes'::regclass)
          AND right(relname, 6) > to_char(now() AT TIME ZONE 'Asia/Shanghai', 'YYYYMM')
    LOOP EXECUTE 'DROP TABLE ' || part; END LOOP;
END $$
"""
MONTH = Fault(
    "the coming month cannot be made",
    sql("REVOKE EXECUTE ON FUNCTION petition.keep_months FROM liandong_petition", NEXT_MONTH),
    migrate,
    (("MonthMissing", {"schema": "petition"}),),
)
LONG_AGO = """
INSERT INTO {schema}.verifications (time, rows, flaws, first)
VALUES (now() - interval '3 days', 0, 0, '')
"""


async def keep_the_check_away(scene: Scene) -> None:
    """Another one holds the lock of the check, and never ends."""
    scene.left = await asyncpg.connect(scene.city.run["database"])
    await scene.left.execute("SELECT pg_advisory_lock(hashtextextended('population.verify', 0))")
    await scene.left.execute(LONG_AGO.format(schema="population"))


async def let_it_go(scene: Scene) -> None:
    await scene.left.close()


UNVERIFIED = Fault(
    "the nightly check does not come",
    keep_the_check_away,
    let_it_go,
    (("JournalUnverified", {"schema": "population"}),),
)


async def bring_quarrels(scene: Scene) -> None:
    mediator = await scene.visit.person(f"mediator.{MEDIATION}")
    for _ in range(5):
        await act(mediator, "/v1/disputes", DISPUTE)


# As a hand in the database would, past grants and triggers; and back.
ALTERED = "SET session_replication_role = replica; UPDATE dispute.journal SET kind = {kind}"
FLAWED = Fault(
    "a journal was altered",
    then(
        bring_quarrels,
        sql(ALTERED.format(kind="kind || '?'"), LONG_AGO.format(schema="dispute")),
    ),
    then(
        sql(ALTERED.format(kind="rtrim(kind, '?')")),
        lambda scene: liandong(scene, "verify"),  # as the runbook says
    ),
    (("JournalFlawed", {"schema": "dispute"}),),
)


async def load_another_city(scene: Scene) -> None:
    """While Kafka is away, no copy hears of it."""
    await liandong(scene, "stop", "kafka")
    clocks = scene.city.home.parent / "city" / "clocks.yaml"
    clocks.write_text(clocks.read_text().replace("  P1: 5\n", "  P1: 1\n", 1))
    await liandong(scene, "city", "load", str(clocks.parent), "--demo")


async def start_kafka(scene: Scene) -> None:
    await liandong(scene, "start", "kafka")


VERSIONS = Fault(
    "a city is loaded while Kafka is away",
    load_another_city,
    start_kafka,
    (("CityVersionsDiffer", {}),),
)
# As a release leaves it that refuses what the one before has checked.
SPOILT = """
INSERT INTO directory.packs (version, checksum, archive, effective_time, loader)
SELECT max(version) + 1, 'spoilt', 'x', now(), 'somebody' FROM directory.packs
"""


async def load_a_corrected_one(scene: Scene) -> None:
    """As status says; it takes the place of the one that is refused."""
    clocks = scene.city.home.parent / "city" / "clocks.yaml"
    clocks.write_text(clocks.read_text() + "\n# corrected\n")
    await liandong(scene, "city", "load", str(clocks.parent), "--demo")


REFUSED_PACK = Fault(
    "a city pack that is due is refused", sql(SPOILT), load_a_corrected_one, (("PackRefused", {}),)
)
# An incident that does not exist: its origin cannot be heard.
UNHEARD = """
INSERT INTO workflow.untold_supervisions SELECT id, gen_random_uuid() FROM workflow.supervisions
"""


async def supervise(scene: Scene) -> None:
    """A supervision, which is to hear of an incident that is not there."""
    incident = await open_incident(await scene.visit.person("call_taker.990100-command"))
    clerk = await scene.visit.person(f"clerk.{incident['unit']}")
    await act(clerk, f"/v1/incidents/{incident['id']}:claim")
    supervisor = await scene.visit.person("supervisor.990101-government")
    opening = {"incident_ids": [incident["id"]], "level": "KEY", "reason": "两周没有进展"}
    await act(supervisor, "/v1/supervisions", opening)


UNTOLD = Fault(
    "supervisions cannot hear an origin",
    then(supervise, sql(UNHEARD)),
    sql("DELETE FROM workflow.untold_supervisions"),
    (("SupervisionsUntold", {}),),
)
LOSES = """
CREATE FUNCTION workflow.lose() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$;
CREATE TRIGGER lose BEFORE INSERT ON workflow.unsent FOR EACH ROW EXECUTE FUNCTION workflow.lose();
"""


async def lose_an_event(scene: Scene) -> None:
    """One event never stands among those that have yet to be sent, and the next one does."""
    desk = await scene.visit.person("call_taker.990100-command")
    incident = await open_incident(desk)
    clerk = await scene.visit.person(f"clerk.{incident['unit']}")
    await asyncio.sleep(3)  # what was before has been sent and followed
    await sql(LOSES)(scene)
    await act(clerk, f"/v1/incidents/{incident['id']}:claim")
    await sql("DROP FUNCTION workflow.lose CASCADE")(scene)
    await act(clerk, f"/v1/incidents/{incident['id']}:report", {"text": "正在处理"})


GAP = Fault("an event is lost on its way", lose_an_event, nothing, (("EventGap", {}),))
REFUSES = """
CREATE FUNCTION alarm.refuse() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN RAISE 'a trigger that does not belong here'; END $$
"""


async def refuse_what_follows(scene: Scene) -> None:
    """A trigger of somebody's hand; a unit claims, and its receipt cannot follow."""
    desk = await scene.visit.person("call_taker.990100-command")
    incident = await open_incident(desk)
    await asyncio.sleep(2)
    on = "BEFORE UPDATE ON alarm.receipts FOR EACH ROW EXECUTE FUNCTION alarm.refuse()"
    await sql(REFUSES, f"CREATE TRIGGER refuse {on}")(scene)
    clerk = await scene.visit.person(f"clerk.{incident['unit']}")
    await act(clerk, f"/v1/incidents/{incident['id']}:claim")


async def replay(scene: Scene) -> None:
    await sql("DROP FUNCTION alarm.refuse CASCADE")(scene)
    await liandong(scene, "deadletters", "replay")


PARKED = Fault("an event cannot be applied", refuse_what_follows, replay, (("EventsParked", {}),))
EVENT = "0b0e6b4e-0d3c-4c86-8a3a-2f6a5a0f3b11"
REFUSED = f"""
INSERT INTO refused_links (consumer, event_id, aggregate_id, reason, facts)
VALUES ('emergency.orders', '{EVENT}', '{EVENT}', 'NO_SUCH_TEAM', '{{}}') RETURNING *
"""


async def refuse_a_link(scene: Scene) -> None:
    """As emergency writes it, with its code."""
    keys = Keys.read(scene.city.home / "secret")
    async with admin(scene) as conn:
        await conn.execute("SET search_path TO emergency")
        rows = CodedRows(Codes(keys.keyring("emergency"), "emergency"), LINKS)
        await rows.code(conn, await conn.fetch(REFUSED))


LINK = Fault(
    "a follow-up was refused",
    refuse_a_link,
    lambda scene: liandong(scene, "links", "settle", EVENT, "--note", "made for a test"),
    (("LinksUnsettled", {}),),
)
SENT = "SELECT payload FROM workflow.journal ORDER BY position DESC LIMIT 1"


async def forge(scene: Scene) -> None:
    """An event of the flow, written by a hand that has no key."""
    async with admin(scene) as conn:
        value = await conn.fetchval(SENT)
    headers = [("ce_type", b"liandong.incident.claimed.v1"), ("ce_specversion", b"1.0")]
    producer = AIOKafkaProducer(bootstrap_servers=scene.city.run["kafka"])
    await producer.start()
    try:
        await producer.send_and_wait(INCIDENTS, value, key=uuid4().bytes, headers=headers)
    finally:
        await producer.stop()


FORGED = Fault("a record is forged", forge, acknowledge, (("Forged", {"what": "record"}),))


async def give_it_work(scene: Scene) -> None:
    """Something happens that a consumer has to follow."""
    await open_incident(await scene.visit.person("call_taker.990100-command"))


HELD_BOOKS, FREE_BOOKS = locked("alarm.inbox", "ACCESS EXCLUSIVE")
LAGS = Fault(
    "a consumer hangs", then(HELD_BOOKS, give_it_work), FREE_BOOKS, (("ConsumerLags", {}),)
)


def slow(table: str, seconds: float) -> tuple[Act, Act]:
    """Each row of a table takes so long to read, as from a disk that fails."""
    return (
        sql(
            f"CREATE POLICY slow ON {table} FOR SELECT USING (pg_sleep({seconds})::text = '')",
            f"CREATE POLICY more ON {table} FOR INSERT WITH CHECK (true)",
            f"CREATE POLICY other ON {table} FOR UPDATE USING (true)",
            f"CREATE POLICY less ON {table} FOR DELETE USING (true)",
            f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY",
        ),
        sql(
            f"ALTER TABLE {table} DISABLE ROW LEVEL SECURITY, NO FORCE ROW LEVEL SECURITY",
            *(f"DROP POLICY {name} ON {table}" for name in ("slow", "more", "other", "less")),
        ),
    )


async def ask_for_lists(scene: Scene) -> None:
    mediator = await scene.visit.person(f"mediator.{MEDIATION}")
    asked = [asyncio.create_task(mediator.get("/v1/disputes")) for _ in range(3)]
    await asyncio.wait(asked, timeout=6)  # it would ask again for a minute
    for each in asked:
        each.cancel()
    await asyncio.gather(*asked, return_exceptions=True)


SLOW_DISPUTES, FAST_DISPUTES = slow("dispute.disputes", 0.8)
SLOW = Fault(
    "the disk is slow",
    then(bring_quarrels, SLOW_DISPUTES, ask_for_lists),
    FAST_DISPUTES,
    (("ListsTooSlow", {}), ("StatementsSlow", {"schema": "dispute"})),
)
SLOW_BOXES, FAST_BOXES = slow("emergency.mailbox_entries", 1.5)


async def send(scene: Scene) -> None:
    desk = await scene.visit.person(DESK)
    receipt = await take_call(desk, **URGENT)
    sent = await act(desk, f"/v1/receipts/{receipt['id']}:dispatch", {"team": TEAM})
    scene.left = f"/v1/missions/{sent['mission']['id']}"


async def acknowledge_it(scene: Scene) -> None:
    await act(scene.visit.system(UNIT, "team_leader", team=TEAM), f"{scene.left}:acknowledge")


async def send_slowly(scene: Scene) -> None:
    """An order to a team that listens, whose letterbox is read slowly."""
    leader = await scene.visit.person(f"team_leader.{UNIT}")
    terminal = Listener(leader, f"/v1/teams/{TEAM}/stream?device=one")
    await terminal.until("welcome")
    await SLOW_BOXES(scene)
    await send(scene)
    async with asyncio.timeout(20):
        await terminal.until("mission")
    await terminal.close()


FRAMES = Fault(
    "orders reach terminals late",
    send_slowly,
    then(FAST_BOXES, acknowledge_it),
    (("FramesSlow", {}),),
)


async def mend_the_telephone(scene: Scene) -> None:
    """The provider is back, and is heard with the next rung; then the team signs."""
    world = Telephones()
    async with listening(world, scene.telephone):
        down = ("TelephoneDown", 120.0)
        await asyncio.to_thread(scene.watch.clears, *down)
    await acknowledge_it(scene)


SILENT = Fault(
    "a team is silent, and so is the telephone",
    send,
    mend_the_telephone,
    (("TelephoneDown", {}), ("LadderClimbed", {}), ("MissionUnanswered", {})),
)
HELD_MISSIONS, FREE_MISSIONS = locked("emergency.missions", "SHARE")


async def hold_a_ladder(scene: Scene) -> None:
    await send(scene)
    sent = scene.left
    await HELD_MISSIONS(scene)
    scene.left = sent, scene.left


async def let_the_ladder_go(scene: Scene) -> None:
    sent, scene.left = scene.left
    await FREE_MISSIONS(scene)
    scene.left = sent
    await acknowledge_it(scene)


LATE = Fault(
    "clocks cannot fire",
    hold_a_ladder,
    let_the_ladder_go,
    (("TimersLate", {"clock": "missions.rung_due"}),),
)


async def leave_a_call(scene: Scene) -> None:
    desk = await scene.visit.person("call_taker.990100-command")
    scene.left = await open_incident(desk, priority="P1")


async def claim_it(scene: Scene) -> None:
    clerk = await scene.visit.person(f"clerk.{scene.left['unit']}")
    await act(clerk, f"/v1/incidents/{scene.left['id']}:claim")


# With the clocks of the city that was loaded before: a minute for P1.
SIGN_IN = Fault(
    "a unit does not sign in", leave_a_call, claim_it, (("SignInLate", {"priority": "P1"}),)
)


def stuttering(name: str) -> tuple[Act, Act]:
    """A process gets a tenth of its time."""

    async def stutter(pid: int) -> None:
        while True:
            for number, seconds in ((signal.SIGSTOP, 0.6), (signal.SIGCONT, 0.05)):
                os.kill(pid, number)
                await asyncio.sleep(seconds)

    async def make(scene: Scene) -> None:
        pid = scene.city.run["processes"][name]["pid"]
        scene.left = pid, asyncio.create_task(stutter(pid))

    async def mend(scene: Scene) -> None:
        pid, task = scene.left
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        os.kill(pid, signal.SIGCONT)

    return make, mend


STUTTER = Fault(
    "a process gets no processor",
    *stuttering("directory"),
    (("LoopSlow", {"process": "directory"}),),
)
# VERSIONS comes first. Then one after the other; those of the second list need a minute or two, and
# go on beside them.
QUIET = (
    REFUSED_PACK, UNTOLD, GAP, PARKED, LINK, FORGED, LAGS, SLOW, FRAMES, LATE, STUTTER, SILENT,
    FLOOD,
)  # fmt: skip
LONG = ((MONTH, SWEEP), (UNVERIFIED,), (FLAWED,), (SIGN_IN,))
