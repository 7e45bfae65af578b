"""Muon for the matrices and convolutions, AdamW for the rest.

Source: Jordan et al. 2024, "Muon: an optimizer for hidden layers in neural networks" (Newton-Schulz coefficients);
Liu et al. 2025, "Muon is scalable for LLM training", equation 4 (the factor 0.2 sqrt(max(rows, columns)) that lets
both parts share one learning rate).
"""

import torch

NEWTON_SCHULZ = (3.4445, -4.7750, 2.0315)


def orthogonalised(matrices, steps=4):
    """f32[k, rows, columns] -> the nearest (semi-)orthogonal matrices, roughly (singular values in 0.7..1.2).

    Every iterate is a polynomial q(G) of the Gram matrix G = X X^T times X, so the products are gathered on the
    small side and meet X once: 2.5 times fewer operations than iterating on a 160 x 1440 X.
    """
    a, b, c = NEWTON_SCHULZ
    tall = matrices.shape[-2] > matrices.shape[-1]
    x = matrices.mT if tall else matrices
    x = x / (x.norm(dim=(-2, -1), keepdim=True) + 1e-7)
    gram = x @ x.mT
    identity = torch.eye(gram.shape[-1])
    gathered = identity
    for i in range(steps):
        q = a * identity + b * gram + c * gram @ gram
        gathered = q @ gathered
        if i + 1 < steps:
            gram = q @ gram @ q
    x = gathered @ x
    return x.mT if tall else x


class Muon(torch.optim.Optimizer):
    """Momentum, orthogonalised, one [out, in * height * width] matrix per parameter; same shapes go together."""

    def __init__(self, params, lr, momentum=0.95, weight_decay=0.0):
        super().__init__(params, dict(lr=lr, momentum=momentum, weight_decay=weight_decay))

    @torch.no_grad()
    def step(self):
        for group in self.param_groups:
            by_shape = {}
            for p in group["params"]:
                if p.grad is not None:
                    by_shape.setdefault((p.shape[0], p[0].numel()), []).append(p)
            for (rows, columns), params in by_shape.items():
                self._step_shape(group, rows, columns, params)

    def _step_shape(self, group, rows, columns, params):
        directions = []
        for p in params:
            state = self.state[p]
            momentum = state.setdefault("momentum", torch.zeros_like(p))
            momentum.lerp_(p.grad, 1 - group["momentum"])
            directions.append(p.grad.lerp(momentum, group["momentum"]).reshape(rows, columns))
        scale = 0.2 * max(rows, columns) ** 0.5 * group["lr"]
        for p, update in zip(params, orthogonalised(torch.stack(directions))):
            p.mul_(1 - group["lr"] * group["weight_decay"]).sub_(update.reshape(p.shape), alpha=scale)


def optimizers(model, lr, is_hidden, weight_decay=1e-4):
    """(Muon, AdamW): hidden matrices of at least 16 rows and columns go to the first, all others to the second."""
    matrices, others = [], []
    for name, p in model.named_parameters():
        if p.requires_grad:
            is_matrix = p.ndim >= 2 and min(p.shape[0], p[0].numel()) >= 16 and is_hidden(name)
            (matrices if is_matrix else others).append(p)
    return (
        Muon(matrices, lr, weight_decay=weight_decay),
        torch.optim.AdamW(others, lr, betas=(0.9, 0.98), weight_decay=0.0, foreach=True),
    )


def step_all(parts):
    """One step of each optimizer, then empty gradients."""
    for part in parts:
        part.step()
        part.zero_grad(set_to_none=True)


def set_learning_rate(parts, lr):
    for part in parts:
        for group in part.param_groups:
            group["lr"] = lr
