"""The root of the package: light to import, complete in names."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

import moemap

ENGINE = Path(__file__).parents[1] / "engine"


@pytest.mark.parametrize("name", moemap.__all__)
def test_public_name(name: str) -> None:
    assert getattr(moemap, name) is getattr(moemap, name)
    assert name in dir(moemap)


def test_unknown_name() -> None:
    with pytest.raises(AttributeError, match="module 'moemap' has no attribute 'laod'"):
        moemap.laod  # noqa: B018  the access is what is tested


def test_importing_the_package_imports_nothing_else() -> None:
    script = "import moemap, sys; print(*(name for name in sys.modules if name.startswith('moemap.')))"
    found = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == ""


@pytest.mark.parametrize(
    "path",
    sorted([*ENGINE.rglob("*.py"), *ENGINE.glob("html/*.*"), *ENGINE.glob("studio/web/src/*")]),
    ids=lambda path: path.relative_to(ENGINE).as_posix(),
)
def test_the_engine_is_about_no_product(path: Path) -> None:
    assert not re.search("mparticle|moengage", path.read_text("utf-8"), re.IGNORECASE)
