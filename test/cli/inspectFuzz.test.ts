// Files nobody would publish: right headers with wrong tensors in them, and bytes changed anywhere. Inspecting ends in what it is, in a reason,
// or in a typed error, whatever is in them; never in a broken promise of ours.
import {
  closeSync,
  cpSync,
  ftruncateSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { inspectWhole } from '../../src/cli/modelsInspect.ts';
import { DarkroomError } from '../../src/errors.ts';

const GOLDEN = fileURLToPath(new URL('../golden', import.meta.url));
/** A few seconds of work; a machine that trains beside it takes its time. */
const PATIENCE_MS = 240_000;
let folder: string;
beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'darkroom-fuzz-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

interface Tensor {
  readonly name: string;
  readonly dtype: string;
  readonly shape: readonly number[];
}

const BYTES: Readonly<Record<string, number>> = { F16: 2, BF16: 2, F32: 4, I64: 8, U8: 1 };

function tensorsOf(file: string): Tensor[] {
  const bytes = readFileSync(file);
  const header = JSON.parse(bytes.toString('utf8', 8, 8 + Number(bytes.readBigUInt64LE())));
  const { __metadata__: _, ...tensors } = header as Record<string, Omit<Tensor, 'name'>>;
  return Object.entries(tensors).map(([name, { dtype, shape }]) => ({ name, dtype, shape }));
}

/** A right file of these tensors; its numbers are a hole on the disk. */
function writeSparse(file: string, tensors: readonly Tensor[]): void {
  let end = 0;
  const entries = tensors.map(({ name, dtype, shape }) => {
    const begin = end;
    end += BYTES[dtype]! * shape.reduce((product, length) => product * length, 1);
    return [name, { dtype, shape, data_offsets: [begin, end] }];
  });
  const header = Buffer.from(JSON.stringify(Object.fromEntries(entries)));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(header.length));
  const descriptor = openSync(file, 'w');
  writeSync(descriptor, Buffer.concat([length, header]));
  ftruncateSync(descriptor, 8 + header.length + end);
  closeSync(descriptor);
}

/** @returns what came of it, for the count */
async function outcomeOf(file: string): Promise<'told' | 'refused' | 'thrown'> {
  try {
    const { usable, reason } = await inspectWhole(path.dirname(file), file);
    if (usable !== false) return 'told';
    expect(reason!.length).toBeLessThan(2_000);
    return 'refused';
  } catch (thrown) {
    if (!(thrown instanceof DarkroomError)) throw thrown;
    expect(['weights_invalid', 'model_unsupported', 'model_missing']).toContain(thrown.code);
    return 'thrown';
  }
}

describe('tensors that are none of such a file', () => {
  const edit = fc.record({
    at: fc.nat(10_000),
    what: fc.constantFrom('drop', 'rename', 'axis', 'shape', 'dtype', 'twin'),
    axis: fc.nat(4),
    length: fc.constantFrom(0, 1, 2, 3, 4, 8, 9, 64, 768, 1_024, 100_000),
    dtype: fc.constantFrom(...Object.keys(BYTES)),
    name: fc.constantFrom(
      'x',
      '__proto__',
      'model.diffusion_model.x',
      'first_stage_model.decoder.conv_in.weight',
      'conditioner.embedders.0.x',
      'lora_unet_x.lora_down.weight',
      'control_model.x',
      'model.diffusion_model.input_blocks.99.0.in_layers.0.weight',
    ),
  });
  type Edit = typeof edit extends fc.Arbitrary<infer T> ? T : never;

  function edited(tensors: readonly Tensor[], { at, what, axis, length, dtype, name }: Edit): readonly Tensor[] {
    if (tensors.length === 0) return tensors;
    const index = at % tensors.length;
    const old = tensors[index]!;
    const shape = old.shape.map((found, place) => (place === axis % old.shape.length ? length : found));
    const next: Readonly<Record<Edit['what'], readonly Tensor[]>> = {
      drop: [],
      rename: [{ ...old, name }],
      axis: [{ ...old, shape }],
      shape: [{ ...old, shape: [length, axis] }],
      dtype: [{ ...old, dtype }],
      twin: [old, { ...old, name: `${old.name}.twin` }],
    };
    return [...tensors.slice(0, index), ...next[what], ...tensors.slice(index + 1)];
  }

  test.each([
    'families/models/sd1.safetensors',
    'families/models/sd2.safetensors',
    'inpainting/models/inpaint9-one.safetensors',
    'upscalers/models/upscalers/x4plus.safetensors',
  ])(
    '%s',
    async (name) => {
      const right = tensorsOf(path.join(GOLDEN, name));
      const file = path.join(folder, 'fuzz.safetensors');
      // Its text encoder knows few words; CLIP's vocabulary would be refused before anything else is looked at.
      cpSync(path.join(GOLDEN, 'families/models/sd2-zsnr/tokenizer'), path.join(folder, 'words/tokenizer'), {
        recursive: true,
      });
      writeFileSync(path.join(folder, 'fuzz.darkroom.json'), '{"tokenizer":"words"}');
      const seen = { told: 0, refused: 0, thrown: 0 };
      await fc.assert(
        fc.asyncProperty(fc.array(edit, { minLength: 1, maxLength: 3 }), async (edits) => {
          writeSparse(file, edits.reduce(edited, right));
          seen[await outcomeOf(file)] += 1;
        }),
        { numRuns: 30, seed: 20_26 },
      );
      expect(seen.refused + seen.thrown).toBeGreaterThan(10);
    },
    PATIENCE_MS,
  );
});

test(
  'files with bytes changed anywhere',
  async () => {
    const files = [
      'loras/files/tucker.safetensors',
      'embeddings/models/embeddings/xl-look.safetensors',
      'embeddings/models/embeddings/dot.safetensors',
    ];
    const rights = files.map((name) => readFileSync(path.join(GOLDEN, name)));
    const file = path.join(folder, 'bytes.safetensors');
    const seen = { told: 0, refused: 0, thrown: 0 };
    const before = process.memoryUsage().rss;
    const edit = fc.record({ at: fc.nat(1_000), bytes: fc.uint8Array({ minLength: 1, maxLength: 3 }) });
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...rights),
        fc.array(edit, { maxLength: 3 }),
        fc.option(fc.nat(3_000), { freq: 9 }),
        async (right, edits, end) => {
          const bytes = Buffer.from(right.subarray(0, end ?? right.length));
          for (const { at, bytes: other } of edits) Buffer.from(other).copy(bytes, Math.min(at, bytes.length));
          writeFileSync(file, bytes);
          seen[await outcomeOf(file)] += 1;
        },
      ),
      { numRuns: 1_500, seed: 20_26 },
    );
    expect(seen.thrown).toBeGreaterThan(800);
    expect(seen.told).toBeGreaterThan(20);
    expect(process.memoryUsage().rss - before).toBeLessThan(200_000_000);
  },
  PATIENCE_MS,
);
