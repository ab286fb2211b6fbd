"""The short form of `make drill`: a backup of the living city comes back, then Kafka is lost."""

import asyncio
from pathlib import Path

from tests.drill import journals, losses
from tests.people import open_incident, take_call, visiting
from tests.servers import Installed


async def test_a_backup_comes_back_and_kafka_is_filled_from_the_journals(
    whole_city: Installed, tmp_path: Path
) -> None:
    keys, backups = tmp_path / "keys", tmp_path / "backups"
    async with visiting(whole_city) as visit:
        kept = await open_incident(visit.system("990100-command", "call_taker"))
        made, manifest = losses.backed_up(whole_city, backups, keys)
        lost = await take_call(visit.system("990100-command", "call_taker"))
    refused = whole_city.liandong("restore", str(made))
    assert refused.returncode == 1 and "touches no living city" in refused.stderr
    before = await journals.read(whole_city.run["database"])

    second = Installed(tmp_path / "second")
    try:
        losses.done(second, "restore", str(made), "--keys", str(keys))
        assert second.liandong("restore", str(made)).returncode == 1  # its own data are there now
        second.up()
        after = await journals.read(second.run["database"])
        found = journals.compared(before, after, manifest.positions)
        assert not found.missing and found.kept > 0
        assert lost["code"] in {before.codes.get(row.matter) for row in found.lost}
        assert kept["code"] in after.codes.values() and lost["code"] not in after.codes.values()

        receipt = await losses.claimed_while_alarm_is_away(second)
        await asyncio.to_thread(losses.lose_kafka, second)
        assert (await losses.heard(second, receipt))["incident"]["unit"]
    finally:
        second.down()
