-- The refusal for want of memory names an amount that is enough, and not much
-- more: for integers and texts, read by one process and by several.

CREATE SCHEMA memory;
SET search_path = memory, public;

-- The users of a block of the table are any: builders of several processes hold the same ids.
CREATE TABLE numbers AS
SELECT u AS user_id, (u * 7919 + k * k * 31) % 401 * 3 AS item_id, 1 + (u * k) % 5 AS rating
  FROM generate_series(1, 9000) u, generate_series(1, 12) k ORDER BY hashint4(u * 1000 + k);
CREATE TABLE texts AS
SELECT 'user-' || user_id AS user_id, 'a longer id of item number ' || item_id AS item_id, rating FROM numbers;
CREATE VIEW a_view AS SELECT * FROM texts;	-- read by a query
-- Ids are most of it: each process has nearly all of them, and only one alone has room.
CREATE TABLE sparse AS
SELECT 'user-' || i % 40000 AS user_id, i * 7919 % 40009 AS item_id, 1 + i % 5 AS rating
  FROM generate_series(1, 108000) i ORDER BY hashint4(i);
CREATE TABLE items AS
SELECT i AS item_id, (SELECT string_agg('word' || (i * 7919 + k * k * 31) % 2003, ' ') FROM generate_series(1, 12) k) AS title
  FROM generate_series(1, 15000) i;
ANALYZE numbers, texts, sparse, items;

SET recsys.ratings_per_worker = 40000;
SET min_parallel_table_scan_size = 0;
SET client_min_messages = warning;	-- on a slow machine training tells its progress

-- The megabytes that training asks for under a setting, or null: it has been trained.
CREATE FUNCTION asks_for(source regclass, algorithm text, options jsonb, megabytes int) RETURNS int LANGUAGE plpgsql AS $$
DECLARE hint text;
BEGIN
	PERFORM set_config('maintenance_work_mem', megabytes || 'MB', true);
	PERFORM recsys_train('m', source, algorithm, options);
	DROP TABLE m;
	RETURN NULL;
EXCEPTION WHEN configuration_limit_exceeded THEN
	GET STACKED DIAGNOSTICS hint = PG_EXCEPTION_HINT;
	RETURN substring(hint FROM 'at least ''(\d+)MB''');
END $$;

CREATE TABLE cases (algorithm text, options jsonb);
INSERT INTO cases VALUES
('ease', '{}'), ('slim', '{"k": 3, "candidates": 5}'), ('rp3beta', '{}'), ('popular', '{}'), ('svd', '{"iterations": 1}'),
('content', '{"items": "items", "text_cols": ["title"]}'),
('hybrid', '{"components": [{"algorithm": "popular"}, {"algorithm": "rp3beta"}]}');

-- Enough: with what is asked for it is trained.  Not much more: it is not, with three quarters of it.
CREATE TABLE answers (algorithm text, source regclass, workers int, asked int, enough bool, not_much_more bool);
DO $$
DECLARE c record; asked int;
BEGIN
	FOR c IN SELECT * FROM cases, unnest('{numbers,texts,a_view,sparse}'::regclass[]) source, unnest('{0,3}'::int[]) workers
	          WHERE CASE algorithm WHEN 'popular' THEN true WHEN 'content' THEN source = 'numbers'::regclass
	                ELSE source::text IN ('numbers', 'texts') END LOOP
		PERFORM set_config('max_parallel_maintenance_workers', c.workers::text, true);
		asked := asks_for(c.source, c.algorithm, c.options, 1);
		INSERT INTO answers
		SELECT c.algorithm, c.source, c.workers, asked, asks_for(c.source, c.algorithm, c.options, asked) IS NULL,
		       asks_for(c.source, c.algorithm, c.options, asked * 3 / 4) IS NOT NULL;
	END LOOP;
END $$;
SELECT algorithm, source, array_agg(workers ORDER BY workers) AS workers, bool_and(asked > 3) AS refused,
       bool_and(enough) AS enough, bool_and(not_much_more) AS not_much_more
  FROM answers GROUP BY 1, 2 ORDER BY 1, 2;

SET client_min_messages = warning;
DROP SCHEMA memory CASCADE;
