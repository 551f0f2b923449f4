"""Windows that share one trajectory."""

from itertools import pairwise

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn

from soundctm.backbones import DiT
from soundctm.backbones.embeddings import WHOLE, Span, place_features
from soundctm.conditioning import Conditioning
from soundctm.control.windows import AT_ONCE, StagedWindows, Windows, windowed
from soundctm.trajectory import sample
from soundctm.trajectory.leap import StagedLeap
from tests.oracles.gaussian import GaussianStudent, solution, text
from tests.oracles.tiny import MINI, random_latents, random_text, tiny_dit

LENGTHS, FRAMES = st.integers(1, 40), st.integers(1, 200)


class FrameByFrame(nn.Module):
    """Every frame on its own, from its channels, the levels and the text."""

    def forward(
        self, x: Tensor, c_noise_t: Tensor, conditioning: Conditioning, *, c_noise_s: Tensor, omega: Tensor,
        span: Span = WHOLE,
    ) -> Tensor:  # fmt: skip
        shift = (c_noise_t + 2 * c_noise_s + 0.1 * omega + conditioning.tokens.mean((1, 2)))[:, None, None]
        return torch.tanh(x + x.flip(1) + shift)


class WhereInWindow(nn.Module):
    """The place of each frame in the window that it is seen in, and nothing else."""

    def forward(
        self, x: Tensor, c_noise_t: Tensor, conditioning: Conditioning, *, c_noise_s: Tensor, omega: Tensor,
        span: Span = WHOLE,
    ) -> Tensor:  # fmt: skip
        return torch.arange(x.shape[-1], dtype=x.dtype).expand_as(x)


def apply(student: nn.Module, x: Tensor) -> Tensor:
    batch = len(x)
    levels = {"c_noise_s": torch.linspace(-1, 0, batch), "omega": torch.linspace(1, 5, batch)}
    return student(x, torch.linspace(0, 1, batch), random_text(batch, 3), **levels)


@pytest.mark.parametrize("circle", [False, True])
@pytest.mark.parametrize("frames", [5, 8, 9, 31, 64])
def test_a_student_that_acts_frame_by_frame_does_not_notice(circle: bool, frames: int) -> None:
    x = random_latents(2, frames)
    whole = apply(FrameByFrame(), x)
    assert torch.allclose(apply(Windows(FrameByFrame(), 8, circle), x), whole, atol=1e-6)


@settings(max_examples=60)
@given(LENGTHS, FRAMES, st.booleans())
def test_every_frame_is_the_weighted_mean_of_the_windows_that_hold_it(length: int, frames: int, circle: bool) -> None:
    windows = Windows(WhereInWindow(), length, circle)
    out = apply(windows, torch.zeros(1, 1, frames))[0, 0]
    seen = min(length, frames)
    above, below = torch.zeros(frames), torch.zeros(frames)
    for start in windows.starts(frames):
        for i in range(seen):
            weight = min(i + 1, seen - i)
            above[(start + i) % frames] += weight * i
            below[(start + i) % frames] += weight
    assert (below > 0).all()
    assert torch.allclose(out, above / below, atol=1e-4)


@given(LENGTHS, FRAMES)
def test_windows_reach_from_end_to_end_half_overlapping(length: int, frames: int) -> None:
    starts = Windows(FrameByFrame(), length).starts(frames)
    seen = min(length, frames)
    assert starts[0] == 0 and starts[-1] + seen == frames
    steps = [b - a for a, b in pairwise(starts)]
    assert all(0 <= step <= (seen + 1) // 2 for step in steps)
    assert not steps or max(steps) - min(steps) <= 1


@given(LENGTHS, FRAMES)
def test_windows_of_a_circle_close_it_half_overlapping(length: int, frames: int) -> None:
    starts = Windows(FrameByFrame(), length, circle=True).starts(frames)
    seen = min(length, frames)
    steps = [b - a for a, b in zip(starts, [*starts[1:], starts[0] + frames], strict=True)]
    assert len(starts) >= 2 and 0 <= starts[0] <= starts[-1] < frames
    assert all(0 <= step <= (seen + 1) // 2 for step in steps)


@given(st.integers(8, 400))
def test_the_loop_point_lies_where_windows_meet(frames: int) -> None:
    """Both windows of a loop hold its frame 0 far from their ends, and neither has it in its middle."""
    for start in Windows(FrameByFrame(), frames, circle=True).starts(frames):
        place = -start % frames / frames
        assert 0.15 < place < 0.35 or 0.65 < place < 0.85


def test_a_window_for_all_is_the_student_itself() -> None:
    student, x = tiny_dit("student", **MINI), random_latents(2, 12)
    assert Windows(student, 12).starts(12) == [0] == Windows(student, 50).starts(12)
    assert torch.allclose(apply(Windows(student, 50), x), apply(student, x), atol=1e-6)


def test_no_window_is_longer_than_asked() -> None:
    student, seen = tiny_dit("student", **MINI), []
    student.register_forward_pre_hook(lambda _, args: seen.append(args[0].shape[-1]))
    for circle in (False, True):
        apply(Windows(student, 8, circle), random_latents(1, 37))
    assert set(seen) == {8}


@pytest.mark.parametrize("options", [{}, {"place_features": 8}])
def test_a_circle_has_no_ends(options: dict[str, int]) -> None:
    """Turned by the distance of its windows, the circle comes out turned and otherwise the same."""
    student, x = tiny_dit("student", **MINI, **options), random_latents(2, 32)
    round_about, line = Windows(student, 16, circle=True), Windows(student, 16)
    assert round_about.starts(32) == [4, 12, 20, 28]
    for turn in (8, 16, -8):
        turned = apply(round_about, x.roll(turn, -1))
        assert torch.allclose(turned, apply(round_about, x).roll(turn, -1), atol=1e-5)
    assert not torch.allclose(apply(line, x.roll(8, -1)), apply(line, x).roll(8, -1), atol=1e-3)


def places_seen(windows: Windows, student: DiT, frames: int) -> list[Tensor]:
    """What each window told its frames about where in the clip they lie."""
    seen: list[Tensor] = []
    assert student.to_place is not None
    handle = student.to_place.register_forward_pre_hook(lambda _, args: seen.append(args[0]))
    apply(windows, random_latents(1, frames))
    handle.remove()
    return [place for places in seen for place in (places if places.ndim == 3 else places[None])]


@pytest.mark.parametrize(("length", "frames"), [(8, 8), (8, 9), (8, 37), (7, 20), (16, 64), (50, 12)])
def test_windows_tell_their_frames_the_places_of_the_whole(length: int, frames: int) -> None:
    """A frame hears the same place in every window that holds it, and the one that it would hear without windows."""
    student = tiny_dit("student", **{**MINI, "patch": 1}, place_features=8)
    windows = Windows(student, length)
    whole = place_features(frames, 8, torch.device("cpu"))
    seen, starts = places_seen(windows, student, frames), windows.starts(frames)
    assert len(seen) == len(starts)
    for places, start in zip(seen, starts, strict=True):
        assert torch.allclose(places, whole[start : start + min(length, frames)], atol=1e-5)


def test_windows_of_a_circle_are_whole_clips() -> None:
    student = tiny_dit("student", **{**MINI, "patch": 1}, place_features=8)
    seen = places_seen(Windows(student, 8, circle=True), student, 32)
    assert seen and all(torch.equal(each, place_features(8, 8, torch.device("cpu"))) for each in seen)


def test_windows_of_tokens_of_several_frames_tell_places_to_a_token() -> None:
    student = tiny_dit("student", **MINI, place_features=2)
    for length, frames in ((16, 64), (14, 45), (18, 50)):
        windows = Windows(student, length)
        for places, start in zip(places_seen(windows, student, frames), windows.starts(frames), strict=True):
            told = places[:, 0].clamp(-1, 1).acos() / torch.pi * frames  # cos(pi p), of the middles of the tokens
            middles = start + 4 * torch.arange(len(places)) + 2
            assert (told - middles).abs().max() <= 4


def test_a_constant_sounds_as_in_the_whole_at_every_place() -> None:
    """Without distances and self-attention a frame knows only its place: windows change nothing."""
    student = tiny_dit("student", **{**MINI, "patch": 1}, place_features=8)
    for block in student.blocks:
        block.self_attn.register_forward_hook(lambda _, args, out: torch.zeros_like(out))  # type: ignore[union-attr]
    x = random_latents(2, 1).expand(-1, -1, 40)
    whole = apply(student, x)
    assert torch.allclose(apply(Windows(student, 16), x), whole, atol=1e-5) and whole.std(-1).min() > 1e-3
    assert not torch.allclose(apply(Windows(student, 16, circle=True), x), whole, atol=1e-3)


def test_in_a_circle_the_last_frame_knows_the_first() -> None:
    student, x = tiny_dit("student", **MINI), random_latents(1, 32)
    moved = x.clone()
    moved[..., 0] += 3
    for circle in (True, False):
        windows = Windows(student, 16, circle)
        change = (apply(windows, moved) - apply(windows, x))[..., -1].abs().max()
        assert (float(change) > 1e-3) == circle


@pytest.mark.parametrize("circle", [False, True])
@pytest.mark.parametrize("nu", [1.0, 2.0])
@pytest.mark.parametrize("frames", [12, 37, 150])
def test_rows_of_a_trajectory_through_windows_are_those_of_trajectories_of_one(
    frames: int, nu: float, circle: bool
) -> None:
    """Other noise, guidance and text in each; in 150 frames there are more windows than go into one batch."""
    student = windowed(tiny_dit("student", **MINI, place_features=8), 16, circle)
    assert isinstance(student, StagedWindows)
    x, omega, null = random_latents(3, frames), torch.tensor([1.0, 4.0, 2.5]), random_text(1, 1, seed=9)
    texts = [random_text(1, 3, seed=each) for each in range(3)]
    whole = StagedLeap(student, Conditioning.cat(texts), null.expand(3), omega, nu, [(2.0, 0.5), (1.0, 0.1)])
    assert (len(student.starts(frames)) > AT_ONCE) == (frames == 150)
    for i, text_ in enumerate(texts):
        alone = StagedLeap(student, text_, null, omega[i : i + 1], nu, [(2.0, 0.5), (1.0, 0.1)])
        for step in (0, 1):
            assert torch.allclose(whole(x, step)[i], alone(x[i : i + 1], step)[0], atol=2e-5)
    assert not torch.allclose(whole(x, 0)[0], whole(x[[1, 0, 2]], 0)[1], atol=1e-2)  # every row has its own text


def test_what_is_far_away_is_not_seen() -> None:
    student, x = tiny_dit("student", **MINI), random_latents(1, 64)
    moved = x.clone()
    moved[..., :4] += 3
    windows = Windows(student, 16)
    change = (apply(windows, moved) - apply(windows, x)).abs().amax((0, 1))
    assert change[:8].min() > 1e-4 and not change[16:].any()


def test_items_of_a_batch_do_not_meet() -> None:
    student, x = tiny_dit("student", **MINI), random_latents(2, 20)
    other = torch.cat([x[:1], x[1:] + 5])
    windows = Windows(student, 8)
    assert torch.allclose(apply(windows, x)[:1], apply(windows, other)[:1], atol=1e-5)


@pytest.mark.parametrize("circle", [False, True])
@pytest.mark.parametrize("nu", [1.0, 2.0])
def test_a_perfect_student_samples_the_same_through_windows(circle: bool, nu: float) -> None:
    z_T = 80 * torch.randn(2, 1, 50, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    student = Windows(GaussianStudent(), 16, circle)
    out = sample(student, z_T, text(0.3), text(0.0), steps=4, omega=1.0, nu=nu)
    assert torch.allclose(out, solution(z_T, 80.0, 0.002, nu * 0.3), atol=1e-5)
