"""Makes textual inversion embeddings in every file format, and the prompts diffusers encodes with them.

Command:  python test/golden/embeddings/make_embeddings.py     (diffusers 0.42.1, transformers 5.23.0, torch 2.15.0, CPU, one thread)
Writes models/embeddings/*.safetensors for the tiny folder sd-small (vectors of 16 numbers) and the tiny SDXL of ../families/xl (64 and 128),
states.safetensors: the hidden states of each prompt by diffusers' own load_textual_inversion and encode_prompt, and states.json: the prompts.
The second text encoder of SDXL is asked through the states only; its pooled prompt is taken at the end marker here, where diffusers takes
it at the largest id, which an added word is.
"""

import json
import sys
import warnings
from pathlib import Path

import diffusers
import torch
import transformers
from diffusers import StableDiffusionPipeline, StableDiffusionXLPipeline
from safetensors.torch import save_file
from transformers import CLIPTokenizer

warnings.filterwarnings("ignore")
diffusers.logging.set_verbosity_error()
transformers.logging.set_verbosity_error()
torch.set_num_threads(1)

HERE = Path(__file__).parent
MODELS = HERE / "models" / "embeddings"
sys.path[:0] = [str(HERE.parent / "families" / "xl")]
import make_xl  # noqa: E402

# file name: (format, vectors, stored as)
FILES = {
    "my-style": ("emb_params", 2, torch.float32),
    "toy": ("<cat-toy>", 3, torch.float16),
    "dot": ("<dot>", 1, torch.float32),
    "my": ("emb_params", 1, torch.bfloat16),
    "xl-look": ("xl", 2, torch.float16),
}
PROMPTS = {
    "sd-small": ["a red heart in my-style on paper", "<cat-toy>", "a <dot> and <cat-toy> in the snow, my-style", "two cats"],
    "base": ["a red heart in xl-look on paper", "xl-look", "two cats"],
}


def make_files():
    generator = torch.Generator().manual_seed(5)
    made = {}
    for name, (kind, count, dtype) in FILES.items():
        draw = lambda width: (torch.randn(count, width, generator=generator) * 0.5).to(dtype)  # noqa: E731
        tensors = {"clip_l": draw(64), "clip_g": draw(128)} if kind == "xl" else {kind: draw(16)}
        if name == "dot":
            tensors = {kind: tensors[kind][0]}
        save_file({key: tensor.contiguous() for key, tensor in tensors.items()}, MODELS / f"{name}.safetensors")
        made[name] = tensors
    return made


@torch.no_grad()
def small_states(made):
    pipe = StableDiffusionPipeline.from_pretrained(HERE.parent / "folders" / "sd-small", safety_checker=None)
    for name in ("my-style", "toy", "dot"):
        (key, tensor), = made[name].items()
        pipe.load_textual_inversion({"emb_params" if key == "emb_params" else key: tensor.float()},
                                    token=name if key == "emb_params" else None)
    return [pipe.encode_prompt(prompt, "cpu", 1, False)[0][0] for prompt in PROMPTS["sd-small"]]


@torch.no_grad()
def xl_states(made):
    networks = [make_xl.make_text(name).module.eval() for name in ("text_encoder", "text_encoder_2")]
    tokenizers = [CLIPTokenizer.from_pretrained(folder) for folder in make_xl.TOKENIZERS.values()]
    pipe = StableDiffusionXLPipeline(vae=None, unet=None, scheduler=None, text_encoder=networks[0], text_encoder_2=networks[1],
                                     tokenizer=tokenizers[0], tokenizer_2=tokenizers[1])
    for key, network, tokenizer in zip(("clip_l", "clip_g"), networks, tokenizers):
        pipe.load_textual_inversion({"emb_params": made["xl-look"][key].float()}, token="xl-look", text_encoder=network, tokenizer=tokenizer)
    return [pipe.encode_prompt(prompt, device="cpu", do_classifier_free_guidance=False)[0][0] for prompt in PROMPTS["base"]]


def main():
    MODELS.mkdir(parents=True, exist_ok=True)
    made = make_files()
    states = {"sd-small": small_states(made), "base": xl_states(made)}
    arrays = {f"{model}/{at}": state.contiguous() for model, all_states in states.items() for at, state in enumerate(all_states)}
    for name, state in arrays.items():
        print(name, list(state.shape), f"spread {state.std():.2f}")
    save_file(arrays, HERE / "states.safetensors")
    (HERE / "states.json").write_text(json.dumps(PROMPTS, indent=1) + "\n")


if __name__ == "__main__":
    main()
