// Which execution provider runs the networks, and in one sentence why. A provider counts as available when a small graph has really run on
// it and gave the CPU's numbers: being compiled in says nothing about drivers.
import './noTelemetry.ts';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { listSupportedBackends } from 'onnxruntime-node';
import { DarkroomError } from '../errors.ts';
import { executionProvider, type Provider } from '../networks/dialect.ts';
import { type Precision, precisionsOf } from '../networks/precision.ts';
import { tryProvider } from './trial.ts';

export interface ProviderChoice {
  readonly provider: Provider;
  readonly precision: Precision;
  /** One sentence for the log and for the doctor: what was tried before, and why it is not taken. */
  readonly reason: string;
}

/** What the choice asks of the machine. */
export interface Machine {
  readonly platform: NodeJS.Platform;
  readonly arch: string;
  /** Providers onnxruntime lists for this platform; cuda only when its library has been installed. */
  listed(): readonly string[];
  /** null when the provider computes what the CPU computes, else why not. */
  tryOut(provider: Provider, precision: Precision): Promise<string | null>;
}

/**
 * @param wanted a provider, or `auto`: CUDA or DirectML where one works, the CPU otherwise.
 * @param precision one, or `auto`: half precision where the provider computes right in it
 * @throws provider_unavailable when a provider or a precision was asked for by name and does not work here.
 */
export async function chooseProvider(
  wanted: Provider | 'auto',
  precision: Precision | 'auto' = 'auto',
  machine: Machine = thisMachine,
): Promise<ProviderChoice> {
  if (wanted === 'auto') return chooseAutomatically(precision, machine);
  const tried = await firstWorking(candidatesOf(wanted, precision), machine);
  if (tried.choice !== null)
    return { ...tried.choice, reason: [worked('configured', tried.choice), ...tried.failures].join('; ') };
  const asked = precision === 'auto' ? wanted : `${wanted} in ${precision}`;
  const remedy = precision === 'auto' ? 'use auto or cpu' : 'use PRECISION=auto, or DEVICE=auto or cpu';
  throw new DarkroomError(
    'provider_unavailable',
    `execution provider ${asked} was configured but does not work here: ${tried.failures.join('; ')}; ${remedy}`,
    { provider: wanted, platform: machine.platform },
  );
}

type Candidate = Omit<ProviderChoice, 'reason'>;

/** In the order they are tried: half precision before single, WebGPU with its fused attention before WebGPU without it. */
function candidatesOf(provider: Provider, wanted: Precision | 'auto'): readonly Candidate[] {
  const kinds: readonly Provider[] = provider === 'webgpu' ? ['webgpu', 'webgpu-plain'] : [provider];
  return precisionsOf(provider)
    .filter((precision) => wanted === 'auto' || precision === wanted)
    .flatMap((precision) => kinds.map((kind) => ({ provider: kind, precision })));
}

/**
 * Deliberately not webgpu or coreml: on Linux a WebGPU adapter may be a software one, slower than the CPU, and CoreML splits graphs with
 * dynamic sizes into many pieces. Both can be configured by name.
 */
const AUTOMATIC: Readonly<Partial<Record<NodeJS.Platform, Provider>>> = { linux: 'cuda', win32: 'dml' };

const ON_CPU: Candidate = { provider: 'cpu', precision: 'fp32' };

async function chooseAutomatically(precision: Precision | 'auto', machine: Machine): Promise<ProviderChoice> {
  const candidate = AUTOMATIC[machine.platform];
  if (candidate === undefined) return { ...ON_CPU, reason: `auto tries no other provider on ${machine.platform}` };
  const tried = await firstWorking(candidatesOf(candidate, precision), machine);
  if (tried.choice === null) return { ...ON_CPU, reason: `auto: ${tried.failures.join('; ')}` };
  return { ...tried.choice, reason: [worked('auto', tried.choice), ...tried.failures].join('; ') };
}

function worked(why: string, { provider, precision }: Candidate): string {
  return provider === 'cpu' ? why : `${why}, and a trial in ${precision} succeeded`;
}

/** The first that works, and a line for each before it. */
async function firstWorking(candidates: readonly Candidate[], machine: Machine) {
  const failures: string[] = [];
  for (const candidate of candidates) {
    const absence = absenceOf(candidate.provider, machine);
    if (absence !== null) return { choice: null, failures: [absence] };
    const problem = candidate.provider === 'cpu' ? null : await machine.tryOut(candidate.provider, candidate.precision);
    if (problem === null) return { choice: candidate, failures };
    failures.push(`${NAMES[candidate.provider] ?? candidate.provider} in ${candidate.precision}: ${problem}`);
  }
  if (candidates.length === 0) failures.push('it computes in fp32 only');
  return { choice: null, failures };
}

/**
 * Software adapters compute the fused attention wrong from 32 tokens on (SwiftShader: by 3 to 30 % of the largest number, every other step
 * right to 1e-6); written out in products and a softmax, which takes more memory, it is right on them, too.
 */
const NAMES: Readonly<Partial<Record<Provider, string>>> = { 'webgpu-plain': 'webgpu with attention written out' };

/** Why the runtime has no such provider here; null where it has. */
function absenceOf(provider: Provider, { platform, arch, listed }: Machine): string | null {
  if (listed().includes(executionProvider(provider))) return null;
  return provider === 'cuda' && platform === 'linux' && arch === 'x64'
    ? 'cuda: its library is not installed with onnxruntime-node'
    : `onnxruntime-node has no ${provider} for ${platform} ${arch}`;
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
