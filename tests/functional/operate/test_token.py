"""The keys of a city wrapped by a PKCS#11 token: SoftHSM, of Debian's package, unpacked."""

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from operate.home import token
from operate.home.keys import Keys, make, put_into_token, retire, rotate
from operate.home.token import MODULE, PIN, PIN_FILE, REMEDIES, Token, _unwrapped, refused
from operate.home.trouble import Trouble
from operate.watching.packages import package

LABEL, RIGHT, OFFICER = "liandong-test", "73911937", "31415926"
TOKEN = Token(LABEL, "liandong")


@pytest.fixture(scope="module")
def module(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The module of SoftHSM with one token."""
    try:
        found = next(package("libsofthsm2").rglob("libsofthsm2.so"))
        tool = package("softhsm2") / "usr" / "bin" / "softhsm2-util"
    except Trouble as trouble:
        pytest.skip(f"SoftHSM2 cannot be had here, so no token was asked: {trouble.english}")
    folder = tmp_path_factory.mktemp("token")
    (folder / "tokens").mkdir()
    settings = folder / "softhsm2.conf"
    settings.write_text(f"directories.tokendir = {folder / 'tokens'}\nlog.level = ERROR\n")
    with pytest.MonkeyPatch.context() as environ:
        environ.setenv("SOFTHSM2_CONF", str(settings))
        made = ["--init-token", "--free", "--label", LABEL, "--pin", RIGHT, "--so-pin", OFFICER]
        subprocess.run(
            [tool, "--module", found, *made], check=True, capture_output=True, timeout=60
        )
        yield found


@pytest.fixture
def secret(module: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file of keys, rotated once, whose secrets the token has wrapped."""
    monkeypatch.setenv(MODULE, str(module))
    monkeypatch.setenv(PIN, RIGHT)
    path = tmp_path / "secret"
    make(path)
    rotate(path)
    TOKEN.make_key()
    put_into_token(path, TOKEN)
    _unwrapped.cache_clear()
    return path


def test_the_file_opens_with_the_token_alone(secret: Path) -> None:
    document = json.loads(secret.read_text())
    keys = Keys.read(secret)
    assert document["token"] == {"label": LABEL, "key": "liandong"}
    for plain in (keys.secret, *(each.secret for each in keys.seals)):
        assert plain.hex() not in secret.read_text()
    assert len(keys.secret) == 32 and keys.kept_by == TOKEN
    TOKEN.make_key()  # a second time nothing changes
    _unwrapped.cache_clear()
    assert Keys.read(secret) == keys


def test_rotation_and_retirement_keep_to_the_token(secret: Path) -> None:
    before = Keys.read(secret)
    after = rotate(secret)
    assert after.seals[:-1] == before.seals
    assert after.seals[-1].secret.hex() not in secret.read_text()
    kept = retire(secret, after.seals[-1])
    _unwrapped.cache_clear()
    assert Keys.read(secret) == kept
    assert kept.secret == before.secret


def test_a_changed_file_opens_nothing(secret: Path) -> None:
    document = json.loads(secret.read_text())
    wrapped = document["secret"]
    document["secret"] = wrapped[:-2] + ("00" if wrapped[-2:] != "00" else "11")
    secret.write_text(json.dumps(document))
    with pytest.raises(Trouble, match="is damaged"):
        Keys.read(secret)


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        (PIN, "00000000", "refuses the PIN: give the right one"),
        (PIN, "1", "refuses the PIN"),
        (PIN, "", "The PIN of the token is needed"),
        (PIN_FILE, "/nowhere/pin", "cannot be read from /nowhere/pin"),
        (MODULE, "", "it is not set"),
        (MODULE, "/nowhere/module.so", "there is no file '/nowhere/module.so'"),
        (MODULE, __file__, "through"),
    ],
)
def test_each_refusal_has_its_sentence_and_changes_nothing(
    secret: Path, monkeypatch: pytest.MonkeyPatch, name: str, value: str, said: str
) -> None:
    before = secret.read_text()
    monkeypatch.setenv(name, value)
    for asked in (Keys.read, rotate):
        with pytest.raises(Trouble) as caught:
            asked(secret)
        assert said in caught.value.english
        assert RIGHT not in str(caught.value) and caught.value.chinese
    assert secret.read_text() == before


@pytest.mark.parametrize(
    ("token", "said"),
    [
        (Token("elsewhere", "liandong"), "is not there"),
        (Token(LABEL, "x"), "does not have the key"),
    ],
)
def test_another_token_or_key_is_told(secret: Path, token: Token, said: str) -> None:
    with pytest.raises(Trouble, match=said):
        put_into_token(secret, token)
    assert Keys.read(secret).kept_by == TOKEN


def test_a_pin_from_a_file(secret: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "pin"
    monkeypatch.setenv(PIN, "00000000")
    monkeypatch.setenv(PIN_FILE, str(file))
    for text in (f"{RIGHT}\n", f"\ufeff{RIGHT}\r\n"):  # the latter as Windows saves it
        file.write_text(text, "utf-8")
        _unwrapped.cache_clear()
        assert Keys.read(secret).kept_by == TOKEN
    file.write_bytes(b"\xff\xfe7\0")
    _unwrapped.cache_clear()
    with pytest.raises(Trouble, match=r"cannot be read from .*pin \(UTF-8\)"):
        Keys.read(secret)


def test_a_wrong_pin_is_tried_once(secret: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A token locks itself after a few wrong ones, and a command asks for its keys many times."""
    tried: list[str] = []
    ask = token._library().lib

    class Counting:
        def __init__(self, path: str) -> None:
            self._module = ask(path)

        def reinitialize(self) -> None:
            self._module.reinitialize()

        def get_token(self, **named: str) -> Any:
            tried.append(named["token_label"])
            return self._module.get_token(**named)

    monkeypatch.setattr(token._library(), "lib", Counting)
    monkeypatch.setenv(PIN, "27182818")
    for _ in range(5):
        with pytest.raises(Trouble, match="refuses the PIN"):
            Keys.read(secret)
    assert tried == [LABEL]
    monkeypatch.setenv(PIN, RIGHT)
    assert Keys.read(secret).kept_by == TOKEN, "another PIN is another try"


def test_without_the_package_the_remedy_is_told(
    secret: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(__import__("sys").modules, "pkcs11", None)
    with pytest.raises(Trouble, match=r"pip install liandong\[pkcs11\]"):
        Keys.read(secret)


@pytest.mark.parametrize("name", [*REMEDIES, "DeviceRemoved"])
def test_every_error_of_a_module_has_a_sentence_in_both_languages(name: str) -> None:
    """SoftHSM never locks itself: of a locked token the sentence alone can be looked at."""
    told = refused(name, TOKEN, "/usr/lib/module.so")
    assert LABEL in told.english and LABEL in told.chinese
    assert ("locked" in told.english) is (name == "PinLocked")
    assert told.english.endswith("nothing sealed is shown.")
