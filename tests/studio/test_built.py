"""The page that is served is the one that its sources make."""

import shutil
import subprocess
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow


def test_the_built_files_match_their_sources(tools: Path) -> None:
    if shutil.which("npm") is None:
        pytest.skip("npm is not installed: the page is built again only where it is")
    check = subprocess.run(["./check.sh"], cwd=tools.parent, capture_output=True, text=True)
    assert check.returncode == 0, check.stdout + check.stderr
    laws = subprocess.run(["npm", "test", "--silent"], cwd=tools.parent, capture_output=True, text=True)
    assert laws.returncode == 0, laws.stdout + laws.stderr
