"""Runs diffusers' pipelines the ways of drawing that are not a plain picture: circular convolutions, a second pass, other noise.

Command:  python test/golden/make_drawing_pictures.py   (diffusers 0.42.1, transformers 5.23.0, torch 2.15.0, CPU, a C++ compiler)
Writes test/golden/drawing_pictures.safetensors and .json, over the folders and in the form of make_pipelines.py.
tile: every Conv2d of U-Net and autoencoder gets padding_mode "circular". hires: the latents of a first picture go through
torch.nn.functional.interpolate into StableDiffusionImg2ImgPipeline, whose generator begins anew, as A1111's does; its steps are
int(steps / denoise), of which the last `steps` run. variation: A1111's slerp of two noises (make_drawing.py) as latents. gpu: latents and
what ancestral steps draw come from torch's Philox words (make_philox.py), on linspace, whose noise is as large as A1111's.
"""

import json

import diffusers
import make_pipelines as pipelines
import torch
import torch.nn.functional as F
import transformers
from diffusers import StableDiffusionImg2ImgPipeline, StableDiffusionPipeline
from diffusers.schedulers import scheduling_euler_ancestral_discrete as ancestral
from make_drawing import MODES, first_noise
from make_philox import draw
from safetensors.torch import save_file

WIDTH, HEIGHT = 48, 32
FOLDERS = ["plain-mid", "sd-small"]
BASE = dict(prompt=pipelines.PROMPT, negative=pipelines.NEGATIVE, width=WIDTH, height=HEIGHT, guidance=4.0, steps=4, seed=9, strength=None)
HIRES = dict(width=80, height=48, steps=3, denoise=0.6, upscaler="latent")
CASES = [
    dict(name="tile", sampler="ddim", tile=True),
    dict(name="tile-euler", sampler="euler_a", tile=True),
    dict(name="hires", sampler="euler", hires=HIRES),
    dict(name="hires-ancestral", sampler="euler_a", hires={**HIRES, "upscaler": "latent_nearest_exact"}),
    dict(name="hires-bicubic", sampler="ddim", hires={**HIRES, "upscaler": "latent_bicubic", "denoise": 0.5, "steps": 2}),
    dict(name="hires-solver", sampler="dpmpp_2m", hires={**HIRES, "width": 96, "height": 64}),
    dict(name="variation", sampler="ddim", variation=dict(seed=10, strength=0.25)),
    dict(name="variation-ancestral", sampler="euler_a", variation=dict(seed=10, strength=0.6)),
    dict(name="gpu", sampler="euler", gpu=True),
    dict(name="gpu-ancestral", sampler="euler_a", gpu=True),
    dict(name="gpu-ddim", sampler="ddim", gpu=True),
]


def circular(pipe):
    for network in (pipe.unet, pipe.vae):
        for module in network.modules():
            if isinstance(module, torch.nn.Conv2d):
                module.padding_mode = "circular"


class Philox:
    """Stands for a generator on a graphics card."""

    def __init__(self, seed):
        self.seed, self.draws = seed, 0

    def randn(self, shape):
        self.draws += 1
        count = torch.Size(shape).numel()
        return torch.from_numpy(draw(self.seed, count, self.draws - 1)).float().reshape(shape)


def settings_of(case):
    return dict(prompt=case["prompt"], negative_prompt=case["negative"], guidance_scale=case["guidance"], output_type="latent")


def first_latents(pipe, case, shape):
    generator = torch.Generator().manual_seed(case["seed"])
    if "variation" in case:
        variation = case["variation"]
        noise = first_noise(case["seed"], shape, variation["seed"], variation["strength"], None)[None]
        torch.randn(noise.shape, generator=generator)  # the seed's own, which the samplers go on after
        return generator, noise
    if case.get("gpu"):
        philox = Philox(case["seed"])
        noise = philox.randn((1, *shape))
        ancestral.randn_tensor = lambda size, **_: philox.randn(size)
        return generator, noise
    return generator, None


@torch.no_grad()
def run(folder, case):
    pipe = pipelines.load(folder, StableDiffusionPipeline, case["sampler"])
    if case.get("gpu"):
        pipe.scheduler = type(pipe.scheduler).from_config(pipe.scheduler.config, timestep_spacing="linspace" if "euler" in case["sampler"] else "leading")
    if case.get("tile"):
        circular(pipe)
    shape = (pipe.unet.config.in_channels, case["height"] // pipe.vae_scale_factor, case["width"] // pipe.vae_scale_factor)
    kept = ancestral.randn_tensor
    generator, noise = first_latents(pipe, case, shape)
    latents = pipe(**settings_of(case), num_inference_steps=case["steps"], generator=generator, latents=noise,
                   width=case["width"], height=case["height"]).images
    ancestral.randn_tensor = kept
    if "hires" in case:
        latents = second_pass(folder, case, latents)
    image = pipe.vae.decode(latents / pipe.vae.config.scaling_factor).sample
    pixels = pipe.image_processor.postprocess(image, output_type="np")[0]
    return latents[0].contiguous(), torch.from_numpy((pixels * 255).round().astype("uint8")).contiguous()


def second_pass(folder, case, latents):
    hires = case["hires"]
    pipe = pipelines.load(folder, StableDiffusionImg2ImgPipeline, case["sampler"])
    size = (hires["height"] // pipe.vae_scale_factor, hires["width"] // pipe.vae_scale_factor)
    large = F.interpolate(latents, size=size, **MODES[hires["upscaler"]])
    planned = int(hires["steps"] / hires["denoise"])
    strength = (hires["steps"] + 0.01) / planned
    generator = torch.Generator().manual_seed(case["seed"])
    # The pipeline takes latents for a picture only where they have 4 channels; these folders have others.
    pipe.image_processor.preprocess = lambda image: image
    pipe.prepare_latents = lambda image, timestep, *_: pipe.scheduler.add_noise(image, torch.randn(image.shape, generator=generator), timestep)
    return pipe(**settings_of(case), image=large, num_inference_steps=planned, strength=strength, generator=generator).images


def main():
    arrays, cases = {}, []
    for folder in FOLDERS:
        for variant in CASES:
            # Cosine betas begin at a sigma of 20,000 on linspace, where single precision ends.
            if folder == "plain-mid" and variant.get("gpu") and "euler" in variant["sampler"]:
                continue
            case = {**BASE, **variant}
            key = f"{folder}/{case['sampler']}/drawing-{case['name']}"
            arrays[f"{key}/latents"], arrays[f"{key}/pixels"] = run(folder, case)
            cases.append({"key": key, "folder": folder, **case})
            print(key, f"latents {arrays[f'{key}/latents'].std():.2f}", tuple(arrays[f"{key}/pixels"].shape))
    save_file(arrays, pipelines.HERE / "drawing_pictures.safetensors")
    made = {"diffusers": diffusers.__version__, "transformers": transformers.__version__, "torch": torch.__version__}
    lines = ",\n".join("  " + json.dumps(case) for case in cases)
    (pipelines.HERE / "drawing_pictures.json").write_text(f'{{"madeBy": {json.dumps(made)},\n"cases": [\n{lines}\n]}}\n')


if __name__ == "__main__":
    main()
