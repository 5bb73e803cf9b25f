import torch

from verifier.training.manipulation.constrained_conv import ConstrainedConv
from verifier.training.manipulation.fan import FAN


def test_the_papers_five_classes_make_its_number_of_parameters() -> None:
    assert sum(p.numel() for p in FAN().parameters()) == 1_341_990


def test_it_gives_a_logit_for_each_class() -> None:
    assert FAN(6)(torch.rand(2, 3, 128, 128)).shape == (2, 6)


def test_the_constraint_holds_after_steps() -> None:
    torch.manual_seed(0)
    layer = ConstrainedConv()
    optimiser = torch.optim.Adam(layer.parameters(), 0.1)
    for _ in range(3):
        layer(torch.rand(1, 3, 16, 16)).square().mean().backward()
        optimiser.step()
        layer.constrain()
    own = torch.arange(3)
    assert torch.equal(layer.weight[own, own, 2, 2], -torch.ones(3))
    assert torch.allclose(layer.weight.sum(dim=(1, 2, 3)), torch.zeros(3), atol=1e-5)


def test_an_even_area_has_no_residual() -> None:
    residual = ConstrainedConv()(torch.full((1, 3, 16, 16), 0.7))
    assert torch.allclose(residual, torch.zeros_like(residual), atol=1e-6)
