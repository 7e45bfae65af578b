-- Users and members of servers, jobs with their pictures, the quota ledger, whose turn it is, measured pace, settings, the block list and the audit.
-- Times are milliseconds since the Unix epoch; Discord ids are text because they exceed 2^53.

CREATE TABLE users (
  user_id TEXT PRIMARY KEY,
  -- Banned everywhere, by the owner; NULL: not.
  ban_reason TEXT
) STRICT, WITHOUT ROWID;

-- What the moderators of one server decided about somebody; it holds for orders from there.
CREATE TABLE members (
  guild_id TEXT NOT NULL,
  user_id TEXT NOT NULL REFERENCES users (user_id),
  -- NULL: not banned here.
  ban_reason TEXT,
  -- Pictures a UTC day, everywhere counted together; NULL: the configured number.
  daily_quota INTEGER CHECK (daily_quota >= 0),
  PRIMARY KEY (guild_id, user_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE jobs (
  -- Order of acceptance; ids are random.
  seq INTEGER PRIMARY KEY AUTOINCREMENT,
  id TEXT NOT NULL UNIQUE CHECK (length(id) = 10),
  kind TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN
    ('accepted', 'queued', 'running', 'developed', 'failing', 'cancelling', 'delivered', 'failed', 'cancelled', 'expired')),
  -- Fencing number: +1 with every claim.
  attempt INTEGER NOT NULL DEFAULT 0 CHECK (attempt >= 0),
  -- Workers lost while they ran it.
  losses INTEGER NOT NULL DEFAULT 0 CHECK (losses >= 0),
  -- Ends of the whole program while they ran.
  restarts INTEGER NOT NULL DEFAULT 0 CHECK (restarts >= 0),
  -- The resolved request.
  request TEXT NOT NULL CHECK (json_valid(request)),
  -- Of the request: its model, the hash of its start picture, and its work in units of core/work.ts.
  model TEXT NOT NULL,
  input_sha256 TEXT,
  work REAL NOT NULL CHECK (work > 0),
  parent_job_id TEXT REFERENCES jobs (id),
  parent_image_index INTEGER,
  user_id TEXT NOT NULL REFERENCES users (user_id),
  guild_id TEXT,
  channel_id TEXT NOT NULL,
  -- The interaction or message that asked; the same event delivered twice makes one job.
  source_id TEXT NOT NULL UNIQUE,
  source_kind TEXT NOT NULL CHECK (source_kind IN ('interaction', 'message')),
  message_id TEXT UNIQUE,
  cost INTEGER NOT NULL CHECK (cost >= 0),
  error TEXT CHECK (error IS NULL OR json_valid(error)),
  worker_id TEXT,
  lease_until_ms INTEGER,
  gpu_ms INTEGER,
  created_at_ms INTEGER NOT NULL,
  started_at_ms INTEGER,
  ended_at_ms INTEGER,
  CHECK ((state = 'running') = (lease_until_ms IS NOT NULL))
) STRICT;

CREATE INDEX jobs_of_state ON jobs (state, seq);
CREATE INDEX jobs_of_user ON jobs (user_id, seq);
CREATE INDEX jobs_of_guild ON jobs (guild_id, seq) WHERE guild_id IS NOT NULL;
CREATE INDEX jobs_of_parent ON jobs (parent_job_id) WHERE parent_job_id IS NOT NULL;

CREATE INDEX jobs_of_input ON jobs (input_sha256) WHERE input_sha256 IS NOT NULL;

-- The program asks core/job.ts first; this is the second lock on the same door.
CREATE TRIGGER jobs_end_once BEFORE UPDATE OF state ON jobs
WHEN OLD.state IN ('delivered', 'failed', 'cancelled', 'expired')
BEGIN
  SELECT RAISE(ABORT, 'a finished job never changes its state');
END;

CREATE TABLE pictures (
  job_id TEXT NOT NULL REFERENCES jobs (id),
  -- 0-based; -1 is the grid.
  image_index INTEGER NOT NULL CHECK (image_index >= -1),
  -- Relative to the data folder.
  path TEXT NOT NULL,
  sha256 TEXT NOT NULL,
  seed INTEGER NOT NULL,
  width_px INTEGER NOT NULL,
  height_px INTEGER NOT NULL,
  size_bytes INTEGER NOT NULL,
  PRIMARY KEY (job_id, image_index)
) STRICT, WITHOUT ROWID;

-- Reserved with the job, then charged or refunded once; a refund carries the day of its reservation.
CREATE TABLE quota_ledger (
  entry_id INTEGER PRIMARY KEY,
  job_id TEXT NOT NULL REFERENCES jobs (id),
  user_id TEXT NOT NULL REFERENCES users (user_id),
  -- UTC days since the epoch.
  day INTEGER NOT NULL,
  kind TEXT NOT NULL CHECK (kind IN ('reserve', 'charge', 'refund')),
  pictures INTEGER NOT NULL CHECK (pictures >= 0),
  at_ms INTEGER NOT NULL
) STRICT;

CREATE UNIQUE INDEX ledger_reserves_once ON quota_ledger (job_id) WHERE kind = 'reserve';
CREATE UNIQUE INDEX ledger_closes_once ON quota_ledger (job_id) WHERE kind IN ('charge', 'refund');
CREATE INDEX ledger_of_day ON quota_ledger (user_id, day);

-- The ring of deficit round robin in one row: who waits, in which order, and the machine time owed to each.
CREATE TABLE ring (
  only INTEGER PRIMARY KEY CHECK (only = 1),
  turns TEXT NOT NULL CHECK (json_valid(turns))
) STRICT;

-- What recent jobs of a model took: machine time over work (core/work.ts), old jobs fading out.
CREATE TABLE pace (
  model TEXT PRIMARY KEY,
  gpu_ms REAL NOT NULL CHECK (gpu_ms >= 0),
  units REAL NOT NULL CHECK (units > 0)
) STRICT, WITHOUT ROWID;

CREATE TABLE settings (
  key TEXT PRIMARY KEY,
  value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE blocklist (
  name TEXT PRIMARY KEY,
  kind TEXT NOT NULL CHECK (kind IN ('word', 'regex')),
  pattern TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- Who changed what for whom; never edited, never shortened.
CREATE TABLE audit (
  entry_id INTEGER PRIMARY KEY AUTOINCREMENT,
  action TEXT NOT NULL CHECK (action IN ('ban', 'unban', 'quota', 'block', 'unblock')),
  by_user_id TEXT NOT NULL,
  -- The server it holds in; NULL: everywhere.
  guild_id TEXT,
  target TEXT NOT NULL,
  note TEXT NOT NULL,
  at_ms INTEGER NOT NULL
) STRICT;
