// Which execution provider runs the networks, and in one sentence why. A provider counts as available when a small graph has really run on
// it and gave the CPU's numbers: being compiled in says nothing about drivers.
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { listSupportedBackends } from 'onnxruntime-node';
import { DarkroomError } from '../errors.ts';
import type { Provider } from '../networks/dialect.ts';
import { tryProvider } from './trial.ts';

export interface ProviderChoice {
  readonly provider: Provider;
  /** One sentence for the log and for the doctor. */
  readonly reason: string;
}

/** What the choice asks of the machine. */
export interface Machine {
  readonly platform: NodeJS.Platform;
  readonly arch: string;
  /** Providers onnxruntime lists for this platform; cuda only when its library has been installed. */
  listed(): readonly string[];
  /** null when the provider computes what the CPU computes, else why not. */
  tryOut(provider: Provider): Promise<string | null>;
}

/**
 * @param wanted a provider, or `auto`: CUDA or DirectML where one works, the CPU otherwise.
 * @throws provider_unavailable when a provider was asked for by name and does not work here.
 */
export async function chooseProvider(
  wanted: Provider | 'auto',
  machine: Machine = thisMachine,
): Promise<ProviderChoice> {
  if (wanted === 'cpu') return { provider: 'cpu', reason: 'configured' };
  if (wanted === 'auto') return chooseAutomatically(machine);
  const problem = await problemOf(wanted, machine);
  if (problem === null) return { provider: wanted, reason: 'configured, and a trial on it succeeded' };
  if (wanted === 'webgpu' && (await worksPlainly(machine))) return { provider: 'webgpu-plain', reason: PLAIN };
  throw new DarkroomError(
    'provider_unavailable',
    `execution provider ${wanted} was configured but does not work here: ${problem}; use auto or cpu`,
    { provider: wanted, platform: machine.platform },
  );
}

/**
 * Deliberately not webgpu or coreml: on Linux a WebGPU adapter may be a software one, slower than the CPU, and CoreML splits graphs with
 * dynamic sizes into many pieces. Both can be configured by name.
 */
const AUTOMATIC: Readonly<Partial<Record<NodeJS.Platform, Provider>>> = { linux: 'cuda', win32: 'dml' };

async function chooseAutomatically(machine: Machine): Promise<ProviderChoice> {
  const candidate = AUTOMATIC[machine.platform];
  if (candidate === undefined) {
    return { provider: 'cpu', reason: `auto tries no other provider on ${machine.platform}` };
  }
  const problem = await problemOf(candidate, machine);
  if (problem === null) return { provider: candidate, reason: `auto: a trial on ${candidate} succeeded` };
  return { provider: 'cpu', reason: `auto: ${candidate} does not work here (${problem})` };
}

const PLAIN =
  'configured; its fused attention computes wrong numbers on this adapter, so attention is written with plain products, which takes more memory';

/**
 * Software adapters compute the fused attention wrong from 32 tokens on (SwiftShader: by 3 to 30 % of the largest number, every other step
 * right to 1e-6); written out in products and a softmax it is right on them, too.
 */
async function worksPlainly(machine: Machine): Promise<boolean> {
  return machine.listed().includes('webgpu') && (await machine.tryOut('webgpu-plain')) === null;
}

async function problemOf(provider: Provider, machine: Machine): Promise<string | null> {
  if (!machine.listed().includes(provider)) {
    return provider === 'cuda' && machine.platform === 'linux' && machine.arch === 'x64'
      ? 'its library is not installed with onnxruntime-node'
      : `onnxruntime-node has none for ${machine.platform} ${machine.arch}`;
  }
  return machine.tryOut(provider);
}

const thisMachine: Machine = {
  platform: process.platform,
  arch: process.arch,
  listed: () => {
    const names = listSupportedBackends().map(({ name }) => name);
    return hasCudaLibrary() ? names : names.filter((name) => name !== 'cuda');
  },
  tryOut: tryProvider,
};

/** Asked before loading it, because a failed attempt writes an alarming line to stderr. */
function hasCudaLibrary(): boolean {
  const packageFile = createRequire(import.meta.url).resolve('onnxruntime-node/package.json');
  const folder = path.join(path.dirname(packageFile), 'bin', 'napi-v6', process.platform, process.arch);
  return existsSync(path.join(folder, 'libonnxruntime_providers_cuda.so'));
}
