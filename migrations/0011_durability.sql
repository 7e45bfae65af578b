-- Whoever asks for a picture is first asked how many are unfinished: without reading everything that person ever made.
CREATE INDEX jobs_unfinished ON jobs (user_id) WHERE state IN ('accepted', 'queued', 'running');
