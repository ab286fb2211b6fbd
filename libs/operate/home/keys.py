"""The keys of an installation: one secret in a file, everything else derived from it."""

import os
import secrets
from dataclasses import dataclass, field
from pathlib import Path

from backbone.postgres.migrate import secret_of
from operate.home.trouble import Trouble


@dataclass(frozen=True, slots=True)
class Keys:
    """Same secret, same keys: nothing else has to be stored, and a restart changes nothing."""

    secret: bytes = field(repr=False)

    @classmethod
    def of(cls, path: Path, data: Path) -> "Keys":
        """Read the secret, or make it when there is no data yet that another one has sealed."""
        if not path.exists():
            if data.exists():
                raise Trouble(
                    f"{path} is missing, and without it the data in {data} cannot be opened: "
                    f"put it back, or move {data} away to start empty.",
                    f"缺少 {path},没有它就无法打开 {data} 中的数据:请放回该文件,"
                    f"或移走 {data} 以空数据重新开始。",
                )
            make(path)
        return cls(bytes.fromhex(path.read_text()))

    def derive(self, purpose: str) -> str:
        return secret_of(self.secret, purpose)

    def password(self, role: str) -> str:
        return self.derive(f"role/{role}")

    def sealing(self, service: str) -> str:
        """What the service seals personal data with: 32 bytes, as hex."""
        return self.derive(f"key/{service}")

    @property
    def token(self) -> str:
        """What services of one installation show each other."""
        return self.derive("token")

    def api_key(self, unit: str, role: str, team: str = "") -> str:
        return f"ldk_{self.derive(f'apikey/{unit}/{role}/{team}')[:40]}"


def make(path: Path) -> None:
    """Write under another name first, so that a full disk never leaves half a secret."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    fresh = path.with_name("secret.new")
    fresh.unlink(missing_ok=True)
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(secrets.token_hex(32))
        file.flush()
        os.fsync(file.fileno())
    fresh.rename(path)
