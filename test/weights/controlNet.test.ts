// Control networks from strangers: told from everything else by name, fitted to models by their configs, and refused with a typed error however
// they are damaged.
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, test } from 'vitest';
import { DarkroomError } from '../../src/errors.ts';
import { checkControl } from '../../src/runtime/control.ts';
import { kindsOfName, readControlFile } from '../../src/weights/controlNet.ts';
import { fitsModel, scanControls } from '../../src/weights/controlNetLibrary.ts';
import { scanModels } from '../../src/weights/registry.ts';
import { makeControlModels, writeControlFolder } from '../support/madeControls.ts';
import { modelsFolder, putFile, safetensorsOf } from './makeSafetensors.ts';

const folders: string[] = [];
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true });
});

function folderOf(files: Parameters<typeof modelsFolder>[0]): string {
  const folder = modelsFolder(files);
  folders.push(folder);
  return folder;
}

const scan = (folder: string) => scanControls(folder, [], checkControl);

describe('what a network follows is told by what its makers call it', () => {
  test.each([
    ['control_v11p_sd15_canny', 'canny'],
    ['control_v11f1p_sd15_depth_fp16', 'depth'],
    ['control_v11p_sd15s2_lineart_anime', 'lineart'],
    ['control_v11e_sd15_ip2p', 'edit'],
    ['control_v11p_sd15_normalbae', 'normal'],
    ['control_v11p_sd15_seg', 'segmentation'],
    ['control_v11p_sd15_mlsd', 'mlsd'],
    ['control_v11p_sd15_openpose', 'pose'],
    ['control_v11f1e_sd15_tile', 'tile'],
    ['control_v11e_sd15_shuffle', 'shuffle'],
    ['control_sd15_hed', 'softedge'],
    ['t2iadapter_sketch_sd15v2', 'scribble'],
    ['t2iadapter_color_sd14v1', 'colour'],
    ['t2iadapter_zoedepth_sd15v1', 'depth'],
    ['emoji-silhouette', 'silhouette'],
    ['diffusion model', ''],
    ['watershed', ''],
  ])('%s', (name, kinds) => expect(kindsOfName(name).join()).toBe(kinds));
});

describe('what is none', () => {
  const lone = (shapes: Readonly<Record<string, readonly number[]>>) => ({
    'controlnets/x.safetensors': safetensorsOf(shapes),
  });
  test.each([
    [
      'a model',
      lone({ 'model.diffusion_model.out.2.bias': [4] }),
      /a single-file checkpoint \(Stable Diffusion\), not a ControlNet/,
    ],
    [
      'a LoRA',
      lone({ 'lora_unet_a.lora_down.weight': [4, 8] }),
      /is a LoRA, not a ControlNet; controlnets takes ControlNets and/,
    ],
    ['a Control-LoRA', lone({ lora_controlnet: [1], 'input_hint_block.0.bias': [16] }), /is a Control-LoRA/],
    [
      'a ControlNet-Union',
      lone({ task_embedding: [6, 8], 'controlnet_cond_embedding.conv_in.weight': [16, 3, 3, 3] }),
      /Union/,
    ],
    ['a ControlLLLite', lone({ 'lllite_unet_a.down.0.weight': [4, 4] }), /ControlLLLite/],
    ['an IP-Adapter', lone({ 'image_proj.norm.weight': [8] }), /IP-Adapter/],
    ['a ControlNet of Flux', lone({ 'controlnet_x_embedder.weight': [8, 8] }), /Flux/],
    [
      'a U-Net',
      lone({ 'down_blocks.0.resnets.0.a': [1], 'time_embedding.a': [1] }),
      /the U-Net of a diffusers folder alone/,
    ],
    ['a pickle', { 'controlnets/x.pth': 'x' }, /pickle/],
    [
      'a folder of another class',
      { 'controlnets/x/config.json': { _class_name: 'FluxControlNetModel' } },
      /a FluxControlNetModel/,
    ],
    [
      'a folder without weights',
      { 'controlnets/x/config.json': { _class_name: 'ControlNetModel' } },
      /there is no such file/,
    ],
    [
      'half a ControlNet',
      lone({ 'controlnet_cond_embedding.conv_in.weight': [16, 3, 3, 3] }),
      /conv_in.weight is missing/,
    ],
    [
      'half an original one',
      lone({ 'control_model.input_hint_block.0.weight': [16, 3, 3, 3] }),
      /conv_in.weight is missing/,
    ],
    ['half a T2I-Adapter', lone({ 'adapter.body.0.resnets.0.block1.weight': [8, 8, 3, 3] }), /adapter.conv_in.weight/],
  ])('%s', (_, files, words) => {
    const { cards, refused } = scan(folderOf(files));
    expect(cards).toEqual([]);
    expect(refused.map(({ reason }) => reason)).toEqual([expect.stringMatching(words)]);
  });
});

describe('what its owner says of it', () => {
  test('name, kinds and strength, in the folder or beside the file; two of a name are one and a refusal', () => {
    const folder = folderOf({});
    const hints = { name: 'my edges', kinds: ['scribble', 'canny'], strength: 0.6 };
    for (const name of ['small-canny', 'again']) {
      writeFileSync(path.join(folder, 'note.txt'), '');
      putFile(folder, `controlnets/sorted/${name}/darkroom.json`, hints);
      writeControlFolder(path.join(folder, 'controlnets/sorted', name), 'small-canny', 'F16');
    }
    const { cards, refused } = scan(folder);
    expect(cards).toMatchObject([
      { name: 'my edges', kinds: ['scribble', 'canny'], strength: 0.6, family: expect.any(String) },
    ]);
    expect(refused).toMatchObject([{ reason: expect.stringMatching(/the name my edges is taken by/) }]);
  });

  test('an unknown word in it is refused', () => {
    const folder = folderOf({});
    putFile(folder, 'controlnets/x/darkroom.json', { kind: 'canny' });
    writeControlFolder(path.join(folder, 'controlnets/x'), 'small-canny', 'F16');
    expect(scan(folder).refused[0]?.reason).toMatch(/darkroom.json.*kind/);
  });
});

describe('looking again', () => {
  const modelsDir = makeControlModels();
  folders.push(modelsDir);
  const networks = path.join(modelsDir, 'controlnets');
  const library = scanControls(modelsDir, scanModels(modelsDir).layouts, checkControl);
  const find = (name: string) => library.cards.find((card) => card.name === name);

  test('without a change keeps every card as it is', () => {
    const { cards } = library;
    expect(library.rescan()).toBe(false);
    expect(library.cards).toBe(cards);
  });

  test('finds a new file, refused while it is being copied, its note, and that it is gone', () => {
    const added = path.join(networks, 'more/late-canny.safetensors');
    const bytes = readFileSync(path.join(networks, 'single-depth.safetensors'));
    putFile(modelsDir, 'controlnets/more/late-canny.safetensors', bytes.subarray(0, bytes.length / 2));
    expect(library.rescan()).toBe(true);
    expect(find('late-canny')).toBeUndefined();
    expect(library.refused).toMatchObject([{ name: 'more/late-canny.safetensors' }]);
    const others = library.cards;
    writeFileSync(added, bytes);
    expect(library.rescan()).toBe(true);
    expect(library.refused).toEqual([]);
    expect(find('late-canny')).toMatchObject({ kinds: ['canny'], fits: ['sd1'] });
    for (const card of others) expect(find(card.name)).toBe(card);
    const version = library.versionOf('late-canny');
    putFile(modelsDir, 'controlnets/more/late-canny.darkroom.json', { kinds: ['depth'], strength: 0.4 });
    expect(library.rescan()).toBe(true);
    expect(find('late-canny')).toMatchObject({ kinds: ['depth'], strength: 0.4 });
    expect(library.versionOf('late-canny')).not.toBe(version);
    rmSync(added);
    expect(() => library.versionOf('late-canny')).toThrow('"late-canny": its file is not there any more');
    expect(library.rescan()).toBe(true);
    expect(find('late-canny')).toBeUndefined();
    expect(() => library.open('late-canny')).toThrow('"late-canny": not found, known are: light-colour');
  });
});

describe('damaged networks', () => {
  const made = makeControlModels();
  folders.push(made);
  const target = folderOf({ 'controlnets/keep.txt': '' });
  const place = path.join(target, 'controlnets/x.safetensors');
  const files = ['single-canny', 'single-depth', 'single-pose'].map((name) =>
    readFileSync(path.join(made, 'controlnets', `${name}.safetensors`)),
  );

  test('the same models fit as before; none of another family does', () => {
    const models = scanModels(made).layouts;
    const { cards } = scanControls(made, models);
    expect(cards.filter(({ fits }) => fits.length > 1)).toEqual([]);
    expect(cards.find(({ name }) => name === 'xl-canny')).toMatchObject({ family: 'SDXL', fits: ['base'] });
  });

  test('an adapter named for 1.x fits no model of 2.x, whose layers are as wide', () => {
    const named = readControlFile(made, path.join(made, 'controlnets/single-pose.safetensors'));
    const model = scanModels(made).layouts.find(({ name }) => name === 'sd1')!;
    const fitted = (name: string, family: 'sd1' | 'sd2') => fitsModel({ ...named, name }, { ...model, family });
    expect([fitted('pose', 'sd1'), fitted('pose', 'sd2')]).toEqual([true, true]);
    expect([fitted('t2iadapter_pose_sd14v1', 'sd1'), fitted('t2iadapter_pose_sd14v1', 'sd2')]).toEqual([true, false]);
  });

  test('bytes of the header changed, the end cut off: always a typed error or a whole network', () => {
    fc.assert(
      fc.property(
        fc.nat(files.length - 1),
        fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 6 }),
        fc.option(fc.nat()),
        (which, changes, cut) => {
          const bytes = Buffer.from(files[which]!);
          const header = 8 + Number(bytes.readBigUInt64LE(0));
          for (const [at, byte] of changes) bytes[at % header] = byte;
          writeFileSync(place, cut === null ? bytes : bytes.subarray(0, cut % bytes.length));
          expectTyped(() => checkControl(readControlFile(target, place)));
        },
      ),
      { numRuns: 120, seed: 4 },
    );
  });

  test('a config that says something else: always a typed error or a whole network', () => {
    const folder = path.join(target, 'controlnets/y');
    putFile(target, 'controlnets/y/config.json', {});
    writeControlFolder(folder, 'small-canny', 'F16');
    const config = JSON.parse(readFileSync(path.join(folder, 'config.json'), 'utf8'));
    fc.assert(
      fc.property(fc.constantFrom(...Object.keys(config)), fc.jsonValue(), (field, value) => {
        writeFileSync(path.join(folder, 'config.json'), JSON.stringify({ ...config, [field]: value }));
        expectTyped(() => {
          const file = readControlFile(target, folder);
          checkControl(file);
          scanControls(target, scanModels(made).layouts.slice(0, 1));
        });
      }),
      { numRuns: 60, seed: 5 },
    );
  });
});

function expectTyped(work: () => void): void {
  try {
    work();
  } catch (thrown) {
    expect(thrown).toBeInstanceOf(DarkroomError);
    expect(['weights_invalid', 'model_unsupported', 'model_missing']).toContain((thrown as DarkroomError).code);
  }
}
