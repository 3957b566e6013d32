-- Gives the seeds to the fuzzer and has it run, in a session of its own: its
-- library has the code of the extension's in it.
\set ON_ERROR_STOP 1
SET client_min_messages = warning;
CREATE FUNCTION pg_temp.fuzz_add(text, int, text, int, jsonb, bytea) RETURNS void LANGUAGE c AS '$libdir/recsys_fuzz';
CREATE FUNCTION pg_temp.fuzz_run(float8, bigint, bigint, bigint) RETURNS text LANGUAGE c AS '$libdir/recsys_fuzz';
SELECT format('SELECT count(pg_temp.fuzz_add(%L, version, part, block, meta, data)) FROM (SELECT * FROM %I ORDER BY part COLLATE "C", block) m', relname, relname)
  FROM pg_class WHERE reloftype = 'recsys_model'::regtype AND relkind = 'r' ORDER BY relname \gexec
SET recsys.model_memory_limit = '16MB';
SELECT pg_temp.fuzz_run(:seconds, :cases, :seed, :first) AS said;
