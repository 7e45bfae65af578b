// What jobs with controls leave in the database: which pictures they follow, and the maps made of them.
import type { ControlKind, ControlMap } from '../core/control.ts';
import type { JobRecord } from '../core/job.ts';
import type { Database } from './database.ts';

export interface Controls {
  /** Keeps the pictures a new job follows, or was blended from, from being swept away. */
  keepInputs(job: Pick<JobRecord, 'id' | 'request'>): void;
  needsInput(sha256: string): boolean;
  addMaps(jobId: string, maps: readonly ControlMap[]): void;
  maps(jobId: string): readonly ControlMap[];
}

interface Row {
  readonly kind: ControlKind;
  readonly path: string;
  readonly sha256: string;
  readonly width_px: number;
  readonly height_px: number;
  readonly size_bytes: number;
}

export function makeControls(db: Database): Controls {
  const addInput = db.prepare<[string, string]>(
    'INSERT INTO control_inputs (sha256, job_id) VALUES (?, ?) ON CONFLICT DO NOTHING',
  );
  const needed = db.prepare<[string], number>('SELECT 1 FROM control_inputs WHERE sha256 = ? LIMIT 1').pluck();
  const addMap = db.prepare(
    `INSERT INTO control_maps VALUES (@jobId, @position, @kind, @path, @sha256, @widthPx, @heightPx, @sizeBytes)`,
  );
  const maps = db.prepare<[string], Row>('SELECT * FROM control_maps WHERE job_id = ? ORDER BY position');
  return {
    keepInputs({ id, request }) {
      for (const { image } of request.controls ?? []) addInput.run(image.sha256, id);
      for (const { sha256 } of request.blended ?? []) addInput.run(sha256, id);
    },
    needsInput: (sha256) => needed.get(sha256) !== undefined,
    addMaps(jobId, made) {
      for (const [position, map] of made.entries()) addMap.run({ ...map, jobId, position });
    },
    maps: (jobId) =>
      maps.all(jobId).map(({ kind, path, sha256, width_px, height_px, size_bytes }) => ({
        kind,
        path,
        sha256,
        widthPx: width_px,
        heightPx: height_px,
        sizeBytes: size_bytes,
      })),
  };
}
