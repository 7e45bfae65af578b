// From the names control networks were published under (the original code's ControlNets and T2I-Adapters) to those of diffusers. All are renames,
// so nothing is read or copied. Names nobody knows keep their own, and the network that finds them refuses them.
// @source lllyasviel/ControlNet cldm/cldm.py (what the numbers count); TencentARC/T2I-Adapter ldm/modules/encoders/adapter.py
import { tensorsUnder, unetTensors } from './ldmNames.ts';
import { renameTensors, type TensorIndex } from './tensors.ts';

/** In front of a ControlNet's names where it was published together with the model it was trained on. */
const CONTROL_MODEL = 'control_model.';
const FIRST_HINT = 'input_hint_block.0.weight';

/** The tensors of the original ControlNet in a file; undefined where there is none. */
export function originalControlNet(tensors: TensorIndex): TensorIndex | undefined {
  if (tensors.get(CONTROL_MODEL + FIRST_HINT) !== undefined) return tensorsUnder(tensors, CONTROL_MODEL);
  return tensors.get(FIRST_HINT) === undefined ? undefined : tensors;
}

/** @param tensors as `originalControlNet` gives them */
export function controlNetTensors(tensors: TensorIndex): TensorIndex {
  const numbers = [...tensors.names()].flatMap((name) => /^input_hint_block\.(\d+)\.weight$/.exec(name)?.[1] ?? []);
  const steps = numbers.map(Number).toSorted((a, b) => a - b);
  const place = (step: number) => {
    const at = steps.indexOf(step);
    if (at === 0) return 'conv_in';
    return at === steps.length - 1 ? 'conv_out' : `blocks.${at - 1}`;
  };
  return renameTensors(unetTensors(tensors), (name) =>
    name
      .replace(/^input_hint_block\.(\d+)\./, (_, step: string) => `controlnet_cond_embedding.${place(Number(step))}.`)
      .replace(/^zero_convs\.(\d+)\.0\./, 'controlnet_down_blocks.$1.')
      .replace(/^middle_block_out\.0\./, 'controlnet_mid_block.'),
  );
}

/** The tensors of a T2I-Adapter under diffusers' names, whichever it has; undefined where there is none. */
export function adapterTensors(tensors: TensorIndex): TensorIndex | undefined {
  const has = (name: string) => tensors.get(name) !== undefined;
  if (has('adapter.body.0.resnets.0.block1.weight')) return tensors;
  if (has('body.0.body.0.block1.weight')) return renameTensors(tensors, lightAdapterName);
  if (!has('body.0.block1.weight') || !has('conv_in.weight')) return undefined;
  const perLevel = blocksPerLevel(tensors);
  return renameTensors(tensors, (name) => fullAdapterName(name, perLevel));
}

function lightAdapterName(name: string): string {
  return `adapter.${name.replace(/^(body\.\d+)\.body\.(\d+)\./, '$1.resnets.$2.')}`;
}

/** Blocks are counted on over all levels. */
function fullAdapterName(name: string, perLevel: number): string {
  const [, number, rest] = /^body\.(\d+)\.(.+)$/.exec(name) ?? [];
  if (number === undefined) return `adapter.${name}`;
  const [level, block] = [Math.floor(Number(number) / perLevel), Number(number) % perLevel];
  return rest!.startsWith('in_conv.')
    ? `adapter.body.${level}.${rest}`
    : `adapter.body.${level}.resnets.${block}.${rest}`;
}

/** The first block that widens begins the second level; every published adapter has two a level. */
function blocksPerLevel(tensors: TensorIndex): number {
  const widening = [...tensors.names()].flatMap((name) => /^body\.(\d+)\.in_conv\.weight$/.exec(name)?.[1] ?? []);
  return widening.length === 0 ? 2 : Math.min(...widening.map(Number));
}
