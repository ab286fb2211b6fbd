"""Sizes, names and shapes that no linter knows."""

import ast
import subprocess
import tomllib
from functools import cache
from pathlib import Path

import pytest

from tests.house.sources import ROOTS, TOP, shown, sources, tree_of

LONGEST = {"services": 300, "libs": 250}
LONGEST_FUNCTION = 45
DRAWERS = {"utils", "helpers", "common", "base", "manager", "misc", "core", "types"}
SHAPE = {"__init__", "codec", "storage", "api", "wiring", "metrics", "migrations"}
# The aggregates that a service owns: a folder each, named like it.
AGGREGATES = {
    "alarm": {"receipt"},
    "dispute": {"dispute"},
    "emergency": {"mission", "team"},
    "petition": {"petition"},
    "population": {"care_case"},
    "workflow": {"incident", "supervision"},
}
# Where a service reads Kafka: the flow reads its commands and what it follows by Faust.
READS = {"workflow": "stream"}
# The directory holds a pack and the gateway holds nothing: they honestly differ.
DIFFERENT = {"directory", "gateway"}
SERVICES = sorted(
    path
    for path in (TOP / "services").iterdir()
    if (path / "__init__.py").exists() and path.name not in DIFFERENT
)


# What a newcomer sees first. A file that a tool has left there is none of it.
TOP_LEVEL = {
    ".ci", ".gitignore", "ARCHITECTURE.md", "CHANGELOG.md", "CONTRIBUTING.md", "Makefile",
    "README.md", "README.zh.md", "buf.yaml", "deploy", "docs", "libs", "protos", "pyproject.toml",
    "requirements-dev.lock", "requirements-pkcs11.lock", "requirements.lock", "services", "tests",
}  # fmt: skip


@cache
def imported_from_outside() -> set[str]:
    """The standard library and others, as far as we use them."""
    nodes = [node for path in sources() for node in ast.walk(tree_of(path))]
    plain = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    from_ = {node.module or "" for node in nodes if isinstance(node, ast.ImportFrom)}
    return {name for name in plain | from_ if "." not in name}


def test_modules_are_small_and_say_what_they_are_for() -> None:
    for path in sources():
        text = path.read_text()
        assert len(text.splitlines()) <= LONGEST[shown(path).split("/")[0]], shown(path)
        assert not text.strip() or ast.get_docstring(tree_of(path)), shown(path)


def test_a_function_fits_on_a_screen() -> None:
    for path in sources():
        for node in ast.walk(tree_of(path)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                lines = (node.end_lineno or 0) - node.lineno + 1
                assert lines <= LONGEST_FUNCTION, f"{shown(path)}: {node.name} has {lines} lines"


def test_no_module_is_a_drawer_or_taken_for_another() -> None:
    for path in sources():
        assert not {path.stem, path.parent.name} & DRAWERS, shown(path)
        assert path.stem not in imported_from_outside(), shown(path)


@pytest.mark.parametrize("service", SERVICES, ids=lambda path: path.name)
def test_a_service_has_the_one_shape(service: Path) -> None:
    reads = READS.get(service.name, "consumers")
    assert {path.stem for path in service.iterdir()} >= SHAPE | {reads}
    folders = {path.parent.name for path in service.glob("*/__init__.py")}
    assert folders == AGGREGATES[service.name]


def test_every_service_of_that_shape_is_under_the_contract_of_layers() -> None:
    """import-linter takes no wildcard for the containers of layers."""
    contracts = tomllib.loads((TOP / "pyproject.toml").read_text())["tool"]["importlinter"]
    [layers] = [
        each for each in contracts["contracts"] if each["name"].startswith("Inside a service")
    ]
    assert layers["containers"] == [f"services.{path.name}" for path in SERVICES]


def test_no_service_reads_stored_outcomes_without_their_codes() -> None:
    """The door alone reads them (`Door.answer`, `Door.find`): it knows what was changed by hand."""
    readers = [path for path in sources() if "FROM outcomes" in path.read_text("utf-8")]
    assert {path.parent.name for path in readers} <= {"door"}


def test_no_source_lies_outside_these_rules() -> None:
    found = {path.parent.name for path in (TOP / "libs").glob("*/__init__.py")}
    assert {f"libs/{name}" for name in found} | {"services"} == set(ROOTS)


def test_the_top_level_holds_what_belongs_there() -> None:
    command = ["git", "ls-files", "-z"]
    listed = subprocess.run(command, cwd=TOP, capture_output=True, text=True, check=True).stdout
    assert {path.split("/")[0] for path in listed.split("\0") if path} == TOP_LEVEL
