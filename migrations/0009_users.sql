-- Sheets: one order that compares settings, its cells ordinary jobs of which the first one's message shows them all; and people's own
-- lists of words for prompts.

CREATE TABLE sheets (
  -- The job of the first cell; its message is the sheet's.
  lead_id TEXT PRIMARY KEY REFERENCES jobs (id),
  -- The words of the order and its axes.
  spec TEXT NOT NULL CHECK (json_valid(spec))
) STRICT, WITHOUT ROWID;

CREATE TABLE sheet_cells (
  job_id TEXT PRIMARY KEY REFERENCES jobs (id),
  lead_id TEXT NOT NULL REFERENCES sheets (lead_id),
  -- Row by row, from the left upper corner; 0 is the lead itself.
  cell INTEGER NOT NULL CHECK (cell >= 0),
  UNIQUE (lead_id, cell)
) STRICT, WITHOUT ROWID;

-- What __name__ in a prompt stands for, for one person; the owner's lists are files.
CREATE TABLE wildcards (
  user_id TEXT NOT NULL REFERENCES users (user_id),
  name TEXT NOT NULL,
  -- A list of texts.
  choices TEXT NOT NULL CHECK (json_valid(choices)),
  PRIMARY KEY (user_id, name)
) STRICT, WITHOUT ROWID;
