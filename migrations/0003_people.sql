-- What people keep: words of their prompts to search in, favourites, settings, named styles, and what a private message of ours refers to.

-- Row ids are jobs.seq; the words are made by core/promptWords.ts. Rows from before are indexed when the store is opened.
CREATE VIRTUAL TABLE prompt_words USING fts5 (words, content = '', contentless_delete = 1, tokenize = 'unicode61 remove_diacritics 2');

CREATE TABLE favourites (
  user_id TEXT NOT NULL REFERENCES users (user_id),
  job_id TEXT NOT NULL REFERENCES jobs (id),
  at_ms INTEGER NOT NULL,
  PRIMARY KEY (user_id, job_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX favourites_of_job ON favourites (job_id);

CREATE TABLE user_settings (
  user_id TEXT PRIMARY KEY REFERENCES users (user_id),
  -- Only what somebody set.
  settings TEXT NOT NULL CHECK (json_valid(settings))
) STRICT, WITHOUT ROWID;

CREATE TABLE styles (
  user_id TEXT NOT NULL REFERENCES users (user_id),
  name TEXT NOT NULL,
  -- Words and flags, as in a prompt.
  text TEXT NOT NULL,
  -- The server it is shared with; NULL: nobody.
  guild_id TEXT,
  PRIMARY KEY (user_id, name)
) STRICT, WITHOUT ROWID;

CREATE UNIQUE INDEX styles_shared_once ON styles (guild_id, name) WHERE guild_id IS NOT NULL;

-- What does not fit into a button: the filter of a history page, requests that wait for a yes.
CREATE TABLE notes (
  seq INTEGER PRIMARY KEY AUTOINCREMENT,
  id TEXT NOT NULL UNIQUE,
  user_id TEXT NOT NULL REFERENCES users (user_id),
  body TEXT NOT NULL CHECK (json_valid(body)),
  at_ms INTEGER NOT NULL
) STRICT;

CREATE INDEX notes_of_user ON notes (user_id, seq);
