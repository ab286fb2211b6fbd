"""The supervisor over real child processes: they die, are held, are stubborn, are left behind."""

import asyncio
import errno
import json
import os
import shutil
import signal
import sys
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from functools import partial
from pathlib import Path

import psutil
import pytest

from operate.admin import probe
from operate.home import holds, leftovers
from operate.home.home import Home
from operate.home.logfiles import END, MOST
from operate.home.ports import Ports, free_port
from operate.home.trouble import Trouble
from operate.run import child, control
from operate.run.adopted import sort_out
from operate.run.all_ready import all_ready
from operate.run.child import Program, State
from operate.run.facts import Facts
from operate.run.launch import Launch, spawn
from operate.run.supervisor import Supervisor

STAND_IN = Path(__file__).with_name("stand_in.py")


@pytest.fixture
def home(tmp_path: Path) -> Home:
    home = Home(tmp_path / "run", Ports())
    home.make()
    return home


def program(
    home: Home, *names: str, how: str = "", amount: str = "0", needs: tuple[str, ...] = ()
) -> Program:
    port = free_port()
    log = home.logs / f"{'+'.join(names)}.log"
    launch = Launch([sys.executable, str(STAND_IN), str(port), how, amount], log, patience=1.0)
    flaws, alive = partial(probe.flaws_of, port), partial(probe.answers, port)
    alike = f"{'+'.join(names)} {port}"
    return Program(names, lambda: launch, flaws, frozenset(needs), alive, lambda: alike)


async def start_all(supervisor: Supervisor) -> Facts:
    for each in supervisor.children:
        each.start()
    await all_ready(supervisor.children, 10)
    return {"gateway": "http://here", "accounts": [{"user": "a"}], "api_keys": [{"key": "k"}]}


@asynccontextmanager
async def running(home: Home, *programs: Program) -> AsyncIterator[Supervisor]:
    supervisor = Supervisor(home, programs, start_all, {"a": {"grpc": "127.0.0.1:1"}})
    ready = asyncio.Event()
    task = asyncio.create_task(supervisor.run(ready.set))
    waiting = asyncio.create_task(ready.wait())
    await asyncio.wait([task, waiting], return_when=asyncio.FIRST_COMPLETED)
    try:
        if task.done():
            waiting.cancel()
            task.result()
        yield supervisor
    finally:
        supervisor.stop()
        await asyncio.gather(task, return_exceptions=True)


async def until(condition: Callable[[], bool], seconds: float = 20) -> None:
    async with asyncio.timeout(seconds):
        while not condition():
            await asyncio.sleep(0.01)


async def test_run_json_tells_scripts_what_runs(home: Home) -> None:
    async with running(home, program(home, "a"), program(home, "b", "c")) as supervisor:
        document = json.loads(home.run_file.read_text())
        assert home.run_file.stat().st_mode & 0o777 == 0o600
        assert document["gateway"] == "http://here"
        assert document["processes"]["a"] == {
            "pid": supervisor.child("a").pid,
            "grpc": "127.0.0.1:1",
        }
        assert document["processes"]["b"]["pid"] == document["processes"]["c"]["pid"]
    assert not home.run_file.exists() and not home.state.exists()


async def test_what_happens_to_the_folders_of_a_home_ends_no_city(home: Home) -> None:
    """A hand that tidied up ended all processes, and what was stopped would have run again."""
    async with running(home, program(home, "a"), program(home, "b")) as supervisor:
        a, b = supervisor.child("a"), supervisor.child("b")
        (home.held / "b").touch()
        await until(lambda: b.state is State.HELD)
        shutil.rmtree(home.held)
        shutil.rmtree(home.logs)
        home.run_file.unlink()
        home.run_file.mkdir()
        assert a.pid
        os.kill(a.pid, signal.SIGKILL)
        await until(lambda: a.restarts == 1 and a.state is State.READY)
        assert b.state is State.HELD and (home.held / "b").exists()
        (home.held / "c").mkdir()
        (home.held / "b").unlink()
        await until(lambda: b.state is State.READY)
        shutil.rmtree(home.held)
        home.held.touch()
        await asyncio.sleep(0.3)
        assert {a.state, b.state} == {State.READY}
        pids = [a.pid, b.pid]
    assert not any(psutil.pid_exists(pid) for pid in pids if pid)


async def test_run_json_lists_no_demo_that_was_ended(home: Home) -> None:
    def told() -> tuple[object, object]:
        document = json.loads(home.run_file.read_text())
        return document["accounts"], document["api_keys"]

    async with running(home, program(home, "a")):
        assert told() == ([{"user": "a"}], [{"key": "k"}])
        home.demo_ended.touch()
        await until(lambda: told() == ([], []))
        assert json.loads(home.run_file.read_text())["gateway"] == "http://here"


async def test_a_child_that_dies_runs_again_within_a_second(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its pauses, that is: how long a start takes is told by the machine."""
    pauses: list[float] = []

    def noting(failures: int, pause_after: Callable[[int], float] = child.pause_after) -> float:
        pauses.append(pause_after(failures))
        return pauses[-1]

    monkeypatch.setattr(child, "pause_after", noting)
    async with running(home, program(home, "a")) as supervisor:
        one = supervisor.child("a")
        for _ in range(3):
            dead = one.pid
            assert dead
            os.kill(dead, signal.SIGKILL)
            await until(lambda dead=dead: one.pid != dead)  # type: ignore[misc]
            assert not home.run_file.exists(), "only while everything is ready"
            await until(lambda dead=dead: one.pid not in (None, dead))  # type: ignore[misc]
            await until(home.run_file.exists)
        assert one.restarts == 3
    assert len(pauses) == 3 and max(pauses) < 1


async def test_one_that_cannot_start_is_told_with_its_last_words(home: Home) -> None:
    with pytest.raises(Trouble, match=r"(?s)a does not start .exit code 3.*cannot go on"):
        async with running(home, program(home, "a", how="die", amount="3")):
            pass


def test_pauses_grow_up_to_a_limit() -> None:
    pauses = [child.pause_after(failures) for failures in (0, 1, 2, 3, 50)]
    assert pauses == [0.1, 0.2, 0.4, 0.8, child.LONGEST_PAUSE]


async def test_a_pause_ends_when_what_is_needed_is_back(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(child, "pause_after", lambda failures: 1000.0)
    dying = program(home, "b", how="die", amount="1", needs=("a",))

    async def boot(supervisor: Supervisor) -> Facts:
        supervisor.child("b").start()
        return {}

    supervisor = Supervisor(home, [program(home, "a"), dying], boot, {})
    task = asyncio.create_task(supervisor.run())
    await until(lambda: supervisor.child("b").state is State.DOWN, 30)
    supervisor.child("a").start()
    await until(lambda: supervisor.child("b").restarts == 2, 30)
    supervisor.stop()
    await task


async def test_a_death_is_told_before_what_it_has_left_is_ended(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    to_go_on = threading.Event()
    monkeypatch.setattr(leftovers, "kill", lambda mark, identity: to_go_on.wait(30))
    async with running(home, program(home, "a")) as supervisor:
        one = supervisor.child("a")
        assert one.pid and home.run_file.exists()
        os.kill(one.pid, signal.SIGKILL)
        await until(lambda: one.state is State.DOWN)
        assert one.pid is None and not home.run_file.exists()
        to_go_on.set()
        await until(home.run_file.exists)


async def test_held_down_until_let_go(home: Home) -> None:
    async with running(home, program(home, "a"), program(home, "b", "c")) as supervisor:
        one = supervisor.child("c")
        pid = one.pid
        (home.held / "c").touch()
        await until(lambda: one.state is State.HELD)
        assert pid and not psutil.pid_exists(pid)
        await asyncio.sleep(0.5)
        assert one.state is State.HELD
        document = json.loads(home.run_file.read_text())
        assert document["processes"]["b"]["pid"] is None, "held by a person: the rest is ready"
        (home.held / "c").unlink()
        await until(lambda: one.state is State.READY)
        assert one.pid != pid


HOLDS = """
import sys, time
from pathlib import Path
from operate.home.holds import held_meanwhile
with held_meanwhile(Path(sys.argv[1]), "a") as held:
    print(held, flush=True)
    time.sleep(60)
"""


@asynccontextmanager
async def restarting(home: Home) -> AsyncIterator[asyncio.subprocess.Process]:
    """A command in the midst of a restart of a."""
    command = await asyncio.create_subprocess_exec(
        sys.executable, "-c", HOLDS, str(home.held), stdout=asyncio.subprocess.PIPE
    )
    try:
        assert command.stdout and await command.stdout.readline() == b"True\n"
        yield command
    finally:
        with suppress(ProcessLookupError):
            command.kill()
        await command.wait()


async def test_a_restart_that_is_killed_in_its_midst_leaves_nothing_down(home: Home) -> None:
    """Its process stayed down for good, and run.json said that everything was ready."""
    async with running(home, program(home, "a")) as supervisor:
        one = supervisor.child("a")
        async with restarting(home) as command:
            await until(lambda: one.state is State.HELD)
            await asyncio.sleep(0.5)
            assert one.state is State.HELD, "as long as the command lives"
            command.kill()
            await until(lambda: one.state is State.READY)
        assert [*home.held.iterdir()] == []


@pytest.fixture
def commanded(home: Home, monkeypatch: pytest.MonkeyPatch) -> Home:
    """A home whose supervisor, which holds no lock here, is believed to run by commands."""
    monkeypatch.setattr(Home, "supervisor", lambda self: os.getpid())
    monkeypatch.setattr(control, "become_ready", partial(control.wait, state="ready"))
    return home


async def test_what_a_person_stops_during_a_restart_stays_down(commanded: Home) -> None:
    home = commanded
    async with running(home, program(home, "a")) as supervisor:
        one = supervisor.child("a")
        async with restarting(home):
            await until(lambda: one.state is State.HELD)
            with holds.held_meanwhile(home.held, "a") as held:
                assert not held, "the other command has it"
            await asyncio.to_thread(control.hold, home, "a")
        await asyncio.sleep(0.5)
        assert one.state is State.HELD
        with holds.held_meanwhile(home.held, "a") as held:
            assert not held
        assert one.state is State.HELD and not control.restart(home, ["a"])


async def test_two_commands_restart_one_process_one_after_the_other(commanded: Home) -> None:
    home = commanded
    async with running(home, program(home, "a")) as supervisor:
        both = (asyncio.to_thread(control.restart, home, ["a"]) for _ in range(2))
        assert await asyncio.gather(*both) == [True, True]
        assert supervisor.child("a").state is State.READY and [*home.held.iterdir()] == []


async def test_what_a_person_has_stopped_stays_down_under_the_next_supervisor(home: Home) -> None:
    """One that was killed, or replaced by an upgrade, started it again."""
    server, goes_on = program(home, "a"), program(home, "b", needs=("a",))
    stopped = program(home, "c", "d", needs=("a",))
    process = await spawn(goes_on.prepare(), str(home.path), goes_on.identity())
    for name in ("a", "d"):
        holds.hold(home.held, name)
    supervisor = Supervisor(home, [server, goes_on, stopped], start_all, {})
    supervisor.adopt(sort_out(str(home.path), [goes_on.identity()]), at_once=True)
    ready = asyncio.Event()
    task = asyncio.create_task(supervisor.run(ready.set))
    try:
        async with asyncio.timeout(20):
            await ready.wait()
        states = {name: supervisor.child(name).state for name in "abd"}
        assert states == {"a": State.READY, "b": State.READY, "d": State.HELD}
        (home.held / "d").unlink()
        await until(lambda: supervisor.child("d").state is State.READY)
    finally:
        supervisor.stop()
        await task
        await process.wait()


async def test_a_start_of_all_starts_also_what_was_stopped(home: Home) -> None:
    holds.hold(home.held, "a")
    async with running(home, program(home, "a")) as supervisor:
        assert supervisor.child("a").state is State.READY


async def test_one_that_needs_what_is_held_is_excused(home: Home) -> None:
    needy = program(home, "b", needs=("a",))
    async with running(home, program(home, "a"), needy) as supervisor:
        (home.held / "a").touch()
        await until(lambda: supervisor.child("a").state is State.HELD)
        pid = supervisor.child("b").pid
        assert pid
        os.kill(pid, signal.SIGKILL)
        await until(lambda: supervisor.child("b").pid != pid)
        assert home.run_file.exists()


async def test_stubborn_children_are_killed_in_the_end(home: Home) -> None:
    async with running(home, program(home, "a", how="stubborn")) as supervisor:
        pid = supervisor.child("a").pid
    assert pid and not psutil.pid_exists(pid)


async def test_what_a_killed_supervisor_leaves_is_found_and_ended(home: Home) -> None:
    mark = str(home.path)
    environment = {**os.environ, leftovers.MARK: mark}
    arguments = [sys.executable, str(STAND_IN), str(free_port())]
    orphan = await asyncio.create_subprocess_exec(*arguments, env=environment)
    await until(lambda: [p.pid for p in leftovers.find(mark)] == [orphan.pid])
    assert leftovers.find(f"{mark}-other") == []
    leftovers.end(leftovers.find(mark))
    assert leftovers.find(mark) == []
    await orphan.wait()


async def test_an_upgrade_adopts_what_the_release_before_has_started(home: Home) -> None:
    """Its code and settings differ, and the releases up to 0.2.0 do not say what they run."""
    mark, told, untold = str(home.path), program(home, "a"), program(home, "b").prepare()
    silent = replace(untold, argv=[*untold.argv, "services", "b"])
    left = [
        await spawn(told.prepare(), mark, "a of the release before"),
        await spawn(silent, mark),
    ]
    await until(lambda: len(leftovers.find(mark)) == len(left))
    new = ["a of this release", "b of this release"]
    adopted = await asyncio.to_thread(sort_out, mark, new, of_any_release=True)
    assert {name: each.pid for name, each in adopted.items()} == {
        name: each.pid for name, each in zip(new, left, strict=True)
    }
    leftovers.end(leftovers.find(mark))
    for each in left:
        await each.wait()


async def test_a_frozen_child_is_killed_and_runs_again_within_ten_seconds(home: Home) -> None:
    async with running(home, program(home, "a")) as supervisor:
        one = supervisor.child("a")
        frozen = one.pid
        assert frozen
        os.kill(frozen, signal.SIGSTOP)
        await until(lambda: one.pid not in (None, frozen) and one.state is State.READY, 10)
        assert "no answer" in str(one.last_failure) and not psutil.pid_exists(frozen)


async def test_a_start_that_fails_leaves_what_ran_before_as_it_was(home: Home) -> None:
    """As one whose migration is refused beside the city: what it has started ends, nothing else."""
    old, new = program(home, "a"), program(home, "b")
    left = await spawn(old.prepare(), str(home.path), old.identity())
    await until(lambda: len(leftovers.find(str(home.path))) == 1)

    async def boot(supervisor: Supervisor) -> Facts:
        await start_all(supervisor)
        assert len(leftovers.find(str(home.path))) == 2
        raise Trouble("not beside a living city", "不能")

    supervisor = Supervisor(home, [old, new], boot, {})
    found = await asyncio.to_thread(sort_out, str(home.path), [old.identity()])
    supervisor.adopt(found, at_once=True)
    with pytest.raises(Trouble, match="not beside"):
        await supervisor.run()
    assert [each.pid for each in leftovers.find(str(home.path))] == [left.pid]
    left.kill()
    await left.wait()


@pytest.mark.parametrize("adopted", [False, True])
async def test_one_that_is_frozen_before_it_was_ready_is_killed_too(
    home: Home, adopted: bool
) -> None:
    """By a hand while it starts, or together with the supervisor whose place the next one takes."""
    one = program(home, "a", how="delay", amount="0" if adopted else "60")
    mark, found = str(home.path), {}
    if adopted:
        left = await spawn(one.prepare(), mark, one.identity())
        await until(lambda: len(leftovers.find(mark)) == 1)
        found = await asyncio.to_thread(sort_out, mark, [one.identity()])
        os.kill(left.pid, signal.SIGSTOP)
    supervisor = Supervisor(home, [one], start_all, {})
    supervisor.adopt(found, at_once=False)
    task = asyncio.create_task(supervisor.run())
    it = supervisor.child("a")
    await until(lambda: it.pid is not None)
    frozen = it.pid
    assert frozen
    if not adopted:
        os.kill(frozen, signal.SIGSTOP)
    await until(lambda: it.pid not in (None, frozen), 10)
    assert "no answer" in str(it.last_failure)
    supervisor.stop()
    await task


async def test_what_a_dead_child_has_left_is_killed_before_it_runs_again(home: Home) -> None:
    """As a stuck backend of PostgreSQL, in a session of its own: no other server could start."""
    own, other = program(home, "a"), program(home, "b")
    async with running(home, own, other) as supervisor:
        left, neighbour = supervisor.child("a").pid, supervisor.child("b").pid
        assert left and neighbour
        stuck = await spawn(own.prepare(), str(home.path), own.identity())
        os.kill(stuck.pid, signal.SIGSTOP)
        os.kill(left, signal.SIGKILL)
        await asyncio.wait_for(stuck.wait(), 10)
        await until(lambda: supervisor.child("a").pid not in (None, left))
        assert supervisor.child("b").pid == neighbour


async def test_the_next_supervisor_adopts_what_it_would_start_alike(home: Home) -> None:
    """The first one dies as by SIGKILL: without a word to its children."""
    same, other = program(home, "a"), program(home, "b")
    mark = str(home.path)
    left = [await spawn(each.prepare(), mark, each.identity()) for each in (same, other)]
    changed = replace(other, identity=lambda: "b with other settings")
    await until(lambda: len(leftovers.find(mark)) == len(left))
    adopted = await asyncio.to_thread(sort_out, mark, [each.identity() for each in (same, changed)])
    assert {each.pid for each in adopted.values()} == {left[0].pid}
    await left[1].wait()
    supervisor = Supervisor(home, [same, changed], start_all, {})
    supervisor.adopt(adopted, at_once=False)
    ready = asyncio.Event()
    task = asyncio.create_task(supervisor.run(ready.set))
    await asyncio.wait_for(ready.wait(), 20)
    one = supervisor.child("a")
    assert (one.pid, one.restarts) == (left[0].pid, 0)
    left[0].kill()
    await left[0].wait()
    await until(lambda: one.pid not in (None, left[0].pid) and one.state is State.READY)
    supervisor.stop()
    await task
    assert leftovers.find(mark) == []


async def test_what_is_adopted_is_watched_before_the_boot_comes_to_it(home: Home) -> None:
    """As while PostgreSQL still starts: a service that dies meanwhile does not wait for it."""
    service, mark, booted = program(home, "a", needs=("b",)), str(home.path), asyncio.Event()
    left = await spawn(service.prepare(), mark, service.identity())
    await until(lambda: len(leftovers.find(mark)) == 1)

    async def boot(supervisor: Supervisor) -> Facts:
        await booted.wait()
        return {}

    supervisor = Supervisor(home, [service], boot, {})
    found = await asyncio.to_thread(sort_out, mark, [service.identity()])
    supervisor.adopt(found, at_once=True)
    task = asyncio.create_task(supervisor.run())
    one = supervisor.child("a")
    await until(lambda: one.state is State.READY)
    assert one.pid == left.pid
    left.kill()
    await left.wait()
    await until(lambda: one.pid not in (None, left.pid) and one.state is State.READY)
    assert not booted.is_set()
    supervisor.stop()
    await task


async def test_on_a_full_disk_the_state_is_told_all_the_same(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A broker that died 13 times on a full disk was once told as ready, with 0 restarts."""

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    async with running(home, program(home, "a")) as supervisor:
        one = supervisor.child("a")
        dead = one.pid
        assert dead
        monkeypatch.setattr("operate.run.supervisor.write", full)
        os.kill(dead, signal.SIGKILL)
        await until(lambda: one.pid not in (None, dead) and one.state is State.READY)
        told = json.loads(home.state.read_text())["processes"]["a"]
        assert (told["restarts"], told["pid"]) == (1, one.pid)
        assert not home.run_file.exists(), "it names a process that is dead"


async def test_a_full_disk_does_not_end_the_supervisor(home: Home) -> None:
    long = home.logs / "z.log"
    with long.open("wb") as file:
        file.truncate(MOST + 1)
    long.with_suffix(".log.new").symlink_to("/dev/full")
    async with running(home, program(home, "a")) as supervisor:
        assert supervisor.child("a").state is State.READY
        assert long.stat().st_size == END, "the log could not be copied: its end stays"


def test_two_supervisors_never_share_a_home(home: Home) -> None:
    assert home.supervisor() is None
    with home.locked():
        assert home.supervisor() == os.getpid()
        with pytest.raises(Trouble, match="already runs"), home.locked():
            pass
    assert home.supervisor() is None
