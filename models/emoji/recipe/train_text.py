"""Stage 2: the text encoder learns, before any diffusion, which words mean which picture.

Caption -> text encoder -> reader -> the picture's latents, squared error. A step costs a fraction of a U-Net step,
and all languages share it. Run again to resume.
"""

import argparse
import time

import numpy as np
import torch
import torch.nn.functional as F

import checkpoint
import muon
from networks import load_tokenizer, new_text_encoder, token_ids
from reader import Reader
from samples import Samples


# Most captions are shorter; attention is causal, so the first 16 states do not depend on the rest.
TOKENS = 16


def is_hidden(name):
    """Muon is for hidden matrices, not for tables and the last layer."""
    return not any(part in name for part in ("embedding", "places", "to_latents"))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--data", default="data")
    parser.add_argument("--latents", default="latents")
    parser.add_argument("--tokenizer", default="tokenizer")
    parser.add_argument("--out", default="text.pt")
    parser.add_argument("--start", help="begin with the averaged text encoder and reader of this checkpoint: another round")
    parser.add_argument("--minutes", type=float, default=26)
    parser.add_argument("--batch", type=int, default=128)
    parser.add_argument("--lr", type=float, default=2e-3)
    args = parser.parse_args()
    torch.set_num_threads(2)
    samples, tokenizer = Samples(args.data, args.latents), load_tokenizer(args.tokenizer)
    model = torch.nn.ModuleDict({"text": new_text_encoder(tokenizer), "reader": Reader()})
    if args.start:
        checkpoint.begin_with(model, args.start)
    average = checkpoint.averaged(model)
    optimizers = muon.optimizers(model, args.lr, is_hidden, weight_decay=0.0)
    step, elapsed_s = 0, 0.0
    if saved := checkpoint.load(args.out):
        model.load_state_dict(saved["model"])
        average.load_state_dict(saved["average"])
        for part, state in zip(optimizers, saved["optimizers"]):
            part.load_state_dict(state)
        step, elapsed_s = saved["step"], saved["elapsed_s"]
    budget = checkpoint.Budget(args.minutes, elapsed_s)
    rng = np.random.default_rng(step)

    def keep():
        checkpoint.save(
            args.out, model=model.state_dict(), average=average.state_dict(),
            optimizers=[part.state_dict() for part in optimizers], step=step, elapsed_s=budget.elapsed_s,
        )  # fmt: skip

    last_save, losses = time.monotonic(), []
    while budget.progress < 1:
        muon.set_learning_rate(optimizers, checkpoint.learning_rate(args.lr, budget.progress, step, warmup=50, floor=0.2))
        captions, latents = samples.draw(rng, args.batch)
        states = model["text"](token_ids(tokenizer, captions, TOKENS)).last_hidden_state
        loss = F.mse_loss(model["reader"](states), latents)
        loss.backward()
        muon.step_all(optimizers)
        checkpoint.update_average(average, model, step, 0.99)
        losses.append(loss.item())
        step += 1
        if step % 25 == 0:
            print(f"{budget.elapsed_s:6.0f} s step {step} loss {np.mean(losses[-25:]):.4f}", flush=True)
        if time.monotonic() - last_save > 120:
            keep()
            last_save = time.monotonic()
    keep()


if __name__ == "__main__":
    main()
