"""What the chart would render, as far as processes can be started from it.

`python -m tests.rehearsal.chart` compares this reading with what Helm rendered, on its input.
"""

import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from operate.home.copies import MOST
from operate.home.trouble import Trouble

CHART = Path(__file__).parents[2] / "deploy" / "helm" / "liandong"
VALUE = re.compile(r"\{\{ \.Values\.([a-zA-Z.]+) \}\}")
CONFIG = re.compile(r"^    config:\n((?:      .+\n)+)", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Rendered:
    """Brokers and their settings, copies of each service and what the chart tells each of them."""

    brokers: int
    kafka: dict[str, str]
    copies: dict[str, int]
    told: dict[str, dict[str, str]]
    secure: bool


def rendered(choices: Sequence[str] = (), chart: Path = CHART) -> Rendered:
    """Read the chart with choices as `helm --set` takes them. Raises Trouble, as Helm refuses."""
    values = yaml.safe_load((chart / "values.yaml").read_text())
    for choice in choices:
        choose(values, choice)
    kafka, services = values["kafka"], values["services"]
    copies = {name: each["replicas"] for name, each in services.items()}
    if values["autoscaling"]["enabled"]:
        copies["workflow-stream"] = values["autoscaling"]["min"]
    demand_sense(kafka, copies)
    return Rendered(
        brokers=kafka["brokers"],
        kafka=kafka_settings((chart / "templates" / "kafka.yaml").read_text(), values),
        copies=copies,
        told={name: texts(each.get("environment", {})) for name, each in services.items()},
        secure=values["secure"],
    )


def choose(values: dict[str, Any], choice: str) -> None:
    name, _, text = choice.partition("=")
    *folders, last = name.split(".")
    for folder in folders:
        values = values.get(folder, {})
    if not isinstance(values, dict) or last not in values:
        raise Trouble(f"The chart has no value {name}.", f"部署包没有参数 {name}。")
    values[last] = yaml.safe_load(text)


def demand_sense(kafka: dict[str, Any], copies: dict[str, int]) -> None:
    """Raise Trouble with the chart's own sentence for what cannot work."""
    brokers, copied, written = (int(kafka[n]) for n in ("brokers", "replication", "minInsync"))
    if copied > brokers:
        raise Trouble(
            f"kafka.replication is {copied}, but kafka.brokers is {brokers}: {copied} copies need "
            f"{copied} brokers.",
            f"副本数 {copied} 多于 Kafka 节点数 {brokers}：请增加节点，或降低副本数。",
        )
    if written > max(1, copied - 1):
        raise Trouble(
            f"kafka.minInsync is {written} of kafka.replication {copied}: the loss of one broker "
            "would stop all writing.",
            f"最少同步副本数 {written} 过大：失去一个节点即无法写入。",
        )
    if wrong := [name for name, number in copies.items() if not 1 <= int(number) <= MOST]:
        raise Trouble(
            f"{', '.join(wrong)}: one machine rehearses 1 to {MOST} copies of a service.",
            f"{'、'.join(wrong)}：单机演练每个服务只能有 1 到 {MOST} 份。",
        )


def kafka_settings(template: str, values: dict[str, Any]) -> dict[str, str]:
    """The block `config` of the template, whose only expressions are values."""
    found = CONFIG.search(template)
    if found is None:
        raise RuntimeError("the chart's template of Kafka has no config")
    filled = VALUE.sub(lambda value: str(value_of(values, value[1])), found[1])
    return texts(yaml.safe_load(filled))


def value_of(values: dict[str, Any], name: str) -> Any:
    found: Any = values
    for part in name.split("."):
        found = found[part]
    return found


def texts(told: dict[str, Any]) -> dict[str, str]:
    """As a properties file and an environment say them."""
    return {name: str(value).lower() if isinstance(value, bool) else str(value)
            for name, value in told.items()}  # fmt: skip


def of_helm(documents: str) -> Rendered:
    """The same from what Helm has rendered."""
    kafka: dict[str, str] = {}
    copies: dict[str, int] = {}
    told: dict[str, dict[str, str]] = {}
    brokers, secure = 0, False
    for each in filter(None, yaml.safe_load_all(documents)):
        name = each["metadata"].get("labels", {}).get("app.kubernetes.io/component", "")
        if each["kind"] == "Kafka":
            kafka = texts(each["spec"]["kafka"]["config"])
        elif each["kind"] == "KafkaNodePool":
            brokers = each["spec"]["replicas"]
        elif each["kind"] == "ConfigMap" and "LIANDONG_SECURE" in each["data"]:
            secure = each["data"]["LIANDONG_SECURE"] == "1"
        elif each["kind"] == "HorizontalPodAutoscaler":
            copies[name] = each["spec"]["minReplicas"]
        elif each["kind"] == "Deployment" and name:
            copies.setdefault(name, each["spec"].get("replicas", 0))
            container = each["spec"]["template"]["spec"]["containers"][0]
            told[name] = {v["name"]: v["value"] for v in container.get("env", ())}
    return Rendered(brokers, kafka, copies, told, secure)


def main() -> int:
    ours, theirs = rendered(), of_helm(sys.stdin.read())
    if ours == theirs:
        return 0
    print(f"the rehearsal would start {ours},\nHelm renders {theirs}")  # noqa: T201
    return 1


if __name__ == "__main__":
    sys.exit(main())
