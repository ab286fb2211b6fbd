"""A PKCS#11 token, a hardware module for keys: its own key wraps the secrets of the file of keys.

The token's key is made inside the token and never leaves it. The module and the PIN come from the
environment; the PIN is in no file of liandong.
"""

import importlib
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from operate.home.trouble import Trouble

MODULE, PIN, PIN_FILE = "LIANDONG_PKCS11_MODULE", "LIANDONG_PKCS11_PIN", "LIANDONG_PKCS11_PIN_FILE"
NONCE = 12
# The secret of another installation, put into this file, is not opened.
BOUND = b"liandong secret"
# The refusals of PINs that this process has given: a token counts wrong ones, and locks itself
# after a few. One `liandong doctor` asks for the keys a dozen times.
WRONG: dict[tuple["Token", str, str], str] = {}


@dataclass(frozen=True, slots=True)
class Token:
    """A token by its label, and the key in it by its own."""

    label: str
    key: str

    def make_key(self) -> None:
        """Make the master key in the token, unless it is there. Raises Trouble."""
        with _opened(self, writes=True) as (pkcs11, session):
            known = {pkcs11.Attribute.LABEL: self.key, pkcs11.Attribute.CLASS: _class(pkcs11)}
            if next(iter(session.get_objects(known)), None) is None:
                session.generate_key(
                    pkcs11.KeyType.AES,
                    256,
                    label=self.key,
                    store=True,
                    template={
                        pkcs11.Attribute.SENSITIVE: True,
                        pkcs11.Attribute.EXTRACTABLE: False,
                    },
                )

    def wrap(self, secret: bytes) -> str:
        """The secret as hexadecimal text that this token alone opens. Raises Trouble."""
        nonce = secrets.token_bytes(NONCE)
        with _opened(self) as (pkcs11, session):
            key = session.get_key(object_class=_class(pkcs11), label=self.key)
            sealed: bytes = key.encrypt(secret, **_gcm(pkcs11, nonce))
        return (nonce + sealed).hex()

    def unwrap(self, text: str) -> bytes:
        """Raises Trouble, and ValueError for what the token has not wrapped.

        A process asks the token once for each secret.
        """
        return _unwrapped(self, text)


@lru_cache(maxsize=64)
def _unwrapped(token: Token, text: str) -> bytes:
    raw = bytes.fromhex(text)
    with _opened(token) as (pkcs11, session):
        key = session.get_key(object_class=_class(pkcs11), label=token.key)
        try:
            opened: bytes = key.decrypt(raw[NONCE:], **_gcm(pkcs11, raw[:NONCE]))
        except (
            pkcs11.exceptions.EncryptedDataInvalid,
            pkcs11.exceptions.EncryptedDataLenRange,
            pkcs11.exceptions.GeneralError,  # SoftHSM's word for a tag that does not fit
        ) as error:
            raise ValueError("not wrapped by this key of this token") from error
    return opened


def _class(pkcs11: Any) -> Any:
    return pkcs11.ObjectClass.SECRET_KEY


def _gcm(pkcs11: Any, nonce: bytes) -> dict[str, Any]:
    param = pkcs11.GCMParams(nonce, BOUND, 128)
    return {"mechanism": pkcs11.Mechanism.AES_GCM, "mechanism_param": param}


@contextmanager
def _opened(token: Token, writes: bool = False) -> Iterator[tuple[Any, Any]]:
    """The library and a session of a user who has given the PIN. Raises Trouble."""
    pkcs11, path = _library(), os.environ.get(MODULE, "")
    if not path or not Path(path).is_file():
        raise _no_module(path)
    pin = _pin()
    if given := WRONG.get((token, path, pin)):
        raise refused(given, token, path)
    try:
        module = pkcs11.lib(path)
        module.reinitialize()  # tokens that came or went since are seen
        found = module.get_token(token_label=token.label)
        with found.open(rw=writes, user_pin=pin) as session:
            yield pkcs11, session
    except pkcs11.exceptions.PKCS11Error as error:
        name = type(error).__name__
        if name.startswith("Pin"):
            WRONG[token, path, pin] = name
        raise refused(name, token, path) from error


def _library() -> Any:
    try:
        return importlib.import_module("pkcs11")
    except ImportError as error:
        raise Trouble(
            "The keys of this city are in a PKCS#11 token, and the package python-pkcs11 is not "
            "installed: install it with `pip install liandong[pkcs11]`.",
            "本市密钥存于 PKCS#11 密码设备，但未安装 python-pkcs11："
            "请执行 pip install liandong[pkcs11]。",
        ) from error


def _no_module(path: str) -> Trouble:
    english = f"there is no file {path!r}" if path else "it is not set"
    chinese = f"文件 {path!r} 不存在" if path else "未设置"
    return Trouble(
        f"{MODULE} must name the PKCS#11 module that reaches the token, a .so file; {english}. "
        "Nothing was started or changed.",
        f"{MODULE} 须指明访问密码设备的 PKCS#11 模块（.so 文件）；{chinese}。未启动、未更改。",
    )


def _pin() -> str:
    path = os.environ.get(PIN_FILE, "")
    try:
        # An editor may have put a byte order mark before it, which no token knows.
        pin = Path(path).read_text("utf-8-sig").strip() if path else os.environ.get(PIN, "")
    except (OSError, UnicodeDecodeError) as error:
        why = getattr(error, "strerror", None) or "UTF-8"
        raise Trouble(
            f"The PIN of the token cannot be read from {path} ({why}).",
            f"无法从 {path} 读取密码设备的 PIN（{why}）。",
        ) from error
    if not pin:
        raise Trouble(
            f"The PIN of the token is needed: set {PIN_FILE} to a file that has it, or {PIN}.",
            f"需要密码设备的 PIN：请用 {PIN_FILE} 指明存有 PIN 的文件，或设置 {PIN}。",
        )
    return pin


# The remedy for each error of the module, by its name in PKCS#11.
REMEDIES = {
    "PinIncorrect": (
        "refuses the PIN: give the right one; after a few wrong ones it locks itself",
        "拒绝该 PIN：请提供正确的 PIN，多次错误后设备将锁定",
    ),
    "PinLenRange": (
        "refuses the PIN: its length is none that the token allows",
        "拒绝该 PIN：长度不合设备要求",
    ),
    "PinLocked": (
        "is locked after too many wrong PINs: its security officer unlocks it",
        "因 PIN 多次错误已锁定：请设备安全管理员解锁",
    ),
    "PinExpired": (
        "says that its PIN has expired: set a new one with the tool of the token",
        "的 PIN 已过期：请用设备自带工具设置新 PIN",
    ),
    "NoSuchToken": (
        "is not there: connect it, or look at the label and at the module's own settings",
        "不存在：请接入设备，或检查标签及模块自身的配置",
    ),
    "NoSuchKey": (
        "does not have the key: it is another token of this name, or its key was deleted",
        "中没有该密钥：可能是同名的另一设备，或密钥已被删除",
    ),
    "MultipleTokensReturned": (
        "is there twice: give each token a label of its own",
        "有多个：请为每个设备设置不同的标签",
    ),
}


def refused(name: str, token: Token, module: str) -> Trouble:
    """The Trouble for an error of the module, in a sentence for a person."""
    english, chinese = REMEDIES.get(
        name,
        (f"answers {name} through {module}: look into its own log", f"经 {module} 返回 {name}"),
    )
    return Trouble(
        f"The token {token.label!r} (key {token.key!r}) {english}. Nothing was started or changed, "
        "and nothing sealed is shown.",
        f"密码设备 {token.label!r}（密钥 {token.key!r}）{chinese}。"
        "未启动、未更改，加密内容不予显示。",
    )
