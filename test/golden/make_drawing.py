"""Records what torch and A1111's formulas give for a second pass's enlarged latents and for noise between two seeds.

Command:  python test/golden/make_drawing.py > test/golden/drawing.json      (torch 2.15.0, CPU)
Latents are torch.randn of seed 3; sizes go up by whole and odd factors. The noise follows modules/rng.py of AUTOMATIC1111's web UI: the
interpolation is over dim 1 of [c, h, w], and a seed resized from another shape lies in the middle of the new one.
"""

import json

import torch
import torch.nn.functional as F

MODES = {
    "latent": dict(mode="bilinear", antialias=False),
    "latent_bicubic": dict(mode="bicubic", antialias=False),
    "latent_bicubic_antialiased": dict(mode="bicubic", antialias=True),
    "latent_nearest": dict(mode="nearest"),
    "latent_nearest_exact": dict(mode="nearest-exact"),
}
SHAPE, TARGETS = (2, 5, 7), [(10, 14), (8, 9), (5, 7), (13, 11)]


def randn(seed, shape):
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


def numbers(x):
    return [float(f"{value:.9g}") for value in x.flatten().double().tolist()]


def slerp(share, low, high):
    dot = (low / low.norm(dim=1, keepdim=True) * (high / high.norm(dim=1, keepdim=True))).sum(1)
    if dot.mean() > 0.9995:
        return low * share + high * (1 - share)
    omega = torch.acos(dot)
    sine = torch.sin(omega)
    return ((torch.sin((1 - share) * omega) / sine).unsqueeze(1) * low
            + (torch.sin(share * omega) / sine).unsqueeze(1) * high)


def first_noise(seed, shape, variation_seed, strength, resize_from):
    small = (shape[0], *resize_from) if resize_from else shape
    noise = randn(seed, small)
    if strength:
        noise = slerp(strength, noise, randn(variation_seed, small))
    if small == shape:
        return noise
    whole = randn(seed, shape)
    dx, dy = (shape[2] - small[2]) // 2, (shape[1] - small[1]) // 2
    w = small[2] if dx >= 0 else small[2] + 2 * dx
    h = small[1] if dy >= 0 else small[1] + 2 * dy
    tx, ty, dx, dy = max(dx, 0), max(dy, 0), max(-dx, 0), max(-dy, 0)
    whole[:, ty:ty + h, tx:tx + w] = noise[:, dy:dy + h, dx:dx + w]
    return whole


def resized():
    latents = randn(3, SHAPE)
    for name, how in MODES.items():
        for target in TARGETS:
            yield dict(how=name, to=target, result=numbers(F.interpolate(latents[None], size=target, **how)))


def noises():
    for strength, resize_from in [(0.3, None), (1, None), (0.05, None), (0, (3, 8)), (0.5, (4, 3)), (0.2, (12, 11))]:
        result = first_noise(11, (2, 6, 5), 12, strength, resize_from)
        yield dict(strength=strength, resizeFrom=resize_from, result=numbers(result))
    yield dict(strength=0.4, resizeFrom=None, sameSeed=True, result=numbers(first_noise(11, (2, 6, 5), 11, 0.4, None)))


if __name__ == "__main__":
    print(json.dumps({"torch": torch.__version__, "shape": SHAPE, "resized": list(resized()), "noises": list(noises())}, separators=(",", ":")))
