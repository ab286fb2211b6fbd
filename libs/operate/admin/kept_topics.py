"""Topics that `make topics` leaves as they are, each with what a person can do about it."""

from collections.abc import Mapping

from operate.cli.screen import words

OURS = "liandong."


class Kept(str):
    """A sentence about a difference that `make topics` tells and leaves; `remedy` mends it."""

    remedy: str

    def __new__(cls, sentence: str, remedy: str) -> "Kept":
        told = super().__new__(cls, sentence)
        told.remedy = remedy
        return told


def left_alone(wanted: Mapping[str, int], present: Mapping[str, int]) -> list[Kept]:
    """The differences between the partitions of declared and of present topics, by name."""
    told = [
        Kept(
            words(
                f"{name} has {present[name]} partitions, {partitions} are declared",
                f"{name} 有 {present[name]} 个分区，声明为 {partitions} 个",
            ),
            words(
                f"declare {present[name]} in deploy/topics.yaml: another number would break "
                "the order of what waits there",
                f"请在 deploy/topics.yaml 中声明 {present[name]} 个：改变分区数会打乱"
                "其中消息的顺序",
            ),
        )
        for name, partitions in wanted.items()
        if present.get(name, partitions) != partitions
    ]
    strangers = sorted(name for name in present if name.startswith(OURS) and name not in wanted)
    return told + [
        Kept(
            words(
                f"{name} exists, but is not declared in deploy/topics.yaml",
                f"{name} 已存在，但未在 deploy/topics.yaml 中声明",
            ),
            words(
                "no service of this release reads it: delete it with Kafka's own tools once nobody "
                "needs it, or give it another name than ours",
                "本版本没有服务读取它：确认无人需要后用 Kafka 自带工具删除，或改用其他名称",
            ),
        )
        for name in strangers
    ]
