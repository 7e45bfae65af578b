// The samplers by the names users choose.
import type { SamplerName } from '../../core/request.ts';
import { ddim } from './ddim.ts';
import { ddpm } from './ddpm.ts';
import { deis } from './deis.ts';
import { dpm2 } from './dpm2.ts';
import { dpm2A } from './dpm2A.ts';
import { dpmpp2m, dpmpp2mKarras } from './dpmpp2m.ts';
import { dpmpp2mSde } from './dpmpp2mSde.ts';
import { dpmpp2sA } from './dpmpp2sA.ts';
import { dpmpp3mSde } from './dpmpp3mSde.ts';
import { dpmppSde } from './dpmppSde.ts';
import { euler } from './euler.ts';
import { eulerA } from './eulerA.ts';
import { heun } from './heun.ts';
import { lcm } from './lcm.ts';
import { lms } from './lms.ts';
import { pndm } from './pndm.ts';
import type { Sampler } from './sampler.ts';
import { tcd } from './tcd.ts';
import { unipc } from './unipc.ts';

export const SAMPLER_TABLE: Readonly<Record<SamplerName, Sampler>> = {
  ddim,
  ddpm,
  euler,
  euler_a: eulerA,
  dpmpp_2m: dpmpp2m,
  dpmpp_2m_karras: dpmpp2mKarras,
  heun,
  unipc,
  dpmpp_2m_sde: dpmpp2mSde,
  dpmpp_sde: dpmppSde,
  lms,
  pndm,
  dpm2,
  dpm2_a: dpm2A,
  dpmpp_2s_a: dpmpp2sA,
  lcm,
  deis,
  tcd,
  dpmpp_3m_sde: dpmpp3mSde,
};
