"""`make deploycheck`: whether units, image, compose file and chart are what their tools accept.

The tools live in `.deploycheck`, apart from the project's own environment. What a machine cannot
check is said in one sentence and does not fail; what is wrong does.
"""

import os
import re
import shutil
import subprocess
import sys
import venv
from collections.abc import Callable
from pathlib import Path

TOP = Path(__file__).resolve().parent.parent
DEPLOY = TOP / "deploy"
CHART = DEPLOY / "helm" / "liandong"
TOOLS = TOP / ".deploycheck"
HELM = "helm.sh/helm/v3/cmd/helm@v3.19.0"
KUBERNETES = "1.33"
# systemd's own measure, 0 to 100: how much of the system a broken-in service could reach.
EXPOSURE = 30
SERVICES = re.compile(r"liandong@([a-z-]+)\.service")

AS_IT_COMES = "as it comes"
# Charts that must render: what a city may choose.
CHOICES: dict[str, list[str]] = {
    AS_IT_COMES: [],
    "servers of one's own": [
        "kafka.strimzi.create=false",
        "kafka.bootstrap=k1.city.example:9093",
        "postgres.cloudnativepg.create=false",
    ],
    "open wires, no scaling": ["secure=false", "autoscaling.enabled=false"],
    "one broker with one copy": ["kafka.brokers=1", "kafka.replication=1", "kafka.minInsync=1"],
    "a name for people": [
        "ingress.enabled=true",
        "ingress.host=liandong.city.example",
        "ingress.tlsSecret=door",
        "antiAffinity=required",
        "operate.enabled=true",
    ],
}
# Charts that must not: the choice, and what the sentence says.
REFUSED: dict[str, str] = {
    "kafka.brokers=1": "3 copies need 3 brokers",
    "kafka.brokers=2": "3 copies need 3 brokers",
    "kafka.replication=5": "5 copies need 5 brokers",
    "kafka.minInsync=3": "the loss of one broker would stop all writing",
    "kafka.strimzi.create=false": "say where Kafka is",
    "kafka.replicas=1": "replicas",
    "postgres.cloudnativepg.synchronous=3": "standbys that do not exist",
    "postgres.cloudnativepg.image=postgres:16": "image",
    "services.gateway.replicas=0": "replicas",
    "services.archive.replicas=1": "archive",
    "autoscaling.min=5,autoscaling.max=4": "more than autoscaling.max",
    "autoscaling.max=9": "max",
    "autoscaling.metric=liandong_consumer_lag": "metric",
    "ingress.enabled=true": "under which name",
    "secure=maybe": "secure",
}
COMPOSE = """
import sys, yaml
from compose_pydantic import ComposeSpecification
document = yaml.safe_load(open(sys.argv[1]))
shown = {key: value for key, value in document.items() if not key.startswith("x-")}
ComposeSpecification.model_validate(shown)
"""
# Strimzi and CloudNativePG bring kinds of their own, which Kubernetes' schemas do not know.
RENDERED = """
import sys, yaml, kubernetes_validate
for each in yaml.safe_load_all(sys.stdin):
    if each and not each["apiVersion"].startswith(("kafka.strimzi.io/", "postgresql.cnpg.io/")):
        kubernetes_validate.validate(each, sys.argv[1], strict=True)
"""


class Wrong(Exception):
    """A tool refuses a file; the message is the tool's."""


class Unseen(Exception):
    """This machine cannot check it; the message says why."""


def run(*command: str | Path, given: str = "", cwd: Path = TOP) -> str:
    """Run a tool and return what it says. Raises Wrong if it refuses."""
    done = subprocess.run(  # noqa: S603 - the tools of this file
        [str(word) for word in command], input=given, capture_output=True, text=True, cwd=cwd
    )
    if done.returncode:
        raise Wrong((done.stdout + done.stderr).strip()[-4000:])
    return done.stdout + done.stderr


def tools() -> Path:
    """The folder of the Python tools, installed once from deploy/check.lock."""
    folder, lock = TOOLS / "venv", DEPLOY / "check.lock"
    ready = folder / "ready"
    if not ready.exists() or ready.read_text() != lock.read_text():
        shutil.rmtree(folder, ignore_errors=True)
        venv.create(folder, with_pip=True)
        install = ("install", "-q", "--disable-pip-version-check", "--require-hashes", "--no-deps")
        run(folder / "bin" / "python", "-m", "pip", *install, "-r", lock)
        ready.write_text(lock.read_text())
    return folder / "bin"


def check_image() -> str:
    run(tools() / "hadolint", DEPLOY / "Containerfile")
    return "hadolint finds nothing in deploy/Containerfile"


def check_compose() -> str:
    run(tools() / "python", "-c", COMPOSE, DEPLOY / "compose.yaml")
    return "deploy/compose.yaml is as the compose specification says"


def check_units() -> str:
    """Verify copies of the units, with a program that exists here in the place of the real one."""
    if not shutil.which("systemd-analyze"):
        raise Unseen("systemd-analyze is not on this machine: the units are not checked")
    folder = TOOLS / "units"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for unit in (DEPLOY / "systemd").glob("liandong*"):
        if unit.suffix in (".service", ".target"):
            text = unit.read_text().replace("/opt/liandong/.venv/bin/python", sys.executable)
            (folder / unit.name).write_text(text)
    target = (folder / "liandong.target").read_text()
    names = [f"liandong@{name}.service" for name in SERVICES.findall(target)]
    for name in names:
        (folder / name).symlink_to("liandong@.service")
    units = [folder / name for name in ("liandong.target", "liandong-prepare.service", *names)]
    if said := run("systemd-analyze", "verify", "--man=no", *units).strip():
        raise Wrong(said)
    for unit in ("liandong@.service", "liandong-prepare.service"):
        threshold = ("--offline=true", f"--threshold={EXPOSURE}", "--no-pager")
        run("systemd-analyze", "security", *threshold, folder / unit)
    return f"systemd accepts {len(units)} units, and none is exposed above {EXPOSURE / 10}"


def helm() -> Path:
    """Helm: HELM names it, or it is on the path, or Go builds it once, in some minutes."""
    if named := os.environ.get("HELM") or shutil.which("helm"):
        return Path(named)
    built = TOOLS / "bin" / "helm"
    if built.exists():
        return built
    if not (go := shutil.which("go")):
        raise Unseen(
            "neither Helm nor Go is on this machine: the chart is not rendered; its names and "
            "ports are compared by tests/house all the same"
        )
    say("building Helm with Go, once (some minutes) 正在用 Go 构建 Helm（仅首次，需数分钟） …")
    environ = {**os.environ, "GOBIN": str(built.parent), "GOFLAGS": "-trimpath"}
    done = subprocess.run(  # noqa: S603
        [go, "install", HELM], env=environ, capture_output=True, text=True
    )
    if done.returncode:
        raise Unseen(f"Go could not build Helm, so the chart is not rendered: {done.stderr[-400:]}")
    return built


def demand_served(rendered: str) -> None:
    """Raise Wrong if it scales by a metric that the rule for the adapter does not serve."""
    for metric in re.findall(r"metric:\n +name: (\S+)", rendered):
        if f'''seriesQuery: '{{__name__="{metric}"}}''' not in rendered:
            raise Wrong(f"it scales by {metric}, which the rule of the adapter does not serve")


def check_chart() -> str:
    program = helm()
    asked = ("--kube-version", f"{KUBERNETES}.0")
    run(program, "lint", "--strict", CHART, *asked)
    for name, values in CHOICES.items():
        sets = [word for value in values for word in ("--set", value)]
        rendered = run(program, "template", "liandong", CHART, "-n", "city", *asked, *sets)
        try:
            run(tools() / "python", "-c", RENDERED, KUBERNETES, given=rendered)
            demand_served(rendered)
            if name == AS_IT_COMES:  # `make rehearse` starts what Helm renders
                run(sys.executable, "-m", "tests.rehearsal.chart", given=rendered)
        except Wrong as error:
            raise Wrong(f"the chart with {name}: {error}") from error
    for value, sentence in REFUSED.items():
        try:
            run(program, "template", "liandong", CHART, *asked, "--set", value)
        except Wrong as error:
            if sentence not in str(error):
                raise Wrong(f"--set {value} is refused without its sentence: {error}") from error
        else:
            raise Wrong(f"--set {value} is rendered, and must be refused")
    return (
        f"the chart renders as Kubernetes {KUBERNETES} says in {len(CHOICES)} choices, "
        f"and refuses {len(REFUSED)} that cannot work"
    )


CHECKS: tuple[Callable[[], str], ...] = (check_units, check_image, check_compose, check_chart)


def say(text: str) -> None:
    print(text, flush=True)  # noqa: T201 - to the person who started it


def main() -> int:
    failed = 0
    for check in CHECKS:
        try:
            say(f"ok: {check()}")
        except Unseen as error:
            say(f"not checked: {error}")
        except Wrong as error:
            say(f"WRONG: {error}")
            failed = 1
    return failed


if __name__ == "__main__":
    sys.exit(main())
