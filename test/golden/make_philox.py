"""Records what torch.randn gives on CUDA, for seeds and runs of draws: Philox words from PyTorch's own engine, curand's Box-Muller over them.

Command:  python test/golden/make_philox.py > test/golden/philox.json      (torch 2.15.0 and a C++ compiler; no GPU)
ATen/core/PhiloxRNGEngine.h is the engine PyTorch tests its CUDA generator against; element i of draw k is subsequence i at offset 4 k,
its first two words a pair of uniforms (curand_normal.h, _curand_box_muller), of which torch keeps the sine. float32, base64, little-endian.
"""

import base64
import json

import numpy as np
import torch
from torch.utils.cpp_extension import load_inline

SOURCE = """
#include <ATen/core/PhiloxRNGEngine.h>
#include <torch/extension.h>
torch::Tensor words(uint64_t seed, int64_t count, int64_t draw) {
  auto out = torch::empty({count, 4}, torch::kInt64);
  for (int64_t i = 0; i < count; i++) {
    at::Philox4_32 engine(seed, i, draw);
    for (int k = 0; k < 4; k++) out[i][k] = static_cast<int64_t>(engine());
  }
  return out;
}
"""
SEEDS = [0, 1, 12345, 2**32 - 1, 2**32 + 5, 2**53 - 1]
SIZES = [[12], [2, 3, 7], [4 * 12 * 8]]

words = load_inline("philox_words", SOURCE, functions=["words"]).words


def draw(seed, count, k):
    x, y = words(seed, count, k)[:, :2].numpy().astype(np.uint32).astype(np.float32).T
    unit, angle = np.float32(2.3283064e-10), np.float32(2.3283064e-10 * 6.2831855)
    u, v = x * unit + unit / 2, y * angle + angle / 2
    return np.sqrt(np.float32(-2) * np.log(u)) * np.sin(v)


def encode(numbers):
    return base64.b64encode(numbers.astype("<f4").tobytes()).decode()


def case(seed, sizes):
    return {"seed": seed, "sizes": sizes, "base64": encode(np.concatenate([draw(seed, n, k) for k, n in enumerate(sizes)]))}


if __name__ == "__main__":
    print(json.dumps({"torch": torch.__version__, "words": words(0, 2, 0).tolist(), "cases": [case(s, n) for s in SEEDS for n in SIZES]}, indent=1))
