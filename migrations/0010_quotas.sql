-- What a community may spend: quotas of roles and servers, pictures given beside them, weights in the queue, limits, models, and how often somebody was refused.

-- The server it was asked for in; NULL: in private, or from before.
ALTER TABLE quota_ledger ADD COLUMN guild_id TEXT;
-- The part of it that was taken from what somebody was given; the rest counts towards the day.
ALTER TABLE quota_ledger ADD COLUMN granted INTEGER NOT NULL DEFAULT 0 CHECK (granted BETWEEN 0 AND pictures);
CREATE INDEX ledger_of_guild ON quota_ledger (guild_id, day) WHERE guild_id IS NOT NULL;
CREATE INDEX ledger_of_grants ON quota_ledger (user_id, guild_id) WHERE granted > 0;

-- Pictures an hour; NULL: as the roles, else as everybody.
ALTER TABLE members ADD COLUMN hourly_quota INTEGER CHECK (hourly_quota >= 0);

-- Of everybody with a role; '' is all of the server together. NULL: no number of its own.
CREATE TABLE quota_rules (
  guild_id TEXT NOT NULL,
  role_id TEXT NOT NULL,
  daily INTEGER CHECK (daily >= 0),
  hourly INTEGER CHECK (hourly >= 0),
  -- Set by the owner of the bot: nobody else changes it.
  by_owner INTEGER NOT NULL CHECK (by_owner IN (0, 1)),
  PRIMARY KEY (guild_id, role_id)
) STRICT, WITHOUT ROWID;

-- Pictures given to somebody beside the day's; they last until they are used.
CREATE TABLE grants (
  grant_id INTEGER PRIMARY KEY,
  guild_id TEXT NOT NULL,
  user_id TEXT NOT NULL REFERENCES users (user_id),
  pictures INTEGER NOT NULL CHECK (pictures > 0),
  at_ms INTEGER NOT NULL
) STRICT;

CREATE INDEX grants_of_member ON grants (guild_id, user_id);

-- How many people's share of the machine's time somebody with a role has, when the job was accepted.
CREATE TABLE role_weights (
  guild_id TEXT NOT NULL,
  role_id TEXT NOT NULL,
  weight INTEGER NOT NULL CHECK (weight BETWEEN 1 AND 4),
  PRIMARY KEY (guild_id, role_id)
) STRICT, WITHOUT ROWID;

ALTER TABLE jobs ADD COLUMN weight INTEGER NOT NULL DEFAULT 1 CHECK (weight BETWEEN 1 AND 4);

-- {maxSidePx, maxSteps, maxCount}, each where the server has one.
CREATE TABLE server_limits (
  guild_id TEXT PRIMARY KEY,
  limits TEXT NOT NULL CHECK (json_valid(limits))
) STRICT, WITHOUT ROWID;

-- As lora_rules: only members with one of these roles; none of them: nobody.
CREATE TABLE model_rules (
  guild_id TEXT NOT NULL,
  model TEXT NOT NULL,
  role_ids TEXT NOT NULL CHECK (json_valid(role_ids)),
  PRIMARY KEY (guild_id, model)
) STRICT, WITHOUT ROWID;

-- How often a day an order was refused; '' is in private.
CREATE TABLE refusals (
  guild_id TEXT NOT NULL,
  -- UTC days since the epoch.
  day INTEGER NOT NULL,
  reason TEXT NOT NULL,
  count INTEGER NOT NULL CHECK (count > 0),
  PRIMARY KEY (guild_id, day, reason)
) STRICT, WITHOUT ROWID;
