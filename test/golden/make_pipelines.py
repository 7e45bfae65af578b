"""Runs diffusers' own Stable Diffusion pipelines on the tiny folders and records final latents and pixels.

Command:  python test/golden/make_pipelines.py      (diffusers 0.42.1, transformers 5.23.0, torch 2.15.0, CPU, one thread)
Writes test/golden/pipelines.safetensors (all arrays) and test/golden/pipelines.json (what each of them is).
Networks run in float32 whatever the folder stores. Latents are float32; pixels are the 8-bit values of the PNG that
diffusers would write. Every scheduler is made by `from_config` of the pipeline's own, as its documentation says.
"""

import json
import warnings
from pathlib import Path

import diffusers
import numpy as np
import torch
import transformers
from diffusers import (
    DDIMScheduler,
    DDPMScheduler,
    DPMSolverMultistepScheduler,
    EulerAncestralDiscreteScheduler,
    EulerDiscreteScheduler,
    StableDiffusionImg2ImgPipeline,
    StableDiffusionPipeline,
)
from safetensors.torch import save_file

warnings.filterwarnings("ignore")
diffusers.logging.set_verbosity_error()
transformers.logging.set_verbosity_error()
torch.set_num_threads(1)



class DPMSolverKarras(DPMSolverMultistepScheduler):
    """Begins at index 0. diffusers looks the first step up by its timestep and fails with an IndexError where Karras'
    sigmas share one, as they do at the noisy end of cosine betas; its image-to-image pipeline sets the index itself."""

    def set_timesteps(self, *args, **kwargs):
        super().set_timesteps(*args, **kwargs)
        self.set_begin_index(0)


HERE = Path(__file__).parent
FOLDERS = ["plain-mid", "sd-small", "v-linear"]
SCHEDULERS = {
    "ddim": (DDIMScheduler, {}),
    "ddpm": (DDPMScheduler, {}),
    "euler": (EulerDiscreteScheduler, {}),
    "euler_a": (EulerAncestralDiscreteScheduler, {}),
    "dpmpp_2m": (DPMSolverMultistepScheduler, {}),
    "dpmpp_2m_karras": (DPMSolverKarras, {"use_karras_sigmas": True}),
}
WIDTH, HEIGHT = 96, 64
PROMPT, NEGATIVE = "a red heart on white paper", "blurry, dark; low quality 3D"
START_SEED = 5

# v-linear's random network is touchy: at guidance 7.5 noise changed by 1e-6 moves diffusers' own latents by 1e-4 … 2e-3, at 3
# by less than 1e-4, so there the comparison means something.
TEXT_GUIDANCE = {"v-linear": 3.0}

# What is asked besides each sampler's plain text-to-image: guidance 1 and 0, another seed and size, a start picture.
VARIANTS = [
    dict(name="text", guidance=7.5, steps=6, seed=7),
    dict(name="image", guidance=5.0, steps=6, seed=11, strength=0.6),
]
SINGLE_VARIANTS = [
    dict(name="guidance-1", guidance=1.0, steps=4, seed=2**32 - 1),
    dict(name="guidance-0", guidance=0.0, steps=4, seed=0),
    dict(name="tall", guidance=3.0, steps=5, seed=123456789, width=64, height=96),
    dict(name="image-all", guidance=2.0, steps=4, seed=3, strength=1.0),
    dict(name="empty", guidance=4.0, steps=3, seed=1, prompt="", negative=""),
]


def start_picture(width, height):
    """A smooth 8-bit picture with some noise, as an upload would be: u8[h, w, 3]."""
    rows, columns = np.mgrid[0:height, 0:width]
    waves = np.stack([np.sin(rows / 9 + c) + np.cos(columns / (7 + c)) for c in range(3)], axis=-1)
    noise = np.random.default_rng(START_SEED).normal(0, 0.15, waves.shape)
    return np.clip((waves / 2 + noise) * 90 + 128, 0, 255).astype(np.uint8)


def load(folder, kind, sampler):
    pipe = kind.from_pretrained(HERE / "folders" / folder, dtype=torch.float32, safety_checker=None)
    pipe.set_progress_bar_config(disable=True)
    scheduler, extra = SCHEDULERS[sampler]
    pipe.scheduler = scheduler.from_config(pipe.scheduler.config, **extra)
    return pipe


@torch.no_grad()
def run(folder, sampler, case):
    """Guidance 0 asks for the negative prompt alone; diffusers has no such switch, so it is run as an unguided prompt."""
    unguided = case["guidance"] in (0, 1)
    settings = dict(
        prompt=case["negative"] if case["guidance"] == 0 else case["prompt"],
        negative_prompt=None if unguided else case["negative"],
        guidance_scale=1.0 if unguided else case["guidance"],
        num_inference_steps=case["steps"],
        generator=torch.Generator().manual_seed(case["seed"]),
        output_type="latent",
    )
    if case["strength"] is None:
        pipe = load(folder, StableDiffusionPipeline, sampler)
        latents = pipe(**settings, width=case["width"], height=case["height"]).images
    else:
        pipe = load(folder, StableDiffusionImg2ImgPipeline, sampler)
        picture = torch.from_numpy(start_picture(case["width"], case["height"])).permute(2, 0, 1)[None] / 255
        latents = pipe(**settings, image=picture, strength=case["strength"]).images
    image = pipe.vae.decode(latents / pipe.vae.config.scaling_factor).sample
    pixels = pipe.image_processor.postprocess(image, output_type="np")[0]
    return latents[0].contiguous(), torch.from_numpy((pixels * 255).round().astype(np.uint8)).contiguous()


def complete(sampler, variant):
    base = dict(prompt=PROMPT, negative=NEGATIVE, width=WIDTH, height=HEIGHT, strength=None)
    return {**base, **variant, "sampler": sampler}


def cases_of(index):
    """Every sampler with text and with a start picture; the other variants once each per folder, the sampler turning."""
    samplers = list(SCHEDULERS)
    plain = [complete(sampler, variant) for sampler in samplers for variant in VARIANTS]
    for case in plain:
        case["guidance"] = TEXT_GUIDANCE.get(FOLDERS[index], case["guidance"])
    turned = [complete(samplers[(i + 2 * index) % len(samplers)], v) for i, v in enumerate(SINGLE_VARIANTS)]
    return plain + turned


def main():
    arrays = {f"start/{w}x{h}": torch.from_numpy(start_picture(w, h)) for w, h in [(WIDTH, HEIGHT)]}
    cases = []
    for index, folder in enumerate(FOLDERS):
        for case in cases_of(index):
            key = f"{folder}/{case['sampler']}/{case['name']}"
            arrays[f"{key}/latents"], arrays[f"{key}/pixels"] = run(folder, case["sampler"], case)
            cases.append({"key": key, "folder": folder, **case})
            print(key, f"latents {arrays[f'{key}/latents'].std():.2f}", f"pixels {arrays[f'{key}/pixels'].float().std():.1f}")
    save_file(arrays, HERE / "pipelines.safetensors")
    made = {"diffusers": diffusers.__version__, "transformers": transformers.__version__, "torch": torch.__version__}
    lines = ",\n".join("  " + json.dumps(case) for case in cases)
    (HERE / "pipelines.json").write_text(f'{{"madeBy": {json.dumps(made)},\n"cases": [\n{lines}\n]}}\n')


if __name__ == "__main__":
    main()
