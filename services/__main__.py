"""`python -m services NAME…` runs one or several services in one process."""

import asyncio
import importlib
import logging
import os
import signal
import sys
from threading import Timer

import uvloop

from backbone.process import interpreter
from backbone.process.logs import speak_json
from backbone.process.probes import serve_probes
from backbone.process.pulse import Pulse
from backbone.process.settings import Settings, SettingsError, read_settings
from backbone.process.spans import exported
from backbone.process.supervised import watch_supervisor
from backbone.process.watchdog import watch
from backbone.shell.measuring import measure_loop
from backbone.shell.wires import watch_wires

log = logging.getLogger(__name__)

# Seconds from a stop signal to the end at any rate. Nothing that was answered is lost by it: what
# still waits then waits for a server that is away. Less than the patience of the supervisor, of
# systemd and of Kubernetes, which kill.
LONGEST_END = 5.0
# A gateway may serve on for so long before it ends, and leads its connections elsewhere meanwhile.
DRAIN = "LIANDONG_GATEWAY_DRAIN_SECONDS"


async def run(services: list[Settings]) -> None:
    """Run until one service dies or the process gets a stop signal."""
    pulses = {settings.name: Pulse() for settings in services}
    watch(pulses)
    pages = [serve_probes(each.host, each.metrics_port, pulses) for each in services]
    try:
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(watch_supervisor([*pulses.values()], os.environ))
            tasks.create_task(measure_loop())
            for settings in services:
                tasks.create_task(_run(settings, pulses[settings.name]))
                tasks.create_task(watch_wires(settings, pulses[settings.name]))
    finally:
        for server in pages:
            server.shutdown()
            server.server_close()


async def _run(settings: Settings, pulse: Pulse) -> None:
    folder, _, part = settings.name.partition("-")
    wiring = importlib.import_module(f"services.{folder}.{f'{part}_wiring' if part else 'wiring'}")
    await wiring.run(settings, pulse)


async def _until_asked_to_stop(services: list[Settings]) -> None:
    running, loop = asyncio.create_task(run(services)), asyncio.get_running_loop()
    longest = longest_end(services)

    def stop(number: int, frame: object) -> None:
        end_at_any_rate(longest)
        loop.call_soon_threadsafe(running.cancel)

    # Not by the loop, which may hang when it is asked to stop.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, stop)
    try:
        await running
    except asyncio.CancelledError:
        return


def longest_end(services: list[Settings]) -> float:
    """The seconds from a stop signal to the end at any rate."""
    drains = [each.environ.get(DRAIN, "0") for each in services if each.name == "gateway"]
    # One that is no number ends the gateway by its own sentence.
    return LONGEST_END + max((float(each) for each in drains if is_number(each)), default=0.0)


def is_number(text: str) -> bool:
    return text.replace(".", "", 1).isdecimal()


def end_at_any_rate(seconds: float) -> None:
    """End the process after these, from a thread: a loop that hangs cannot end itself."""

    def end() -> None:
        log.warning("process.ends_unfinished", extra={"seconds": seconds})
        sys.stdout.flush()
        os._exit(0)

    timer = Timer(seconds, end)
    timer.daemon = True
    timer.start()


def main(names: list[str]) -> int:
    """Return the exit status: 0 after a stop signal, 1 if a service died, 2 for bad settings."""
    speak_json(os.environ.get("LIANDONG_LOG", "INFO"))
    try:
        services = [read_settings(name, os.environ) for name in names]
    except SettingsError as error:
        print(error, file=sys.stderr)  # noqa: T201  # to the person who started it
        return 2
    interpreter.tune()
    # Also for the loop that Faust makes for that thread.
    asyncio.set_event_loop_policy(uvloop.EventLoopPolicy())
    try:
        with exported(os.environ, "+".join(names)):
            uvloop.run(_until_asked_to_stop(services))
    except Exception as error:
        log.critical("process.dies", exc_info=error)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
