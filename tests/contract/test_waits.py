"""Every reason for which a matter stands in an inbox has its sentences, in both languages."""

import re

import pytest

from liandong.incident.v1.incident_pb2 import Waiting
from services.gateway.contract.words import read_words
from services.gateway.http.waits import SENTENCES, say_why
from services.workflow.incident.waiting import REASONS


def test_the_sentences_are_those_of_the_reasons() -> None:
    assert SENTENCES.keys() == REASONS


@pytest.mark.parametrize("reason", sorted(REASONS))
def test_a_sentence_stands_in_each_language(reason: str) -> None:
    answer = {"items": [{"waits": [{"reason": reason}]}]}
    say_why(answer, "zh")
    chinese = answer["items"][0]["waits"][0]["sentence"]
    assert chinese.endswith("。") and not re.search(r"[A-Za-z,.]", chinese)
    say_why(answer, "en")
    assert re.fullmatch(r"[\x20-\x7e]+\.", answer["items"][0]["waits"][0]["sentence"])


def test_a_reason_of_a_newer_service_shows_its_code() -> None:
    answer = {"items": [{"waits": [{"reason": "FULL_MOON"}]}]}
    say_why(answer, "zh")
    assert answer["items"][0]["waits"][0]["sentence"] == "FULL_MOON"


def test_the_contract_names_each_reason() -> None:
    told = " ".join(
        text for name, text in read_words().items() if name.startswith(Waiting.DESCRIPTOR.full_name)
    )
    raised = {each for each in REASONS if each.endswith("_RAISED")}
    assert all(each in told for each in REASONS - raised)
    assert "_RAISED" in told
