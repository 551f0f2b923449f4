"""The layers against the library's, and the laws of the rotary embedding."""

import pytest
import torch
from torch import Tensor, nn

from soundctm.backbones.embeddings import FourierFeatures, RotaryEmbedding, omega_embedding, rotate
from soundctm.backbones.layers import CrossAttention, FeedForward, Norm, SelfAttention
from soundctm.backbones.text import Context

WIDTH, HEADS = 24, 4


def random(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


def test_rotated_products_depend_on_the_distance_only() -> None:
    q, k = random(1, 1, 1, 12).expand(1, 1, 40, 12), random(1, 1, 1, 12, seed=1).expand(1, 1, 40, 12)
    rotation = RotaryEmbedding(8)(40)
    products = (rotate(q, rotation) @ rotate(k, rotation).mT)[0, 0]
    for distance in (0, 3, -7):
        along = products.diagonal(distance)
        assert torch.allclose(along, along[0].expand_as(along), atol=1e-4)
    assert products[0].std() > 0.1


def test_rotation_keeps_lengths_the_first_position_and_later_channels() -> None:
    q = random(2, 3, 10, 12)
    turned = rotate(q, RotaryEmbedding(8)(10))
    assert torch.allclose(turned.norm(dim=-1), q.norm(dim=-1), atol=1e-5)
    assert torch.equal(turned[:, :, 0], q[:, :, 0])
    assert torch.equal(turned[..., 8:], q[..., 8:])
    assert not torch.allclose(turned[:, :, 1:, :8], q[:, :, 1:, :8], atol=0.1)


def test_self_attention_without_rotation_is_the_librarys() -> None:
    ours = SelfAttention(WIDTH, HEADS, qk_norm=False)
    theirs = nn.MultiheadAttention(WIDTH, HEADS, bias=False, batch_first=True)
    theirs.in_proj_weight.data.copy_(ours.to_qkv.weight.data)
    theirs.out_proj.weight.data.copy_(ours.to_out.weight.data)
    x, still = random(2, 7, WIDTH), (torch.ones(7, 4), torch.zeros(7, 4))
    assert torch.allclose(ours(x, still), theirs(x, x, x, need_weights=False)[0], atol=1e-6)


@pytest.mark.parametrize("kv_heads", [4, 2, 1])
def test_cross_attention_is_the_librarys_with_shared_heads_repeated(kv_heads: int) -> None:
    ours = CrossAttention(WIDTH, HEADS, 10, kv_heads, qk_norm=False)
    ours.to_out.weight.data.copy_(random(WIDTH, WIDTH, seed=3))
    theirs = nn.MultiheadAttention(WIDTH, HEADS, bias=False, kdim=10, vdim=10, batch_first=True)
    key, value = ours.to_kv.weight.data.unflatten(0, (2, kv_heads, -1))
    theirs.q_proj_weight.data.copy_(ours.to_q.weight.data)
    theirs.k_proj_weight.data.copy_(key.repeat_interleave(HEADS // kv_heads, 0).flatten(0, 1))
    theirs.v_proj_weight.data.copy_(value.repeat_interleave(HEADS // kv_heads, 0).flatten(0, 1))
    theirs.out_proj.weight.data.copy_(ours.to_out.weight.data)
    x, context = random(2, 7, WIDTH), random(2, 5, 10, seed=1)
    mask = torch.tensor([[True] * 5, [True, True, False, False, False]])
    expected = theirs(x, context, context, key_padding_mask=~mask, need_weights=False)[0]
    assert torch.allclose(ours(x, Context(context, mask)), expected, atol=1e-5)


def test_one_token_makes_cross_attention_a_constant() -> None:
    layer = CrossAttention(WIDTH, HEADS, 10, 2, qk_norm=False)
    layer.to_out.weight.data.copy_(random(WIDTH, WIDTH, seed=3))
    out = layer(random(1, 7, WIDTH), Context(random(1, 1, 10, seed=1), None))
    assert torch.allclose(out, out[:, :1].expand_as(out), atol=1e-6)
    assert out.abs().max() > 0.1


def test_normalised_queries_and_keys_forget_their_scale() -> None:
    x, rotation = random(2, 7, WIDTH), RotaryEmbedding(4)(7)
    change = {}
    for qk_norm in (True, False):
        torch.manual_seed(0)
        layer = SelfAttention(WIDTH, HEADS, qk_norm)
        before = layer(x, rotation)
        layer.to_qkv.weight.data[: 2 * WIDTH] *= 30
        change[qk_norm] = float((layer(x, rotation) - before).detach().abs().max())
    assert change[True] < 1e-3 < 0.05 < change[False]


def test_norm_is_the_librarys_without_bias() -> None:
    x = random(2, 3, WIDTH) * 7 + 2
    assert torch.allclose(Norm(WIDTH)(x), nn.LayerNorm(WIDTH)(x), atol=1e-6)


def test_feed_forward_gates_the_value_with_the_second_half() -> None:
    layer, x = FeedForward(WIDTH, 2, bias=True), random(1, 3, WIDTH)
    layer.proj.weight.data[2 * WIDTH :] = 0
    layer.proj.bias.data[2 * WIDTH :] = -1e4  # silu of a very negative gate is 0
    assert torch.allclose(layer(x), layer.out.bias.expand(1, 3, WIDTH))


def test_omega_embedding_is_the_sinusoid_of_a_thousand_omega() -> None:
    embedded = omega_embedding(torch.tensor([0.0, 0.002]), 8)
    assert embedded[0].tolist() == [0.0] * 4 + [1.0] * 4
    rates = 10000.0 ** (-torch.arange(4) / 3)
    assert torch.allclose(embedded[1], torch.cat([(2 * rates).sin(), (2 * rates).cos()]), atol=1e-6)


def test_fourier_features_are_cosine_then_sine() -> None:
    features = FourierFeatures(6)
    out = features(torch.tensor([0.0, 0.3]))
    assert out[0].tolist() == [1.0] * 3 + [0.0] * 3
    angle = 2 * torch.pi * 0.3 * features.weight[:, 0]
    assert torch.allclose(out[1], torch.cat([angle.cos(), angle.sin()]), atol=1e-6)
