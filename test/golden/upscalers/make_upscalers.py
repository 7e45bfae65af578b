"""Makes tiny upscalers of every kind and naming, and records what PyTorch makes of a picture with each.

Command:  python test/golden/upscalers/make_upscalers.py      (torch 2.15.0, spandrel 0.4.2, CPU, one thread)
Writes models/upscalers/*.safetensors, half precision, in the naming each kind is published in, and upscalers.safetensors: the picture
(rows x columns not square, 0 ... 1) and one result a network. Two oracles: networks written here after the papers (Wang et al. 2018,
section 3.1; Wang et al. 2021, section 3.3), and spandrel's, which reads the files by itself; they must agree to 1e-5. spandrel's dense
blocks grow by 32 channels always; here they are made to grow by GROWTH, so that the files stay small.
"""

from pathlib import Path

import torch
import torch.nn.functional as F
from safetensors.torch import load_file, save_file
from spandrel import ModelLoader
from spandrel.architectures.ESRGAN.__arch import RRDB as spandrel_rrdb

HERE = Path(__file__).parent
MODELS = HERE / "models" / "upscalers"
FEATURES, GROWTH = 8, 4

torch.set_num_threads(1)
make_block = spandrel_rrdb.B.RRDB
spandrel_rrdb.B.RRDB = lambda *args, **settings: make_block(*args, **{**settings, "gc": GROWTH})


def conv(state, name, x):
    return F.conv2d(x, state[f"{name}.weight"], state[f"{name}.bias"], padding=1)


def leaky(x):
    return F.leaky_relu(x, 0.2)


def dense(state, name, x):
    seen = [x]
    for step in range(1, 5):
        seen.append(leaky(conv(state, f"{name}.conv{step}", torch.cat(seen, 1))))
    return x + 0.2 * conv(state, f"{name}.conv5", torch.cat(seen, 1))


def rrdbnet(state, x, blocks, doublings, fold):
    first = conv(state, "conv_first", F.pixel_unshuffle(x, fold))
    x = first
    for block in range(blocks):
        inner = x
        for number in (1, 2, 3):
            inner = dense(state, f"body.{block}.rdb{number}", inner)
        x = x + 0.2 * inner
    x = first + conv(state, "conv_body", x)
    for step in range(1, doublings + 1):
        x = leaky(conv(state, f"conv_up{step}", F.interpolate(x, scale_factor=2, mode="nearest")))
    return conv(state, "conv_last", leaky(conv(state, "conv_hr", x)))


def compact(state, x, convolutions, scale):
    inner = x
    for step in range(convolutions + 1):
        inner = F.prelu(conv(state, f"body.{2 * step}", inner), state[f"body.{2 * step + 1}.weight"])
    inner = conv(state, f"body.{2 * convolutions + 2}", inner)
    return F.pixel_shuffle(inner, scale) + F.interpolate(x, scale_factor=scale, mode="nearest")


def random_convolutions(shapes, seed):
    generator = torch.Generator().manual_seed(seed)
    state = {}
    for name, (out, channels) in shapes.items():
        spread = (2 / (9 * channels)) ** 0.5
        state[f"{name}.weight"] = torch.randn(out, channels, 3, 3, generator=generator) * spread
        state[f"{name}.bias"] = torch.randn(out, generator=generator) * 0.1
    return state


def random_rrdbnet(blocks, doublings, fold, seed):
    shapes = {"conv_first": (FEATURES, 3 * fold * fold)}
    for block in range(blocks):
        for number in (1, 2, 3):
            for step in range(1, 6):
                out = FEATURES if step == 5 else GROWTH
                shapes[f"body.{block}.rdb{number}.conv{step}"] = (out, FEATURES + (step - 1) * GROWTH)
    names = ["conv_body", *(f"conv_up{step}" for step in range(1, doublings + 1)), "conv_hr"]
    shapes |= {name: (FEATURES, FEATURES) for name in names} | {"conv_last": (3, FEATURES)}
    state = random_convolutions(shapes, seed)
    state["conv_last.weight"] *= 0.3
    state["conv_last.bias"] += 0.5
    return state


def random_compact(convolutions, scale, seed):
    shapes = {"body.0": (FEATURES, 3)}
    shapes |= {f"body.{2 * step}": (FEATURES, FEATURES) for step in range(1, convolutions + 1)}
    shapes[f"body.{2 * convolutions + 2}"] = (3 * scale * scale, FEATURES)
    state = random_convolutions(shapes, seed)
    generator = torch.Generator().manual_seed(seed + 1)
    for step in range(convolutions + 1):
        state[f"body.{2 * step + 1}.weight"] = torch.rand(FEATURES, generator=generator) * 0.5
    state[f"body.{2 * convolutions + 2}.weight"] *= 0.3
    return state


def esrgan_names(name, blocks, doublings):
    """As xinntao/ESRGAN's first models and most community ones call them."""
    fixed = {"conv_first": "model.0", "conv_body": f"model.1.sub.{blocks}",
             "conv_hr": f"model.{3 * doublings + 2}", "conv_last": f"model.{3 * doublings + 4}"}
    module, kind = name.rsplit(".", 1)
    if module.startswith("body."):
        _, block, dense_block, step = module.split(".")
        return f"model.1.sub.{block}.{dense_block.upper()}.{step}.0.{kind}"
    if module.startswith("conv_up"):
        return f"model.{3 * int(module[-1])}.{kind}"
    return f"{fixed[module]}.{kind}"


def bsrgan_names(name, blocks, doublings):
    """As the second ESRGAN code, RealSR and BSRGAN call them."""
    parts = name.split(".")
    if parts[0] == "body":
        return ".".join(["RRDB_trunk", parts[1], parts[2].upper(), *parts[3:]])
    other = {"conv_body": "trunk_conv", "conv_hr": "HRconv", "conv_up1": "upconv1", "conv_up2": "upconv2"}
    return ".".join([other.get(parts[0], parts[0]), *parts[1:]])


def same_names(name, blocks, doublings):
    return name


RRDBNETS = {  # name: blocks, doublings, fold, naming
    "x4plus": (2, 2, 1, same_names),
    "x2plus": (1, 2, 2, same_names),
    "x1fold": (1, 2, 4, same_names),
    "x4old": (2, 2, 1, esrgan_names),
    "x2old": (1, 1, 1, esrgan_names),
    "x1old": (1, 0, 1, esrgan_names),
    "x8old": (1, 3, 1, esrgan_names),
    "x4bsrgan": (1, 2, 1, bsrgan_names),
}
COMPACTS = {"x4compact": (2, 4), "x2compact": (3, 2), "x1compact": (1, 1)}  # name: convolutions, scale


def save(name, state):
    save_file({key: tensor.half().contiguous() for key, tensor in state.items()}, MODELS / f"{name}.safetensors")


@torch.no_grad()
def main():
    MODELS.mkdir(parents=True, exist_ok=True)
    picture = torch.rand(1, 3, 12, 16, generator=torch.Generator().manual_seed(1))
    arrays = {"picture": picture[0]}
    for seed, (name, kind) in enumerate((RRDBNETS | COMPACTS).items(), start=10):
        if name in RRDBNETS:
            blocks, doublings, fold, naming = kind
            state = {key: tensor.half().float() for key, tensor in random_rrdbnet(blocks, doublings, fold, seed).items()}
            save(name, {naming(key, blocks, doublings): tensor for key, tensor in state.items()})
            made = rrdbnet(state, picture, blocks, doublings, fold)
        else:
            state = {key: tensor.half().float() for key, tensor in random_compact(*kind, seed).items()}
            save(name, state)
            made = compact(state, picture, *kind)
        file = {key: tensor.float() for key, tensor in load_file(MODELS / f"{name}.safetensors").items()}
        oracle = ModelLoader().load_from_state_dict(file).model.eval()(picture)
        apart = ((made - oracle).norm() / oracle.norm()).item()
        assert apart < 1e-5, (name, apart)
        arrays[name] = oracle[0]
        print(f"{name:10} {list(oracle.shape[2:])} apart {apart:.1e} mean {oracle.mean():.2f} spread {oracle.std():.2f}")
    save_file({name: tensor.contiguous() for name, tensor in arrays.items()}, HERE / "upscalers.safetensors")


if __name__ == "__main__":
    main()
