-- Set before Discord is answered: after a crash, a row with it may have been promised to somebody and is run; one without was not.
ALTER TABLE jobs ADD COLUMN answering INTEGER NOT NULL DEFAULT 0 CHECK (answering IN (0, 1));
