"""Makes tiny random LoRAs of every form for test/golden/folders/sd-small, and what diffusers and PEFT compute with them.

Command:  python test/golden/loras/make_loras.py      (diffusers 0.42.1, peft 0.21.2, transformers 5.23.0, torch 2.15.0, CPU, one thread)
Writes, next to itself:
  files/*.safetensors   one adapter (linear layers of U-Net and text encoder, rank 4, alpha 3) as kohya with diffusers' names, as kohya with
                        the original code's names, as diffusers saves it today, as diffusers saved it before 0.21 (attention alone), and
                        others: another adapter, one with convolutions (LoCon, also in Tucker form), LoHa, LoKr, DoRA, a full change
  files/peft/           the U-Net's part as PEFT saves it
  golden.safetensors    unet/NAME f32[2,4,8,12] and text/NAME f32[2,7,16]: the outputs for fixed inputs with each of them, and with none
Where diffusers itself reads a file, its output must equal the adapter's it was written from before anything is recorded.
"""

import json
import shutil
import tempfile
from pathlib import Path

import peft
import torch
from diffusers import StableDiffusionPipeline, StableDiffusionXLPipeline, UNet2DConditionModel
from peft import LoHaConfig, LoKrConfig, LoraConfig
from peft.utils import get_peft_model_state_dict
from safetensors.torch import load_file, save_file
from transformers import CLIPTextModel

HERE = Path(__file__).parent
FILES = HERE / "files"
MODEL = HERE.parent / "folders" / "sd-small"
RANK, ALPHA = 4, 3
ATTENTION = ["to_q", "to_k", "to_v", "to_out.0"]
LINEAR = ATTENTION + ["proj_in", "proj_out", "ff.net.0.proj", "ff.net.2", "time_emb_proj", "linear_1", "linear_2"]
TEXT = ["q_proj", "k_proj", "v_proj", "out_proj", "fc1", "fc2"]
CONV = ["conv1", "conv2", "conv_shortcut", "conv_in", "conv_out", "downsamplers.0.conv", "upsamplers.0.conv"]

torch.set_num_threads(1)
golden = {}


def networks():
    return (UNet2DConditionModel.from_pretrained(MODEL, subfolder="unet", torch_dtype=torch.float32).eval(),
            CLIPTextModel.from_pretrained(MODEL, subfolder="text_encoder", torch_dtype=torch.float32).eval())


def randomise(model, seed, mark, size=0.2):
    """Both factors away from zero, else a new adapter would change nothing."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, parameter in sorted(model.named_parameters()):
            if any(word in name for word in mark):
                values = torch.randn(parameter.shape, generator=generator) * size
                parameter.copy_(parameter * (1 + values) if "magnitude" in name else values)


generator = torch.Generator().manual_seed(77)
SAMPLE = torch.randn(2, 4, 8, 12, generator=generator)
TIMES = torch.tensor([901.0, 33.0])
COND = torch.randn(2, 7, 16, generator=generator)
IDS = torch.tensor([[1, 5, 9, 3, 7, 2, 2], [1, 4, 4, 8, 2, 2, 2]])


def unet_out(unet):
    with torch.no_grad():
        return unet(SAMPLE, TIMES, COND).sample.contiguous()


def text_out(text):
    with torch.no_grad():
        return text(input_ids=IDS).last_hidden_state.contiguous()


def lora_pair(seed, unet_targets, text_targets, alpha=ALPHA, **more):
    unet, text = networks()
    unet.add_adapter(LoraConfig(r=RANK, lora_alpha=alpha, target_modules=unet_targets, **more))
    randomise(unet, seed, ["lora_"])
    if text_targets:
        text.add_adapter(LoraConfig(r=RANK, lora_alpha=alpha, target_modules=text_targets, **more))
        randomise(text, seed + 1, ["lora_"])
    return unet, text


def factors(model):
    """{module: {"A", "B", "M"}} of the adapter."""
    found = {}
    for name, tensor in get_peft_model_state_dict(model).items():
        for ending, key in ((".lora_A.weight", "A"), (".lora_B.weight", "B"), (".lora_magnitude_vector", "M")):
            if name.endswith(ending):
                found.setdefault(name.removesuffix(ending), {})[key] = tensor.clone()
    return found


RESNET = {"conv1": "in_layers.2", "conv2": "out_layers.3", "time_emb_proj": "emb_layers.1", "conv_shortcut": "skip_connection"}
ENDS = {"conv_in": "input_blocks.0.0", "conv_out": "out.2", "time_embedding.linear_1": "time_embed.0",
        "time_embedding.linear_2": "time_embed.2"}
# sd-small has two layers in each of two levels: blocks 1 2 [3: down] 4 5, and 0 1 2 (with up) 3 4 5; its second level alone has no attention
DOWN, UP = {0: 1, 1: 4}, {0: 0, 1: 3}


def original(module):
    if module in ENDS:
        return ENDS[module]
    parts = module.split(".")
    if parts[0] == "mid_block":
        if parts[1] == "attentions":
            return ".".join(["middle_block.1", *parts[3:]])
        return f"middle_block.{2 * int(parts[2])}.{RESNET[parts[3]]}"
    side, level, kind, layer, rest = parts[0], int(parts[1]), parts[2], int(parts[3]), ".".join(parts[4:])
    name, first = ("input_blocks", DOWN[level]) if side == "down_blocks" else ("output_blocks", UP[level])
    if kind == "downsamplers":
        return "input_blocks.3.0.op"
    if kind == "upsamplers":
        return "output_blocks.2.1.conv"
    return f"{name}.{first + layer}." + (f"0.{RESNET[rest]}" if kind == "resnets" else f"1.{rest}")


def kohya(unet, text, naming=lambda module: module, alpha=ALPHA):
    state = {}
    for model, prefix, rename in ((unet, "lora_unet_", naming), (text, "lora_te_", lambda module: "text_model." + module.removeprefix("text_model."))):
        for module, pair in factors(model).items() if model is not None else ():
            name = prefix + rename(module).replace(".", "_")
            is_matrix = pair["A"].dim() == 2 and module.endswith(("proj_in", "proj_out"))
            state[f"{name}.lora_down.weight"] = pair["A"][:, :, None, None] if is_matrix else pair["A"]
            state[f"{name}.lora_up.weight"] = pair["B"][:, :, None, None] if is_matrix else pair["B"]
            if alpha is not None:
                state[f"{name}.alpha"] = torch.tensor(float(alpha))
            if "M" in pair:
                state[f"{name}.dora_scale"] = pair["M"].reshape(-1, *[1] * (pair["A"].dim() - 1))
    return state


def save(name, state, **metadata):
    save_file({key: value.contiguous() for key, value in sorted(state.items())}, FILES / f"{name}.safetensors",
              {"format": "pt", **metadata})


def record(name, unet=None, text=None):
    if unet is not None:
        golden[f"unet/{name}"] = unet_out(unet)
    if text is not None:
        golden[f"text/{name}"] = text_out(text)


def same(a, b, what):
    error = ((a - b).norm() / b.norm()).item()
    assert error < 1e-5, f"{what}: diffusers computes something else from the file, off by {error}"
    return error


def read_back(path, name):
    """What diffusers' own loader makes of the file."""
    pipe = StableDiffusionPipeline.from_pretrained(MODEL, torch_dtype=torch.float32, safety_checker=None)
    pipe.load_lora_weights(str(path.parent), weight_name=path.name)
    if f"unet/{name}" in golden:
        print(path.name, "unet", same(unet_out(pipe.unet.eval()), golden[f"unet/{name}"], path.name))
    if f"text/{name}" in golden and pipe.text_encoder is not None:
        print(path.name, "text", same(text_out(pipe.text_encoder.eval()), golden[f"text/{name}"], path.name))


def read_back_original(path, name):
    """The original code's names are SDXL's custom, and only its loader knows them; the layout of the blocks is the same."""
    unet, _ = networks()
    state, alphas = StableDiffusionXLPipeline.lora_state_dict(str(path.parent), weight_name=path.name, unet_config=unet.config)[:2]
    StableDiffusionXLPipeline.load_lora_into_unet(state, alphas, unet)
    print(path.name, "unet", same(unet_out(unet.eval()), golden[f"unet/{name}"], path.name))


def linear_adapter():
    unet, text = lora_pair(1, LINEAR, TEXT)
    record("linear", unet, text)
    save("kohya", kohya(unet, text), ss_base_model_version="sd_v1",
         ss_tag_frequency=json.dumps({"10_style": {"inkmoth": 40, "a fox": 3}}))
    save("kohya-original", kohya(unet, text, original))
    read_back(FILES / "kohya.safetensors", "linear")
    read_back_original(FILES / "kohya-original.safetensors", "linear")
    with tempfile.TemporaryDirectory() as place:
        parts = {part: get_peft_model_state_dict(model) for part, model in (("unet", unet), ("text_encoder", text))}
        notes = {"r": RANK, "lora_alpha": ALPHA, "target_modules": LINEAR}
        StableDiffusionPipeline.save_lora_weights(
            place, unet_lora_layers=parts["unet"], text_encoder_lora_layers=parts["text_encoder"],
            unet_lora_adapter_metadata=notes, text_encoder_lora_adapter_metadata={**notes, "target_modules": TEXT})
        shutil.copy(Path(place) / "pytorch_lora_weights.safetensors", FILES / "diffusers.safetensors")
    read_back(FILES / "diffusers.safetensors", "linear")
    plain = UNet2DConditionModel.from_pretrained(MODEL, subfolder="unet", torch_dtype=torch.float32)
    wrapped = peft.get_peft_model(plain, LoraConfig(r=RANK, lora_alpha=ALPHA, target_modules=LINEAR))
    peft.set_peft_model_state_dict(wrapped, {f"base_model.model.{k}": v for k, v in parts["unet"].items()})
    same(unet_out(wrapped.eval()), golden["unet/linear"], "peft")
    wrapped.save_pretrained(FILES / "peft")
    (FILES / "peft" / "README.md").unlink(missing_ok=True)


def attention_adapter():
    """Without alpha: the old format has none."""
    unet, _ = lora_pair(11, ATTENTION, None, alpha=RANK)
    record("attention", unet)
    old, new, bare = {}, {}, {}
    for module, pair in factors(unet).items():
        path, _, projection = module.partition(".to_")
        name = f"unet.{path}.processor.to_{projection.removesuffix('.0')}_lora"
        old[f"{name}.down.weight"], old[f"{name}.up.weight"] = pair["A"], pair["B"]
        new[f"unet.{module}.lora.down.weight"], new[f"unet.{module}.lora.up.weight"] = pair["A"], pair["B"]
    save("diffusers-old", old)
    save("diffusers-middle", new)
    save("kohya-no-alpha", kohya(unet, None, alpha=None))
    for name in ("diffusers-old", "diffusers-middle", "kohya-no-alpha"):
        read_back(FILES / f"{name}.safetensors", "attention")


def two_adapters():
    """kohya at 0.7 and another one at -0.4, merged into the weights."""
    unet, text = lora_pair(21, ATTENTION + ["ff.net.2"], ["q_proj", "fc1"], alpha=RANK)
    record("second", unet, text)
    save("second", kohya(unet, text, alpha=RANK), **{"modelspec.trigger_phrase": "mothlight, dusk"})
    first = lora_pair(1, LINEAR, TEXT)
    for name, strengths in (("both", (0.7, -0.4)), ("half", (0.5, 0.0))):
        merged = networks()
        for model, one, other in zip(merged, first, (unet, text)):
            add(model, one, strengths[0] * ALPHA / RANK)
            add(model, other, strengths[1])
        record(name, *merged)


def add(model, adapted, scale):
    """Merges an adapter into the weights."""
    modules = dict(model.named_modules())
    with torch.no_grad():
        for module, pair in factors(adapted).items():
            weight = modules[module].weight
            weight.add_((scale * pair["B"].flatten(1) @ pair["A"].flatten(1)).reshape(weight.shape))


def conv_adapter():
    unet, _ = lora_pair(31, LINEAR + CONV, None)
    record("conv", unet)
    save("locon", kohya(unet, None))
    save("locon-original", kohya(unet, None, original))
    read_back(FILES / "locon.safetensors", "conv")


def dora_adapter():
    unet, text = lora_pair(41, ATTENTION + ["conv1"], TEXT, use_dora=True)
    record("dora", unet, text)
    save("dora", kohya(unet, text))
    named = {f"unet.{k}": v for k, v in get_peft_model_state_dict(unet).items()}
    save("dora-peft", named, lora_adapter_metadata=json.dumps({"unet.r": RANK, "unet.lora_alpha": ALPHA}))


def changed(deltas):
    """A U-Net whose weights have been changed, for the forms that no diffusers loader reads."""
    unet, _ = networks()
    modules = dict(unet.named_modules())
    with torch.no_grad():
        for module, delta in deltas.items():
            weight = modules[module].weight
            weight.add_(delta.reshape(weight.shape))
    return unet


def lycoris(name, config):
    """PEFT's own LoHa and LoKr, under the names and with the alphas LyCORIS writes."""
    unet = UNet2DConditionModel.from_pretrained(MODEL, subfolder="unet", torch_dtype=torch.float32)
    wrapped = peft.get_peft_model(unet, config)
    randomise(wrapped, 51, ["hada_", "lokr_"], 0.5)
    record(name, wrapped.eval())
    state = {}
    for key, tensor in get_peft_model_state_dict(wrapped).items():
        module, _, factor = key.removeprefix("base_model.model.").rpartition(".")
        state[f"lora_unet_{module.replace('.', '_')}.{factor}"] = tensor
        state[f"lora_unet_{module.replace('.', '_')}.alpha"] = torch.tensor(float(config.alpha))
    save(name, state)


def tucker_and_full():
    unet, _ = networks()
    generator = torch.Generator().manual_seed(61)
    draw = lambda *shape: torch.randn(*shape, generator=generator) * 0.3  # noqa: E731
    module, weight = "mid_block.resnets.0.conv1", dict(unet.named_modules())["mid_block.resnets.0.conv1"].weight
    down, mid, up = draw(3, weight.shape[1], 1, 1), draw(3, 3, 3, 3), draw(weight.shape[0], 3, 1, 1)
    delta = torch.einsum("or,rskl,si->oikl", up[:, :, 0, 0], mid, down[:, :, 0, 0]) * (2 / 3)
    linear = "mid_block.attentions.0.transformer_blocks.0.attn2.to_k"
    diff = draw(*dict(unet.named_modules())[linear].weight.shape)
    record("tucker", changed({module: delta, linear: diff}))
    name, other = (f"lora_unet_{one.replace('.', '_')}" for one in (module, linear))
    save("tucker", {f"{name}.lora_down.weight": down, f"{name}.lora_mid.weight": mid, f"{name}.lora_up.weight": up,
                    f"{name}.alpha": torch.tensor(2.0), f"{other}.diff": diff})


def main():
    shutil.rmtree(FILES, ignore_errors=True)
    FILES.mkdir()
    unet, text = networks()
    record("base", unet, text)
    linear_adapter()
    attention_adapter()
    two_adapters()
    conv_adapter()
    dora_adapter()
    targets = ATTENTION + ["conv2", "ff.net.0.proj"]
    lycoris("loha", LoHaConfig(r=2, alpha=3, target_modules=targets, use_effective_conv2d=False))
    lycoris("loha-large", LoHaConfig(r=4, alpha=3, target_modules=ATTENTION))
    lycoris("loha-tucker", LoHaConfig(r=2, alpha=3, target_modules=["conv1"], use_effective_conv2d=True))
    lycoris("lokr", LoKrConfig(r=1, alpha=3, target_modules=targets, decompose_factor=2))
    lycoris("lokr-full", LoKrConfig(r=8, alpha=8, target_modules=ATTENTION, decompose_factor=2))
    lycoris("lokr-tucker", LoKrConfig(r=1, alpha=3, target_modules=["conv1"], use_effective_conv2d=True, decompose_both=True, decompose_factor=4))
    tucker_and_full()
    inputs = {"sample": SAMPLE, "timestep": TIMES, "conditioning": COND, "token_ids": IDS.to(torch.int32)}
    save_file({**inputs, **golden}, HERE / "golden.safetensors")
    for name, tensor in golden.items():
        base = golden[name.split("/")[0] + "/base"]
        print(f"{name:24} differs from the base by {((tensor - base).norm() / base.norm()).item():.3f}")


main()
