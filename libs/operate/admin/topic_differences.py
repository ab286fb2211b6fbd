"""What differs from deploy/topics.yaml and `make topics` does not mend, with what does."""

from collections.abc import Mapping

from operate.cli.screen import words

OURS = "liandong."


class Away(str):
    """A sentence about brokers that are away, which no change of topics mends."""

    __slots__ = ()


class Kept(str):
    """A sentence about a difference that `make topics` tells and leaves; `remedy` mends it."""

    remedy: str

    def __new__(cls, sentence: str, remedy: str) -> "Kept":
        told = super().__new__(cls, sentence)
        told.remedy = remedy
        return told


def differences(wanted: Mapping[str, int], present: Mapping[str, int]) -> list[Kept]:
    """Topics with another number of partitions than declared, and undeclared ones of ours."""
    strangers = sorted(name for name in present if name.startswith(OURS) and name not in wanted)
    other = [name for name in wanted if present.get(name, wanted[name]) != wanted[name]]
    return [
        *(partitions_differ(name, present[name], wanted[name]) for name in other),
        *map(undeclared, strangers),
    ]


def partitions_differ(name: str, has: int, declared: int) -> Kept:
    return Kept(
        words(
            f"{name} has {has} partitions, {declared} are declared",
            f"{name} 有 {has} 个分区，声明为 {declared} 个",
        ),
        words(
            f"declare {has} in deploy/topics.yaml: another number would break the order of what "
            "waits there",
            f"请在 deploy/topics.yaml 中声明 {has} 个：改变分区数会打乱其中消息的顺序",
        ),
    )


def undeclared(name: str) -> Kept:
    return Kept(
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
