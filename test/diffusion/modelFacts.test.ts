// How latents lie over pixels, read from the autoencoder's config.
import { expect, test } from 'vitest';
import { modelFacts } from '../../src/diffusion/modelFacts.ts';
import { DEFAULT_SCHEDULER } from '../../src/diffusion/schedulerConfig.ts';

test('four levels halve three times; channels and scale are as said, or Stable Diffusion 1', () => {
  const levels = { block_out_channels: [128, 256, 512, 512] };
  const common = { scheduler: DEFAULT_SCHEDULER, pixelsPerLatent: 8 };
  expect(modelFacts(DEFAULT_SCHEDULER, levels)).toEqual({ ...common, latentChannels: 4, scalingFactor: 0.18215 });
  const said = { ...levels, latent_channels: 16, scaling_factor: 0.5, shift_factor: null };
  expect(modelFacts(DEFAULT_SCHEDULER, said)).toEqual({ ...common, latentChannels: 16, scalingFactor: 0.5 });
});

test.each([
  [{}, 'weights_invalid', 'block_out_channels is undefined'],
  [{ block_out_channels: [] }, 'weights_invalid', 'block_out_channels is []'],
  [{ block_out_channels: [8], scaling_factor: 0 }, 'weights_invalid', 'scaling_factor is 0'],
  [{ block_out_channels: [8], latent_channels: '4' }, 'weights_invalid', 'latent_channels is "4"'],
  [{ block_out_channels: [8], shift_factor: 0.1 }, 'model_unsupported', 'shift_factor is 0.1, expected none'],
])('%o is refused', (config, code, message) => {
  expect(() => modelFacts(DEFAULT_SCHEDULER, config)).toThrow(
    expect.objectContaining({ code, message: expect.stringContaining(message) }),
  );
});
