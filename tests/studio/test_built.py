"""The page that is served is the one that its sources make."""

import shutil
import subprocess
from pathlib import Path

import pytest

STUDIO = Path(__file__).resolve().parents[2] / "studio"


@pytest.mark.slow
def test_the_built_files_match_their_sources() -> None:
    if shutil.which("npm") is None:
        pytest.skip("npm is not installed: the page is built again only where it is")
    if not (STUDIO / "node_modules").is_dir():
        got = subprocess.run(["npm", "ci", "--no-audit", "--no-fund"], cwd=STUDIO, capture_output=True, text=True)
        if got.returncode:
            pytest.skip(f"npm ci could not fetch the tools that build the page: {got.stderr.strip()[-200:]}")
    check = subprocess.run(["./check.sh"], cwd=STUDIO, capture_output=True, text=True)
    assert check.returncode == 0, check.stdout + check.stderr
    laws = subprocess.run(["npm", "test", "--silent"], cwd=STUDIO, capture_output=True, text=True)
    assert laws.returncode == 0, laws.stdout + laws.stderr
