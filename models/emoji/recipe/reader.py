"""The reader: a throw-away head that turns text states into latents.

It reads as the U-Net will, by cross-attention from one query per latent position, so what the text encoder learns
to lay out for it lies ready for the U-Net. Letters: n texts, t tokens, d = 256.
"""

import torch
import torch.nn.functional as F
from torch import nn

from networks import LATENT_CHANNELS, LATENT_SIZE, TEXT_WIDTH

WIDTH, HEADS, LAYERS = 256, 8, 1


class ReadingLayer(nn.Module):
    """Cross-attention and a feed-forward part, both pre-normalised and residual."""

    def __init__(self):
        super().__init__()
        self.norm_query, self.norm_hidden = nn.LayerNorm(WIDTH), nn.LayerNorm(WIDTH)
        self.query = nn.Linear(WIDTH, WIDTH, bias=False)
        self.key, self.value = (nn.Linear(TEXT_WIDTH, WIDTH, bias=False) for _ in range(2))
        self.out = nn.Linear(WIDTH, WIDTH)
        self.up, self.down = nn.Linear(WIDTH, 2 * WIDTH), nn.Linear(2 * WIDTH, WIDTH)

    def forward(self, x, states):
        """x f32[n, 64, d], states f32[n, t, 320] -> f32[n, 64, d]."""
        heads = [
            part.unflatten(-1, (HEADS, -1)).transpose(1, 2)
            for part in (self.query(self.norm_query(x)), self.key(states), self.value(states))
        ]
        x = x + self.out(F.scaled_dot_product_attention(*heads).transpose(1, 2).flatten(2))
        return x + self.down(F.gelu(self.up(self.norm_hidden(x))))


class Reader(nn.Module):
    def __init__(self):
        super().__init__()
        self.places = nn.Parameter(torch.randn(LATENT_SIZE**2, WIDTH) * 0.5)
        self.layers = nn.ModuleList(ReadingLayer() for _ in range(LAYERS))
        self.norm = nn.LayerNorm(WIDTH)
        self.to_latents = nn.Linear(WIDTH, LATENT_CHANNELS)

    def forward(self, states):
        """f32[n, t, 320] -> f32[n, 32, 8, 8]."""
        x = self.places.expand(len(states), -1, -1)
        for layer in self.layers:
            x = layer(x, states)
        return self.to_latents(self.norm(x)).mT.unflatten(-1, (LATENT_SIZE, LATENT_SIZE))
