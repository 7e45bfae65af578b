"""Stage 1: the KL autoencoder, 128x128x3 pictures <-> 8x8x32 latents (f16).

Most of the budget goes to 64x64 crops (four times the steps of full pictures for the same time), the last quarter
to whole pictures. Loss: L1 on pixels, on finite differences (edges) and on 4x4 means (colour), plus a small KL
(Rombach et al. 2022, section 3.1). Run again to resume.
"""

import argparse
import sys
import time

import numpy as np
import torch
import torch.nn.functional as F
from diffusers import AutoencoderKL

import checkpoint
import muon
from pictures import COLOURS, SIZE_PX, Pictures, tint, to_tensor

CONFIG = dict(
    in_channels=3,
    out_channels=3,
    block_out_channels=[8, 24, 48, 96, 160],
    down_block_types=["DownEncoderBlock2D"] * 5,
    up_block_types=["UpDecoderBlock2D"] * 5,
    layers_per_block=1,
    latent_channels=32,
    norm_num_groups=4,
    sample_size=SIZE_PX,
    mid_block_add_attention=False,
)
KL_WEIGHT = 3e-4
TINTED_SHARE = 0.15
WHOLE_PICTURES_FROM = 0.75


def edges(x):
    """Finite differences along rows and columns of f32[n, c, h, w]."""
    return x[..., 1:, :] - x[..., :-1, :], x[..., :, 1:] - x[..., :, :-1]


def reconstruction_loss(made, wanted):
    """L1 on pixels, edges and 4x4 means, of f32[n, 3, h, w] in -1..1."""
    pixel = F.l1_loss(made, wanted)
    edge = sum(F.l1_loss(a, b) for a, b in zip(edges(made), edges(wanted)))
    colour = F.l1_loss(F.avg_pool2d(made, 4), F.avg_pool2d(wanted, 4))
    return pixel + edge + colour


def draw_batch(pictures, rng, progress):
    """f32[24, 3, 64, 64] crops early, f32[6, 3, 128, 128] whole pictures late; a few are tinted, half mirrored."""
    whole = progress >= WHOLE_PICTURES_FROM
    count, size = (6, SIZE_PX) if whole else (24, 64)
    batch = np.empty((count, size, size, 3), np.uint8)
    for i in range(count):
        picture = pictures.pixels[rng.integers(len(pictures))]
        if rng.random() < TINTED_SHARE:
            picture = tint(picture, rng.choice(list(COLOURS)))
        if rng.random() < 0.5:
            picture = picture[:, ::-1]
        y, x = rng.integers(0, SIZE_PX - size + 1, 2)
        batch[i] = picture[y : y + size, x : x + size]
    return to_tensor(batch)


def train_step(model, optimizers, batch):
    """One step; returns (reconstruction loss, KL per latent value)."""
    posterior = model.encode(batch).latent_dist
    kl = posterior.kl().mean() / posterior.mean[0].numel()
    made = model.decode(posterior.sample()).sample
    loss = reconstruction_loss(made, batch)
    (loss + KL_WEIGHT * kl).backward()
    torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    muon.step_all(optimizers)
    return loss.item(), kl.item()


@torch.no_grad()
def mean_psnr(model, pictures, count=128):
    """Mean PSNR in dB over `count` whole pictures, evenly spaced, through the posterior's mean."""
    chosen = np.linspace(0, len(pictures) - 1, count).astype(int)
    x = to_tensor(pictures.pixels[chosen])
    made = torch.cat([model.decode(model.encode(part).latent_dist.mean).sample.clamp(-1, 1) for part in x.split(16)])
    mse = ((made - x) / 2).square().mean(dim=(1, 2, 3))
    return float((-10 * mse.log10()).mean())


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--data", default="data")
    parser.add_argument("--out", default="autoencoder.pt")
    parser.add_argument("--minutes", type=float, default=21)
    parser.add_argument("--lr", type=float, default=4e-3)
    args = parser.parse_args()
    torch.set_num_threads(2)
    pictures = Pictures(args.data)
    model = AutoencoderKL(**CONFIG).to(memory_format=torch.channels_last)
    average = checkpoint.averaged(model)
    optimizers = muon.optimizers(model, args.lr, lambda name: not name.endswith(("coder.conv_in.weight", "coder.conv_out.weight")))
    step, elapsed_s = 0, 0.0
    if saved := checkpoint.load(args.out):
        model.load_state_dict(saved["model"])
        average.load_state_dict(saved["average"])
        for part, state in zip(optimizers, saved["optimizers"]):
            part.load_state_dict(state)
        step, elapsed_s = saved["step"], saved["elapsed_s"]
    budget = checkpoint.Budget(args.minutes, elapsed_s)
    rng = np.random.default_rng(step)
    torch.manual_seed(step)

    def keep():
        checkpoint.save(
            args.out, model=model.state_dict(), average=average.state_dict(),
            optimizers=[part.state_dict() for part in optimizers], step=step, elapsed_s=budget.elapsed_s,
        )

    last_save = time.monotonic()
    while budget.progress < 1:
        muon.set_learning_rate(optimizers, checkpoint.learning_rate(args.lr, budget.progress, step))
        batch = draw_batch(pictures, rng, budget.progress).contiguous(memory_format=torch.channels_last)
        loss, kl = train_step(model, optimizers, batch)
        checkpoint.update_average(average, model, step, 0.995)
        step += 1
        if step % 100 == 0:
            print(f"{budget.elapsed_s:6.0f} s step {step} loss {loss:.4f} kl {kl:.3f}", flush=True)
        if time.monotonic() - last_save > 180:
            keep()
            print(f"PSNR {mean_psnr(average, pictures):.2f} dB", flush=True)
            last_save = time.monotonic()
    keep()
    print(f"PSNR {mean_psnr(average, pictures):.2f} dB at the end, {step} steps", flush=True)


if __name__ == "__main__":
    sys.exit(main())
