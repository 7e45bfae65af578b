"""Runs diffusers' schedulers with the switches published scheduler_config.json files carry, over a network that is a formula.

Command:  python test/golden/make_scheduler_flags.py > test/golden/scheduler_flags.json
          (diffusers 0.42.1, torch 2.15.0, scipy, CPU)
The network, the picture and the generator are those of make_more_samplers.py.
"""

import json

import diffusers
import torch
from diffusers import (
    DPMSolverMultistepScheduler,
    EulerDiscreteScheduler,
    LCMScheduler,
    TCDScheduler,
    UniPCMultistepScheduler,
)
from make_more_samplers import CONFIGS, SDE, SEED, SHAPE, V, network, numbers

diffusers.logging.set_verbosity_error()

LINSPACE, TRAILING = CONFIGS["linspace"], CONFIGS["trailing"]
TO_SIGMA_MIN = dict(final_sigmas_type="sigma_min")
SOLVERS = {
    "dpmpp_2m": (DPMSolverMultistepScheduler, {}),
    "dpmpp_2m_sde": (DPMSolverMultistepScheduler, SDE),
    "unipc": (UniPCMultistepScheduler, {}),
    "euler": (EulerDiscreteScheduler, {}),
}
KEEPS_ORDER = dict(lower_order_final=False)
# Sampler, class, what picks the algorithm, the model's file, schedule, steps.
FLAGS = [
    *[(name, *kind, {**base, **TO_SIGMA_MIN}, None, steps)
      for name, kind in SOLVERS.items() for base in (LINSPACE, {**TRAILING, **V}) for steps in (1, 7, 20)],
    *[(name, *SOLVERS[name], {**LINSPACE, **TO_SIGMA_MIN, **KEEPS_ORDER}, None, 7) for name in ("dpmpp_2m", "dpmpp_2m_sde", "unipc")],
    ("dpmpp_2m", *SOLVERS["dpmpp_2m"], {**LINSPACE, **TO_SIGMA_MIN, "euler_at_final": True}, None, 20),
    ("dpmpp_2m", *SOLVERS["dpmpp_2m"], {**LINSPACE, **TO_SIGMA_MIN}, "karras", 7),
    ("euler", *SOLVERS["euler"], {**LINSPACE, **TO_SIGMA_MIN}, "karras", 7),
    ("lcm", LCMScheduler, {}, {**LINSPACE, "original_inference_steps": 100, "timestep_scaling": 7.5}, None, 8),
    ("tcd", TCDScheduler, {}, {**LINSPACE, "original_inference_steps": 20}, None, 6),
]


def run(scheduler, draws):
    generator = torch.Generator().manual_seed(SEED)
    x = torch.randn(SHAPE, generator=generator) * scheduler.init_noise_sigma
    drawn = {"generator": generator} if draws else {}
    for t in scheduler.timesteps:
        x = scheduler.step(network(scheduler.scale_model_input(x, t), t), t, x, **drawn).prev_sample
    return numbers(x)


def flagged(sampler, kind, extra, config, schedule, steps):
    switch = {} if schedule is None else {f"use_{schedule}_sigmas": True}
    scheduler = kind.from_config({**config, **extra, **switch})
    scheduler.set_timesteps(steps)
    named = {} if schedule is None else {"schedule": schedule}
    flags = {key: value for key, value in config.items() if key not in LINSPACE or key == "timestep_spacing"}
    return dict(name=json.dumps(flags), sampler=sampler, config=config, steps=steps, **named,
                result=run(scheduler, sampler in ("dpmpp_2m_sde", "lcm", "tcd")))


def aligned():
    """The ten steps published for SDXL, handed over as diffusers' documentation says."""
    sigmas = diffusers.schedulers.AysSchedules["StableDiffusionXLSigmas"]
    scheduler = EulerDiscreteScheduler.from_config(LINSPACE)
    scheduler.set_timesteps(sigmas=sigmas)
    return dict(name="sdxl", sampler="euler", config=LINSPACE, schedule="ays", steps=10, result=run(scheduler, False))


def main():
    cases = [*(flagged(*flags) for flags in FLAGS), aligned()]
    lines = ",\n".join(json.dumps(case, separators=(",", ":")) for case in cases)
    print(f'{{"diffusers": "{diffusers.__version__}", "seed": {SEED}, "shape": {list(SHAPE)}, "cases": [\n{lines}\n]}}')


if __name__ == "__main__":
    main()
