-- Functions of the extension where one does not expect them: under a policy
-- that changes its mind, in a parallel worker, without their type.
SET client_min_messages = warning;
CREATE SCHEMA surroundings;
SET search_path = surroundings, public;

-- Runs a statement that should fail and says how it did.
CREATE FUNCTION refusal(statement text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
	EXECUTE statement;
	RETURN 'not refused';
EXCEPTION WHEN OTHERS THEN
	RETURN SQLSTATE || ' ' || SQLERRM;
END
$$;

CREATE TABLE ratings AS
SELECT u AS user_id, i AS item_id, 1 + (u * 7 + i * 3) % 5 AS rating
  FROM generate_series(1, 40) u, generate_series(1, 30) i WHERE (u + i) % 3 <> 0;
SELECT users, items FROM recsys_train('m', 'ratings', 'als', '{"factors": 2}');

-- A policy that shows the header of a model so many times.
CREATE ROLE regress_recsys_guest;
GRANT USAGE ON SCHEMA surroundings TO regress_recsys_guest;
CREATE SEQUENCE looks;
CREATE FUNCTION still_shown() RETURNS bool LANGUAGE sql SECURITY DEFINER
SET search_path = surroundings AS
$$ SELECT nextval('looks') <= current_setting('surroundings.looks')::int $$;
CREATE POLICY moody ON m USING (part <> 'header' OR still_shown());
ALTER TABLE m ENABLE ROW LEVEL SECURITY;
GRANT SELECT ON m TO regress_recsys_guest;
CREATE TABLE outcomes (looks int, outcome text);
DO $$
BEGIN
	FOR looks IN 0 .. 8 LOOP
		PERFORM setval('looks', 1, false), set_config('surroundings.looks', looks::text, true);
		SET LOCAL ROLE regress_recsys_guest;
		DECLARE
			outcome text := surroundings.refusal($q$ SELECT * FROM recsys_training_log('m') $q$);
		BEGIN
			RESET ROLE;
			INSERT INTO outcomes VALUES (looks, outcome);
		END;
	END LOOP;
END
$$;
SELECT outcome FROM outcomes GROUP BY 1 ORDER BY min(looks);

-- What a policy calls may not be for parallel workers, which see other rows: it
-- is called by the session itself alone.
CREATE TABLE callers (pid int);
CREATE FUNCTION noted() RETURNS bool LANGUAGE sql SECURITY DEFINER
SET search_path = surroundings AS
$$ INSERT INTO callers VALUES (pg_backend_pid()) RETURNING true $$;
DROP POLICY moody ON m;
CREATE POLICY noting ON m USING (noted());
SET recsys.ratings_per_worker = 1;
SET max_parallel_maintenance_workers = 2;
SET ROLE regress_recsys_guest;
SELECT count(*) FROM recsys_recommend_all('m', 3, false);
RESET ROLE;
SELECT count(*) > 0 AS called, bool_and(pid = pg_backend_pid()) AS "here alone" FROM callers;
ALTER TABLE m DISABLE ROW LEVEL SECURITY;

-- A function that says wrongly that it may run in a parallel worker.
CREATE FUNCTION mislabelled(statement text) RETURNS text LANGUAGE plpgsql PARALLEL SAFE AS $$
DECLARE
	result text;
BEGIN
	EXECUTE statement INTO result;
	RETURN result;
END
$$;
CREATE TABLE many AS SELECT i FROM generate_series(1, 10000) i;
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
SET parallel_leader_participation = off;
SELECT pid::int <> pg_backend_pid() AS "in a worker"
  FROM (SELECT max(mislabelled('SELECT pg_backend_pid()')) AS pid FROM many WHERE i < 3 OFFSET 0) s;
SELECT max(mislabelled($$ SELECT count(*) FROM recsys_recommend_all('m', 3) $$)) FROM many WHERE i < 3;
SELECT max(mislabelled($$ SELECT count(*) FROM recsys_recommend('m', 3, 4) $$)) FROM many WHERE i < 3;
SELECT max(mislabelled($$ SELECT count(*) FROM item_knn_recommend('ratings', 3, 4, score => 'baseline') $$)) FROM many WHERE i < 3;
SELECT max(mislabelled($$ SELECT value > 0 FROM recsys_evaluate('ratings', 'als', '{"factors": 2}') WHERE metric = 'rmse' $$)) FROM many WHERE i < 3;
\set VERBOSITY terse
SELECT max(mislabelled($$ SELECT version FROM recsys_train('m', 'ratings', 'als') $$)) FROM many WHERE i < 3;
SELECT max(mislabelled($$ SELECT version FROM recsys_retrain('m') $$)) FROM many WHERE i < 3;
\set VERBOSITY default
SELECT max(version) FROM m;

-- The type is not where the functions are.
SET client_min_messages = error;
BEGIN;
ALTER TYPE public.recsys_model SET SCHEMA surroundings;
SELECT refusal($$ SELECT recsys_predict('m', 1, 1) $$);
SELECT refusal($$ SELECT recsys_train('m', 'ratings', 'als') $$);
ROLLBACK;
SELECT recsys_predict('m', 1, 1) > 0 AS "good again";

-- A name without a schema may mean a model further down the path: that is said, and another is made where it is asked for.
CREATE SCHEMA nearer;
SET search_path = nearer, surroundings, public;
SET client_min_messages = notice;
SELECT model, version FROM recsys_train('m', 'ratings', 'popular');
SELECT model, version FROM recsys_train('surroundings.m', 'ratings', 'popular');
SELECT model, version FROM recsys_train('nearer.m', 'ratings', 'popular');
SELECT model, version FROM recsys_train('m', 'ratings', 'popular');
SET client_min_messages = error;
DROP SCHEMA nearer CASCADE;
DROP SCHEMA surroundings CASCADE;
DROP ROLE regress_recsys_guest;
