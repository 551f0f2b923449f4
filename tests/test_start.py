"""What a program that makes a sound loads: nothing that it does not need."""

import subprocess
import sys
from pathlib import Path

HEAVY = ("scipy.signal", "scipy.stats", "matplotlib", "huggingface_hub", "torch._dynamo", "transformers")


def test_a_take_is_made_without_heavy_libraries(tiny_folder: Path, tmp_path: Path) -> None:
    program = f"""
import sys
from soundctm import SoundCTM
SoundCTM.from_pretrained({str(tiny_folder)!r}).generate("rain", seed=1, steps=2)[0].save({str(tmp_path / "a.wav")!r})
print(*[name for name in {HEAVY!r} if name in sys.modules])
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.split() == [] and (tmp_path / "a.wav").exists()
