-- LoRAs in communities: who may use which, what the people of a server begin with, who may hand in files, and who handed in which.

-- Only members with one of these roles; none of them: nobody. Without a row everybody may. '' is everywhere, where no role counts.
CREATE TABLE lora_rules (
  guild_id TEXT NOT NULL,
  lora TEXT NOT NULL,
  -- ["123", …]
  role_ids TEXT NOT NULL CHECK (json_valid(role_ids)),
  PRIMARY KEY (guild_id, lora)
) STRICT, WITHOUT ROWID;

-- What somebody who never chose LoRAs uses there; [{name, strength, textStrength}] in order.
CREATE TABLE lora_defaults (
  guild_id TEXT PRIMARY KEY,
  loras TEXT NOT NULL CHECK (json_valid(loras))
) STRICT, WITHOUT ROWID;

-- Roles whose members may hand in files, as the bot's owner may.
CREATE TABLE lora_uploaders (
  guild_id TEXT NOT NULL,
  role_id TEXT NOT NULL,
  PRIMARY KEY (guild_id, role_id)
) STRICT, WITHOUT ROWID;

-- Files that came through Discord.
CREATE TABLE lora_uploads (
  lora TEXT PRIMARY KEY,
  sha256 TEXT NOT NULL,
  user_id TEXT NOT NULL REFERENCES users (user_id),
  -- NULL: in private.
  guild_id TEXT,
  at_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX lora_uploads_by_hash ON lora_uploads (sha256);
