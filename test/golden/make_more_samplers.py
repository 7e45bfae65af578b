"""Runs diffusers' and k-diffusion's other samplers and schedules over a network that is a formula.

Command:  python test/golden/make_more_samplers.py > test/golden/more_samplers.json
          (diffusers 0.42.1, k-diffusion 0.1.1, torch 2.15.0, scipy, CPU; k-diffusion may be installed with --no-deps)
The network, the picture and the generator are those of make_samplers.py. k-diffusion's samplers, which diffusers lacks or has
otherwise, are run over diffusers' sigmas, their noise drawn from the same generator: one picture a call, but for DPM++ SDE two
a step, the parts of one Brownian motion.
"""

import importlib.util
import json
import sys
from functools import cache
from types import ModuleType

import diffusers
import numpy as np
import torch
from diffusers import (
    DEISMultistepScheduler,
    DPMSolverMultistepScheduler,
    EulerDiscreteScheduler,
    HeunDiscreteScheduler,
    KDPM2AncestralDiscreteScheduler,
    KDPM2DiscreteScheduler,
    LCMScheduler,
    LMSDiscreteScheduler,
    PNDMScheduler,
    TCDScheduler,
    UniPCMultistepScheduler,
)

diffusers.logging.set_verbosity_error()

SD = dict(beta_start=0.00085, beta_end=0.012, beta_schedule="scaled_linear", steps_offset=1, set_alpha_to_one=False,
          clip_sample=False)
V = dict(prediction_type="v_prediction")
CONFIGS = {
    "leading": {**SD, "timestep_spacing": "leading"},
    "linspace": {**SD, "timestep_spacing": "linspace"},
    "trailing": {**SD, "timestep_spacing": "trailing"},
    "silent about spacing, v": {**SD, **V},
    "zero SNR, v, trailing": {**SD, **V, "rescale_betas_zero_snr": True, "timestep_spacing": "trailing"},
    "trained betas": dict(trained_betas=[0.001 + 0.0002 * i for i in range(150)], num_train_timesteps=150,
                          set_alpha_to_one=False, clip_sample=False),
}
SDE = dict(algorithm_type="sde-dpmsolver++")
SCHEDULERS = {
    "heun": (HeunDiscreteScheduler, {}),
    "unipc": (UniPCMultistepScheduler, {}),
    "dpmpp_2m_sde": (DPMSolverMultistepScheduler, SDE),
    "lms": (LMSDiscreteScheduler, {}),
    "pndm": (PNDMScheduler, dict(skip_prk_steps=True)),
    "dpm2": (KDPM2DiscreteScheduler, {}),
    "dpm2_a": (KDPM2AncestralDiscreteScheduler, {}),
    "lcm": (LCMScheduler, {}),
    "deis": (DEISMultistepScheduler, {}),
    "tcd": (TCDScheduler, {}),
}
KNOWS_ZERO_SNR = ["unipc", "dpmpp_2m_sde", "lcm", "tcd"]
DRAWS = ["dpmpp_2m_sde", "dpm2_a", "lcm", "tcd"]
# k-diffusion's samplers, and the scheduler that lays their sigmas and says how large the first noise is.
K_SAMPLERS = {
    "dpmpp_2s_a": EulerDiscreteScheduler,
    "dpmpp_sde": EulerDiscreteScheduler,
    "dpmpp_3m_sde": DPMSolverMultistepScheduler,
}
# Explicit schedules: sampler, diffusers' class and switches. Only those diffusers has; Euler stands for the sigma kind.
CHOSEN = [
    ("euler", EulerDiscreteScheduler, {}),
    ("heun", HeunDiscreteScheduler, {}),
    ("lms", LMSDiscreteScheduler, {}),
    ("dpmpp_2m", DPMSolverMultistepScheduler, {}),
    ("dpmpp_2m_sde", DPMSolverMultistepScheduler, SDE),
    ("unipc", UniPCMultistepScheduler, {}),
]
SWITCHES = {
    "karras": dict(use_karras_sigmas=True),
    "exponential": dict(use_exponential_sigmas=True),
    "beta": dict(use_beta_sigmas=True),
}
STEPS, SEED, SHAPE = 7, 21, (1, 2, 6, 4)


def network(x, t):
    return torch.tanh(0.7 * x + 0.3) * (t + 1) / (t + 2)


def numbers(x):
    return [float(f"{value:.9g}") for value in x.flatten().double().tolist()]


def sample(kind, extra, config, draws, steps=STEPS):
    scheduler = kind.from_config({**config, **extra})
    scheduler.set_timesteps(steps)
    if hasattr(scheduler, "set_begin_index"):
        scheduler.set_begin_index(0)
    generator = torch.Generator().manual_seed(SEED)
    x = torch.randn(SHAPE, generator=generator) * scheduler.init_noise_sigma
    drawn = {"generator": generator} if draws else {}
    for t in scheduler.timesteps:
        x = scheduler.step(network(scheduler.scale_model_input(x, t), t), t, x, **drawn).prev_sample
    return numbers(x)


@cache
def k_sampling():
    """k_diffusion/sampling.py without the rest of its package and what that needs."""
    for name in ["torchdiffeq", "torchsde", "k_diffusion.utils"]:
        sys.modules[name] = ModuleType(name)
    folder = importlib.util.find_spec("k_diffusion").submodule_search_locations[0]
    package = ModuleType("k_diffusion")
    package.__path__ = [folder]
    package.utils = sys.modules["k_diffusion.utils"]
    package.utils.append_dims = lambda x, dims: x[(...,) + (None,) * (dims - x.ndim)]
    sys.modules["torchdiffeq"].odeint = None
    sys.modules["k_diffusion"] = package
    spec = importlib.util.spec_from_file_location("k_diffusion.sampling", f"{folder}/sampling.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def k_noise(sampler, x, generator):
    draw = lambda: torch.randn(x.shape, generator=generator)
    if sampler != "dpmpp_sde":
        return lambda sigma, sigma_next: draw()
    halves = []

    def brownian(sigma, sigma_next):
        if not halves:
            halves[:] = [draw(), draw(), sigma_next]
            return halves[0]
        first, second, middle = halves
        halves.clear()
        share = (sigma - middle) / (sigma - sigma_next)
        return share.sqrt() * first + (1 - share).sqrt() * second

    return brownian


def k_sample(sampler, config):
    scheduler = K_SAMPLERS[sampler].from_config(config)
    scheduler.set_timesteps(STEPS)
    generator = torch.Generator().manual_seed(SEED)
    return numbers(k_loop(sampler, scheduler, network, torch.randn(SHAPE, generator=generator), generator))


def k_loop(sampler, scheduler, predict, noise, generator):
    """predict: what the network says of a picture of variance 1 at a timestep."""
    sigmas = scheduler.sigmas
    log_sigmas = np.log((((1 - scheduler.alphas_cumprod) / scheduler.alphas_cumprod) ** 0.5).numpy())
    planned = {float(sigma): float(t) for sigma, t in zip(sigmas, scheduler.timesteps)}

    def denoise(x, sigma):
        s = sigma[0]
        t = planned.get(float(s))
        t = float(scheduler._sigma_to_t(s.numpy(), log_sigmas)) if t is None else t
        prediction = predict(x / (s**2 + 1) ** 0.5, t)
        if scheduler.config.prediction_type == "v_prediction":
            return x / (s**2 + 1) - prediction * s / (s**2 + 1) ** 0.5
        return x - s * prediction

    is_euler = isinstance(scheduler, EulerDiscreteScheduler)
    x = noise * (scheduler.init_noise_sigma if is_euler else (sigmas[0] ** 2 + 1) ** 0.5)
    run = getattr(k_sampling(), f"sample_{'dpmpp_2s_ancestral' if sampler == 'dpmpp_2s_a' else sampler}")
    return run(denoise, x, sigmas, disable=True, noise_sampler=k_noise(sampler, x, generator))


def cases():
    for name, config in CONFIGS.items():
        for sampler, (kind, extra) in SCHEDULERS.items():
            if "zero" in name and sampler not in KNOWS_ZERO_SNR:
                continue
            # Only leading timesteps lie as far apart as PNDM walks; with the others its pair of looks begins beside its level.
            if sampler == "pndm" and config.get("timestep_spacing") in ("linspace", "trailing"):
                continue
            yield dict(name=name, config=config, sampler=sampler, result=sample(kind, extra, config, sampler in DRAWS))
        for sampler in K_SAMPLERS:
            if "zero" not in name:
                yield dict(name=name, config=config, sampler=sampler, result=k_sample(sampler, config))
    for schedule, switch in SWITCHES.items():
        for name in ["linspace", "silent about spacing, v"]:
            for sampler, kind, extra in CHOSEN:
                result = sample(kind, {**extra, **switch}, CONFIGS[name], sampler == "dpmpp_2m_sde")
                yield dict(name=name, schedule=schedule, config=CONFIGS[name], sampler=sampler, result=result)
    for steps in [1, 3, 20]:
        for sampler, (kind, extra) in SCHEDULERS.items():
            config = CONFIGS["linspace" if sampler != "pndm" else "leading"]
            result = sample(kind, extra, config, sampler in DRAWS, steps)
            yield dict(name=f"{steps} steps", steps=steps, config=config, sampler=sampler, result=result)


def main():
    lines = ",\n".join(json.dumps(case, separators=(",", ":")) for case in cases())
    print(f'{{"diffusers": "{diffusers.__version__}", "steps": {STEPS}, "seed": {SEED}, "shape": {list(SHAPE)}, "cases": [\n{lines}\n]}}')


if __name__ == "__main__":
    main()
