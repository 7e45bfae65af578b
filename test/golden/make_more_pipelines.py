"""Runs diffusers' pipelines on the tiny folders with the samplers that came later, as make_pipelines.py does with the first six.

Command:  python test/golden/make_more_pipelines.py      (diffusers 0.42.1, k-diffusion 0.1.1, transformers 5.23.0, torch 2.15.0)
Writes test/golden/more_pipelines.safetensors and test/golden/more_pipelines.json. Of k-diffusion's own samplers and of LMS and
PNDM only text-to-image is recorded: diffusers begins those two in the middle of their plan with the weights of its beginning.
PNDM is left out where timesteps trail (see make_more_samplers.py), and ends at alpha-bar 1 where a folder does not say where.
"""

import json

import diffusers
import make_more_samplers as loops
import make_pipelines as pipelines
import torch
import transformers
from diffusers import StableDiffusionPipeline
from safetensors.torch import save_file

WIDTH, HEIGHT = 64, 48
TEXT = dict(name="text", guidance=7.5, steps=5, seed=8, strength=None)
IMAGE = dict(name="image", guidance=5.0, steps=6, seed=12, strength=0.6)
FROM_TEXT_ONLY = ["lms", "pndm", *loops.K_SAMPLERS]
# Schedules beside the sampler's own. Cosine betas begin at sigma 20,000, where one step of these makes no picture.
CHOSEN = [("euler", "karras"), ("dpmpp_2m", "exponential"), ("unipc", "beta")]
# diffusers' Euler lays them between the sigmas of its spacing, ours over all that were trained; linspace reaches both ends.
WHOLE_RANGE = dict(timestep_spacing="linspace")
FIRST_SCHEDULERS = dict(pipelines.SCHEDULERS)

# v-linear's random network is touchy (see make_pipelines.py), and more so when it is asked twice a step.
GUIDANCE = {"v-linear": 1.5}


class TCDScheduler(diffusers.TCDScheduler):
    """Takes its own gamma of 0.3; the pipelines would hand it DDIM's eta of 0."""

    def step(self, model_output, timestep, sample, generator=None, return_dict=True):
        return super().step(model_output, timestep, sample, generator=generator, return_dict=return_dict)


pipelines.SCHEDULERS.update({**loops.SCHEDULERS, "tcd": (TCDScheduler, {})})


@torch.no_grad()
def run_k(folder, sampler, case):
    """A sampler of k-diffusion over the networks of a pipeline."""
    pipe = pipelines.load(folder, StableDiffusionPipeline, "euler")
    scheduler = loops.K_SAMPLERS[sampler].from_config(pipe.scheduler.config)
    scheduler.set_timesteps(case["steps"])
    prompt, negative = pipe.encode_prompt(case["prompt"], "cpu", 1, True, case["negative"])
    guide = lambda uncond, cond: uncond + case["guidance"] * (cond - uncond)

    def predict(x, t):
        times = torch.tensor([t, t])
        return guide(*pipe.unet(torch.cat([x, x]), times, torch.cat([negative, prompt])).sample.chunk(2))

    generator = torch.Generator().manual_seed(case["seed"])
    shape = (1, pipe.unet.config.in_channels, case["height"] // pipe.vae_scale_factor, case["width"] // pipe.vae_scale_factor)
    latents = loops.k_loop(sampler, scheduler, predict, torch.randn(shape, generator=generator), generator)
    image = pipe.vae.decode(latents / pipe.vae.config.scaling_factor).sample
    pixels = pipe.image_processor.postprocess(image, output_type="np")[0]
    return latents[0].contiguous(), torch.from_numpy((pixels * 255).round().astype("uint8")).contiguous()


def from_the_first(kind):
    """Begins at index 0, for the reason of make_pipelines.DPMSolverKarras."""

    class FromTheFirst(kind):
        def set_timesteps(self, *args, **kwargs):
            super().set_timesteps(*args, **kwargs)
            self.set_begin_index(0)

    return FromTheFirst


def cases_of(folder):
    base = dict(prompt=pipelines.PROMPT, negative=pipelines.NEGATIVE, width=WIDTH, height=HEIGHT, schedule=None)
    guided = {"guidance": GUIDANCE[folder]} if folder in GUIDANCE else {}
    for sampler in [*loops.SCHEDULERS, *loops.K_SAMPLERS]:
        if (sampler, folder) == ("pndm", "v-linear"):
            continue
        for variant in [TEXT] if sampler in FROM_TEXT_ONLY else [TEXT, IMAGE]:
            yield {**base, **variant, **guided, "sampler": sampler}
    for sampler, schedule in [] if folder == "plain-mid" else CHOSEN:
        yield {**base, **TEXT, **guided, "name": schedule, "schedule": schedule, "sampler": sampler}


def run(folder, case):
    sampler, schedule = case["sampler"], case["schedule"]
    if sampler in loops.K_SAMPLERS:
        return run_k(folder, sampler, case)
    if schedule is not None:
        kind, extra = {**FIRST_SCHEDULERS, **loops.SCHEDULERS}[sampler]
        pipelines.SCHEDULERS["chosen"] = (from_the_first(kind), {**extra, **loops.SWITCHES[schedule], **WHOLE_RANGE})
    if sampler == "pndm":
        to_one = {"set_alpha_to_one": True} if folder == "plain-mid" else {}
        pipelines.SCHEDULERS[sampler] = (loops.SCHEDULERS[sampler][0], {"skip_prk_steps": True, **to_one})
    return pipelines.run(folder, sampler if schedule is None else "chosen", case)


def main():
    arrays = {f"start/{WIDTH}x{HEIGHT}": torch.from_numpy(pipelines.start_picture(WIDTH, HEIGHT))}
    cases = []
    for folder in pipelines.FOLDERS:
        for case in cases_of(folder):
            key = f"{folder}/{case['sampler']}/{case['name']}"
            arrays[f"{key}/latents"], arrays[f"{key}/pixels"] = run(folder, case)
            cases.append({"key": key, "folder": folder, **case})
            print(key, f"latents {arrays[f'{key}/latents'].std():.2f}", f"pixels {arrays[f'{key}/pixels'].float().std():.1f}")
    save_file(arrays, pipelines.HERE / "more_pipelines.safetensors")
    made = {"diffusers": diffusers.__version__, "transformers": transformers.__version__, "torch": torch.__version__}
    lines = ",\n".join("  " + json.dumps(case) for case in cases)
    (pipelines.HERE / "more_pipelines.json").write_text(f'{{"madeBy": {json.dumps(made)},\n"cases": [\n{lines}\n]}}\n')


if __name__ == "__main__":
    main()
