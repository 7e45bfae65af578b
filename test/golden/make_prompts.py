"""The prompt language by PyTorch: weights, long prompts, BREAK and clip skip on the tiny folders.

    python test/golden/make_prompts.py      (diffusers 0.42.1, transformers 5.23.0, torch 2.15.0, CPU, one thread)
Writes test/golden/prompts.safetensors (arrays) and test/golden/prompts.json (what each of them is).
Prompts are given here as stretches with weights beside the text that means them: nothing is parsed. Chunks are cut, encoded and
weighed as AUTOMATIC1111 describes it ("Original" emphasis, commas up to 20 of 75 tokens before the end). Clip skip and the pictures
are diffusers' own: its clip_skip counts one less, and its pipeline leaves the negative prompt at the last layer, where A1111 does not.
"""

import json
import warnings
from pathlib import Path

import diffusers
import numpy as np
import torch
import transformers
from diffusers import DDIMScheduler, EulerDiscreteScheduler, StableDiffusionPipeline
from safetensors.torch import save_file

warnings.filterwarnings("ignore")
diffusers.logging.set_verbosity_error()
transformers.logging.set_verbosity_error()
torch.set_num_threads(1)

HERE = Path(__file__).parent
FOLDERS = ["plain-mid", "sd-small", "v-linear"]
BREAK = "BREAK"
LIST = "a red heart, two cats, the moon over a house, a blue bird on white paper, small green leaves, "
LONG = (LIST * 6).strip()
NO_COMMA = ("a red heart and two cats look at the moon over a house " * 9).strip()

# prompt as users write it, and what it says
PROMPTS = {
    "weights": ("a (red:1.4) heart [on] ((white)) paper", [("a ", 1), ("red", 1.4), (" heart ", 1), ("on", 1 / 1.1), (" ", 1), ("white", 1.1 * 1.1), (" paper", 1)]),
    "zero": ("a (red:0) heart (blurry:-0.5)", [("a ", 1), ("red", 0), (" heart ", 1), ("blurry", -0.5)]),
    "escapes": ("a \\(red\\) heart", [("a (red) heart", 1)]),
    "break": ("a red heart BREAK (two cats:1.2)", [("a red heart", 1), BREAK, ("two cats", 1.2)]),
    "long": (LONG, [(LONG, 1)]),
    "no-comma": (NO_COMMA, [(NO_COMMA, 1)]),
    "long-weights": (f"{LIST}({LONG}:0.8)", [(LIST, 1), (LONG, 0.8)]),
}


def cut(pipe, stretches):
    """Lists of (id, weight) without markers, each as long as one call of the text encoder takes, or shorter."""
    room = pipe.tokenizer.model_max_length - 2
    reach = round(room * 20 / 75)
    comma = pipe.tokenizer(",", add_special_tokens=False).input_ids
    chunks, current = [], []
    for stretch in stretches:
        if stretch == BREAK:
            chunks.append(current)
            current = []
            continue
        text, weight = stretch
        for token in pipe.tokenizer(text, add_special_tokens=False).input_ids:
            if len(current) == room:
                commas = [at for at, (known, _) in enumerate(current) if [known] == comma]
                keep = room
                if [token] != comma and commas and room - commas[-1] <= reach:
                    keep = commas[-1] + 1
                chunks.append(current[:keep])
                current = current[keep:]
            current.append((token, weight))
    return chunks + [current] if current or not chunks else chunks


@torch.no_grad()
def encode(pipe, stretches):
    tokenizer, states = pipe.tokenizer, []
    for chunk in cut(pipe, stretches):
        ids = [tokenizer.bos_token_id, *[token for token, _ in chunk], tokenizer.eos_token_id]
        ids += [tokenizer.pad_token_id] * (tokenizer.model_max_length - len(ids))
        weights = torch.ones(len(ids))
        weights[1 : 1 + len(chunk)] = torch.tensor([float(weight) for _, weight in chunk])
        state = pipe.text_encoder(torch.tensor([ids])).last_hidden_state[0]
        weighed = state * weights[:, None]
        states.append(weighed * (state.mean() / weighed.mean()))
    return torch.cat(states).contiguous()


@torch.no_grad()
def skipped(pipe, prompt, clip_skip):
    embeds, _ = pipe.encode_prompt(prompt, "cpu", 1, False, clip_skip=clip_skip - 1)
    return embeds[0].contiguous()


def pad(state, tokens, empty):
    return torch.cat([state, *[empty] * ((tokens - len(state)) // len(empty))])


@torch.no_grad()
def picture(pipe, scheduler, **settings):
    pipe.scheduler = scheduler.from_config(pipe.scheduler.config)
    generator = torch.Generator().manual_seed(7)
    shared = dict(num_inference_steps=5, guidance_scale=4.0, width=96, height=64, generator=generator, output_type="latent")
    latents = pipe(**settings, **shared).images
    image = pipe.vae.decode(latents / pipe.vae.config.scaling_factor).sample
    pixels = pipe.image_processor.postprocess(image, output_type="np")[0]
    return latents[0].contiguous(), torch.from_numpy((pixels * 255).round().astype(np.uint8)).contiguous()


def main():
    arrays, texts, pictures = {}, [], []
    for folder in FOLDERS:
        pipe = StableDiffusionPipeline.from_pretrained(HERE / "folders" / folder, dtype=torch.float32, safety_checker=None)
        pipe.set_progress_bar_config(disable=True)
        # diffusers looks for the final layer norm where transformers 4 had it.
        object.__setattr__(pipe.text_encoder, "text_model", pipe.text_encoder)
        for name, (prompt, stretches) in PROMPTS.items():
            key = f"{folder}/{name}"
            arrays[key] = encode(pipe, stretches)
            texts.append({"key": key, "folder": folder, "prompt": prompt, "clipSkip": 1})
        for clip_skip in range(1, pipe.text_encoder.config.num_hidden_layers + 1):
            key = f"{folder}/clip-skip-{clip_skip}"
            arrays[key] = skipped(pipe, "a red heart", clip_skip)
            texts.append({"key": key, "folder": folder, "prompt": "a red heart", "clipSkip": clip_skip})
        if folder != "sd-small":
            continue
        empty = encode(pipe, [("", 1)])
        cond = arrays[f"{folder}/long-weights"]
        uncond = pad(encode(pipe, [("blurry", 1)]), len(cond), empty)
        cases = [
            ("long-weights", dict(prompt_embeds=cond[None], negative_prompt_embeds=uncond[None]), 1, PROMPTS["long-weights"][0]),
            ("clip-skip-2", dict(prompt_embeds=skipped(pipe, "a red heart", 2)[None], negative_prompt_embeds=skipped(pipe, "blurry", 2)[None]), 2, "a red heart"),
        ]
        for (name, settings, clip_skip, prompt), (sampler, scheduler) in zip(cases, [("ddim", DDIMScheduler), ("euler", EulerDiscreteScheduler)]):
            key = f"{folder}/picture/{name}"
            arrays[f"{key}/latents"], arrays[f"{key}/pixels"] = picture(pipe, scheduler, **settings)
            pictures.append(dict(key=key, folder=folder, sampler=sampler, name=name, prompt=prompt, negative="blurry", guidance=4.0, steps=5, seed=7, width=96, height=64, strength=None, clipSkip=clip_skip))
    save_file(arrays, HERE / "prompts.safetensors")
    made = {"diffusers": diffusers.__version__, "transformers": transformers.__version__, "torch": torch.__version__}
    (HERE / "prompts.json").write_text(json.dumps({"madeBy": made, "texts": texts, "pictures": pictures}, indent=1) + "\n")
    for text in texts:
        print(text["key"], tuple(arrays[text["key"]].shape))


if __name__ == "__main__":
    main()
