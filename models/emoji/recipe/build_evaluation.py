"""Writes what an evaluation in any language needs, from the training data. The README describes the files.

evaluation/pictures.webp: all training pictures at 32x32 (means of 4x4 squares), 64 to a row, lossless.
evaluation/pictures.json: [[hexcode, style], ...] in the order of the squares.
evaluation/names.json: 200 concepts drawn with a fixed seed: [{"hexcode", "names": {language: label}}].
"""

import argparse
import json
from pathlib import Path

import numpy as np
from PIL import Image

from pictures import Pictures

THUMBNAIL_PX = 32
COLUMNS = 64
NAMES, SEED = 200, 20240229


def thumbnails(pixels):
    """u8[n, 128, 128, 3] -> u8[n, 32, 32, 3], the rounded means of 4x4 squares."""
    n, h, w, c = pixels.shape
    factor = h // THUMBNAIL_PX
    squares = pixels.reshape(n, THUMBNAIL_PX, factor, THUMBNAIL_PX, factor, c)
    return np.concatenate([(part.mean(axis=(2, 4)) + 0.5).astype(np.uint8) for part in np.array_split(squares, max(1, n // 256))])


def atlas(tiles, columns=COLUMNS, ground=255):
    """u8[n, h, w, 3] -> one picture of `columns` tiles a row."""
    n, h, w, c = tiles.shape
    rows = -(-n // columns)
    full = np.full((rows * columns, h, w, c), ground, np.uint8)
    full[:n] = tiles
    return full.reshape(rows, columns, h, w, c).swapaxes(1, 2).reshape(rows * h, columns * w, c)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--data", default="data")
    parser.add_argument("--out", default="evaluation")
    args = parser.parse_args()
    out = Path(args.out)
    out.mkdir(parents=True, exist_ok=True)
    pictures = Pictures(args.data)
    Image.fromarray(atlas(thumbnails(pictures.pixels))).save(out / "pictures.webp", lossless=True, quality=100, method=4)
    (out / "pictures.json").write_text(json.dumps([[e["hexcode"], e["style"]] for e in pictures.entries]))
    chosen = np.random.default_rng(SEED).choice(len(pictures.concepts), NAMES, replace=False)
    names = [
        {"hexcode": c["hexcode"], "names": {language: name["label"] for language, name in c["names"].items()}}
        for c in (pictures.concepts[i] for i in chosen)
    ]
    (out / "names.json").write_text(json.dumps(names, ensure_ascii=False, indent=1) + "\n")


if __name__ == "__main__":
    main()
