"""The text encoder's losses against closed forms."""

import math

import torch
import torch.nn.functional as F

from soundctm.training.text_losses import (
    SAME_CLASS_WEIGHT,
    cosine_loss,
    info_nce,
    negative_weights,
    neighbour_loss,
    relation_loss,
)


def test_info_nce_of_orthonormal_pairs() -> None:
    n, temperature = 5, 0.3
    loss = info_nce(torch.eye(n) / temperature, torch.ones(n, n))
    torch.testing.assert_close(loss, torch.tensor(math.log(1 + (n - 1) * math.exp(-1 / temperature))))


def test_a_weight_counts_like_so_many_negatives() -> None:
    n, weight = 4, 0.25
    loss = info_nce(torch.zeros(n, n), torch.full((n, n), weight))
    torch.testing.assert_close(loss, torch.tensor(math.log(1 + (n - 1) * weight)))


def test_pairs_of_weight_zero_are_no_negatives() -> None:
    logits, weights = torch.randn(4, 4), torch.ones(4, 4)
    weights[0, 1] = weights[1, 0] = 0.0
    raised = logits.clone()
    raised[0, 1] += 5.0
    assert torch.equal(info_nce(raised, weights), info_nce(logits, weights))
    logits.requires_grad_()
    info_nce(logits, weights).backward()
    assert logits.grad is not None and logits.grad[0, 1] == 0 and logits.grad.isfinite().all()


def test_negative_weights_follow_captions_and_classes() -> None:
    captions = torch.tensor([0, 0, 1, 2, 3])
    classes = torch.tensor([[1, 0], [1, 0], [1, 0], [0, 1], [1, 1]]).bool()
    weights = negative_weights(captions, classes)
    assert weights[0, 1] == 0  # the same captions
    torch.testing.assert_close(weights[0, 2], torch.tensor(SAME_CLASS_WEIGHT))  # "a low bell", "a high bell"
    assert weights[0, 3] == 1  # nothing shared
    torch.testing.assert_close(weights[0, 4], torch.tensor(1 - (1 - SAME_CLASS_WEIGHT) / 2))  # one class of two
    assert torch.equal(weights, weights.T)


def test_relation_loss_sees_angles_only() -> None:
    x = torch.randn(6, 4)
    turned = 3.0 * x @ torch.linalg.qr(torch.randn(4, 4))[0]
    assert relation_loss(turned, x) < 1e-10
    opposed = torch.tensor([[1.0, 0.0], [1.0, 0.0]]), torch.tensor([[1.0, 0.0], [-1.0, 0.0]])
    torch.testing.assert_close(relation_loss(*opposed), torch.tensor(4.0))


def test_neighbour_loss_is_a_divergence() -> None:
    unknown, known = F.normalize(torch.randn(5, 4), dim=-1), F.normalize(torch.randn(3, 4), dim=-1)
    assert neighbour_loss(unknown, known, unknown, known, 0.1).abs() < 1e-6
    other = F.normalize(torch.randn(5, 4), dim=-1)
    assert neighbour_loss(other, known, unknown, known, 0.1) > 1e-3


def test_cosine_loss_at_its_ends() -> None:
    x = torch.randn(3, 4)
    torch.testing.assert_close(cosine_loss(x, 2 * x), torch.tensor(0.0), atol=1e-6, rtol=0)
    torch.testing.assert_close(cosine_loss(x, -x), torch.tensor(2.0))
