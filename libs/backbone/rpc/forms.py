"""The rules of contracts that ask for a form: one of some codes, a pattern, the code of a matter,
two times in their order."""

import re
from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

from backbone.words.errors import LISTED, Flaw
from backbone.words.matter_code import code_of, is_code
from liandong.input.v1 import rules_pb2

Rules: TypeAlias = rules_pb2.FieldRules
Check: TypeAlias = Callable[[Any], Sequence[Flaw]]

FINE: Sequence[Flaw] = ()


def form_of(name: str, rules: Rules) -> Check | None:
    """The check of the form of a text with visible characters; None where it may have any."""
    if rules.one_of:
        known = frozenset(rules.one_of)
        flaws = [Flaw("", rules.wrong or "UNKNOWN_VALUE", {LISTED: ", ".join(rules.one_of)})]
        return lambda text: FINE if text in known else flaws
    reason = rules.wrong or "WRONG_FORMAT"
    if rules.matter_code:
        return lambda text: FINE if is_code(code_of(text)) else [Flaw("", reason, {name: text})]
    if rules.pattern:
        match = re.compile(rules.pattern).fullmatch
        return lambda text: FINE if match(text) else [Flaw("", reason, {name: text})]
    return None


def ordered(field: Any, rules: Rules) -> Check:
    """The check that a time is not before the one in another field of the message."""
    first, last = rules.not_before, field.name

    def check(message: Any) -> Sequence[Flaw]:
        if not message.HasField(first) or not message.HasField(last):
            return FINE
        begin, end = getattr(message, first), getattr(message, last)
        if (begin.seconds, begin.nanos) <= (end.seconds, end.nanos):
            return FINE
        return [Flaw(last, "PERIOD_UPSIDE_DOWN")]

    return check
