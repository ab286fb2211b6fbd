"""The profiler's samples go to the stage of the innermost frame that a rule knows."""

import pytest

from tests.bench.stages import OTHER, SEALING, shares, stage_of

LOOP = (
    "main (services/__main__.py:69);run (uvloop/__init__.py:92);Runner.run (asyncio/runners.py:9)"
)
DOOR = f"{LOOP};Batcher.run (backbone/door/batcher.py:50);Door.perform (backbone/door/door.py:70)"


@pytest.mark.parametrize(
    ("stack", "stage"),
    [
        (LOOP, OTHER),
        (
            f"{DOOR};Door._save (backbone/door/door.py:180);f (asyncpg/connection.py:9)",
            "door: write",
        ),
        (f"{DOOR};Door._locked (backbone/door/door.py:110);f (asyncpg/pool.py:1)", "door: read"),
        (f"{DOOR};claim (services/workflow/incident/claiming.py:40)", "door: decide"),
        (f"{DOOR};persons_in (backbone/words/persons.py:40)", SEALING),
        (f"{LOOP};Sealer.open (backbone/postgres/sealing.py:90)", SEALING),
        (f"{LOOP};_Stream._read (backbone/rpc/shared_server.py:120)", "RPC"),
        (f"{LOOP};require_rules (backbone/rpc/rules.py:3)", "RPC: rules of the request"),
        (f"{LOOP};send (aiokafka/producer/sender.py:5)", "produce"),
        (f"{LOOP};fetch (aiokafka/consumer/fetcher.py:5)", "Kafka's connections"),
        (f"{LOOP};read (aiokafka/conn.py:5)", "Kafka's connections"),
        (f"{LOOP};Relay.run (backbone/kafka/relay.py:5)", "relay of the journal"),
    ],
)
def test_a_sample_has_one_stage(stack: str, stage: str) -> None:
    assert stage_of(stack) == stage


def test_shares_count_every_sample_once() -> None:
    found = shares([f"{LOOP} 30", f"{DOOR};Door._save (backbone/door/door.py:1) 10"])
    assert found == {OTHER: 0.75, "door: write": 0.25}
