"""Stage 3: the denoising U-Net, jointly with the text encoder. Run again to resume.

v prediction (Salimans and Ho 2022) with plain squared error over uniform, stratified timesteps. Each caption is
encoded once and denoised from several noise levels. The reader's regression loss goes on beside it: it costs little
and keeps teaching the text encoder. One caption in ten is empty (Ho and Salimans 2022, classifier-free guidance).
"""

import argparse
import time

import numpy as np
import torch
import torch.nn.functional as F

import checkpoint
import muon
from networks import load_tokenizer, new_scheduler, new_text_encoder, new_unet, token_ids
from reader import Reader
from samples import Samples
from train_text import TOKENS as TEXT_STAGE_TOKENS
from train_text import is_hidden as is_hidden_text

EMPTY_SHARE = 0.1
NOISES_PER_CAPTION = 2
READER_WEIGHT = 0.5
# The text encoder moves slowly by now: its gradients gather over two steps, which halves its optimizer's price.
TEXT_EVERY = 2


def is_hidden(name):
    """Muon is for hidden matrices; in and out layers and the timestep's go to AdamW."""
    return not name.startswith(("conv_in", "conv_out", "time_embedding"))


def without_some(rng, captions):
    """Caption dropout."""
    return ["" if rng.random() < EMPTY_SHARE else text for text in captions]


# Above this timestep little of the picture is left: the network has to read it off the text.
NOISY_FROM = 450


def stratified_timesteps(count, noisy_share, total=1000):
    """i64[count]: one draw from each of `count` equal parts, `noisy_share` of them over NOISY_FROM..total, shuffled."""
    parts = (torch.randperm(count) + torch.rand(count)) / count
    quiet = parts / (1 - noisy_share) * NOISY_FROM
    noisy = NOISY_FROM + (parts - (1 - noisy_share)) / noisy_share * (total - NOISY_FROM)
    return torch.where(parts < 1 - noisy_share, quiet, noisy).long().clamp(max=total - 1)


def v_loss(models, scheduler, states, latents, noisy_share):
    """Squared error of v for text states f32[n, t, d] and latents f32[n, 32, 8, 8]."""
    noise = torch.randn_like(latents)
    timesteps = stratified_timesteps(len(latents), noisy_share)
    made = models["unet"](scheduler.add_noise(latents, noise, timesteps), timesteps, states).sample
    return F.mse_loss(made, scheduler.get_velocity(latents, noise, timesteps))


def unet_loss_of(models, scheduler, ids, latents, noisy_share):
    """The v loss alone, the text encoder left as it is: more captions in the same time."""
    with torch.no_grad():
        states = models["text"](ids).last_hidden_state
    return v_loss(models, scheduler, states, latents, noisy_share)


def losses_of(models, scheduler, ids, latents, noisy_share):
    """(v loss, reader loss) for token ids i64[n, t] and latents f32[n, 32, 8, 8]."""
    states = models["text"](ids).last_hidden_state
    named = ids[:, 1] != models["text"].config.eos_token_id
    read = F.mse_loss(models["reader"](states[named]), latents[named])
    repeated = latents.repeat(NOISES_PER_CAPTION, 1, 1, 1), states.repeat(NOISES_PER_CAPTION, 1, 1)
    return v_loss(models, scheduler, repeated[1], repeated[0], noisy_share), read


def new_models(tokenizer, text_path):
    """U-Net fresh, text encoder and reader from stage 2, whose unseen positions start as its last one."""
    models = torch.nn.ModuleDict({"text": new_text_encoder(tokenizer), "reader": Reader(), "unet": new_unet()})
    if saved := checkpoint.load(text_path):
        models.load_state_dict(saved["average"], strict=False)
        positions = models["text"].embeddings.position_embedding.weight.data
        positions[TEXT_STAGE_TOKENS:] = positions[TEXT_STAGE_TOKENS - 1]
    return models


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--data", default="data")
    parser.add_argument("--latents", default="latents")
    parser.add_argument("--tokenizer", default="tokenizer")
    parser.add_argument("--text", default="text.pt")
    parser.add_argument("--out", default="unet.pt")
    parser.add_argument("--start", help="begin with the averaged U-Net of this checkpoint: another round")
    parser.add_argument("--minutes", type=float, default=50)
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--lr", type=float, default=2e-3)
    parser.add_argument("--text-lr", type=float, default=4e-4)
    parser.add_argument("--noisy-share", type=float, default=0.55, help=f"share of timesteps above {NOISY_FROM}")
    parser.add_argument("--freeze-text", action="store_true", help="train the U-Net alone, one noise a caption")
    args = parser.parse_args()
    torch.set_num_threads(2)
    samples, tokenizer, scheduler = Samples(args.data, args.latents), load_tokenizer(args.tokenizer), new_scheduler()
    models = new_models(tokenizer, args.text)
    if args.start:
        checkpoint.begin_with(models["unet"], args.start, "unet.")
    average = checkpoint.averaged(models)
    unet_parts = muon.optimizers(models["unet"], args.lr, is_hidden, weight_decay=0.0)
    texts = torch.nn.ModuleList([models["text"], models["reader"]])
    text_parts = muon.optimizers(texts, args.text_lr, is_hidden_text, weight_decay=0.0)
    step, elapsed_s = 0, 0.0
    if saved := checkpoint.load(args.out):
        models.load_state_dict(saved["models"])
        average.load_state_dict(saved["average"])
        for part, state in zip([*unet_parts, *text_parts], saved["optimizers"]):
            part.load_state_dict(state)
        step, elapsed_s = saved["step"], saved["elapsed_s"]
    budget = checkpoint.Budget(args.minutes, elapsed_s)
    rng = np.random.default_rng(step)
    torch.manual_seed(step)

    def keep():
        checkpoint.save(
            args.out, models=models.state_dict(), average=average.state_dict(),
            optimizers=[part.state_dict() for part in (*unet_parts, *text_parts)], step=step, elapsed_s=budget.elapsed_s,
        )  # fmt: skip

    last_save, history = time.monotonic(), []
    while budget.progress < 1:
        muon.set_learning_rate(unet_parts, checkpoint.learning_rate(args.lr, budget.progress, step))
        muon.set_learning_rate(text_parts, checkpoint.learning_rate(args.text_lr, budget.progress, step))
        captions, latents = samples.draw(rng, args.batch)
        ids = token_ids(tokenizer, without_some(rng, captions))
        if args.freeze_text:
            denoising, reading = unet_loss_of(models, scheduler, ids, latents, args.noisy_share), torch.zeros(())
            denoising.backward()
        else:
            denoising, reading = losses_of(models, scheduler, ids, latents, args.noisy_share)
            (denoising + READER_WEIGHT * reading).backward()
        torch.nn.utils.clip_grad_norm_(models["unet"].parameters(), 1.0)
        muon.step_all(unet_parts)
        if not args.freeze_text and step % TEXT_EVERY == TEXT_EVERY - 1:
            muon.step_all(text_parts)
        checkpoint.update_average(average, models, step, 0.995)
        history.append((denoising.item(), reading.item()))
        step += 1
        if step % 50 == 0:
            v, read = np.mean(history[-50:], axis=0)
            print(f"{budget.elapsed_s:6.0f} s step {step} v loss {v:.4f} reader loss {read:.4f}", flush=True)
        if time.monotonic() - last_save > 180:
            keep()
            last_save = time.monotonic()
    keep()


if __name__ == "__main__":
    main()
