-- What is known of the files under the models folder: their hashes, and where those that were pulled came from.
-- Paths are relative to the models folder, with slashes. Times are milliseconds since the Unix epoch.

CREATE TABLE model_files (
  path TEXT PRIMARY KEY,
  -- Size, time and inode as they were when it was read; another one of them means another file.
  size_bytes INTEGER NOT NULL CHECK (size_bytes >= 0),
  modified_ms REAL NOT NULL,
  -- 64 bits, more than a double holds.
  inode TEXT NOT NULL,
  -- Of the whole file; and of its tensors alone, as recipes name LoRAs, where that was asked for.
  sha256 TEXT NOT NULL CHECK (length(sha256) = 64),
  data_sha256 TEXT CHECK (length(data_sha256) = 64),
  -- The eight digits that recipes carried before 2023.
  old_hash TEXT NOT NULL CHECK (length(old_hash) = 8),
  hashed_at_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE pulled_files (
  path TEXT PRIMARY KEY,
  repository TEXT NOT NULL,
  -- The commit it was pulled at.
  revision TEXT NOT NULL,
  -- Its path in the repository.
  file TEXT NOT NULL,
  size_bytes INTEGER NOT NULL CHECK (size_bytes >= 0),
  -- What the hub says its bytes are.
  sha256 TEXT NOT NULL CHECK (length(sha256) = 64),
  pulled_at_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
