"""Topics and groups that the code names are declared in deploy/topics.yaml, and only there."""

import ast
import re

from backbone.process.keeping import EVERY, shipped
from tests.house.sources import constants, shown, sources, topics, tree_of

TOPIC = re.compile(r"liandong\.[a-z]+\.(events|commands)\.v\d+|liandong\.directory\.v\d+")


def test_every_topic_in_the_code_is_declared() -> None:
    used = {
        (text, shown(path))
        for path in sources()
        for text in constants(path)
        if TOPIC.fullmatch(text)
    }
    assert used
    assert not [each for each in used if each[0] not in topics()]


def test_every_group_in_the_code_is_declared() -> None:
    declared = {group for topic in topics().values() for group in topic["groups"]}  # type: ignore[attr-defined]
    for path in sources():
        for node in tree_of(path).body:
            if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "GROUP":
                assert ast.literal_eval(node.value) in declared, shown(path)


def test_outcomes_outlive_the_commands_that_may_come_again() -> None:
    kept = [topic["keep"] for name, topic in topics().items() if ".commands." in name]
    least = shipped().tables[EVERY]["outcomes"].least
    assert kept and all(isinstance(days, int) and days < least for days in kept)
