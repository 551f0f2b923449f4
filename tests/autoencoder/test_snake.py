"""Snake: one function in three forms."""

import importlib
import sys
from collections.abc import Callable, Iterator
from types import ModuleType

import pytest
import torch
from torch import Tensor

from soundctm.autoencoder.snake import Snake, snake, snake_unrecorded, triton_works

LAYOUTS: dict[str, Callable[[Tensor], Tensor]] = {
    "in order": lambda x: x,
    "rows": lambda x: x[:, :, None],
    "rows, channels last": lambda x: x[:, :, None].contiguous(memory_format=torch.channels_last),
    "cut out of longer rows": lambda x: torch.cat([x, x], -1)[:, :, None].contiguous(
        memory_format=torch.channels_last
    )[..., 3 : 3 + x.shape[-1]],
    "turned round": lambda x: x.transpose(1, 2).contiguous().transpose(1, 2),
}  # fmt: skip
DTYPES = [torch.float32, torch.bfloat16, torch.float16]


def inputs(channels: int = 5, length: int = 300, batch: int = 2) -> tuple[Tensor, Tensor]:
    """A signal and slopes of both signs, one of them 0."""
    draw = torch.Generator().manual_seed(channels)
    alpha = 2 * torch.randn(channels, generator=draw)
    alpha[0] = 0
    return 3 * torch.randn(batch, channels, length, generator=draw), alpha


@pytest.mark.parametrize("layout", LAYOUTS)
def test_it_is_the_formula(layout: str) -> None:
    x, alpha = (v.double() for v in inputs())
    x = LAYOUTS[layout](x)
    a = alpha.view(1, -1, *[1] * (x.dim() - 2))
    expected = torch.where(a == 0, x, x + torch.sin(a * x) ** 2 / (a + 1e-9))
    assert torch.allclose(snake(x, alpha), expected, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("dtype", [*DTYPES, torch.float64])
@pytest.mark.parametrize("layout", LAYOUTS)
def test_one_buffer_gives_the_same_bits_and_leaves_its_input(layout: str, dtype: torch.dtype) -> None:
    x, alpha = inputs()
    x = LAYOUTS[layout](x.to(dtype))
    before = x.clone()
    y = snake_unrecorded(x, alpha)
    assert torch.equal(y, snake(x, alpha)) and y.dtype == dtype
    assert torch.equal(x, before) and y.data_ptr() != x.data_ptr()


@pytest.mark.parametrize("form", [snake, snake_unrecorded])
@pytest.mark.parametrize("dtype", DTYPES[1:])
def test_narrow_numbers_are_rounded_once(form: Callable[[Tensor, Tensor], Tensor], dtype: torch.dtype) -> None:
    x, alpha = inputs()
    x = x.to(dtype)
    assert torch.equal(form(x, alpha), snake(x.float(), alpha).to(dtype))


def test_slopes_are_those_of_the_formula() -> None:
    x, alpha = (v.double().requires_grad_() for v in inputs(length=7))
    with torch.no_grad():
        alpha[0] = 0.3
    assert torch.autograd.gradcheck(snake, (x, alpha))


def test_the_module_is_the_function_recorded_or_not() -> None:
    x, alpha = inputs()
    module = Snake(5)
    module.alpha.data.copy_(alpha[:, None])
    recorded = module(x)
    with torch.no_grad():
        unrecorded = module(x)
    assert recorded.requires_grad and not unrecorded.requires_grad
    assert torch.equal(recorded, unrecorded) and torch.equal(recorded, snake(x, alpha))
    assert {name: value.shape for name, value in module.state_dict().items()} == {"alpha": (1, 5, 1)}


@pytest.fixture
def interpreted() -> Iterator[ModuleType]:
    """The kernel's module with Triton's interpreter, which runs on the CPU; afterwards as it was."""
    pytest.importorskip("triton", reason="Triton is not installed: its kernel cannot even be interpreted")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TRITON_INTERPRET", "1")
        module = importlib.reload(importlib.import_module("soundctm.autoencoder.snake_kernel"))
        yield module
    importlib.reload(module)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize(("channels", "length"), [(5, 300), (1, 1), (96, 33), (700, 3), (3, 1024)])
def test_the_kernel_computes_the_same(
    interpreted: ModuleType, layout: str, dtype: torch.dtype, channels: int, length: int
) -> None:
    x, alpha = inputs(channels, length)
    check(interpreted.snake_fused, LAYOUTS[layout](x.to(dtype)), alpha)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device: the compiled kernel has nowhere to run")
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("layout", LAYOUTS)
def test_the_compiled_kernel_computes_the_same(layout: str, dtype: torch.dtype) -> None:
    kernel = pytest.importorskip("soundctm.autoencoder.snake_kernel", reason="Triton is not installed")
    x, alpha = (v.cuda() for v in inputs(96, 3000))
    check(kernel.snake_fused, LAYOUTS[layout](x.to(dtype)), alpha)
    module = Snake(96).cuda()
    module.alpha.data.copy_(alpha[:, None])
    with torch.no_grad():
        assert torch.equal(module(x), kernel.snake_fused(x, alpha))


def check(fused: Callable[[Tensor, Tensor], Tensor], x: Tensor, alpha: Tensor) -> None:
    """``fused`` agrees with :func:`snake` within the last bits of its dtype, and reads its input only."""
    before = x.clone()
    y = fused(x, alpha)
    last_bits = 4 * torch.finfo(x.dtype).eps
    assert y.shape == x.shape and y.dtype == x.dtype and torch.equal(x, before)
    assert torch.allclose(y, snake(x, alpha), rtol=last_bits, atol=last_bits)


@pytest.mark.parametrize(("compiler", "works"), [("no-such-compiler", False), (sys.executable, True)])
def test_triton_needs_a_compiler(compiler: str, works: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("soundctm.autoencoder.snake.find_spec", lambda name: name == "triton")
    monkeypatch.setenv("CC", compiler)
    assert triton_works.__wrapped__() is works
