"""The manifest of a backup: what it holds, of which moment, under which keys, and a seal."""

import hmac
from hashlib import sha256
from pathlib import Path

import msgspec

from backbone.postgres.migrate import secret_of
from operate.home.keys import Keys
from operate.home.trouble import Trouble

FORMAT = 1
NAME = "manifest.json"
PURPOSE = "backup"


class Part(msgspec.Struct, frozen=True):
    """One table: its file holds the rows of these columns as text of COPY, compressed."""

    schema: str
    table: str
    columns: list[str]
    rows: int
    sha256: str

    @property
    def file(self) -> str:
        return f"{self.schema}.{self.table}.gz"


class Migration(msgspec.Struct, frozen=True):
    """One migration that the schema had, as the table `migrations` names it."""

    schema: str
    name: str
    checksum: str


class Manifest(msgspec.Struct, frozen=True):
    """`time` is the moment of the one snapshot that all tables were read from.

    `positions` are the last journal positions in it, `months` the partitions. `keys` are names of
    the secrets that the data needs, derived from them: the secrets themselves are never in a
    backup.
    """

    format: int
    time: str
    server: str
    keys: list[str]
    positions: dict[str, int]
    migrations: list[Migration]
    parts: list[Part]
    seal: str = ""
    months: dict[str, list[int]] = {}


def names_of(keys: Keys) -> list[str]:
    """A name for each secret of an installation, which does not reveal it."""
    secrets = [keys.secret, *(each.secret for each in keys.seals)]
    return [secret_of(each, f"{PURPOSE}/name")[:16] for each in secrets]


def sealed(manifest: Manifest, keys: Keys) -> Manifest:
    """The manifest with its seal, which only the installation's own secret can make."""
    return msgspec.structs.replace(manifest, seal=_seal_of(manifest, keys))


def _seal_of(manifest: Manifest, keys: Keys) -> str:
    bare = msgspec.to_builtins(msgspec.structs.replace(manifest, seal=""))
    if not manifest.months:
        del bare["months"]  # as those were sealed that were taken before there were months
    secret = secret_of(keys.secret, PURPOSE).encode()
    return hmac.digest(secret, msgspec.json.encode(bare), sha256).hex()


def read(folder: Path) -> Manifest:
    """Read a manifest. Raises Trouble if there is none, or this release cannot read it."""
    try:
        found = msgspec.json.decode((folder / NAME).read_bytes(), type=Manifest)
    except (FileNotFoundError, NotADirectoryError) as error:
        raise Trouble(
            f"{folder} is no backup, it has no {NAME}: name a folder that `liandong backup` made.",
            f"{folder} 不是备份：其中没有 {NAME}。请指定 liandong backup 生成的文件夹。",
        ) from error
    except (OSError, msgspec.DecodeError) as error:
        raise damaged(folder / NAME) from error
    if found.format > FORMAT:
        raise Trouble(
            f"{folder} was written by a newer release in a form that this one does not know: "
            "restore it with that release. Nothing was changed.",
            f"{folder} 由更新的版本写成，当前版本无法识别：请用该版本恢复。未作任何更改。",
        )
    return found


def demand_keys(manifest: Manifest, keys: Keys, path: Path) -> None:
    """Raise Trouble unless the secrets are those of the backup, and the seal is theirs."""
    if missing := set(manifest.keys) - set(names_of(keys)):
        raise Trouble(
            f"The keys in {path} do not open this backup ({len(missing)} of {len(manifest.keys)} "
            "are missing): name the copy of the keys that belongs to it with --keys. "
            "Nothing was changed.",
            f"{path} 中的密钥打不开此备份（{len(manifest.keys)} 个中缺少 {len(missing)} 个）："
            "请用 --keys 指定与之对应的密钥副本。未作任何更改。",
        )
    if not hmac.compare_digest(manifest.seal.encode(), _seal_of(manifest, keys).encode()):
        raise damaged(Path(NAME))


def demand_whole(manifest: Manifest, folder: Path) -> None:
    """Raise Trouble for the first file that is missing, or not what was written."""
    for part in manifest.parts:
        path = folder / part.file
        try:
            is_whole = digest_of(path) == part.sha256
        except OSError as error:  # missing, not this user's to read, or on a bad disk
            raise damaged(path) from error
        if not is_whole:
            raise damaged(path)


def digest_of(path: Path) -> str:
    with path.open("rb") as file:
        found = sha256()
        while block := file.read(1 << 20):
            found.update(block)
    return found.hexdigest()


def damaged(path: Path) -> Trouble:
    return Trouble(
        f"The backup is damaged: {path} is missing, cannot be read, or is not what was written. "
        "Use another backup; nothing was changed.",
        f"备份已损坏：{path} 缺失、无法读取或与写入时不符。请改用其他备份；未作任何更改。",
    )
