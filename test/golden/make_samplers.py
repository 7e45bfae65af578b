"""Runs diffusers' schedulers over a network that is a formula, in the configurations the tiny folders do not have.

Command:  python test/golden/make_samplers.py > test/golden/samplers.json      (diffusers 0.42.1, torch 2.15.0, CPU)
The network: prediction = tanh(0.7 x + 0.3) (t + 1) / (t + 2), x being what the scheduler shows it. One picture f32[2, 6, 4]
from torch.randn of the seed's generator, which also draws the ancestral noise. Results are float32 as numbers.
"""

import json

import diffusers
import torch
from diffusers import (
    DDIMScheduler,
    DDPMScheduler,
    DPMSolverMultistepScheduler,
    EulerAncestralDiscreteScheduler,
    EulerDiscreteScheduler,
)

diffusers.logging.set_verbosity_error()

SD = dict(beta_start=0.00085, beta_end=0.012, beta_schedule="scaled_linear", steps_offset=1, clip_sample=False)
V = dict(prediction_type="v_prediction")
CONFIGS = {
    "leading": {**SD, "timestep_spacing": "leading"},
    "linspace": {**SD, "timestep_spacing": "linspace"},
    "trailing": {**SD, "timestep_spacing": "trailing"},
    "silent about spacing, v": {**SD, **V},
    "alpha not to one": {**SD, "set_alpha_to_one": False},
    "zero SNR, v, trailing": {**SD, **V, "rescale_betas_zero_snr": True, "timestep_spacing": "trailing"},
    "sample": {**SD, "prediction_type": "sample", "timestep_spacing": "leading"},
    "cosine, v, linspace": dict(beta_schedule="squaredcos_cap_v2", clip_sample=False, timestep_spacing="linspace", **V),
    "large variance, clipped": {**SD, "variance_type": "fixed_large", "clip_sample": True, "clip_sample_range": 0.8},
    "trained betas": dict(trained_betas=[0.001 + 0.0002 * i for i in range(150)], num_train_timesteps=150),
}
SCHEDULERS = {
    "ddim": (DDIMScheduler, {}),
    "ddpm": (DDPMScheduler, {}),
    "euler": (EulerDiscreteScheduler, {}),
    "euler_a": (EulerAncestralDiscreteScheduler, {}),
    "dpmpp_2m": (DPMSolverMultistepScheduler, {}),
    "dpmpp_2m_karras": (DPMSolverMultistepScheduler, {"use_karras_sigmas": True}),
}
STEPS, SEED, SHAPE = 7, 21, (1, 2, 6, 4)


def network(x, t):
    return torch.tanh(0.7 * x + 0.3) * (t + 1) / (t + 2)


def sample(sampler, config):
    kind, extra = SCHEDULERS[sampler]
    if kind is not DDPMScheduler:
        config = {key: value for key, value in config.items() if key != "variance_type"}
    scheduler = kind.from_config({**config, **extra})
    scheduler.set_timesteps(STEPS)
    if hasattr(scheduler, "set_begin_index"):
        scheduler.set_begin_index(0)
    generator = torch.Generator().manual_seed(SEED)
    x = torch.randn(SHAPE, generator=generator) * scheduler.init_noise_sigma
    draws = {} if kind in (DDIMScheduler, DPMSolverMultistepScheduler) else {"generator": generator}
    for t in scheduler.timesteps:
        x = scheduler.step(network(scheduler.scale_model_input(x, t), t), t, x, **draws).prev_sample
    return [float(f"{value:.9g}") for value in x.flatten().double().tolist()]


def cases():
    for name, config in CONFIGS.items():
        for sampler in SCHEDULERS:
            if sampler == "euler_a" and config.get("prediction_type") == "sample":
                continue  # not implemented in diffusers
            yield {"name": name, "config": config, "sampler": sampler, "result": sample(sampler, config)}


lines = ",\n".join(json.dumps(case, separators=(",", ":")) for case in cases())
print(f'{{"diffusers": "{diffusers.__version__}", "steps": {STEPS}, "seed": {SEED}, "shape": {list(SHAPE)}, "cases": [\n{lines}\n]}}')
