"""The rules of the house that neither ruff, mypy nor import-linter checks by itself."""

from __future__ import annotations

import ast
import importlib
import re
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
ROOMS = ("model", "pipeline", "daemon", "clients")
RECIPE = ROOT / "model" / "miniature" / "recipe"
"""Commands that made the miniature, in the repository alone: no part of the program."""
RECIPE_MODULES = {"jieba", "pypinyin", "safetensors", "scipy", "tokenizers", "torch", "transformers"}
"""Its libraries, which Steno does without."""
MOST_LINES = 300
LONGER_FILES: dict[str, str] = {}
"""Path -> the reason why that file may be longer."""

UNSAFE_MODULES = {"pickle", "marshal", "shelve", "dill", "cloudpickle", "joblib"}
UNSAFE_NAMES = {"eval", "exec"}
UNSAFE_METHODS = {"recv_pyobj", "send_pyobj", "unsafe_load", "full_load"}


def python_files(*folders: str) -> list[Path]:
    found = [path for folder in folders for path in sorted((ROOT / folder).rglob("*.py"))]
    assert found, f"no Python file in {folders}"
    return found


def sources() -> list[Path]:
    """Return what runs when Steno runs, and the recipe."""
    return [ROOT / "steno.py", *python_files(*ROOMS)]


def program() -> list[Path]:
    """Return what runs when Steno runs."""
    return [path for path in sources() if RECIPE not in path.parents]


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), filename=str(path))


def imports_of(tree: ast.Module) -> set[str]:
    """Return the top-level names of all modules that are imported, relative imports left out."""
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found.update(alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found.add(node.module.partition(".")[0])
    return found


def unsafe_things(tree: ast.Module) -> Iterator[str]:
    """Yield what could run code out of data."""
    for module in imports_of(tree) & UNSAFE_MODULES:
        yield f"import {module}"
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and node.id in UNSAFE_NAMES:
            yield f"{node.id} in line {node.lineno}"
        elif isinstance(node, ast.Attribute) and node.attr in UNSAFE_METHODS:
            yield f"{node.attr} in line {node.lineno}"
        elif isinstance(node, ast.Attribute) and ast.unparse(node) == "yaml.load":
            yield f"yaml.load in line {node.lineno}"
        elif isinstance(node, ast.keyword) and node.arg == "allow_pickle" and ast.unparse(node.value) != "False":
            yield f"allow_pickle in line {node.lineno}"


def project() -> dict[str, object]:
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


@pytest.mark.parametrize("room", ROOMS)
def test_a_room_s_import_name_is_ours(room: str) -> None:
    # "daemon" is also a package of the registry: in a shared environment that one could come first.
    module = importlib.import_module(room)
    assert Path(str(module.__file__)).resolve().parent == ROOT / room


@pytest.mark.parametrize("path", sources(), ids=name_of)
def test_no_source_can_run_code_out_of_data(path: Path) -> None:
    assert list(unsafe_things(tree_of(path))) == []


@pytest.mark.parametrize("path", program(), ids=name_of)
def test_no_child_looks_for_modules_in_the_folder_where_the_user_is(path: Path) -> None:
    lines = [node.elts for node in ast.walk(tree_of(path)) if isinstance(node, ast.List) and len(node.elts) > 1]
    lines = [line for line in lines if ast.unparse(line[0]) == "sys.executable" and isinstance(line[1], ast.Constant)]
    assert [ast.unparse(line[1]) for line in lines if ast.unparse(line[1]) != "'-P'"] == []


@pytest.mark.parametrize(
    "text",
    [
        "import pickle",
        "from pickle import loads",
        "eval('1')",
        "socket.recv_pyobj()",
        "yaml.load(text)",
        "numpy.load(path, allow_pickle=True)",
    ],
)
def test_the_search_for_unsafe_things_finds(text: str) -> None:
    assert list(unsafe_things(ast.parse(text)))


def test_no_file_is_longer_than_a_room_should_be() -> None:
    folders = [*ROOMS, "tests", "benchmarks", ".ci"]
    files = [path for folder in folders for path in (ROOT / folder).rglob("*.py")] + [ROOT / "steno.py"]
    lengths = {name_of(path): len(path.read_text(encoding="utf-8").splitlines()) for path in files}
    too_long = {name: lines for name, lines in lengths.items() if lines > MOST_LINES and name not in LONGER_FILES}
    assert too_long == {}


@pytest.mark.parametrize("path", [path for path in program() if path.is_relative_to(ROOT / "model")], ids=name_of)
def test_the_model_has_no_threads_no_sockets_and_no_prints(path: Path) -> None:
    tree = tree_of(path)
    calls = {node.func.id for node in ast.walk(tree) if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)}
    assert "print" not in calls
    assert not imports_of(tree) & {"threading", "socket", "zmq", "asyncio"}


@pytest.mark.parametrize("path", program(), ids=name_of)
def test_the_program_imports_neither_the_recipe_nor_its_libraries(path: Path) -> None:
    tree = tree_of(path)
    assert not imports_of(tree) & RECIPE_MODULES
    named = [node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
    named += [
        alias.name for node in ast.walk(tree) if isinstance(node, ast.Import | ast.ImportFrom) for alias in node.names
    ]
    assert not [name for name in named if "recipe" in name.split(".")]


def test_the_recipe_is_not_installed() -> None:
    tools = project()["tool"]
    assert isinstance(tools, dict)
    assert not [name for name in tools["setuptools"]["packages"] if "recipe" in name]
    folder = RECIPE.parent
    shipped = {
        path for pattern in tools["setuptools"]["package-data"]["model.miniature"] for path in folder.glob(pattern)
    }
    assert shipped >= {path for kind in ("aligner", "asr", "samples") for path in (folder / kind).iterdir()}
    assert not [path for path in shipped if path.is_relative_to(RECIPE)]


def test_the_recipe_s_requirements_have_what_it_imports_beyond_steno_s_own_libraries() -> None:
    metadata = project()["project"]
    assert isinstance(metadata, dict)
    lines = [*(RECIPE / "requirements.txt").read_text(encoding="utf-8").splitlines(), *metadata["dependencies"]]
    there = {re.split(r"[ ;<>=]", line)[0].replace("-", "_") for line in lines if line and not line.startswith("#")}
    imported = {name for path in RECIPE.rglob("*.py") for name in imports_of(tree_of(path))}
    assert imported - sys.stdlib_module_names - set(ROOMS) <= there


def test_the_documented_table_of_libraries_is_the_one_that_import_linter_enforces() -> None:
    structure = (ROOT / "docs" / "structure.md").read_text(encoding="utf-8")
    documented = dict(re.findall(r"^\| (\w+) \| (\S+\.py) \|$", structure, re.MULTILINE))
    contracts = project()["tool"]["importlinter"]["contracts"]  # type: ignore[index]  # TOML has no static type
    enforced = {}
    for contract in contracts:
        for edge in contract.get("ignore_imports", []):
            module, library = edge.split(" -> ")
            assert contract["forbidden_modules"] == [library]
            assert contract["source_modules"] == list(ROOMS)
            if module == "model.miniature.recipe.**":
                continue
            enforced[library] = module.replace(".", "/") + ".py"
    assert documented == enforced


def test_steno_py_loads_no_library_of_the_table() -> None:
    # import-linter sees packages only, and steno.py is a single module.
    structure = (ROOT / "docs" / "structure.md").read_text(encoding="utf-8")
    libraries = set(re.findall(r"^\| (\w+) \| \S+\.py \|$", structure, re.MULTILINE))
    assert not imports_of(tree_of(ROOT / "steno.py")) & (libraries | {"model", "daemon"})


def test_the_lock_names_no_registry_and_has_a_hash_for_every_entry() -> None:
    lock = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    assert "://" not in lock
    assert not re.search(r"^-", lock, re.MULTILINE)
    entries = re.split(r"^(?=\w)", lock, flags=re.MULTILINE)[1:]
    assert [entry.split()[0] for entry in entries if "--hash=sha256:" not in entry] == []


def test_the_lock_has_every_dependency() -> None:
    lock = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    locked = set(re.findall(r"^([\w.-]+)==", lock, re.MULTILINE))
    metadata = project()["project"]
    assert isinstance(metadata, dict)
    extras = metadata["optional-dependencies"].values()
    wanted = [*metadata["dependencies"], *(requirement for extra in extras for requirement in extra)]
    assert {re.split(r"[ ;<>=]", requirement)[0] for requirement in wanted} <= locked


STRUCTURE_ROOMS = sorted(
    {path.parent.relative_to(ROOT).as_posix() for path in program() if path.parent != ROOT} - {"model/miniature"}
)


def test_the_structure_page_names_every_file_of_the_house() -> None:
    structure = (ROOT / "docs" / "structure.md").read_text(encoding="utf-8")
    for room in STRUCTURE_ROOMS:
        section = structure.split(f"### {room}/")[1].split("### ")[0]
        files = {path.name for path in (ROOT / room).glob("*.py")} - {"__init__.py"}
        assert set(re.findall(r"^\| (\w+\.py) \|", section, re.MULTILINE)) == files, room
