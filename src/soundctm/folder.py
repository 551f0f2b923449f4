"""A model on disk: ``config.json``, one safetensors file per part, and where models are found."""

import hashlib
import os
import shutil
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import load_file, save_file
from tokenizers import Tokenizer
from torch import Tensor, nn

from soundctm.arguments import received
from soundctm.autoencoder.dac import GaussianDAC
from soundctm.autoencoder.istft import SpectralAutoencoder, SpectralConfig
from soundctm.autoencoder.normalizer import Normalizer
from soundctm.backbones import DiT, DiTConfig
from soundctm.conditioning.clap import ClapTextEncoder
from soundctm.conditioning.mini import MiniTextConfig, MiniTextEncoder
from soundctm.conditioning.phrasebook import Phrasebook
from soundctm.config import ModelConfig
from soundctm.engines import Precision
from soundctm.engines.streaming import streamed
from soundctm.errors import UserError, shown

CPU = torch.device("cpu")
CONVERTED = ("bfloat16", "int8")  # precisions that a student is converted to
SHIPPED = Path(__file__).parent / "models"
SOUNDING = ("autoencoder", "text_encoder", "student")  # the parts that make the sound
PHRASES = "phrases.json"
GOLDEN = "golden.safetensors"  # references of soundctm doctor; no part of what makes the sound
ROW_SCALE = ".row_scale"  # suffix of the per-row scales of matrices stored as int8


@dataclass(frozen=True)
class Parts:
    """The loaded parts of a model folder."""

    config: ModelConfig
    student: DiT
    autoencoder: nn.Module
    text_encoder: nn.Module
    normalizer: Normalizer
    teacher: DiT | None
    model_hash: str
    folder: Path
    phrasebook: Phrasebook | None = None
    precision: Precision = "float32"


def shipped_models() -> list[str]:
    """Names of the models inside the package."""
    return sorted(path.parent.name for path in SHIPPED.glob("*/config.json"))


def locate(name: str | Path, download: bool = True) -> Path:
    """The folder of a shipped model, of a path, or of a hub repository (downloaded once, where that is allowed)."""
    known = ", ".join(shipped_models()) or "none"
    accepted = f"accepted are a shipped model ({known}), a model folder, or a hub id like user/model"
    if not isinstance(name, str | Path) or not str(name):
        raise UserError(f"the model is {received(name)}; {accepted}")
    if str(name) in shipped_models():
        return SHIPPED / str(name)
    if os.path.isdir(name):  # false as well for what no system takes for a path
        return Path(name)
    unknown = f"unknown model {shown(str(name), 200)}; {accepted}"
    if str(name).count("/") != 1 or str(name).startswith((".", "/", "~")):
        raise UserError(unknown)
    return _download(str(name), unknown, local_only=not download)


def card(name: str) -> str:
    """The text of a model's card; empty where it has none, or does not lie here: nothing is downloaded for a card."""
    try:
        path = locate(name, download=False) / "README.md"
    except UserError:
        return ""
    return path.read_text(encoding="utf-8", errors="replace") if path.is_file() else ""


def _download(name: str, unknown: str, local_only: bool) -> Path:
    """A repository of the hub, downloaded once; ``unknown`` begins the error where there is none."""
    from huggingface_hub import errors, snapshot_download  # takes a while to load

    failures = (errors.RepositoryNotFoundError, errors.LocalEntryNotFoundError, errors.HfHubHTTPError)
    try:
        return Path(snapshot_download(name, local_files_only=local_only))
    except (*failures, errors.HFValidationError, OSError) as error:
        reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        raise UserError(f"{unknown}; the hub said: {reason}") from error


def read_tensors(path: Path) -> dict[str, Tensor]:
    """Tensors of a safetensors file; half precision and int8 rows become float32."""
    if not path.exists():
        raise UserError(f"{path} is missing; the model folder is not complete")
    try:
        stored = load_file(path)
    except (SafetensorError, OSError, ValueError) as error:
        raise UserError(f"{path} is damaged or no safetensors file ({error}); copy or download it again") from error
    return unpack(stored)


def pack(tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    """Matrices as int8 with a scale per row: a quarter of the size; small tensors stay as they are.

    An entry of a matrix errs by at most 1/254 of its row's largest.
    """
    out: dict[str, Tensor] = {}
    for name, value in tensors.items():
        if value.is_floating_point() and value.ndim >= 2 and value.numel() >= 4096:
            rows = value.flatten(1)
            scale = (rows.abs().amax(1) / 127).clamp_min(1e-12)
            out[name] = (rows / scale[:, None]).round().to(torch.int8).reshape(value.shape)
            out[name + ROW_SCALE] = scale.float()
        else:
            out[name] = value
    return {name: value.contiguous() for name, value in out.items()}


def unpack(stored: dict[str, Tensor]) -> dict[str, Tensor]:
    """The inverse of :func:`pack`; float32 tensors pass through."""
    out: dict[str, Tensor] = {}
    for name, value in stored.items():
        if name.endswith(ROW_SCALE):
            continue
        if name + ROW_SCALE in stored:
            scale = stored[name + ROW_SCALE].float().reshape(-1, *[1] * (value.ndim - 1))
            out[name] = value.float() * scale
        else:
            # A copy: what was read is a view of the file, which somebody may replace while the model is in use.
            out[name] = value.to(torch.float32 if value.is_floating_point() else value.dtype, copy=True)
    return out


def _check_numbers(name: str, found: torch.dtype, wanted: torch.dtype = torch.float32) -> None:
    """Raise ValueError where a tensor that was read holds other numbers than its place: what is assigned is not
    converted."""
    if found != wanted:
        floats = "float16, bfloat16, float32 and float64, and matrices of int8 with a scale per row"
        accepted = f"are {floats}" if wanted == torch.float32 else f"is {str(wanted).removeprefix('torch.')}"
        raise ValueError(f"{name} is {str(found).removeprefix('torch.')}; accepted {accepted}")


def _fill(module: nn.Module, tensors: dict[str, Tensor], path: Path) -> None:
    """Load tensors strictly; a foreign file is named."""
    try:
        for name, own in module.state_dict().items():
            if name in tensors:
                _check_numbers(name, tensors[name].dtype, own.dtype)
        module.load_state_dict(tensors, assign=True)
    except (ValueError, RuntimeError) as error:
        lines = str(error).splitlines()
        detail = lines[1].strip() if len(lines) > 1 else lines[0]
        raise UserError(f"{path} does not belong to this config.json: {detail[:200]}") from error
    module.eval().requires_grad_(False)


def read_parts(folder: Path, precision: Precision = "float32", device: torch.device = CPU) -> Parts:
    """Load all parts of a folder, in evaluation mode and float32. In "bfloat16" and "int8" the student is converted
    while it is read, on ``device``, and the teacher stays where it is."""
    config = ModelConfig.read(folder / "config.json")
    path = folder / "autoencoder.safetensors"
    tensors = read_tensors(path)
    normalizer = _normalizer(tensors, path)
    sizes = config.autoencoder
    autoencoder = (
        SpectralAutoencoder(sizes) if isinstance(sizes, SpectralConfig) else GaussianDAC(sizes, checkpointing=True)
    )
    text_encoder = _text_encoder(config, folder)
    _check_fit(folder, "student.channels", config.student.channels, "autoencoder", autoencoder.channels)
    _check_fit(folder, "student.context_dim", config.student.context_dim, "text_encoder", text_encoder.dim)
    whole = precision not in CONVERTED
    path_of_student, path_of_teacher = (folder / f"{role}.safetensors" for role in ("student", "teacher"))
    student = (
        _backbone(config.student, path_of_student)
        if whole
        else _converted(config.student, path_of_student, precision, device)
    )
    there = whole and path_of_teacher.exists()  # a wheel leaves this file out
    teacher = _backbone(config.teacher, path_of_teacher) if config.teacher is not None and there else None
    _fill(autoencoder, tensors, path)
    learnt = folder / PHRASES
    phrasebook = (
        Phrasebook.read(learnt, text_encoder) if isinstance(text_encoder, MiniTextEncoder) and learnt.exists() else None
    )
    found = folder_hash(folder)
    return Parts(config, student, autoencoder, text_encoder, normalizer, teacher, found, folder, phrasebook, precision)


def _check_fit(folder: Path, key: str, wanted: int, part: str, given: int) -> None:
    if wanted != given:
        raise UserError(f"{folder / 'config.json'}: {key} is {wanted}, but the {part} gives {given}; make them equal")


def _backbone(config: DiTConfig, path: Path) -> DiT:
    with torch.device("meta"):  # nothing is drawn at random that a file replaces
        backbone = DiT(config)
    _fill(backbone, read_tensors(path), path)
    return backbone


def _converted(config: DiTConfig, path: Path, precision: Precision, device: torch.device) -> DiT:
    if not path.exists():
        raise UserError(f"{path} is missing; the model folder is not complete")
    try:
        with safe_open(path, "pt") as stored:

            def read(name: str) -> Tensor:
                names = {name, name + ROW_SCALE} & set(stored.keys())
                value = unpack({each: stored.get_tensor(each) for each in names})[name]
                _check_numbers(name, value.dtype)
                return value

            return streamed(config, read, precision, device)
    except (SafetensorError, KeyError, ValueError) as error:
        raise UserError(f"{path} does not belong to this config.json or is damaged: {error}") from error


def _normalizer(tensors: dict[str, Tensor], path: Path) -> Normalizer:
    names = ("normalizer.mean", "normalizer.std")
    try:
        mean, std = (tensors.pop(name) for name in names)
        for name, value in zip(names, (mean, std), strict=True):
            _check_numbers(name, value.dtype)
        return Normalizer(mean, std)
    except KeyError as error:
        raise UserError(f"{path} has no latent statistics ({error}); it is not an autoencoder of soundctm") from error
    except ValueError as error:
        raise UserError(f"{path} does not belong to this config.json: {error}") from error


def _text_encoder(config: ModelConfig, folder: Path) -> MiniTextEncoder | ClapTextEncoder:
    path = folder / "text_encoder.safetensors"
    encoder: MiniTextEncoder | ClapTextEncoder
    if isinstance(config.text_encoder, MiniTextConfig):
        encoder = MiniTextEncoder(config.text_encoder, _tokenizer(folder / "tokenizer.json"))
    else:
        encoder = ClapTextEncoder(config.text_encoder)
    _fill(encoder, read_tensors(path), path)
    return encoder


def _tokenizer(path: Path) -> Tokenizer:
    if not path.exists():
        raise UserError(f"{path} is missing; the model folder is not complete")
    try:
        return Tokenizer.from_file(str(path))
    except Exception as error:  # what the library raises is Exception itself
        raise UserError(f"{path} is damaged or no tokenizer ({error}); copy or download it again") from error


def folder_hash(folder: Path) -> str:
    """The first 16 hex digits of the SHA-256 over the files that make the sound: config, weights, tokenizer,
    phrases."""
    digest = hashlib.sha256()
    for name in ("config.json", *(f"{part}.safetensors" for part in SOUNDING), "tokenizer.json", PHRASES):
        if (folder / name).exists():
            with (folder / name).open("rb") as file:
                digest.update(hashlib.file_digest(file, "sha256").digest())
    return digest.hexdigest()[:16]


def write_parts(parts: Parts, folder: Path) -> Path:
    """Write a model folder beside ``folder``, then move it into place; an existing folder is an error."""
    if parts.precision in CONVERTED:
        raise UserError(f"a model that was loaded in {parts.precision} has no weights to save; load it in float32")
    if folder.exists():
        raise UserError(f"{folder} exists already; choose a new folder for the model")
    beside = folder.with_name(f".{folder.name}.partial")
    shutil.rmtree(beside, ignore_errors=True)
    try:
        beside.mkdir(parents=True)
        _write_files(parts, beside)
        beside.rename(folder)
    except (OSError, SafetensorError) as error:
        raise UserError(f"cannot write {folder}: {error}; free some space or choose another folder") from error
    finally:
        shutil.rmtree(beside, ignore_errors=True)
    return folder


def _write_files(parts: Parts, folder: Path) -> None:
    (folder / "config.json").write_text(parts.config.model_dump_json(indent=1))
    for name in (*SOUNDING, "teacher"):
        module: nn.Module | None = getattr(parts, name)
        if module is not None:
            tensors = dict(module.state_dict())
            if name == "autoencoder":
                tensors |= {"normalizer.mean": parts.normalizer.mean, "normalizer.std": parts.normalizer.std}
            path = folder / f"{name}.safetensors"
            save_file({k: v.cpu().contiguous() for k, v in tensors.items()}, path)
            path.chmod(0o644)  # the library makes files that only their owner reads
    for name in ("tokenizer.json", PHRASES, GOLDEN):
        if (parts.folder / name).exists():
            shutil.copy(parts.folder / name, folder)
