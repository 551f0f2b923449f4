"""One model, computed in several ways."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from soundctm import SoundCTM, UserError
from soundctm.control.targets import from_shape
from soundctm.engines.abilities import multiplies_bfloat16, multiplies_int8
from soundctm.engines.threads import threads
from tests.conftest import REPOSITORY
from tests.oracles.edits import recipe_of

CPU = torch.device("cpu")
HERE = [
    pytest.param("bfloat16", marks=pytest.mark.skipif(not multiplies_bfloat16(CPU), reason="no bfloat16 here")),
    pytest.param("int8", marks=pytest.mark.skipif(not multiplies_int8(CPU), reason="no VNNI here")),
]


@pytest.fixture(scope="module")
def model(tiny_folder: Path) -> SoundCTM:
    return SoundCTM.from_pretrained(tiny_folder)


@pytest.mark.parametrize("precision", HERE)
def test_a_recipe_says_in_which_precision_it_was_made(model: SoundCTM, precision: str) -> None:
    plain = model.generate("rain", steps=2, seed=3)[0]
    other = model.optimize("eager", precision).generate("rain", steps=2, seed=3)[0]
    assert (recipe_of(plain).precision, recipe_of(other).precision) == ("float32", precision)
    assert recipe_of(plain) == recipe_of(other).model_copy(update={"precision": "float32"})
    assert not np.array_equal(plain.samples, other.samples)
    assert np.array_equal(model.generate("rain", steps=2, seed=3)[0].samples, plain.samples)  # as it was
    (again,) = model.replay([recipe_of(other)])
    assert recipe_of(again).precision == "float32" and np.array_equal(again.samples, plain.samples)


@pytest.mark.parametrize("precision", HERE)
def test_loading_in_fewer_bits_is_converting_what_was_loaded(
    tiny_folder: Path, model: SoundCTM, precision: str
) -> None:
    lean = SoundCTM.from_pretrained(tiny_folder, precision=precision)  # type: ignore[arg-type]
    made = [m.generate("rain", takes=3, steps=2, seed=3)[2] for m in (lean, model.optimize("eager", precision))]
    assert np.array_equal(made[0].samples, made[1].samples) and made[0].recipe == made[1].recipe


@pytest.mark.parametrize("precision", HERE)
def test_what_needs_float32_weights_is_refused_without_them(tiny_folder: Path, tmp_path: Path, precision: str) -> None:
    lean = SoundCTM.from_pretrained(tiny_folder, precision=precision)  # type: ignore[arg-type]
    with pytest.raises(UserError, match=f"targets need gradients.*{precision}"):
        lean.generate("rain", targets=[from_shape("rise", 1.0)], seconds=1.0)
    with pytest.raises(UserError, match=f"loaded in {precision}; load it in float32 for float32"):
        lean.optimize("eager", "float32")
    with pytest.raises(UserError, match="no weights to save"):
        lean.save_pretrained(tmp_path / "copy")
    assert not (tmp_path / "copy").exists()


@pytest.mark.parametrize("precision", HERE)
def test_targets_are_followed_by_the_plain_networks(model: SoundCTM, precision: str) -> None:
    asked = {"steps": 2, "seed": 3, "seconds": 1.0, "targets": [from_shape("rise", 1.0)]}
    plain, other = (m.generate("rain", **asked)[0] for m in (model, model.optimize("eager", precision)))
    assert np.array_equal(plain.samples, other.samples) and recipe_of(other).precision == "float32"


PROGRAM = """
import hashlib, sys
import torch
from soundctm import SoundCTM
from tests.oracles.edits import PLANS, RISE
torch.set_num_threads(int(sys.argv[1]))
model = SoundCTM.from_pretrained("mini")
asked = {"seed": 3, "steps": 3, "gamma": 0.5}
clips = [
    *model.generate("rain, then a bell", takes=3, **asked), *model.generate("three slow knocks", nu=2.0, **asked),
    *model.generate("rain", loop=True, **asked), *model.generate("rain", targets=[RISE], **asked),
    *model.edit(PLANS["fill"](), "a bell", seed=3, steps=3), *model.edit(PLANS["morph"](), "rain", seed=3, steps=2),
]
for clip in clips:
    print(hashlib.sha256(clip.samples.tobytes()).hexdigest())
"""


@pytest.mark.slow
def test_takes_do_not_depend_on_the_threads_of_the_caller() -> None:
    """A small model's takes are made by one core each, whatever a program has set before it loads the model. (The
    shipped one: layers of a tiny one are never split among threads.)"""
    heard = []
    for count in (1, 3):
        command = [sys.executable, "-c", PROGRAM, str(count)]
        done = subprocess.run(command, capture_output=True, text=True, cwd=REPOSITORY)
        assert done.returncode == 0, done.stderr
        heard.append(done.stdout.split())
    assert len(heard[0]) == 8 == len(set(heard[0])) and heard[0] == heard[1]


def test_a_crew_is_no_larger_than_its_container_allows(tiny_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """PyTorch counts the processors of the machine, whatever the container of a server is given."""
    for share, cores in ((None, 4), (9, 4), (2, 2)):
        monkeypatch.setattr("soundctm.engines.threads._share", lambda system, share=share: share)
        with threads(4):
            crew = SoundCTM.from_pretrained(tiny_folder).optimize("eager").computation.crew(64)
        assert crew.workers == cores


def test_names_that_are_not_known(model: SoundCTM) -> None:
    with pytest.raises(UserError, match="engine is 'fast'; accepted are auto, eager, compiled, onnx"):
        model.optimize("fast")  # type: ignore[arg-type]
    with pytest.raises(UserError, match="precision is 'int4'; accepted are float32, tf32, bfloat16, int8"):
        model.optimize("eager", "int4")  # type: ignore[arg-type]


def test_damaged_weights_are_named_in_every_precision(tiny_folder: Path, tmp_path: Path) -> None:
    import shutil

    folder = tmp_path / "damaged"
    shutil.copytree(tiny_folder, folder)
    (folder / "student.safetensors").write_bytes(b"\0" * 100)
    for precision in ("float32", "bfloat16"):
        with pytest.raises(UserError, match=r"student\.safetensors"):
            SoundCTM.from_pretrained(folder, precision=precision)  # type: ignore[arg-type]
