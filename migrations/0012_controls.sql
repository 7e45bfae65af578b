-- Pictures that requests follow by their edges, depth or the like, and the maps made of them, which lie beside the job's pictures.

CREATE TABLE control_inputs (
  -- Lies beside the start pictures.
  sha256 TEXT NOT NULL,
  job_id TEXT NOT NULL REFERENCES jobs (id),
  PRIMARY KEY (sha256, job_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX control_inputs_of_job ON control_inputs (job_id);

CREATE TABLE control_maps (
  job_id TEXT NOT NULL REFERENCES jobs (id),
  -- 0-based, in the order of the request's controls.
  position INTEGER NOT NULL CHECK (position >= 0),
  kind TEXT NOT NULL,
  -- Relative to the data folder.
  path TEXT NOT NULL,
  sha256 TEXT NOT NULL,
  width_px INTEGER NOT NULL,
  height_px INTEGER NOT NULL,
  size_bytes INTEGER NOT NULL,
  PRIMARY KEY (job_id, position)
) STRICT, WITHOUT ROWID;
