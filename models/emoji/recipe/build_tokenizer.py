"""Trains the tokenizer: CLIP's byte-level BPE (its pre-tokenisation and word ends), 8,192 tokens, on all names.

Writes tokenizer.json (what JavaScript reads) and vocab.json + merges.txt (what CLIPTokenizer reads).
"""

import argparse
import json
from pathlib import Path

from tokenizers import Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers

from captions import every_text
from pictures import Pictures

VOCABULARY_SIZE = 8192
MAX_TOKENS = 24
START, END = "<|startoftext|>", "<|endoftext|>"
WORD_END = "</w>"
# CLIP's own splitting (openai/CLIP simple_tokenizer.py).
WORDS = r"""<\|startoftext\|>|<\|endoftext\|>|'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+"""


def parts_of_clip(tokenizer):
    """CLIP's normaliser, pre-tokeniser and decoder."""
    tokenizer.normalizer = normalizers.Sequence(
        [normalizers.NFC(), normalizers.Replace(Regex(r"\s+"), " "), normalizers.Lowercase()]
    )
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.Split(Regex(WORDS), "removed", invert=True), pre_tokenizers.ByteLevel(add_prefix_space=False)]
    )
    tokenizer.decoder = decoders.ByteLevel()
    return tokenizer


def train_merges(texts):
    """The merges learned from the texts, as [left, right] pairs."""
    tokenizer = parts_of_clip(Tokenizer(models.BPE(end_of_word_suffix=WORD_END)))
    trainer = trainers.BpeTrainer(
        vocab_size=VOCABULARY_SIZE - 300, min_frequency=2, end_of_word_suffix=WORD_END,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), show_progress=False,
    )
    tokenizer.train_from_iterator(texts, trainer)
    return [tuple(pair) for pair in json.loads(tokenizer.to_str())["model"]["merges"]]


def vocabulary(merges):
    """CLIP's order: bytes, bytes that end a word, merges, start, end; so that no text is unknown."""
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    tokens = alphabet + [byte + WORD_END for byte in alphabet] + ["".join(pair) for pair in merges]
    return {token: index for index, token in enumerate([*dict.fromkeys(tokens), START, END])}


def build(texts):
    """The finished tokenizer, with start and end tokens added around a text."""
    merges = train_merges(texts)
    ids = vocabulary(merges)
    bpe = models.BPE(vocab=ids, merges=merges, end_of_word_suffix=WORD_END, continuing_subword_prefix="", unk_token=END, fuse_unk=False)
    tokenizer = parts_of_clip(Tokenizer(bpe))
    tokenizer.add_special_tokens([START, END])
    tokenizer.post_processor = processors.TemplateProcessing(
        single=f"{START} $A {END}", special_tokens=[(START, ids[START]), (END, ids[END])]
    )
    return tokenizer, ids, merges


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--data", default="data")
    parser.add_argument("--out", default="tokenizer")
    args = parser.parse_args()
    out = Path(args.out)
    out.mkdir(parents=True, exist_ok=True)
    tokenizer, ids, merges = build(list(every_text(Pictures(args.data).concepts)))
    tokenizer.save(str(out / "tokenizer.json"))
    (out / "vocab.json").write_text(json.dumps(ids, ensure_ascii=False))
    (out / "merges.txt").write_text("#version: 0.2\n" + "".join(f"{a} {b}\n" for a, b in merges))
    special = dict(bos_token=START, eos_token=END, unk_token=END, pad_token=END)
    config = dict(tokenizer_class="CLIPTokenizer", model_max_length=MAX_TOKENS, do_lower_case=True, **special)
    (out / "tokenizer_config.json").write_text(json.dumps(config, indent=2) + "\n")
    (out / "special_tokens_map.json").write_text(json.dumps(special, indent=2) + "\n")
    print(f"{len(ids)} tokens")


if __name__ == "__main__":
    main()
