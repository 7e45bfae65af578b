"""Records what transformers' CLIPTokenizer says with CLIP's whole vocabulary, to hold src/weights/clipVocabulary.ts against.

Command:  python test/golden/tokenizer/make_clip_ids.py BPE      (transformers 5.23.0, tokenizers 0.23.3)
BPE is bpe_simple_vocab_16e6.txt.gz of openai/CLIP (in the open_clip_torch 3.3.0 wheel under open_clip/). With --merges FILE it also writes
the merges the program ships. Texts are those of make_tokenizer.py; ids are padded and cut to 24.
"""

import gzip
import json
import sys
from pathlib import Path

from transformers import CLIPTokenizer

sys.path.insert(0, str(Path(__file__).parent))
from make_tokenizer import TEXTS  # noqa: E402

MAX_TOKENS = 24
MORE = ["An astronaut riding a horse", "how are you doing?", "masterpiece, best quality, 1girl, (silver hair:1.2), <lora:x:1>"]


def characters():
    visible = [*range(ord("!"), ord("~") + 1), *range(ord("¡"), ord("¬") + 1), *range(ord("®"), ord("ÿ") + 1)]
    hidden = [byte for byte in range(256) if byte not in visible]
    return [chr(byte) for byte in visible] + [chr(256 + at) for at in range(len(hidden))]


def main():
    lines = gzip.open(sys.argv[1]).read().decode().split("\n")[1 : 49152 - 256 - 2 + 1]
    if "--merges" in sys.argv:
        text = "#version: 0.2\n" + "\n".join(lines) + "\n"
        Path(sys.argv[sys.argv.index("--merges") + 1]).write_bytes(gzip.compress(text.encode(), 9, mtime=0))
    merges = [tuple(line.split()) for line in lines]
    units = characters()
    tokens = [*units, *(u + "</w>" for u in units), *("".join(m) for m in merges), "<|startoftext|>", "<|endoftext|>"]
    vocab = {token: i for i, token in enumerate(tokens)}
    ids = {}
    for pad in ("<|endoftext|>", "!"):
        clip = CLIPTokenizer(vocab=vocab, merges=merges, model_max_length=MAX_TOKENS, pad_token=pad)
        ids[pad] = [[text, clip(text, padding="max_length", truncation=True).input_ids] for text in TEXTS + MORE]
    Path(__file__).with_name("clip_ids.json").write_text(json.dumps(ids, indent=0) + "\n")


if __name__ == "__main__":
    main()
