"""Files of the home that are damaged: named as that, with the remedy, and never left out."""

from pathlib import Path

import pytest

from operate.home.home import Home, read_pid, read_state, try_lock
from operate.home.ports import Ports
from operate.home.trouble import Trouble
from operate.replay.city import read_run
from operate.run.choice import Choice


@pytest.mark.parametrize("left", ['{"demo": fal', "[]", "", "\0\0\0\0"])
def test_a_damaged_file_of_the_home_is_named_with_its_remedy(tmp_path: Path, left: str) -> None:
    home = Home(tmp_path, Ports())
    for file in (home.choices, home.run_file, home.state):
        file.write_text(left)
    with pytest.raises(Trouble, match=r"choices\.json is damaged: .*--no-demo"):
        Choice().as_before(home)
    with pytest.raises(Trouble, match=r"run\.json is damaged"):
        read_run(home)
    with home.lock.open("w") as lock:
        assert try_lock(lock)
        lock.write("77")
        lock.flush()
        with pytest.raises(Trouble, match=r"choices\.json is damaged"):
            home.remembered()
        with pytest.raises(Trouble, match=r"state\.json is damaged"):
            read_state(home)


def test_a_damaged_lock_is_named(tmp_path: Path) -> None:
    lock = tmp_path / "lock"
    lock.write_text("")
    assert read_pid(lock) == 0
    lock.write_text("{")
    with pytest.raises(Trouble, match=r"lock is damaged: .* do not remove it"):
        read_pid(lock)
