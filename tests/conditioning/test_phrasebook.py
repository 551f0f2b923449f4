"""Prompts with words that a model never learnt become the nearest phrase that it did."""

import shutil
from pathlib import Path

import pytest
import torch

from soundctm import SoundCTM
from soundctm.conditioning.phrasebook import Phrases
from soundctm.errors import UserError
from soundctm.training.learnt_phrases import collect, write_phrases

CAPTIONS = [["heavy rain", "rain"], ["a bell"], ["three slow knocks", ""], ["thunder", "rain"]]


@pytest.fixture
def folder(tiny_folder: Path, tmp_path: Path) -> Path:
    copy = tmp_path / "model"
    shutil.copytree(tiny_folder, copy)
    write_phrases(collect(CAPTIONS, 3), copy / "phrases.json")
    return copy


def test_short_captions_and_every_word_are_collected() -> None:
    content = collect(CAPTIONS, 3)
    assert content.phrases == ("rain", "a bell", "thunder")
    assert content.words == ("a", "bell", "heavy", "knocks", "rain", "slow", "three", "thunder")


def test_known_words_are_left_alone(folder: Path, tiny_folder: Path) -> None:
    with_book, without = SoundCTM.from_pretrained(folder), SoundCTM.from_pretrained(tiny_folder)
    for prompt in ("heavy thunder", "three bell knocks", ""):
        assert with_book.understood(prompt) == prompt
        assert torch.equal(with_book.encode(prompt).tokens, without.encode(prompt).tokens)


def test_other_words_become_the_nearest_phrase(folder: Path) -> None:
    model = SoundCTM.from_pretrained(folder)
    assert model.phrasebook is not None and model.phrasebook.unknown("Rain, on tin!") == ["on", "tin"]
    prompt = "heavy rain on tin"
    sentences = [model.text_encoder.encode([text]).tokens[0, 0] for text in (prompt, "rain", "a bell", "thunder")]
    cosines = [float(torch.cosine_similarity(sentences[0], each, dim=0)) for each in sentences[1:]]
    nearest = ("rain", "a bell", "thunder")[cosines.index(max(cosines))]
    assert model.understood(prompt) == nearest
    assert torch.equal(model.encode(prompt).tokens, model.encode(nearest).tokens)


def test_new_words_are_named_as_they_are_written(folder: Path) -> None:
    book = SoundCTM.from_pretrained(folder).phrasebook
    assert book is not None and book.unknown("Été rain, rain's Tin tin") == ["t", "s", "tin", "tin"]
    assert book.new_words("Été rain, rain's Tin tin: 3 雨 rain") == ["Été", "rain's", "Tin", "tin"]
    assert book.new_words("Heavy thunder") == [] and (book.new_words("x1 heavy_rain") == ["x"])


def test_many_sentences_at_a_time_are_those_one_by_one(folder: Path) -> None:
    encoder = SoundCTM.from_pretrained(folder).text_encoder
    prompts = ["rain", "three slow knocks, heavy rain", "", "a bell"]
    together = encoder.sentences(prompts, batch=3)
    alone = torch.cat([encoder.encode([prompt]).tokens[:, 0] for prompt in prompts])
    assert torch.allclose(together, alone, atol=1e-5)


def test_phrases_belong_to_the_model(folder: Path, tiny_folder: Path, tmp_path: Path) -> None:
    model = SoundCTM.from_pretrained(folder)
    assert model.model_hash != SoundCTM.from_pretrained(tiny_folder).model_hash
    again = SoundCTM.from_pretrained(model.save_pretrained(tmp_path / "again"))
    assert again.understood("heavy rain on tin") == model.understood("heavy rain on tin")


def test_a_damaged_list_is_said(folder: Path) -> None:
    (folder / "phrases.json").write_text('{"words": []}')
    with pytest.raises(UserError, match="no list of words and phrases"):
        SoundCTM.from_pretrained(folder)
    with pytest.raises(ValueError, match="at least 1"):
        Phrases(words=(), phrases=())
