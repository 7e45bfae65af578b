"""Records what diffusers' schedulers make of several configurations: alpha-bars, timesteps, sigmas, start noise.

Command:  python test/golden/make_schedules.py > test/golden/schedules.json      (diffusers 0.42.1, torch 2.15.0, numpy 2.4.6)
"""

import json

import diffusers
import numpy as np
from diffusers import (
    DDIMScheduler,
    DDPMScheduler,
    DPMSolverMultistepScheduler,
    EulerAncestralDiscreteScheduler,
    EulerDiscreteScheduler,
)

diffusers.logging.set_verbosity_error()

CONFIGS = {
    "sd": dict(beta_start=0.00085, beta_end=0.012, beta_schedule="scaled_linear", steps_offset=1),
    "linear": dict(beta_start=0.0001, beta_end=0.02, beta_schedule="linear"),
    "cosine": dict(beta_schedule="squaredcos_cap_v2"),
    "zero-snr": dict(beta_start=0.00085, beta_end=0.012, beta_schedule="scaled_linear", rescale_betas_zero_snr=True,
                     prediction_type="v_prediction", steps_offset=1),
    "trained": dict(trained_betas=np.linspace(0.001, 0.03, 200).tolist(), num_train_timesteps=200),
}
SCHEDULERS = {
    "ddim": (DDIMScheduler, {}),
    "ddpm": (DDPMScheduler, {}),
    "euler": (EulerDiscreteScheduler, {}),
    "euler_a": (EulerAncestralDiscreteScheduler, {}),
    "dpmpp_2m": (DPMSolverMultistepScheduler, {}),
    "dpmpp_2m_karras": (DPMSolverMultistepScheduler, {"use_karras_sigmas": True}),
}
SPACINGS = [None, "leading", "trailing", "linspace"]
STEPS = [1, 6, 7, 20, 50]
SHOWN = [0, 1, 2, 50, 99, 150, 198, 199, 500, 777, 998, 999]


def alpha_bars(config):
    bars = DDIMScheduler.from_config(config).alphas_cumprod.double().tolist()
    return {index: bars[index] for index in SHOWN if index < len(bars)}


def plan(sampler, config, spacing, steps):
    kind, extra = SCHEDULERS[sampler]
    spaced = {} if spacing is None else {"timestep_spacing": spacing}
    scheduler = kind.from_config({**config, **extra, **spaced})
    scheduler.set_timesteps(steps)
    sigmas = getattr(scheduler, "sigmas", None)
    return {
        "sampler": sampler,
        "spacing": spacing,
        "steps": steps,
        "timesteps": scheduler.timesteps.double().tolist(),
        "sigmas": None if sigmas is None else sigmas.double().tolist(),
        "initNoiseSigma": float(scheduler.init_noise_sigma),
    }


def plans(config):
    wanted = [(s, spacing, n) for s in SCHEDULERS for spacing in SPACINGS for n in STEPS]
    return [plan(sampler, config, spacing, steps) for sampler, spacing, steps in wanted if spacing or steps == 6]


def rounded(value):
    if isinstance(value, float):
        return float(f"{value:.9g}")
    if isinstance(value, dict):
        return {key: rounded(item) for key, item in value.items()}
    return [rounded(item) for item in value] if isinstance(value, list) else value


cases = [{"name": name, "config": config, "alphaBars": alpha_bars(config), "plans": plans(config)}
         for name, config in CONFIGS.items()]
print("{" + f'"diffusers": "{diffusers.__version__}", "cases": [')
print(",\n".join(json.dumps(rounded(case), separators=(",", ":")) for case in cases))
print("]}")
