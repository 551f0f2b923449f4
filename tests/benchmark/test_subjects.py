"""What can be measured."""

from itertools import islice
from pathlib import Path

import numpy as np
import pytest
import torch

from soundctm import SoundCTM, UserError
from soundctm.backbones import DiT
from soundctm.benchmark.prompts import fresh_prompts
from soundctm.benchmark.subjects import RandomClap, load, paper_config, random_model
from soundctm.conditioning.mini import MiniTextEncoder
from soundctm.engines import Precision
from soundctm.engines.abilities import multiplies_bfloat16, multiplies_int8
from tests.oracles.folder import STUDENT
from tests.oracles.paper import CLAP, CONFIG


def test_the_paper_preset_has_the_official_sizes() -> None:
    config = paper_config()
    with torch.device("meta"):
        parameters = sum(value.numel() for value in DiT(config.student).parameters())
    assert parameters / 1e6 == pytest.approx(1035.7, abs=0.1)
    assert config.seconds == pytest.approx(10.03, abs=0.005)
    assert config.text_encoder.kind == "clap" and config.text_encoder.layers == 12


def test_random_models_sound_and_are_always_the_same() -> None:
    state = torch.random.get_rng_state()
    first, second = (random_model(CONFIG).generate("rain", seed=1)[0].samples for _ in range(2))
    assert np.array_equal(first, second) and np.abs(first).max() > 1e-3
    assert torch.equal(torch.random.get_rng_state(), state)


def test_no_matrix_of_a_random_model_is_zero() -> None:
    model = random_model(CONFIG)
    parts = (model.student, model.autoencoder, model.text_encoder)
    assert all(bool(value.any()) for part in parts for value in part.parameters() if value.ndim > 1)
    assert not any(value.requires_grad for part in parts for value in part.parameters())


def test_random_weights_are_for_the_papers_kind() -> None:
    with pytest.raises(ValueError, match="CLAP text encoder and a DAC"):
        random_model(CONFIG.model_copy(update={"text_encoder": STUDENT}))


def test_words_without_a_tokenizer_fill_as_many_tokens() -> None:
    encoder = RandomClap(CLAP)
    ids, mask = encoder._tokens(["heavy rain", "", "word " * 200])
    assert ids.shape == mask.shape == (3, 77)
    assert mask.sum(1).tolist() == [4, 2, 77]
    assert int(ids.max()) < CLAP.vocab_size and (ids[:, 0] == 0).all()
    assert torch.equal(ids[0], encoder._tokens(["heavy rain"])[0][0])


def test_folders_and_names_load(tiny_folder: Path) -> None:
    assert load(str(tiny_folder), "cpu").config.name == "tiny"
    with pytest.raises(UserError, match="unknown model 'maxi'"):
        load("maxi", "cpu")
    with pytest.raises(UserError, match="device 'abacus' is not available"):
        load("mini", "abacus")


def test_prompts_are_new_and_alike() -> None:
    """No memory of texts helps; the shipped model reads each as it is, in the same number of tokens."""
    prompts = list(islice(fresh_prompts(), 3000))
    assert len(set(prompts)) == len(prompts)
    model = SoundCTM.from_pretrained("mini")
    assert all(model.understood(prompt) == prompt for prompt in prompts)
    assert isinstance(model.text_encoder, MiniTextEncoder)
    assert len({len(ids) for ids in model.text_encoder.tokenize(prompts)}) == 1


def test_prompts_never_end() -> None:
    prompts = list(islice(fresh_prompts(), 25_000))
    assert len(set(prompts)) == len(prompts)


@pytest.mark.parametrize("precision", ["bfloat16", "int8"])
def test_a_random_student_in_fewer_bits_reads_a_prompt_once(precision: Precision) -> None:
    """As one that was read from a file; otherwise a benchmark would time what nobody waits for."""
    if not {"bfloat16": multiplies_bfloat16, "int8": multiplies_int8}[precision](torch.device("cpu")):
        pytest.skip(f"no instructions for {precision} here")
    model = random_model(CONFIG).optimize("eager", precision)
    text, student = model.encode("rain"), model.engine.student
    assert isinstance(student, DiT) and student is not model.student and student.prepare(text) is text
