// A graphics card made of software, for tests of WebGPU where there is none: SwiftShader, which Debian's package `chromium` and Chrome bring
// along. Where it lies nowhere, tests say how to get it and are skipped.
import { existsSync } from 'node:fs';
import path from 'node:path';

const DRIVER = 'vk_swiftshader_icd.json';
const LOADER = 'libvulkan.so.1';
const FOLDERS = ['/usr/lib/chromium', '/usr/lib/chromium-browser', '/opt/google/chrome', '/opt/chromium.org/chromium'];
const LIBRARIES = ['/usr/lib/x86_64-linux-gnu', '/lib/x86_64-linux-gnu', '/usr/lib64', ...FOLDERS];

/** What a process needs in its environment; null where there is none. Whoever names a driver himself is obeyed. */
export function softwareVulkan(): Readonly<Record<string, string>> | null {
  const named = process.env.VK_ICD_FILENAMES;
  const driver = named ?? FOLDERS.map((folder) => path.join(folder, DRIVER)).find((file) => existsSync(file));
  const library = LIBRARIES.find((folder) => existsSync(path.join(folder, LOADER)));
  if (process.platform !== 'linux' || process.arch !== 'x64' || driver === undefined) return null;
  const libraries = process.env.LD_LIBRARY_PATH ?? library;
  return libraries === undefined ? null : { VK_ICD_FILENAMES: driver, LD_LIBRARY_PATH: libraries };
}

export const HOW_TO_GET_IT =
  'no software Vulkan: apt-get install chromium libvulkan1, or set VK_ICD_FILENAMES and LD_LIBRARY_PATH; WebGPU is not tested';
