"""Lock the versions of all that is installed for work on moemap: `make lock`, or `make lock ARGS=--upgrade`.

Writes build.txt (the build backend), run.txt (what the wheel needs), dev.txt, spark.txt (with the extra of that name,
and what its tests need), interface.txt (what the tests of `moemap serve` by its description need) and editors.txt (what
the tests of `moemap lsp` with a foreign client need) beside this file:
exact versions with hashes, for each Python that pyproject.toml classifies and for every platform. Versions that are
locked stay unless pyproject.toml asks for others, or with --upgrade. The wheel itself keeps its open lower bounds.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
import tomllib
import venv
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
PROJECT = HERE.parent / "pyproject.toml"
PLATFORMS = ("x86_64-manylinux_2_28", "aarch64-manylinux_2_28", "aarch64-apple-darwin", "x86_64-pc-windows-msvc")
WITHOUT_WHEELS = {"pyspark"}  # is Java for the most part; built from source with the locked backend


def main() -> None:
    """Write the files, and check that they can be installed wherever moemap is supported."""
    project = tomllib.loads(PROJECT.read_text("utf-8"))
    pythons = supported_pythons(project)
    with tempfile.TemporaryDirectory() as temp:
        tools = Path(temp, "tools")
        venv.create(tools, with_pip=True)
        python = next(path for path in (tools / "bin" / "python", tools / "Scripts" / "python.exe") if path.exists())

        def run(*arguments: str | Path) -> None:
            subprocess.run([python, "-m", *arguments], check=True, stdout=subprocess.DEVNULL)

        def lock(name: str, source: Path, *options: str | Path) -> Path:
            given = ["--universal", "--python-version", pythons[0], "--generate-hashes", "--no-annotate", *options]
            header = ["--custom-compile-command", "make lock"]
            run("uv", "pip", "compile", "-q", *header, *given, *sys.argv[1:], "-o", HERE / name, source)
            return HERE / name

        run("pip", "install", "-qq", "uv")
        backend = Path(temp, "build.in")
        backend.write_text("\n".join(project["build-system"]["requires"]), "utf-8")
        dev = lock("dev.txt", PROJECT, "--extra", "dev")
        same = ("--constraints", dev)
        locks = [
            lock("build.txt", backend),
            lock("run.txt", PROJECT, *same),
            dev,
            lock("spark.txt", PROJECT, *same, "--extra", "spark", "--extra", "test"),
            lock("interface.txt", PROJECT, "--constraints", HERE / "run.txt", "--extra", "interface"),
            lock("editors.txt", PROJECT, *same, "--extra", "editors"),
        ]
        for version in pythons:
            for platform in PLATFORMS:
                where = ["--target", temp, "--python-version", version, "--python-platform", platform]
                for path in locks:
                    wheels = [option for name in names(path) - WITHOUT_WHEELS for option in ("--only-binary", name)]
                    given: list[str | Path] = ["--dry-run", "--no-deps", *wheels, "--require-hashes", "-r", path]
                    run("uv", "pip", "install", "-q", *where, *given)
    print(f"Locked for Python {', '.join(pythons)}.")


def supported_pythons(project: dict[str, Any]) -> list[str]:
    """The versions of Python that the project's classifiers name, the oldest first."""
    classifiers = "\n".join(project["project"]["classifiers"])
    return re.findall(r"^Programming Language :: Python :: (3\.\d+)$", classifiers, re.M)


def names(path: Path) -> set[str]:
    """The packages that a lock file holds."""
    return set(re.findall(r"^([a-z0-9-]+)==", path.read_text("utf-8"), re.M))


if __name__ == "__main__":
    main()
