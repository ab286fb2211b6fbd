"""A gateway that is about to stop says so to balancers, and lets no request fail meanwhile."""

import asyncio

from tests.functional.gateway.front import a_front


async def test_connections_are_led_elsewhere_while_requests_are_answered(
    gateway_database: str,
) -> None:
    async with a_front(gateway_database, drain_seconds="1") as front, front.client() as http:
        first = await http.get("/healthz")
        assert (first.status_code, first.headers.get("connection")) == (200, None)
        assert front.pulse.unserving() == []
        parting = asyncio.create_task(front.parting.part())
        await asyncio.sleep(0.1)
        assert front.pulse.unserving() == ["it is stopping"]
        last = await http.get("/openapi.json")
        assert (last.status_code, last.headers["connection"]) == (200, "close")
        async with front.client() as other:  # a balancer that has not noticed yet
            assert (await other.get("/healthz")).headers["connection"] == "close"
        assert not parting.done()
        await asyncio.wait_for(parting, 5)


async def test_without_other_gateways_it_ends_at_once(gateway_database: str) -> None:
    async with a_front(gateway_database) as front, front.client() as http:
        await asyncio.wait_for(front.parting.part(), 0.5)
        assert (await http.get("/healthz")).status_code == 200
