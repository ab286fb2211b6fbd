"""What the rehearsal reads of the chart, and the values that it refuses as the chart does."""

import pytest

from operate.home.trouble import Trouble
from operate.servers.kafka import REAUTH
from tests.rehearsal.chart import of_helm, rendered


def test_the_chart_as_it_comes() -> None:
    found = rendered()
    assert (found.brokers, found.secure) == (3, True)
    assert set(found.copies.values()) == {2}
    assert found.kafka["default.replication.factor"] == "3"
    assert found.kafka["min.insync.replicas"] == "2"
    assert found.kafka["auto.create.topics.enable"] == "false"
    assert found.kafka["connections.max.reauth.ms"] == str(REAUTH)
    assert not any("{" in value for value in found.kafka.values())
    assert float(found.told["gateway"]["LIANDONG_GATEWAY_DRAIN_SECONDS"]) > 4


def test_values_change_it() -> None:
    found = rendered(["kafka.brokers=5", "services.alarm.replicas=1", "autoscaling.min=3"])
    assert found.brokers == 5
    assert (found.copies["alarm"], found.copies["workflow-stream"]) == (1, 3)


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("kafka.brokers=1", "3 copies need 3 brokers"),
        ("kafka.replication=5", "5 copies need 5 brokers"),
        ("kafka.minInsync=3", "the loss of one broker would stop all writing"),
        ("services.gateway.replicas=0", "gateway: one machine rehearses 1 to 3"),
        ("autoscaling.min=8", "workflow-stream"),
        ("kafka.replicas=1", "no value kafka.replicas"),
    ],
)
def test_what_cannot_work_is_refused_with_a_sentence(value: str, said: str) -> None:
    with pytest.raises(Trouble) as caught:
        rendered([value])
    assert said in caught.value.english
    assert caught.value.chinese != caught.value.english


def test_how_it_is_compared_with_what_helm_renders() -> None:
    found = of_helm(
        """
kind: KafkaNodePool
metadata: {name: k}
spec: {replicas: 3}
---
kind: Deployment
metadata: {name: a, labels: {app.kubernetes.io/component: alarm}}
spec:
  replicas: 2
  template: {spec: {containers: [{env: [{name: A, value: b}]}]}}
---
kind: ConfigMap
metadata: {name: c}
data: {LIANDONG_SECURE: "1"}
"""
    )
    assert (found.brokers, found.secure) == (3, True)
    assert (found.copies, found.told) == ({"alarm": 2}, {"alarm": {"A": "b"}})
