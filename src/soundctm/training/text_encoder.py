"""Trains the embedded text encoder: contrast with sounds, and distillation of a sentence encoder's view of language.

Captions and latents come from a data folder (``latents.npy``, ``captions.json``, ``classes.json``); phrases that no
caption holds come from :mod:`soundctm.training.language` and place words like "drizzle" beside the captions they are
nearest to in meaning.
"""

import argparse
import json
import sys
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from soundctm.conditioning.mini import MiniTextConfig, MiniTextEncoder, TextFeatures
from soundctm.training.ema import EMA
from soundctm.training.language import Language, build_language
from soundctm.training.loop import Loop, cosine_rate
from soundctm.training.minilm import DIM, word_table
from soundctm.training.text_data import Pairs, TextData, TextTraining, embed_cached, is_held_out, load_pairs
from soundctm.training.text_evaluation import accuracy, captions_by_class, class_centroids, read_prompts
from soundctm.training.text_losses import cosine_loss, info_nce, negative_weights, neighbour_loss, relation_loss

COLDEST = -4.6  # log temperature: as CLIP, logits are scaled by 100 at most
WORDNET = Path("/usr/share/wordnet")


class Student(nn.Module):
    """The encoder and the heads that only training needs."""

    def __init__(self, encoder: MiniTextEncoder) -> None:
        super().__init__()
        self.encoder = encoder
        self.sentence_head = nn.Linear(encoder.config.dim, DIM)
        self.word_head = nn.Linear(encoder.config.dim, encoder.config.table_dim)


def augmented(
    student: Student, ids: Tensor, mask: Tensor, config: TextTraining, rng: torch.Generator
) -> tuple[TextFeatures, Tensor]:
    """Features of texts with noise on their word vectors and some words left out ([CLS] and [SEP] stay), and the loss
    of telling each word from its token in context."""
    clean = student.encoder.vectors(ids)
    vectors = clean + config.noise * torch.randn(clean.shape, generator=rng)
    inner = mask & F.pad(mask, (0, 1))[:, 1:]
    inner[:, 0] = False
    kept = mask & ~(inner & (torch.rand(ids.shape, generator=rng) < config.drop_word))
    features: TextFeatures = student.encoder(vectors, kept)
    return features, cosine_loss(student.word_head(features.words)[kept], clean[kept])


def text_losses(
    student: Student, data: TextData, captions: Tensor, phrases: Tensor, step: int
) -> tuple[dict[str, Tensor], Tensor]:
    """Losses of imitation over captions and phrases, and the captions' joint embeddings."""
    config = data.config
    rng = torch.Generator().manual_seed(step)
    ours, known = augmented(student, *data.captions.rows(captions), config, rng)
    others, unknown = augmented(student, *data.phrases.rows(phrases), config, rng)
    sentence, target = torch.cat([ours.sentence, others.sentence]), data.targets(captions, phrases)
    n = len(captions)
    neighbour = neighbour_loss(others.joint, ours.joint, target[n:], target[:n], config.neighbour_temperature)
    losses = {
        "distil": config.distil * cosine_loss(student.sentence_head(sentence), target),
        "relation": config.relation * relation_loss(sentence, target),
        "neighbour": config.neighbour * neighbour,
        "identity": config.identity * 0.5 * (known + unknown),
    }
    return losses, ours.joint


def step_losses(student: Student, data: TextData, step: int) -> dict[str, Tensor]:
    """All losses of training step ``step``."""
    rng = np.random.default_rng((data.config.seed, step))
    clips, captions = data.clip_rows(rng)
    losses, joint = text_losses(student, data, captions, data.phrase_rows(rng), step)
    latents = torch.from_numpy(np.asarray(data.pairs.latents[np.sort(clips)])).float()
    order = torch.from_numpy(np.argsort(np.argsort(clips)))
    sounds = student.encoder.tower(latents[order])
    logits = joint @ sounds.T / student.encoder.log_temperature.exp()
    rows = torch.from_numpy(clips)
    return {"contrast": info_nce(logits, negative_weights(data.groups[rows], data.classes[rows])), **losses}


def new_encoder(language: Language, config: MiniTextConfig) -> MiniTextEncoder:
    """An untrained encoder over the language's vocabulary."""
    encoder = MiniTextEncoder(config, language.tokenizer)
    encoder.set_table(word_table(language.table, language.ranks, config.table_dim))
    return encoder


def make_optimizer(student: Student, config: TextTraining) -> torch.optim.AdamW:
    """AdamW that decays matrices only."""
    matrices = [p for p in student.parameters() if p.ndim >= 2]
    others = [p for p in student.parameters() if p.ndim < 2]
    groups = [{"params": matrices, "weight_decay": config.weight_decay}, {"params": others, "weight_decay": 0.0}]
    return torch.optim.AdamW(groups, lr=config.learning_rate, betas=(0.9, 0.98))


def train_text_encoder(
    config: TextTraining, encoder: MiniTextEncoder, data: TextData, out: Path, minutes: float
) -> MiniTextEncoder | None:
    """Train ``encoder`` for ``minutes`` and save its average into ``out``. None when interrupted with a checkpoint."""
    torch.manual_seed(config.seed)
    student = Student(encoder)
    optimizer = make_optimizer(student, config)
    ema = EMA(encoder, config.ema, warmup=True)
    loop = Loop({"student": student, "optimizer": optimizer, "ema": ema}, out, minutes)

    def step(index: int, progress: float) -> dict[str, float]:
        for group in optimizer.param_groups:
            group["lr"] = config.learning_rate * cosine_rate(progress)
        losses = step_losses(student, data, index)
        optimizer.zero_grad(set_to_none=True)
        torch.stack(list(losses.values())).sum().backward()
        torch.nn.utils.clip_grad_norm_(student.parameters(), config.clip)
        optimizer.step()
        with torch.no_grad():
            encoder.log_temperature.clamp_(min=COLDEST)
        ema.update(encoder)
        return {name: loss.item() for name, loss in losses.items()}

    if not loop.run(step):
        return None
    encoder.load_state_dict(ema.module.state_dict())
    encoder.save(out)
    return encoder.eval()


@torch.no_grad()
def figures(encoder: MiniTextEncoder, pairs: Pairs, prompts: Path | None, held_out: float) -> dict[str, float]:
    """Accuracies of the nearest class centroid, by text alone: held-out captions and, if given, unseen prompts."""
    by_class = captions_by_class(pairs.captions, pairs.classes)
    centroids = class_centroids(encoder.embed, by_class)
    held = [(c, name) for name, several in by_class.items() for c in several if is_held_out(c, held_out)]
    tests = {"held_out_captions": held}
    if prompts is not None:
        tests["unseen_prompts"] = [(p.prompt, p.class_name) for p in read_prompts(prompts)]
    return {
        name: accuracy(centroids.nearest(encoder.embed([text for text, _ in test])), [wanted for _, wanted in test])
        for name, test in tests.items()
        if test
    }


def main() -> None:
    """Command-line entry."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder of soundctm.training.data.cache with latents")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--cache", type=Path, help="folder for what is computed once; by default OUT/language")
    parser.add_argument("--wordnet", type=Path, help=f"WordNet's folder; by default {WORDNET} if it is there")
    parser.add_argument("--prompts", type=Path, help="word, prompt, class by line: report their accuracy at the end")
    parser.add_argument("--minutes", type=float, default=4.0)
    parser.add_argument("--threads", type=int, default=2)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    wordnet = arguments.wordnet or (WORDNET if WORDNET.is_dir() else None)
    if wordnet is None:
        print(f"no WordNet in {WORDNET} (Debian: wordnet-base); rare words are understood less well", file=sys.stderr)
    cache = arguments.cache or arguments.out / "language"
    language, pairs, config = build_language(cache, wordnet), load_pairs(arguments.data), TextTraining()
    sizes = MiniTextConfig(vocabulary=len(language.table), latent_channels=pairs.latents.shape[1])
    encoder = new_encoder(language, sizes)
    data = TextData(pairs, language, lambda texts: embed_cached(texts, cache), encoder, config)
    trained = train_text_encoder(config, encoder, data, arguments.out, arguments.minutes)
    if trained is not None:
        found = figures(trained, pairs, arguments.prompts, config.held_out)
        (arguments.out / "figures.json").write_text(json.dumps(found, indent=1))
        print(json.dumps(found), file=sys.stderr)


if __name__ == "__main__":
    main()
