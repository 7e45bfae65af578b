// The samplers by the names users choose.
import type { SamplerName } from '../../core/request.ts';
import { ddim } from './ddim.ts';
import { ddpm } from './ddpm.ts';
import { dpmpp2m, dpmpp2mKarras } from './dpmpp2m.ts';
import { euler } from './euler.ts';
import { eulerA } from './eulerA.ts';
import type { Sampler } from './sampler.ts';

export const SAMPLER_TABLE: Readonly<Record<SamplerName, Sampler>> = {
  ddim,
  ddpm,
  euler,
  euler_a: eulerA,
  dpmpp_2m: dpmpp2m,
  dpmpp_2m_karras: dpmpp2mKarras,
};
