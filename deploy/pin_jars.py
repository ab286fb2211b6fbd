"""Writes libs/operate/jars.txt: the jars of Kafka, resolved and pinned by checksum."""

import sys
import tempfile
from pathlib import Path

import jgo

from operate.servers.jars import LIST, checksum

# slf4j-simple, not log4j: log4j's own dependency management pulls kafka-clients down to 3.9.
WANTED = "org.apache.kafka:kafka_2.13:4.4.0+org.slf4j:slf4j-simple:1.7.36"


def main() -> None:
    """Resolve in an empty folder, so that no stale jar is pinned."""
    with tempfile.TemporaryDirectory() as folder:
        environment = jgo.build(WANTED, cache_dir=Path(folder))
        found = {path.name: checksum(path) for path in environment.all_jars}
        lines = [pinned(artifact, found) for artifact in jgo.resolve(WANTED)]
    LIST.write_text(f"# {WANTED}\n" + "\n".join(sorted(filter(None, lines))) + "\n")
    sys.stdout.write(f"{LIST}: {len(found)} jars\n")


def pinned(artifact: object, found: dict[str, str]) -> str:
    group, name, version = (getattr(artifact, key) for key in ("groupId", "artifactId", "version"))
    digest = found.get(f"{name}-{version}.jar")
    return f"{group}:{name}:{version} {digest}" if digest else ""


if __name__ == "__main__":
    sys.exit(main())
