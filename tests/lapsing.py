"""Time that passes for one supervision, in a database whose services are running."""

import json
from datetime import UTC, datetime, timedelta
from uuid import UUID

import asyncpg

from backbone.process.keyring import Keyring
from tests.proving import prove_again


async def let_lapse(admin_dsn: str, keyring: Keyring, supervision: str, unit: str) -> None:
    """What the unit owes was due a second ago; the services' timers do the rest."""
    conn = await asyncpg.connect(admin_dsn, server_settings={"search_path": "workflow"})
    try:
        async with conn.transaction():
            found = "SELECT doc FROM supervisions WHERE id = $1 FOR UPDATE"
            doc = json.loads(await conn.fetchval(found, UUID(supervision)))
            past = datetime.now(UTC) - timedelta(seconds=1)
            for demand in doc["demands"]:
                if demand["unit"] == unit and demand["state"] == "OWED":
                    demand["deadline"]["due_time"] = past.isoformat()
            change = "UPDATE supervisions SET doc = $2, due_time = $3 WHERE id = $1"
            await conn.execute(change, UUID(supervision), json.dumps(doc), past)
            await prove_again(conn, keyring, "workflow.supervisions")
    finally:
        await conn.close()
