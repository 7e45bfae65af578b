// Files under models/embeddings: which format, for which kind of model, under which words; and why others are refused.
import { expect, test } from 'vitest';
import { scanEmbeddings } from '../../src/weights/embeddings.ts';
import { scanModels } from '../../src/weights/registry.ts';
import { modelsFolder, safetensorsOf } from './makeSafetensors.ts';

type Shapes = Readonly<Record<string, readonly number[]>>;

function scanOf(shapes: Shapes, file = 'it.safetensors') {
  return scanEmbeddings(modelsFolder({ [`embeddings/${file}`]: safetensorsOf(shapes) }));
}

test.each([
  ['A1111, 1.x', { emb_params: [8, 768] }, 8, 'Stable Diffusion 1.x, 768 wide', ['it']],
  ['A1111, 2.x', { emb_params: [1, 1024] }, 1, 'Stable Diffusion 2.x, 1024 wide', ['it']],
  ['diffusers', { '<cat-toy>': [768] }, 1, 'Stable Diffusion 1.x, 768 wide', ['it', '<cat-toy>']],
  ['diffusers, several', { '<cat-toy>': [3, 1024] }, 3, 'Stable Diffusion 2.x, 1024 wide', ['it', '<cat-toy>']],
  ['SDXL', { clip_g: [4, 1280], clip_l: [4, 768] }, 4, 'SDXL, 768 and 1280 wide', ['it']],
  ['the refiner', { clip_g: [4, 1280] }, 4, "SDXL's refiner, 1280 wide", ['it']],
  ['something else', { emb_params: [2, 512] }, 2, '512 wide', ['it']],
] as const)('%s', (_, shapes, vectors, family, words) => {
  const { cards, refused } = scanOf(shapes);
  expect(refused).toEqual([]);
  expect(cards).toEqual([expect.objectContaining({ name: 'it', vectors, family, words })]);
});

test.each([
  [{ clip_g: [4, 1280], clip_l: [3, 768] }, 'has 3 and 4 vectors, expected as many'],
  [{ emb_params: [2, 3, 768] }, 'emb_params has shape [2,3,768], expected [vectors, width]'],
  [{ emb_params: [5000, 768] }, 'expected [vectors, width]'],
  [{ a: [4], b: [4] }, 'is no model known here'],
  [{ 'lora_unet_x.lora_up.weight': [4, 4], 'lora_unet_x.lora_down.weight': [4, 4] }, 'is a LoRA'],
] as const)('%o is refused', (shapes, words) => {
  const { cards, refused } = scanOf(shapes as Shapes);
  expect(cards).toEqual([]);
  expect(refused[0]).toMatchObject({ name: 'embeddings/it.safetensors' });
  expect(refused[0]!.reason).toContain(words);
});

test('subfolders are for order only; one name is one embedding; pickles are never opened', () => {
  const folder = modelsFolder({
    'embeddings/people/anna.safetensors': safetensorsOf({ emb_params: [1, 768] }),
    'embeddings/places/anna.safetensors': safetensorsOf({ emb_params: [2, 768] }),
    'embeddings/old.pt': 'PK\x03\x04',
    'embeddings/notes.txt': 'by me',
  });
  const { cards, refused } = scanEmbeddings(folder);
  expect(cards.map(({ name, vectors }) => [name, vectors])).toEqual([['anna', 1]]);
  expect(refused.map(({ name }) => name)).toEqual(['embeddings/old.pt', 'embeddings/places/anna.safetensors']);
  expect(refused[0]!.reason).toContain('is a PyTorch pickle');
  expect(refused[1]!.reason).toContain('the name anna is taken');
});

test('in the models folder itself one is told where it belongs', () => {
  const { refused } = scanModels(modelsFolder({ 'anna.safetensors': safetensorsOf({ emb_params: [1, 768] }) }));
  expect(refused[0]!.reason).toContain('put the file into embeddings');
});
