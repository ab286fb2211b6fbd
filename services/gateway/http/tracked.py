"""Says what a citizen reads of a petition in words: the page shows no codes of ours."""

from typing import Any

from services.gateway.contract.naming import OF_COLLECTION, SUFFIX, TERMS

CODES = ("state", "kind", "lawful_channel")
OWN = OF_COLLECTION["petitions"]


def say_terms(answer: Any, language: str) -> None:
    """Put the term beside each code; one of a newer service stands as it is."""
    for name in CODES:
        code = answer[name] or ""
        terms = {**TERMS[name], **OWN.get(name, {})}
        in_english = code.replace("_", " ").lower().capitalize()
        answer[name + SUFFIX] = terms.get(code, code) if language == "zh" else in_english
