-- What a community needs to keep its own rules: bans that end, rules and policies per server and channel, verdicts, strikes, reports, retention.

-- NULL: for good.
ALTER TABLE users ADD COLUMN ban_until_ms INTEGER;
ALTER TABLE members ADD COLUMN ban_until_ms INTEGER;

-- Where it was asked for: the channel, what it lies in, and whether only adults look there. NULL: from before, or not known.
ALTER TABLE jobs ADD COLUMN place TEXT CHECK (place IS NULL OR json_valid(place));
-- What may be done with its pictures; NULL: from before anybody judged.
ALTER TABLE jobs ADD COLUMN verdict TEXT CHECK (verdict IN ('allow', 'spoiler', 'private', 'refuse'));
-- Its files were taken away by retention or by a moderator.
ALTER TABLE jobs ADD COLUMN files_gone_ms INTEGER;
CREATE INDEX jobs_with_files ON jobs (guild_id, ended_at_ms) WHERE files_gone_ms IS NULL AND ended_at_ms IS NOT NULL;

-- What the classifier saw in each picture, refused ones included; shares 0 … 1, concept a cosine. NULL where nobody looked.
CREATE TABLE judgements (
  job_id TEXT NOT NULL REFERENCES jobs (id),
  image_index INTEGER NOT NULL CHECK (image_index >= 0),
  verdict TEXT NOT NULL CHECK (verdict IN ('allow', 'spoiler', 'private', 'refuse')),
  drawing REAL NOT NULL,
  hentai REAL NOT NULL,
  neutral REAL NOT NULL,
  porn REAL NOT NULL,
  sexy REAL NOT NULL,
  concept REAL,
  at_ms INTEGER NOT NULL,
  PRIMARY KEY (job_id, image_index)
) STRICT, WITHOUT ROWID;

CREATE INDEX judgements_of_day ON judgements (at_ms, verdict);

-- The block list of each server beside the owner's; '' is everywhere. `pattern` is a regular expression of RE2.
CREATE TABLE word_rules (
  guild_id TEXT NOT NULL,
  name TEXT NOT NULL,
  kind TEXT NOT NULL CHECK (kind IN ('word', 'regex')),
  pattern TEXT NOT NULL,
  PRIMARY KEY (guild_id, name)
) STRICT, WITHOUT ROWID;

INSERT INTO word_rules SELECT '', name, kind, pattern FROM blocklist;
DROP TABLE blocklist;

-- What a server decided for itself, only what differs from the usual; '' is outside servers, in private.
CREATE TABLE policies (
  guild_id TEXT PRIMARY KEY,
  policy TEXT NOT NULL CHECK (json_valid(policy))
) STRICT, WITHOUT ROWID;

-- Of a channel, a category or a thread; what lies in it inherits.
CREATE TABLE channel_rules (
  guild_id TEXT NOT NULL,
  channel_id TEXT NOT NULL,
  -- Whether the bot may be used there; NULL: as elsewhere in the server.
  access TEXT CHECK (access IN ('allow', 'deny')),
  -- {level, explicit}; NULL: as elsewhere.
  policy TEXT CHECK (policy IS NULL OR json_valid(policy)),
  PRIMARY KEY (guild_id, channel_id)
) STRICT, WITHOUT ROWID;

-- One refusal that counts; '' is outside servers.
CREATE TABLE strikes (
  strike_id INTEGER PRIMARY KEY AUTOINCREMENT,
  guild_id TEXT NOT NULL,
  user_id TEXT NOT NULL REFERENCES users (user_id),
  kind TEXT NOT NULL CHECK (kind IN ('prompt', 'source', 'picture')),
  -- Of the rule, never the words.
  rule TEXT NOT NULL,
  job_id TEXT REFERENCES jobs (id),
  -- The interaction or message; an event delivered twice is one strike.
  source_id TEXT NOT NULL UNIQUE,
  at_ms INTEGER NOT NULL,
  -- Forgiven by a moderator.
  cleared_at_ms INTEGER
) STRICT;

CREATE INDEX strikes_of_member ON strikes (guild_id, user_id, at_ms);

-- One row a picture message, however many people report it.
CREATE TABLE reports (
  job_id TEXT PRIMARY KEY REFERENCES jobs (id),
  guild_id TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('open', 'approved', 'removed', 'banned')),
  -- The card in the staff channel; NULL until it stands.
  channel_id TEXT,
  message_id TEXT,
  -- What the card does not show yet.
  is_stale INTEGER NOT NULL CHECK (is_stale IN (0, 1)),
  decided_by TEXT,
  created_at_ms INTEGER NOT NULL,
  decided_at_ms INTEGER
) STRICT, WITHOUT ROWID;

CREATE INDEX reports_owed ON reports (guild_id) WHERE is_stale = 1;

CREATE TABLE reporters (
  job_id TEXT NOT NULL REFERENCES reports (job_id),
  user_id TEXT NOT NULL REFERENCES users (user_id),
  reason TEXT NOT NULL,
  at_ms INTEGER NOT NULL,
  PRIMARY KEY (job_id, user_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX reporters_of_user ON reporters (user_id, at_ms);

-- The audit takes every action now; the program knows which there are.
CREATE TABLE audit_now (
  entry_id INTEGER PRIMARY KEY AUTOINCREMENT,
  action TEXT NOT NULL,
  -- '' is the program itself.
  by_user_id TEXT NOT NULL,
  -- The server it holds in; NULL: everywhere.
  guild_id TEXT,
  target TEXT NOT NULL,
  note TEXT NOT NULL,
  at_ms INTEGER NOT NULL
) STRICT;

INSERT INTO audit_now SELECT entry_id, action, by_user_id, guild_id, target, note, at_ms FROM audit;
DROP TABLE audit;
ALTER TABLE audit_now RENAME TO audit;

CREATE INDEX audit_of_guild ON audit (guild_id, entry_id);
