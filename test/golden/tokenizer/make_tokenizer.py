"""Makes a tiny CLIP vocabulary and what transformers' CLIPTokenizer says of a list of texts with it.

Command:  python test/golden/tokenizer/make_tokenizer.py      (transformers 5.23.0, tokenizers 0.23.3)
Writes vocab.json and merges.txt (what older Stable Diffusion folders have), tokenizer.json (what newer ones have) and
ids.json: per padding token, text → ids padded and cut to 16. Nothing is random.
"""

import json
from pathlib import Path

from tokenizers import Regex, Tokenizer, models, normalizers, pre_tokenizers, trainers
from transformers import CLIPTokenizer

OUT = Path(__file__).parent
MAX_TOKENS = 16
SAMPLE = """a red heart on white paper, smiling face with open eyes; two cats' house won't they're I'll we've
красное сердце и улыбающееся лицо, зелёный дом, кошка
红心 笑脸 一只猫 在 绿色 的 房子 日本語 한국어
élan vital naïve straße ΣΟΦΙΑ 100 2024 3d"""
TEXTS = [
    "",
    " ",
    "a red heart",
    "A RED Heart!",
    "  a   red \t heart\n\n on  white ",
    "how are you doing? I'll say they're what we've got, won't I'M",
    "красное сердце, КРАСНОЕ СЕРДЦЕ",
    "红心在绿色的房子里",
    "笑脸 😀 👩‍🚒 ❤️ 🏳️‍🌈",
    "日本語 カタカナ 한국어 हिन्दी العربية ไทย",
    "e\u0301lan vs \u00e9lan, naïve, straße, İstanbul, ﬁ",
    "ΣΟΦΙΑΣ ΟΔΥΣΣΕΥΣ σοφίας",
    "12345 3.14 ½ ² Ⅷ ٣",
    "!!! ... -- __ (a:1.2) [b|c] <lora:x:1>",
    "control \x01\x02\x1b\x7f\x85 characters \x00 end",
    "zero\u200bwidth\u200djoiner\ufeffmark\u2028line\u2029paragraph\u3000wide\u00a0space",
    "<|endoftext|> in the middle <|startoftext|>x",
    "< |endoftext| > <|ENDOFTEXT|> <|endof",
    "'s 't don't 'S",
    "a" * 40,
    "cat " * 40,
    "\U0001d54f \U0001f9d1\U0001f3fd \u0e33 \u1e9e",
    "tatata heartheart redred",
]


def main():
    bytes_ = sorted(pre_tokenizers.ByteLevel.alphabet())
    tokenizer = Tokenizer(models.BPE(end_of_word_suffix="</w>"))
    tokenizer.normalizer = normalizers.Sequence([normalizers.NFC(), normalizers.Lowercase()])
    words = r"[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+"
    split = pre_tokenizers.Split(Regex(words), "removed", invert=True)
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([split, pre_tokenizers.ByteLevel(add_prefix_space=False)])
    trainer = trainers.BpeTrainer(
        vocab_size=640, end_of_word_suffix="</w>", initial_alphabet=bytes_, show_progress=False
    )
    tokenizer.train_from_iterator(SAMPLE.splitlines(), trainer)
    merges = [tuple(pair) for pair in json.loads(tokenizer.to_str())["model"]["merges"]]
    units = [*bytes_, *(b + "</w>" for b in bytes_), *("".join(pair) for pair in merges)]
    names = [*dict.fromkeys(units), "<|startoftext|>", "<|endoftext|>"]
    vocab = {name: i for i, name in enumerate(names)}
    (OUT / "vocab.json").write_text(json.dumps(vocab, ensure_ascii=False) + "\n")
    (OUT / "merges.txt").write_text("#version: 0.2\n" + "".join(f"{a} {b}\n" for a, b in merges))
    ids = {}
    for pad in ("<|endoftext|>", "!"):
        clip = CLIPTokenizer(vocab=vocab, merges=merges, model_max_length=MAX_TOKENS, pad_token=pad)
        if pad != "!":
            clip.backend_tokenizer.save(str(OUT / "tokenizer.json"), pretty=False)
        ids[pad] = [
            [text, clip(text, padding="max_length", truncation=True, max_length=MAX_TOKENS).input_ids] for text in TEXTS
        ]
    (OUT / "ids.json").write_text(json.dumps(ids, indent=0) + "\n")


if __name__ == "__main__":
    main()
