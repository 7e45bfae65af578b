-- The LoRAs people put under everything they ask for, and those they keep under a name.

CREATE TABLE lora_stacks (
  user_id TEXT NOT NULL REFERENCES users (user_id),
  -- '' is the one in use.
  name TEXT NOT NULL,
  -- [{name, strength, textStrength}] in order.
  loras TEXT NOT NULL CHECK (json_valid(loras)),
  PRIMARY KEY (user_id, name)
) STRICT, WITHOUT ROWID;
