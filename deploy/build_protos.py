"""Generates libs/liandong from protos/, as a hatch build hook and by `make protos`."""

import shutil
import sys
from pathlib import Path
from typing import Any

TOP = Path(__file__).resolve().parent.parent


def generate(top: Path = TOP) -> None:
    """Generate libs/liandong anew from protos/. Raises RuntimeError if protoc fails."""
    from grpc_tools import protoc

    google = Path(protoc.__file__).parent / "_proto"

    out, protos = top / "libs", top / "protos"
    shutil.rmtree(out / "liandong", ignore_errors=True)
    sources = sorted(str(path.relative_to(protos)) for path in protos.rglob("*.proto"))
    flags = [f"--{kind}_out={out}" for kind in ("python", "grpc_python", "pyi")]
    # The descriptors with comments, for the OpenAPI document; the generated code has no comments.
    flags += [f"--descriptor_set_out={out}/liandong/contracts.binpb", "--include_source_info"]
    (out / "liandong").mkdir()
    if protoc.main(["protoc", f"-I{protos}", f"-I{google}", *flags, *sources]) != 0:
        raise RuntimeError("protoc refused the contracts in protos/")
    (out / "liandong" / "py.typed").touch()


try:
    from hatchling.builders.hooks.plugin.interface import BuildHookInterface
except ImportError:  # plain `python deploy/build_protos.py`
    pass
else:

    class ProtosHook(BuildHookInterface[Any]):
        """Runs before every wheel and editable install, so that a fresh clone works."""

        def initialize(self, version: str, build_data: dict[str, Any]) -> None:
            generate(Path(self.root))


if __name__ == "__main__":
    sys.exit(generate())
