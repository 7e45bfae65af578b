"""The shapes of the text encoder and the U-Net, in one place."""

from diffusers import DDPMScheduler, UNet2DConditionModel
from transformers import CLIPTextConfig, CLIPTextModel, PreTrainedTokenizerFast

from build_tokenizer import END, MAX_TOKENS, START
from train_autoencoder import CONFIG as AUTOENCODER

LATENT_CHANNELS = AUTOENCODER["latent_channels"]
LATENT_SIZE = 8
TEXT_WIDTH = 320


def load_tokenizer(folder):
    """Pads with the end token to MAX_TOKENS, as Stable Diffusion's pipelines do."""
    return PreTrainedTokenizerFast(
        tokenizer_file=f"{folder}/tokenizer.json", bos_token=START, eos_token=END, pad_token=END, unk_token=END,
        model_max_length=MAX_TOKENS,
    )


def token_ids(tokenizer, texts, length=MAX_TOKENS):
    """i64[n, length]."""
    return tokenizer(texts, padding="max_length", truncation=True, max_length=length, return_tensors="pt").input_ids


def new_text_encoder(tokenizer):
    end = tokenizer.eos_token_id
    return CLIPTextModel(
        CLIPTextConfig(
            vocab_size=len(tokenizer), hidden_size=TEXT_WIDTH, intermediate_size=4 * TEXT_WIDTH, num_hidden_layers=3,
            num_attention_heads=5, max_position_embeddings=MAX_TOKENS, hidden_act="quick_gelu", projection_dim=TEXT_WIDTH,
            bos_token_id=tokenizer.bos_token_id, eos_token_id=end, pad_token_id=end,
        )
    )  # fmt: skip


def new_unet():
    return UNet2DConditionModel(
        sample_size=LATENT_SIZE, in_channels=LATENT_CHANNELS, out_channels=LATENT_CHANNELS,
        block_out_channels=[128], layers_per_block=1, norm_num_groups=16,
        down_block_types=["CrossAttnDownBlock2D"], up_block_types=["CrossAttnUpBlock2D"],
        mid_block_type="UNetMidBlock2DCrossAttn", cross_attention_dim=TEXT_WIDTH,
        attention_head_dim=4,  # diffusers reads this as the number of heads: 4 of 32
    )  # fmt: skip


def new_scheduler():
    """Linear betas 1e-4..0.02 (Ho et al. 2020) leave almost no signal at the last step: white grounds stay white."""
    return DDPMScheduler(
        num_train_timesteps=1000, beta_start=1e-4, beta_end=0.02, beta_schedule="linear",
        prediction_type="v_prediction", timestep_spacing="trailing", clip_sample=False,
    )  # fmt: skip
