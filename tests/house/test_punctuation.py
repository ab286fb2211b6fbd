"""Chinese sentences have full-width punctuation, as Chinese readers write it."""

import ast
import re

from tests.house.sources import sources, tree_of

HALF = re.compile(r"[\u3400-\u9fff][,:;!?]|[,:;!?][\u3400-\u9fff]")
# An address with ASCII colons, and a note that stands so in petitions of earlier replays.
AS_TYPED = ("主机:端口", "用户:密码@主机:5432", "(原登记时间 ", ",来源 ")


def sentences(tree: ast.Module) -> list[str]:
    """The texts of a module but its docstrings and its patterns."""
    plain = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    return [
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in plain
        if "(?" not in node.value
    ]


def test_a_chinese_sentence_has_full_width_punctuation() -> None:
    for path in sources():
        for text in sentences(tree_of(path)):
            for typed in AS_TYPED:
                text = text.replace(typed, "")
            assert not HALF.search(text), f"{path}: {text}"
