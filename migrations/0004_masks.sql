-- The hash of a job's mask, which lies beside the start pictures; of the request, as input_sha256 is.

ALTER TABLE jobs ADD COLUMN mask_sha256 TEXT;

CREATE INDEX jobs_of_mask ON jobs (mask_sha256) WHERE mask_sha256 IS NOT NULL;
