"""The class caches of several checkouts lie in one folder: none is taken away from another."""

import os
import time
from pathlib import Path

import pytest

from operate.run import warmup
from operate.servers import kafka


@pytest.fixture
def mine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The cache that is made; starting a Kafka for it is left out."""

    def run_once(folder: Path, flag: str) -> None:
        Path(flag.partition("=")[2]).touch()

    cache = tmp_path / "mine.aot"
    monkeypatch.setattr(kafka, "class_path", lambda: "")
    monkeypatch.setattr(kafka, "class_cache", lambda classes: cache)
    monkeypatch.setattr(warmup, "run_once", run_once)
    return cache


def unused(cache: Path, days: float) -> Path:
    cache.touch()
    long_ago = time.time() - days * 24 * 60 * 60
    os.utime(cache, (long_ago, long_ago))
    return cache


def test_the_cache_of_another_checkout_stays(mine: Path) -> None:
    other = unused(mine.with_name("other.aot"), days=7)
    warmup.train()
    assert mine.exists() and other.exists()


def test_what_nobody_has_used_for_long_goes(mine: Path) -> None:
    gone = unused(mine.with_name("gone.aot"), days=31)
    used = unused(mine.with_name("used.aot"), days=31)
    assert kafka.warm(used) == [f"-XX:AOTCache={used}"]
    warmup.train()
    assert used.exists() and not gone.exists()


def test_a_cache_that_is_not_there_is_not_asked_for(mine: Path) -> None:
    assert kafka.warm(mine) == []
