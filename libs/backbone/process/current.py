"""TLS contexts that follow their files: a connection uses the files of the moment it begins.

A context of Python's can learn an authority and cannot forget one, and a client of Kafka keeps the
context of its start. `Current` stands in its place for as long as a process runs, and makes another
context inside when a file was replaced.
"""

import ssl
from collections.abc import Callable
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any

from backbone.process.certificates import flaw_of
from backbone.process.wires import Stamp, Wires, written


class Current(ssl.SSLContext):
    """Begins each connection with what `read` makes of the files now.

    While it raises OSError, as for a damaged file, connections begin with the files of before.
    """

    inner: ssl.SSLContext
    stamp: Callable[[], Stamp]
    read: Callable[[], ssl.SSLContext]
    _used: Stamp

    def wrap_bio(self, *given: Any, **more: Any) -> ssl.SSLObject:
        self.follow()
        return self.inner.wrap_bio(*given, **more)

    def follow(self) -> None:
        """Read the files again if one was replaced."""
        if (stamp := self.stamp()) != self._used:
            with suppress(OSError):
                self.inner, self._used = self.read(), stamp


def following(
    stamp: Callable[[], Stamp], read: Callable[[], ssl.SSLContext], first: ssl.SSLContext
) -> Current:
    context = Current(ssl.PROTOCOL_TLS_CLIENT)
    context.stamp, context.read = stamp, read
    context._used, context.inner = stamp(), first
    return context


@cache
def client_context(wires: Wires) -> Current:
    """The one context of an identity for its connections. Raises OSError for a missing file.

    Replaced files that have a flaw are not used: they are told (backbone.shell.wires), and those
    of before serve until they are mended.
    """
    return following(wires.stamp, lambda: _without_flaw(wires), _of(wires))


def trusting(ca: Path) -> Current:
    """A context of a client without a certificate. Raises OSError."""

    def read() -> ssl.SSLContext:
        return ssl.create_default_context(cafile=str(ca))

    return following(lambda: (written(ca),), read, read())


def _of(wires: Wires) -> ssl.SSLContext:
    try:
        context = ssl.create_default_context(ssl.Purpose.SERVER_AUTH, cafile=str(wires.servers))
        load_own(context, wires.own)
    except OSError as error:  # OpenSSL does not say which file
        raise OSError(str(flaw_of(wires) or error)) from error
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


def load_own(context: ssl.SSLContext, path: Path) -> None:
    """Load a private key and its certificate. Raises OSError, also for a key behind a pass phrase,
    for which OpenSSL would ask at the terminal, and wait."""
    context.load_cert_chain(path, password="")  # none


def _without_flaw(wires: Wires) -> ssl.SSLContext:
    if flaw := flaw_of(wires):
        raise OSError(str(flaw))
    return _of(wires)
