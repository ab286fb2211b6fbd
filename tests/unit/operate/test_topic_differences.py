"""What `make topics` leaves is not said to be mended by it."""

from operate.admin.doctor import remedy_of_topic
from operate.admin.topic_differences import Away, differences

WANTED = {"liandong.alarm.events.v1": 8, "liandong.directory.v1": 1, "liandong.new.v1": 3}


def test_each_difference_has_a_remedy_that_mends_it() -> None:
    present = {
        "liandong.alarm.events.v1": 4,
        "liandong.directory.v1": 1,
        "liandong.old.v1": 1,
        "theirs": 2,
    }
    partitions, stranger = differences(WANTED, present)
    assert partitions.startswith("liandong.alarm.events.v1 has 4 partitions, 8 are declared")
    assert remedy_of_topic(partitions).startswith("declare 4 in deploy/topics.yaml")
    assert stranger.startswith("liandong.old.v1 exists")
    assert "Kafka's own tools" in remedy_of_topic(stranger)


def test_a_missing_topic_and_other_settings_are_made_and_a_broker_is_started() -> None:
    assert remedy_of_topic("liandong.new.v1 is missing") == "make topics"
    assert remedy_of_topic(Away("broker 2 is away")) == "start that broker"
