"""Makes files that change a model's own weights for test/golden/folders/sd-small, and what diffusers computes with such weights.

Command:  python test/golden/loras/make_merged.py      (diffusers 0.42.1, torch 2.15.0, CPU, one thread)
Writes, next to itself:
  files/norms.safetensors   LyCORIS "full" with its norms: whole changes with biases, changed normalisations, in U-Net and text encoder
  files/ia3.safetensors     LyCORIS "ia3": keys and values scaled on their outputs, the feed-forward layer on its inputs
  merged.safetensors        unet/NAME f32[2,4,8,12] and text/NAME f32[2,7,16] for the inputs of golden.safetensors, with the weights changed
                            by hand: norms, ia3, norms at half strength, and both together
"""

from pathlib import Path

import torch
from diffusers import UNet2DConditionModel
from safetensors.torch import load_file, save_file
from transformers import CLIPTextModel

HERE = Path(__file__).parent
MODEL = HERE.parent / "folders" / "sd-small"
torch.set_num_threads(1)
inputs = load_file(HERE / "golden.safetensors")
generator = torch.Generator().manual_seed(4242)


def networks():
    return (UNet2DConditionModel.from_pretrained(MODEL, subfolder="unet", torch_dtype=torch.float32).eval(),
            CLIPTextModel.from_pretrained(MODEL, subfolder="text_encoder", torch_dtype=torch.float32).eval())


def random(shape, size=0.1):
    return torch.randn(shape, generator=generator) * size


def file_name(prefix, module):
    return prefix + ("text_model." + module.removeprefix("text_model.") if prefix == "lora_te_" else module).replace(".", "_")


def norms():
    """(file, unet changes, text changes)"""
    state, changes = {}, ({}, {})
    for model, prefix, changed in zip(networks(), ("lora_unet_", "lora_te_"), changes):
        for name, parameter in model.named_parameters():
            module, kind = name.rsplit(".", 1)
            if "embedding" in name:
                continue
            is_norm = parameter.dim() == 1 and f"{module}.weight" in dict(model.named_parameters()) and "norm" in module
            is_layer = any(part in module for part in ("attn1.to_q", "attn1.to_out.0", "resnets.0.conv1", "mlp.fc1"))
            if not (is_norm or is_layer):
                continue
            change = random(parameter.shape)
            changed[name] = change
            ending = {("weight", True): "w_norm", ("bias", True): "b_norm",
                      ("weight", False): "diff", ("bias", False): "diff_b"}[(kind, is_norm)]
            state[f"{file_name(prefix, module)}.{ending}"] = change
    return state, changes


def ia3():
    state, changes = {}, ({}, {})
    unet, _ = networks()
    for name, parameter in unet.named_parameters():
        module, kind = name.rsplit(".", 1)
        if kind != "weight" or not module.endswith(("to_k", "to_v", "ff.net.2")):
            continue
        on_input = module.endswith("ff.net.2")
        scale = random(parameter.shape[1 if on_input else 0], 0.3)
        changes[0][name] = parameter.detach() * (scale[None] if on_input else scale[:, None])
        state[f"{file_name('lora_unet_', module)}.weight"] = scale
        state[f"{file_name('lora_unet_', module)}.on_input"] = torch.tensor(on_input)
    return state, changes


def changed(*parts):
    pair = networks()
    with torch.no_grad():
        for changes, strength in parts:
            for model, of_model in zip(pair, changes):
                parameters = dict(model.named_parameters())
                for name, change in of_model.items():
                    parameters[name] += strength * change
        unet, text = pair
        ids = inputs["token_ids"].long()
        return (unet(inputs["sample"], inputs["timestep"], inputs["conditioning"]).sample.contiguous(),
                text(input_ids=ids).last_hidden_state.contiguous())


norm_state, norm_changes = norms()
ia3_state, ia3_changes = ia3()
for name, state in (("norms", norm_state), ("ia3", ia3_state)):
    save_file({key: value.contiguous() for key, value in sorted(state.items())}, HERE / "files" / f"{name}.safetensors", {"format": "pt"})
golden = {}
for name, parts in {"norms": [(norm_changes, 1)], "ia3": [(ia3_changes, 1)], "half": [(norm_changes, 0.5)],
                    "both": [(norm_changes, 0.7), (ia3_changes, -0.4)]}.items():
    golden[f"unet/{name}"], golden[f"text/{name}"] = changed(*parts)
save_file(golden, HERE / "merged.safetensors")
