"""The text encoder's trainer on six captions and a made-up language of a dozen words."""

import hashlib
import json
from pathlib import Path

import numpy as np
import pytest
import torch

from soundctm.conditioning.mini import MiniTextEncoder
from soundctm.errors import UserError
from soundctm.training.language import Language, load_language, save_language
from soundctm.training.text_data import TextData, TextTraining, is_held_out, load_pairs, pad_ids
from soundctm.training.text_encoder import Student, figures, new_encoder, step_losses, train_text_encoder
from soundctm.training.text_evaluation import Centroids, read_prompts
from tests.oracles.folder import TEXT, WORDS, tokenizer

CAPTIONS = {"rain": ["heavy rain", "rain"], "bell": ["a bell", "bell"], "knock": ["three slow knocks", "knocks"]}
CONFIG = TextTraining(clips=6, phrases=4, held_out=0.0, noise=0.1, drop_word=0.0, learning_rate=3e-3)


def embed(texts: list[str]) -> np.ndarray:
    """A sentence encoder whose embedding is the mean of random vectors of the words."""
    rows = []
    for text in texts:
        seeds = [int.from_bytes(hashlib.sha256(word.encode()).digest()[:4]) for word in (text.split() or ["[SEP]"])]
        rows.append(np.mean([np.random.default_rng(seed).standard_normal(384) for seed in seeds], axis=0))
    vectors = np.stack(rows)
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float16)


def language() -> Language:
    phrases = ["heavy thunder", "a slow bell", "three knocks", "slow rain", "thunder", "slow thunder"]
    return Language(tokenizer(), embed(list(WORDS)), np.full(len(WORDS), 20000), phrases, embed(phrases))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Three classes of four clips; the class decides the latents."""
    rng = np.random.default_rng(0)
    names = [name for name in CAPTIONS for _ in range(4)]
    means = {name: rng.standard_normal((TEXT.latent_channels, 1)) for name in CAPTIONS}
    latents = [0.5 * means[name] + 0.1 * rng.standard_normal((TEXT.latent_channels, 16)) for name in names]
    np.save(tmp_path / "latents.npy", np.stack(latents).astype(np.float16))
    (tmp_path / "captions.json").write_text(json.dumps([CAPTIONS[name] for name in names]))
    (tmp_path / "classes.json").write_text(json.dumps([[name] for name in names]))
    return tmp_path


def prepared(folder: Path) -> tuple[MiniTextEncoder, TextData]:
    torch.manual_seed(0)
    encoder = new_encoder(language(), TEXT)
    return encoder, TextData(load_pairs(folder), language(), embed, encoder, CONFIG)


def test_losses_are_a_function_of_the_step(folder: Path) -> None:
    encoder, data = prepared(folder)
    student = Student(encoder)
    first, again, other = (step_losses(student, data, step) for step in (3, 3, 4))
    assert set(first) == {"contrast", "distil", "relation", "neighbour", "identity"}
    assert all(first[name] == again[name] for name in first)
    assert any(first[name] != other[name] for name in first)


def test_training_learns_and_is_saved(folder: Path, tmp_path: Path) -> None:
    encoder, data = prepared(folder)
    before = {name: value.item() for name, value in step_losses(Student(encoder), data, 0).items()}
    trained = train_text_encoder(CONFIG, encoder, data, tmp_path / "out", minutes=0.05)
    assert trained is not None
    after = step_losses(Student(trained), data, 0)
    assert after["contrast"] < 0.7 * before["contrast"] and after["relation"] < before["relation"]
    loaded = MiniTextEncoder.load(tmp_path / "out")
    torch.testing.assert_close(loaded.embed(["heavy rain"]), trained.embed(["heavy rain"]), atol=0.02, rtol=0)
    clips = torch.from_numpy(np.array(data.pairs.latents[[0, 4, 8]])).float()
    scores = torch.stack([loaded.score([several[0]] * 3, clips) for several in CAPTIONS.values()])
    assert scores.argmax(1).tolist() == [0, 1, 2]  # every caption fits its own class best
    assert figures(loaded, data.pairs, None, held_out=1.0) == {"held_out_captions": 1.0}


def test_held_out_captions_are_a_fixed_share() -> None:
    captions = [f"caption {i}" for i in range(4000)]
    share = sum(is_held_out(caption, 0.1) for caption in captions) / len(captions)
    assert abs(share - 0.1) < 0.02
    assert all(is_held_out(c, 0.2) for c in captions if is_held_out(c, 0.1))
    assert not any(is_held_out(c, 0.0) for c in captions)


def test_held_out_captions_are_never_drawn(folder: Path) -> None:
    encoder, _ = prepared(folder)
    config = CONFIG.model_copy(update={"held_out": 0.5})
    data = TextData(load_pairs(folder), language(), embed, encoder, config)
    held = {c for several in CAPTIONS.values() for c in several if is_held_out(c, 0.5)}
    assert held and data.captions.index and not held & set(data.captions.index)
    assert all(not held & set(data.kept[i]) for i in data.clips)


def test_padding_is_masked() -> None:
    ids, mask = pad_ids([[5, 6], [7]])
    assert ids.tolist() == [[5, 6], [7, 0]] and mask.tolist() == [[True, True], [True, False]]


def test_language_survives_the_disk(tmp_path: Path) -> None:
    save_language(language(), tmp_path)
    loaded = load_language(tmp_path)
    assert loaded.phrases == language().phrases and np.array_equal(loaded.table, language().table)
    assert loaded.tokenizer.get_vocab() == tokenizer().get_vocab()
    assert sorted(p.name for p in tmp_path.iterdir()) == ["language.npz", "phrases.json", "tokenizer.json"]


def test_centroids_name_the_nearest() -> None:
    centroids = Centroids(["x", "y"], torch.eye(2))
    assert centroids.nearest(torch.tensor([[5.0, 1.0], [-1.0, 0.1]])) == ["x", "y"]


def test_prompt_files_are_checked(tmp_path: Path) -> None:
    path = tmp_path / "prompts.txt"
    path.write_text("# word, prompt, class\npuppy\ta puppy yapping\tdog\n\n")
    assert [(p.word, p.class_name) for p in read_prompts(path)] == [("puppy", "dog")]
    path.write_text("puppy\tdog\n")
    with pytest.raises(UserError, match=r"prompts\.txt:1: 2 fields"):
        read_prompts(path)
