"""The city's own certificate, which browsers see, is told of before and after it is of no use."""

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest

from backbone.process.metrics import CERTIFICATE_LEFT
from backbone.process.pulse import Pulse
from operate.home import certificates
from operate.home.certificates import Authority
from services.gateway.http.browser_certificate import PART, flaw_of_certificate, watch_certificate
from tests.servers import running_task


@pytest.fixture
def own(tmp_path: Path) -> Path:
    certificates.create(tmp_path)
    return tmp_path / "gateway.pem"


def expire(own: Path) -> None:
    Authority(own.parent).issue("gateway", days=-1)


def mix(own: Path) -> None:
    key = (own.parent / "alarm.pem").read_text().partition("-----BEGIN CERT")[0]
    own.write_text(key + "".join(own.read_text().partition("-----BEGIN CERT")[1:]))


def mark(own: Path) -> None:
    own.write_bytes(b"\xef\xbb\xbf" + own.read_bytes())


@pytest.mark.parametrize(
    ("harm", "english", "chinese"),
    [
        (expire, "expired on", "过期"),
        (mix, "a key that is not its own", "与私钥不符"),
        (mark, "cannot be read", "无法读取"),
        (Path.unlink, "cannot be read", "无法读取"),
    ],
)
def test_each_flaw_is_one_sentence_with_its_remedy(
    own: Path, harm: Callable[[Path], None], english: str, chinese: str
) -> None:
    assert flaw_of_certificate(own) is None
    harm(own)
    flaw = flaw_of_certificate(own)
    assert flaw is not None
    assert english in flaw.english and str(own) in flaw.english and "into that file" in flaw.english
    assert chinese in flaw.chinese and str(own) in flaw.chinese and "写入该文件" in flaw.chinese


async def test_an_expired_one_is_told_until_another_one_is_written(own: Path) -> None:
    pulse, left = Pulse(), CERTIFICATE_LEFT.labels(PART)._value
    pulse.started()
    expire(own)

    async def told(what: str) -> None:
        async with asyncio.timeout(5):
            while what not in "".join(pulse.unready()) or bool(what) != bool(pulse.unready()):
                await asyncio.sleep(0.01)

    async with running_task(watch_certificate(own, pulse, 0.01)):
        await told("expired on")
        assert pulse.unserving() == [] and left.get() == 0
        Authority(own.parent).issue("gateway")
        await told("")
        assert left.get() > 300 * 86_400
