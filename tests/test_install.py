"""The set-up, .ci/install.py: its reading of the lock, the place of the wheel, and what it shows."""

from __future__ import annotations

import importlib.util
import io
import sys
from pathlib import Path
from types import ModuleType

import pytest

INSTALL = Path(__file__).resolve().parent.parent / ".ci" / "install.py"

LOCK = """\
gguf==0.1 \\
    --hash=sha256:aa
llama-cpp-python==0.3.36 \\
    --hash=sha256:bb
numpy==2.0 ; python_version < '3.12' \\
    --hash=sha256:cc
"""


@pytest.fixture(scope="module")
def install() -> ModuleType:
    spec = importlib.util.spec_from_file_location("steno_install", INSTALL)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_native_entry_is_taken_out_of_the_lock_with_its_hash(install: ModuleType) -> None:
    native, others = install.split_lock(LOCK, "llama-cpp-python")
    assert native == "llama-cpp-python==0.3.36 \\\n    --hash=sha256:bb\n"
    assert others == LOCK.replace(native, "")
    assert install.entry_version(native) == "0.3.36"


def test_a_lock_without_the_entry_is_an_error(install: ModuleType) -> None:
    with pytest.raises(install.SetupError, match="has 0 entries for torch"):
        install.split_lock(LOCK, "torch")


def test_the_project_s_lock_has_the_entry(install: ModuleType) -> None:
    native, others = install.split_lock(install.LOCK.read_text(), install.NATIVE)
    assert "--hash=sha256:" in native
    assert install.NATIVE not in others


def test_the_user_s_cmake_arguments_come_last_and_so_win(install: ModuleType) -> None:
    found = install.cmake_args({"CMAKE_ARGS": "-DGGML_CUDA=ON"}, "avx2")
    assert found.endswith("-DLLAMA_BUILD_SERVER=OFF -DGGML_CUDA=ON")


def test_a_processor_s_tiles_are_not_used_since_some_compilers_cannot_load_them(install: ModuleType) -> None:
    assert "-U__AMX_INT8__" not in install.cmake_args({}, "avx2 avx512f")
    assert install.cmake_args({}, "avx512f amx_int8 amx_tile").count("_FLAGS=-U__AMX_INT8__") == 2


def test_a_wheel_is_kept_in_the_user_s_cache_and_another_build_gets_another_place(
    install: ModuleType, tmp_path: Path
) -> None:
    plain = install.cached_wheel_directory("0.3.36", {"XDG_CACHE_HOME": str(tmp_path)})
    cuda = install.cached_wheel_directory("0.3.36", {"XDG_CACHE_HOME": str(tmp_path), "CMAKE_ARGS": "-DGGML_CUDA=ON"})
    assert plain.parent == tmp_path / "steno" / "wheels"
    assert plain.name.startswith("0.3.36-")
    assert plain != cuda


def test_a_wheel_is_built_once_and_then_comes_from_the_cache(
    install: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    builds: list[str] = []

    def build(label: str, command: list[str], log: io.StringIO, **_: object) -> None:
        builds.append(Path(command[command.index("--requirement") + 1]).read_text())
        out = Path(command[command.index("--wheel-dir") + 1])
        out.mkdir()
        (out / "llama_cpp_python-0.3.36-py3-none-any.whl").write_bytes(b"wheel")

    monkeypatch.setattr(install, "run", build)
    environ = {"XDG_CACHE_HOME": str(tmp_path), "CXX": sys.executable}
    entry = "llama-cpp-python==0.3.36 --hash=sha256:bb\n"
    first = install.native_wheel(entry, environ, io.StringIO())
    second = install.native_wheel(entry, environ, io.StringIO())
    assert first == second
    assert first.read_bytes() == b"wheel"
    assert builds == [entry]
    assert [path.name for path in first.parent.parent.iterdir()] == [first.parent.name]


def test_a_build_that_fails_leaves_nothing_in_the_cache(
    install: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def build(*_: object, **__: object) -> None:
        raise install.SetupError("no space left on device")

    monkeypatch.setattr(install, "run", build)
    with pytest.raises(install.SetupError):
        install.native_wheel(
            "llama-cpp-python==0.3.36\n", {"XDG_CACHE_HOME": str(tmp_path), "CXX": sys.executable}, io.StringIO()
        )
    assert list((tmp_path / "steno" / "wheels").iterdir()) == []


def test_without_a_compiler_the_error_says_what_to_install(
    install: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(install.shutil, "which", lambda name: None)
    with pytest.raises(install.SetupError, match="apt-get install g"):
        install.native_wheel("llama-cpp-python==0.3.36\n", {"XDG_CACHE_HOME": str(tmp_path)}, io.StringIO())


def test_every_part_of_the_key_changes_it(install: ModuleType) -> None:
    parts = ["1.0", "-DA=ON", "avx2 fma", "linux-x86_64", "glibc 2.36"]
    keys = {install.wheel_key(*parts)}
    for index in range(len(parts)):
        keys.add(install.wheel_key(*[part + "x" if at == index else part for at, part in enumerate(parts)]))
    assert len(keys) == len(parts) + 1


def test_ninja_s_lines_are_counted_and_others_are_not(install: ModuleType) -> None:
    assert install.ninja_step("  [12/140] /usr/bin/c++ -O3 x.cpp\n") == (12, 140)
    assert install.ninja_step("  Installing build dependencies: started\n") is None


def test_packages_are_counted_once_each(install: ModuleType) -> None:
    count = install.package_counter(LOCK)
    assert count("Collecting gguf==0.1 (from -r x.txt (line 1))\n") == (1, 3)
    assert count("Collecting gguf==0.1 (from -r x.txt (line 1))\n") == (1, 3)
    assert count("  Downloading gguf-0.1.whl (1 kB)\n") is None
    assert count("Ignoring numpy: markers 'python_version < \"3.12\"' don't match your environment\n") == (2, 3)
    assert count("Processing ./llama.whl (from -r x.txt (line 3))\n") == (3, 3)


def test_without_a_terminal_progress_is_a_line_for_every_tenth(install: ModuleType) -> None:
    screen = io.StringIO()
    progress = install.Progress("building", screen)
    for done in range(1, 141):
        progress.advance(done, 140)
    lines = screen.getvalue().splitlines()
    assert lines[:3] == ["steno: building", "steno: building 1/140", "steno: building 14/140"]
    assert lines[-1] == "steno: building 140/140"
    assert len(lines) == 12


def test_a_failing_program_is_reported_with_the_end_of_its_output_and_the_log(
    install: ModuleType, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    program = [sys.executable, "-c", "print('no space left on device'); raise SystemExit(3)"]
    with (tmp_path / "setup.log").open("w+") as log, pytest.raises(install.SetupError) as raised:
        install.run("copying", program, log)
    assert "no space left on device" in str(raised.value)
    assert str(tmp_path / "setup.log") in str(raised.value)
    assert "no space left on device" in (tmp_path / "setup.log").read_text()
    assert "copying: failed" in capsys.readouterr().out
