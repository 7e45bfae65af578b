// What loading takes at real size: the U-Net of Stable Diffusion 1.5 with random weights, stored in half precision, computed in single. Its
// process's highest memory over the size of the weights in single precision, and seconds. Linux only.
import { tmpdir } from 'node:os';
import path from 'node:path';
import { probeAlone } from './probeProcess.ts';
import { partOf, randomNetwork, weightNumbers } from './randomModel.ts';

const RUNS = 3;

/** Random networks are made once: 1.7 GB for Stable Diffusion 1.5, 5.1 GB for XL. */
export const CACHE = process.env.BENCH_DIR ?? path.join(tmpdir(), 'darkroom-bench');

export async function benchLoad(): Promise<void> {
  const folder = randomNetwork('sd15_unet', 'f16', CACHE);
  const singleMib = (4 * weightNumbers(partOf(folder))) / 1024 ** 2;
  console.log(`  ${folder}: ${singleMib.toFixed(0)} MiB in single precision`);
  for (let run = 0; run < RUNS; run++) {
    const axes = { n: 2, h: 32, w: 32, t: 77 };
    const found = await probeAlone({ folder, network: 'unet', axes, calls: 0, threads: 2 });
    const { loadPeakMib, loadedAnonMib, buildMs, loadMs, loadCpuMs } = found;
    const seconds = `graph ${buildMs.toFixed(0)} ms, session ${(loadMs / 1000).toFixed(1)} s (${(loadCpuMs / 1000).toFixed(1)} s of processor)`;
    console.log(
      `  peak ${loadPeakMib} MiB = ${(loadPeakMib / singleMib).toFixed(2)}, then ${loadedAnonMib} MiB; ${seconds}`,
    );
  }
}
