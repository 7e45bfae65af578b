"""Resumable training: a time budget, a learning-rate curve over it, averaged weights, one file on disk."""

import copy
import math
import os
import time

import torch


class Budget:
    """How much of the training's wall time is used; survives a restart through `elapsed_s`."""

    def __init__(self, minutes, elapsed_s=0.0):
        self.total_s = minutes * 60
        self.before_s = elapsed_s
        self.start = time.monotonic()

    @property
    def elapsed_s(self):
        return self.before_s + time.monotonic() - self.start

    @property
    def progress(self):
        """0..1, and 1 when the budget is spent."""
        return min(1.0, self.elapsed_s / self.total_s)


def learning_rate(peak, progress, step, warmup=200, floor=0.02):
    """Linear warm-up by steps, then a cosine over the time budget down to `floor` of the peak."""
    cosine = floor + (1 - floor) * 0.5 * (1 + math.cos(math.pi * progress))
    return peak * cosine * min(1.0, (step + 1) / warmup)


def averaged(model):
    """A frozen copy to hold the exponential moving average of the weights."""
    return copy.deepcopy(model).eval().requires_grad_(False)


@torch.no_grad()
def update_average(average, model, step, decay=0.999):
    """EMA with the usual warm-up min(decay, (1 + step) / (10 + step))."""
    weight = 1 - min(decay, (1 + step) / (10 + step))
    torch._foreach_lerp_(list(average.parameters()), list(model.parameters()), weight)


def save(path, **parts):
    """Writes beside the target and renames: a kill leaves the old file whole."""
    partial = f"{path}.part"
    torch.save(parts, partial)
    os.replace(partial, path)


def load(path):
    """The saved parts, or None when there is no checkpoint yet."""
    return torch.load(path, weights_only=True) if os.path.exists(path) else None


def begin_with(model, path, prefix=""):
    """Takes over the averaged weights of another checkpoint whose names begin with `prefix` and that `model` has."""
    wanted = set(model.state_dict())
    weights = {k.removeprefix(prefix): v for k, v in load(path)["average"].items() if k.startswith(prefix)}
    model.load_state_dict({name: weights[name] for name in wanted})
