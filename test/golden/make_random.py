"""Records torch.randn of the CPU generator.

Command:  python test/golden/make_random.py > test/golden/random.json      (torch 2.15.0, CPU)
Each case is one generator and the sizes drawn from it one after another; numbers are float32, base64, little-endian.
"""

import base64
import json

import torch

SEEDS = [0, 1, 7, 12345, 2**32 - 1, 2**32 + 5, 2**53 - 1]
SIZES = [[1], [5], [15], [16], [17], [100], [4 * 12 * 8], [1, 16, 1, 5, 31, 3], [32, 7, 2, 2, 33], [700, 700]]


def draw(seed, sizes):
    generator = torch.Generator().manual_seed(seed)
    drawn = torch.cat([torch.randn(size, generator=generator) for size in sizes])
    return base64.b64encode(drawn.numpy().astype("<f4").tobytes()).decode()


def sizes_of(seed):
    return SIZES if seed in (0, 7) else SIZES[4:8]


cases = [{"seed": seed, "sizes": sizes, "base64": draw(seed, sizes)} for seed in SEEDS for sizes in sizes_of(seed)]
print(json.dumps({"torch": torch.__version__, "cases": cases}, indent=1))
