"""The autoencoder and the text branch against the official code, a whole conversion, and what is refused."""

import pickle
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

from soundctm import SoundCTM, UserError
from soundctm.autoencoder import DACConfig, GaussianDAC, Normalizer
from soundctm.autoencoder.dac import Snake
from soundctm.conditioning.clap import ClapTextConfig, ClapTextEncoder
from soundctm.convert import convert_official
from soundctm.convert.autoencoder import convert_autoencoder, convert_statistics
from soundctm.convert.checkpoints import fold_weight_norm, read_checkpoint, tensors_of
from soundctm.convert.clap import convert_clap

LIMIT = 1e-5


def error(ours: Tensor, theirs: Tensor) -> float:
    return float((ours - theirs).abs().max() / theirs.abs().max())


@pytest.fixture(scope="module")
def reference(shared_folder: Path) -> Path:
    return shared_folder / "reference" / "soundctm_dit"


@torch.no_grad()
def test_the_autoencoder_agrees(reference: Path) -> None:
    expected = load_file(reference / "expected.safetensors")
    path = reference / "official_vae.pth"
    config, weights = convert_autoencoder(path, read_checkpoint(path))
    model = GaussianDAC(config).eval()
    model.load_state_dict(weights)
    posterior = model.encode(expected["vae.waveform"])
    assert error(posterior.mean, expected["vae.posterior_mean"]) < LIMIT
    assert error(posterior.logvar, expected["vae.posterior_logvar"]) < LIMIT
    assert error(model.decode(expected["vae.latent"]), expected["vae.decoded"]) < LIMIT


@torch.no_grad()
@pytest.mark.parametrize(("width", "name"), [(24, "clap.text_v1"), (32, "clap.text_v2")])
def test_text_vectors_agree(reference: Path, width: int, name: str) -> None:
    expected = load_file(reference / "expected_clap_text.safetensors")
    path = reference / "official_clap_text.pt"
    config, weights = convert_clap(path, tensors_of(read_checkpoint(path)), width, heads=2)
    model = ClapTextEncoder(config).eval()
    model.load_state_dict(weights, strict=False)
    ours = model.encode_ids(expected["clap.input_ids"], expected["clap.attention_mask"])
    assert error(ours, expected[name]) < LIMIT


def write_clap(path: Path, width: int) -> Path:
    """A random text branch of the width a tiny student wants, in the official layout."""
    torch.manual_seed(0)
    sizes = ClapTextConfig(
        variant="pooled",
        vocab_size=50,
        hidden_size=width,
        layers=1,
        heads=1,
        intermediate_size=64,
        positions=90,
        joint_dim=24,
    )
    state = {f"module.{name}": value for name, value in ClapTextEncoder(sizes).state_dict().items()}
    state["module.audio_projection.0.weight"] = torch.zeros(2, 2)
    torch.save({"epoch": 1, "state_dict": state}, path)
    return path


@torch.no_grad()
def test_a_whole_conversion_computes_what_the_parts_do(reference: Path, tmp_path: Path) -> None:
    out = convert_official(
        student=reference / "official_student.safetensors", autoencoder=reference / "official_vae.pth",
        latent_stats=reference / "official_z_stats.pth", clap=write_clap(tmp_path / "clap.pt", 64),
        out=tmp_path / "tiny",
        teacher=reference / "official_teacher.safetensors",
    )  # fmt: skip
    model = SoundCTM.from_pretrained(out)
    expected = load_file(reference / "expected.safetensors")
    from soundctm.conditioning import Conditioning
    from soundctm.trajectory import jump

    words = Conditioning(expected["text.embeddings"][:, None], torch.ones(3, 1, dtype=torch.bool))
    ours = jump(
        model.student, expected["jump.z_t"], expected["jump.t"], expected["jump.s"], expected["jump.omega"], words
    )
    assert error(ours, expected["jump.G"]) < LIMIT
    decoded = model.autoencoder.decode(expected["vae.latent"])  # type: ignore[operator]
    assert error(decoded, expected["vae.decoded"]) < LIMIT
    assert model.teacher is not None
    statistics = torch.load(reference / "official_z_stats.pth", weights_only=True)
    z = torch.randn(1, 64, 3)
    scaled = z * 2 * statistics["z_std"].reshape(-1, 1) + statistics["z_mean"].reshape(-1, 1)
    assert torch.allclose(model.normalizer.denormalize(z), scaled, atol=1e-5)
    with pytest.raises(UserError, match="exists already"):
        model.save_pretrained(out)


def test_nothing_is_left_of_a_failed_conversion(reference: Path, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="the student wants 64"):
        convert_official(
            student=reference / "official_student.safetensors", autoencoder=reference / "official_vae.pth",
            latent_stats=reference / "official_z_stats.pth", clap=reference / "official_clap_text.pt",
            out=tmp_path / "tiny",
        )  # fmt: skip
    assert list(tmp_path.iterdir()) == []


def tiny_vae() -> dict[str, Tensor]:
    config = DACConfig(encoder_dim=4, encoder_rates=(2, 2), decoder_dim=8, decoder_rates=(2, 2), latent_dim=4)
    return GaussianDAC(config).state_dict()


def test_every_key_is_accounted_for(tmp_path: Path) -> None:
    state = tiny_vae()
    assert convert_autoencoder(tmp_path, {"state_dict": state})[0].encoder_rates == (2, 2)
    with pytest.raises(UserError, match=r"decoder\.extra"):
        convert_autoencoder(tmp_path, {"state_dict": state | {"decoder.extra": torch.zeros(1)}})
    del state["decoder.model.0.bias"]
    with pytest.raises(UserError, match=r"decoder\.model\.0\.bias"):
        convert_autoencoder(tmp_path, {"state_dict": state})
    with pytest.raises(UserError, match="z_mean and z_std"):
        convert_statistics(tmp_path, {"z_mean": torch.zeros(4)}, 4)
    with pytest.raises(UserError, match="statistics of 3 channels"):
        convert_statistics(tmp_path, {"z_mean": torch.zeros(3), "z_std": torch.ones(3)}, 4)


class Code:
    """Something a checkpoint must not run."""

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return (print, ("run",))


def test_files_that_are_no_weights_are_refused(tmp_path: Path) -> None:
    (tmp_path / "code.pt").write_bytes(pickle.dumps(Code()))
    torch.save(Code(), tmp_path / "zip.pt")
    save_file({"a": torch.zeros(1000)}, tmp_path / "whole.safetensors")
    (tmp_path / "cut.safetensors").write_bytes((tmp_path / "whole.safetensors").read_bytes()[:500])
    torch.save({"a": torch.zeros(1000)}, tmp_path / "whole.pt")
    (tmp_path / "cut.pt").write_bytes((tmp_path / "whole.pt").read_bytes()[:700])
    for name in ("code.pt", "zip.pt", "cut.safetensors", "cut.pt"):
        with pytest.raises(UserError, match="cannot be read as weights"):
            read_checkpoint(tmp_path / name)
    with pytest.raises(UserError, match="no such checkpoint"):
        read_checkpoint(tmp_path / "none.pt")


def test_folding_is_what_weight_norm_computes() -> None:
    layer = torch.nn.utils.parametrizations.weight_norm(torch.nn.ConvTranspose1d(6, 3, 4), dim=0)
    g, v = layer.parametrizations.weight.original0, layer.parametrizations.weight.original1
    folded = fold_weight_norm({"a.weight_g": g, "a.weight_v": v})
    assert list(folded) == ["a.weight"] and torch.allclose(folded["a.weight"], layer.weight, atol=1e-6)


def test_snake_and_sizes() -> None:
    x = torch.linspace(-3, 3, 50)[None, None]
    assert torch.allclose(Snake(1)(x), x + torch.sin(x) ** 2, atol=1e-5)
    with torch.device("meta"):
        paper = GaussianDAC(DACConfig())
        decoder = sum(p.numel() for name, p in paper.named_parameters() if name.startswith(("decoder", "post_conv")))
    assert decoder == pytest.approx(43.9e6, rel=0.002)
    model = GaussianDAC(
        DACConfig(encoder_dim=4, encoder_rates=(2, 4), decoder_dim=8, decoder_rates=(4, 2), latent_dim=4)
    )
    posterior = model.encode(torch.randn(2, 1, 41))
    assert posterior.mean.shape == (2, 4, 6) and model.decode(posterior.mean).shape == (2, 1, 48)


def test_normalizer_round_trip() -> None:
    z = torch.randn(2, 3, 5)
    normalizer = Normalizer(torch.tensor([1.0, 2.0, 3.0]), torch.tensor([0.5, 1.0, 2.0]))
    assert torch.allclose(normalizer.denormalize(normalizer.normalize(z)), z, atol=1e-6)
    assert torch.allclose(normalizer.normalize(torch.full((1, 3, 1), 3.0))[0, :, 0], torch.tensor([2.0, 0.5, 0.0]))
    with pytest.raises(ValueError, match="std positive"):
        Normalizer(torch.zeros(2), torch.zeros(2))
