// Jobs and pictures for tests of views and outbox; the pictures are never square.
import { randomBytes } from 'node:crypto';
import type { ControlMap } from '../../src/core/control.ts';
import { GRID_INDEX, type JobRecord, type PictureRecord } from '../../src/core/job.ts';
import type { RequestDraft } from '../../src/core/request.ts';
import { type CustomIds, makeCustomIds } from '../../src/discord/customIds.ts';
import { testRequest } from '../support/cards.ts';

export function testIds(): CustomIds {
  const key = randomBytes(32).toString('base64url');
  return makeCustomIds({ setting: () => key });
}

export function testJob(over: Partial<JobRecord> = {}, draft: Partial<RequestDraft> = {}): JobRecord {
  const request = testRequest(draft);
  return {
    id: 'abcdefghij',
    kind: 'imagine',
    state: 'queued',
    attempt: 0,
    request,
    parentJobId: null,
    parentImageIndex: null,
    userId: '100000000000000001',
    guildId: '200000000000000002',
    channelId: '300000000000000003',
    sourceId: '400000000000000004',
    sourceKind: 'interaction',
    messageId: null,
    cost: request.count,
    error: null,
    createdAtMs: 1_800_000_000_000,
    startedAtMs: null,
    endedAtMs: null,
    ...over,
  };
}

/** The maps of a job's controls. */
export function testMaps({ id, request }: JobRecord, sizeBytes = 5_000): ControlMap[] {
  return (request.controls ?? []).map(({ kind }, index) => ({
    kind,
    path: `pictures/${id}/control-${index + 1}.png`,
    sha256: 'cd'.repeat(32),
    widthPx: 96,
    heightPx: 64,
    sizeBytes,
  }));
}

export function testPictures(job: JobRecord, sizeBytes = 20_000): PictureRecord[] {
  const picture = (imageIndex: number, name: string): PictureRecord => ({
    jobId: job.id,
    imageIndex,
    path: `pictures/${job.id}/${name}.png`,
    sha256: 'ab'.repeat(32),
    seed: job.request.seed + Math.max(0, imageIndex),
    widthPx: 96,
    heightPx: 64,
    sizeBytes,
  });
  const singles = Array.from({ length: job.request.count }, (_, index) => picture(index, String(index)));
  return job.request.count === 1 ? singles : [...singles, picture(GRID_INDEX, 'grid')];
}
