-- Who may do what: everything is done with the rights of the caller.
SET client_min_messages = warning;
CREATE SCHEMA security;
SET search_path = security, public;
CREATE ROLE regress_recsys_owner;
CREATE ROLE regress_recsys_reader;
GRANT USAGE, CREATE ON SCHEMA security TO regress_recsys_owner;
GRANT USAGE ON SCHEMA security TO regress_recsys_reader;

-- Runs a statement that should fail and says how it did.
CREATE FUNCTION refusal(statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	detail text;
BEGIN
	EXECUTE statement;
	RETURN 'not refused';
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL;
	RETURN concat_ws(E'\n  ', SQLSTATE || ' ' || SQLERRM, CASE WHEN length(detail) > 0 THEN 'detail: ' || detail END);
END
$$;

CREATE TABLE ratings (user_id int, item_id int, rating int, secret text, tenant name DEFAULT 'regress_recsys_owner');
INSERT INTO ratings SELECT u, i, 1 + (u * 7 + i * 3) % 5, 'secret'
  FROM generate_series(1, 8) u, generate_series(1, 6) i WHERE (u + i) % 3 <> 0;

-- Nothing of the extension runs with another's rights, or for anyone to find
-- under another search_path.
SELECT p.oid::regprocedure AS security_definer
  FROM pg_proc p JOIN pg_depend d ON d.objid = p.oid AND d.classid = 'pg_proc'::regclass AND d.deptype = 'e'
	   JOIN pg_extension e ON e.oid = d.refobjid AND e.extname = 'recsys'
 WHERE p.prosecdef OR p.prokind = 'p';
SELECT n.nspname <> 'pg_catalog' AS own_schema, extrelocatable AS relocatable
  FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace WHERE extname = 'recsys';

-- Reading ratings ----------------------------------------------------------

CREATE VIEW calls AS SELECT name, call FROM (VALUES
	('train', 'recsys_train(''m'', ''ratings'', ''baseline_als'')'),
	('train on a pair', 'recsys_train(''m'', ''ratings'', ''item_knn'', rating_col => NULL)'),
	('item_knn', 'item_knn_recommend(''ratings'', 1)'),
	('item_knn baseline', 'item_knn_recommend(''ratings'', 1, score => ''baseline'')'),
	('user_knn', 'user_knn_recommend(''ratings'', ''1'')'),
	('user_knn of nobody', 'user_knn_recommend(''ratings'', 1000)'),
	('similar_items', 'similar_items(''ratings'', 1)'),
	('similar_users', 'similar_users(''ratings'', 1, rating_col => NULL)')) c(name, call);
GRANT SELECT ON calls TO PUBLIC;
SET ROLE regress_recsys_owner;
SELECT name, refusal('SELECT ' || call) FROM calls;
RESET ROLE;
GRANT SELECT (user_id, item_id) ON ratings TO regress_recsys_owner;
SET ROLE regress_recsys_owner;
SELECT name, refusal('SELECT ' || call) FROM calls;
DROP TABLE m;
SELECT refusal($$ SELECT recsys_train('m', 'ratings', 'svd', rating_col => 'item_id', item_col => 'rating') $$);
RESET ROLE;
GRANT SELECT (rating) ON ratings TO regress_recsys_owner;
SET ROLE regress_recsys_owner;
SELECT name, refusal('SELECT ' || call) FROM calls;
SELECT refusal($$ SELECT recsys_train('m', 'ratings', 'svd', user_col => 'secret') $$);
SELECT refusal($$ SELECT recsys_train('m', 'ratings', 'svd', '{"duplicates": "last", "time_col": "secret"}') $$);
SELECT refusal($$ SELECT item_knn_recommend('ratings', 1, item_col => 'secret') $$);
RESET ROLE;
DROP TABLE m;

-- Row-level security -------------------------------------------------------

INSERT INTO ratings SELECT 100 + u, 100 + i, 5, 'theirs', 'regress_recsys_reader' FROM generate_series(1, 3) u, generate_series(1, 2) i;
INSERT INTO ratings SELECT 1, 100 + i, 5, 'theirs', 'regress_recsys_reader' FROM generate_series(1, 2) i;
CREATE POLICY own ON ratings USING (tenant = current_user);
ALTER TABLE ratings ENABLE ROW LEVEL SECURITY;
SELECT users, items, ratings FROM recsys_train('m', 'ratings', 'item_knn');
SELECT max(item_id) FROM item_knn_recommend('ratings', 2, 100);
DROP TABLE m;
SET ROLE regress_recsys_owner;
SELECT users, items, ratings FROM recsys_train('m', 'ratings', 'item_knn');
SELECT max(item_id) < 100 AS own FROM item_knn_recommend('ratings', 2, 100);
SELECT max(item_id) < 100 AS own FROM item_knn_recommend('ratings', 2, 100, score => 'baseline');
SELECT max(item_id) < 100 AS own FROM user_knn_recommend('ratings', 1000, 100);
SELECT max(item_id) < 100 AS own FROM similar_items('ratings', 1, 100);
SELECT max(user_id) < 100 AS own FROM similar_users('ratings', 1, 100);
SELECT count(*) FROM similar_items('ratings', 101);
-- statistics of whole items do not see the other rows either
SELECT bool_and(a.similarity = b.similarity AND a.support = b.support) AS same
  FROM similar_items('ratings', 1, 100) a JOIN (SELECT * FROM similar_items('m', 1, 100, 'jaccard')) c USING (item_id)
	   JOIN similar_items('ratings', 1, 100) b USING (item_id);
RESET ROLE;
ALTER TABLE ratings DISABLE ROW LEVEL SECURITY;
DELETE FROM ratings WHERE tenant = 'regress_recsys_reader';

-- Reading and writing models -----------------------------------------------

CREATE VIEW model_calls AS SELECT name, call FROM (VALUES
	('predict', 'recsys_predict(''m'', 1, 1)'), ('recommend', 'recsys_recommend(''m'', 1)'),
	('items', 'recsys_similar_items(''m'', 1)'), ('users', 'recsys_similar_users(''m'', ''1'')'),
	('knn', 'item_knn_recommend(''m'', 1)'), ('knn items', 'similar_items(''m'', 1)'),
	('log', 'recsys_training_log(''m'')'), ('header', 'recsys_model_header(''m'')'),
	('train', 'recsys_train(''m'', ''seen'', ''baseline_als'')'), ('retrain', 'recsys_retrain(''m'')')) c(name, call);
GRANT SELECT ON model_calls TO PUBLIC;
CREATE TABLE seen AS SELECT * FROM ratings;
GRANT SELECT ON seen TO PUBLIC;
-- so that the model is in the cache of this session when others ask for it
SELECT count(*) FROM recsys_recommend('m', 1), recsys_similar_items('m', 1);
SET ROLE regress_recsys_reader;
SELECT name, refusal('SELECT ' || call) FROM model_calls;
SELECT model FROM recsys_models WHERE model = 'm'::regclass;
RESET ROLE;
GRANT SELECT ON m TO regress_recsys_reader;
SET ROLE regress_recsys_reader;
SELECT name, refusal('SELECT ' || call) FROM model_calls;
SELECT model, owner, algorithm, version, users, items FROM recsys_models WHERE model = 'm'::regclass;
-- no right to the ratings it was trained on is needed, or given
SELECT refusal($$ SELECT count(*) FROM ratings $$);
SELECT refusal($$ SELECT recsys_train('n', 'seen', 'svd') $$);
SELECT refusal($$ SELECT recsys_train('security.n', 'seen', 'svd') $$);
SELECT refusal($$ SELECT recsys_train('pg_catalog.n', 'seen', 'svd') $$);
SET search_path = nowhere;
SELECT security.refusal($$ SELECT public.recsys_train('n', 'security.seen', 'svd') $$);
RESET search_path;
SET search_path = security, public;
RESET ROLE;
GRANT INSERT ON m TO regress_recsys_reader;
SET ROLE regress_recsys_reader;
SELECT refusal($$ SELECT recsys_train('m', 'seen', 'baseline_als') $$);
RESET ROLE;
GRANT DELETE ON m TO regress_recsys_reader;
SET ROLE regress_recsys_reader;
SELECT refusal($$ SELECT recsys_train('m', 'seen', 'baseline_als') $$);
SELECT refusal($$ SELECT recsys_train('m', 'ratings', 'baseline_als') $$);
RESET ROLE;
SELECT owner, version FROM recsys_models WHERE model = 'm'::regclass;
REVOKE ALL ON m FROM regress_recsys_reader;
SET ROLE regress_recsys_reader;
SELECT refusal($$ SELECT recsys_predict('m', 1, 1) $$);
RESET ROLE;

-- The rights are those of the moment, within a statement's plan as well.
GRANT EXECUTE ON FUNCTION refusal TO PUBLIC;
CREATE FUNCTION predict_as(roles name[]) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
	prediction float8;
BEGIN
	FOR i IN 1..array_length(roles, 1) LOOP
		BEGIN
			PERFORM set_config('role', roles[i], true);
			prediction := public.recsys_predict('security.m', 1, 1);
			RETURN NEXT roles[i] || ' predicts';
		EXCEPTION WHEN insufficient_privilege THEN
			RETURN NEXT roles[i] || ' may not';
		END;
	END LOOP;
END
$$;
BEGIN;
SELECT predict_as('{regress_recsys_owner,regress_recsys_reader}');
ROLLBACK;

-- A model with row-level security of its own.
GRANT SELECT ON m TO regress_recsys_reader;
CREATE POLICY no_biases ON m TO regress_recsys_reader USING (part NOT IN ('item_bias', 'user_bias'));
ALTER TABLE m ENABLE ROW LEVEL SECURITY;
SELECT recsys_predict('m', 1, 1) IS NOT NULL AS cached;
SET ROLE regress_recsys_reader;
SELECT refusal($$ SELECT recsys_predict('m', 1, 1) $$) <> 'not refused' AS hidden;
RESET ROLE;
DROP TABLE m;

-- Models of others must not spoil the view of all models, nor run their
-- owner's code with the rights of whoever looks at it.
CREATE TABLE trapped OF recsys_model;
INSERT INTO trapped VALUES (1, 'header', 0);
CREATE FUNCTION trap() RETURNS bool LANGUAGE plpgsql AS
$$ BEGIN RAISE EXCEPTION 'in the trap, as %', current_user; END $$;
CREATE POLICY trap ON trapped USING (trap());
ALTER TABLE trapped ENABLE ROW LEVEL SECURITY;
GRANT SELECT ON trapped TO regress_recsys_reader;
SET ROLE regress_recsys_reader;
SELECT refusal($$ SELECT count(*) FROM recsys_models WHERE algorithm IS NOT NULL $$);
RESET ROLE;
DROP TABLE trapped;
CREATE SCHEMA closed;
CREATE TABLE closed.m OF recsys_model;
GRANT SELECT ON closed.m TO regress_recsys_reader;
SET ROLE regress_recsys_reader;
SELECT refusal($$ SELECT count(*) FROM recsys_models WHERE algorithm IS NOT NULL $$);
RESET ROLE;
DROP SCHEMA closed CASCADE;

-- Names --------------------------------------------------------------------

CREATE SCHEMA "My Schema; DROP TABLE x";
CREATE TABLE "My Schema; DROP TABLE x"."My ""Ratings"" %s" AS
SELECT user_id AS "User Id", 'item ' || item_id || '''; DROP TABLE ratings; --"' AS "it""em %n", rating AS "sel; ect", now() AS "order"
  FROM ratings;
SET search_path = "My Schema; DROP TABLE x", public;
SELECT model, version, users, items, ratings FROM recsys_train('"My Model"" %1$s"', '"My ""Ratings"" %s"', 'svd',
	'{"duplicates": "last", "time_col": "order", "factors": 3}', 'User Id', 'it"em %n', 'sel; ect');
SELECT model, version FROM recsys_retrain('"My Model"" %1$s"');
SELECT * FROM (SELECT item_id FROM recsys_recommend('"My Model"" %1$s"', '1') ORDER BY item_id LIMIT 1) r;
SELECT count(*) FROM recsys_similar_items('"My Model"" %1$s"', (SELECT min("it""em %n") FROM "My ""Ratings"" %s"));
SELECT count(*) > 0 FROM item_knn_recommend('"My ""Ratings"" %s"', '1', 10, 'cosine', 40, 1, 1, 0, 'weighted_mean', true, 'User Id', 'it"em %n', 'sel; ect');
SELECT count(*) > 0 FROM similar_items('"My ""Ratings"" %s"', (SELECT min("it""em %n") FROM "My ""Ratings"" %s"), 10, 'adjusted_cosine', 1, 0, 'User Id', 'it"em %n', 'sel; ect');
SELECT count(*) FROM recsys_factors('"My Model"" %1$s"', 'item');
SELECT model FROM recsys_models WHERE model = '"My Model"" %1$s"'::regclass;
SELECT security.refusal($$ SELECT recsys_predict('"My Model"" %1$s"', '1; DROP TABLE ratings', 'x') $$);
SELECT security.refusal($$ SELECT recsys_train('x; DROP TABLE ratings', '"My ""Ratings"" %s"', 'svd') $$);
SELECT security.refusal($$ SELECT recsys_train('"x"; DROP TABLE ratings', '"My ""Ratings"" %s"', 'svd') $$);
SELECT security.refusal($$ SELECT recsys_train('m', '"My ""Ratings"" %s"', 'svd', user_col => '"User Id"; DROP TABLE ratings') $$);
SELECT security.refusal($$ SELECT recsys_train('m', '"My ""Ratings"" %s"', 'svd', user_col => '1) FROM pg_class; --') $$);
SELECT security.refusal($$ SELECT user_knn_recommend('"My ""Ratings"" %s"', $id$'; DROP TABLE ratings; --$id$, user_col => 'it"em %n', item_col => 'User Id', rating_col => NULL) $$);
SELECT model FROM recsys_train('"\ü''"', '"My ""Ratings"" %s"', 'baseline_als', '{}', 'User Id', 'it"em %n', 'sel; ect');
SET search_path = security, public;
SELECT count(*) FROM ratings;

-- Another's operators and functions ----------------------------------------

-- What the extension's own queries use is in pg_catalog, whatever comes first
-- in the search_path.
CREATE SCHEMA evil;
CREATE FUNCTION evil.alarm(int, int) RETURNS bool LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'evil operator'; END $$;
CREATE FUNCTION evil.alarm(text, text) RETURNS bool LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'evil operator'; END $$;
CREATE FUNCTION evil.alarm(int8, int8) RETURNS bool LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'evil operator'; END $$;
CREATE FUNCTION evil.alarm(float8, float8) RETURNS float8 LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'evil operator'; END $$;
CREATE OPERATOR evil.= (FUNCTION = evil.alarm, LEFTARG = int, RIGHTARG = int);
CREATE OPERATOR evil.= (FUNCTION = evil.alarm, LEFTARG = text, RIGHTARG = text);
CREATE OPERATOR evil.= (FUNCTION = evil.alarm, LEFTARG = int8, RIGHTARG = int8);
CREATE OPERATOR evil.<= (FUNCTION = evil.alarm, LEFTARG = int, RIGHTARG = int);
CREATE OPERATOR evil.* (FUNCTION = evil.alarm, LEFTARG = float8, RIGHTARG = float8);
CREATE FUNCTION evil.evil_step(float8, anyelement) RETURNS float8 LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'evil aggregate'; END $$;
CREATE AGGREGATE evil.max(int) (SFUNC = int4larger, STYPE = int, INITCOND = '77');
CREATE AGGREGATE evil.avg(float8) (SFUNC = evil.evil_step, STYPE = float8);
CREATE AGGREGATE evil.count(*) (SFUNC = int8inc, STYPE = int8, INITCOND = '77');
CREATE DOMAIN evil.int8 AS pg_catalog.int8 CHECK (VALUE IS NULL);
CREATE DOMAIN evil.text AS pg_catalog.text CHECK (VALUE IS NULL);
CREATE DOMAIN evil.float8 AS pg_catalog.float8 CHECK (VALUE IS NULL);
CREATE TYPE evil.recsys_model AS (version int, part pg_catalog.text, block int, meta jsonb, data bytea);
CREATE TABLE evil.m OF evil.recsys_model;
CREATE FUNCTION evil.to_regclass(pg_catalog.text) RETURNS regclass LANGUAGE sql AS $$ SELECT NULL::regclass $$;
SET search_path = evil, pg_catalog, public, security;
SELECT refusal($$ SELECT public.recsys_train('evil.m', 'security.ratings', 'svd') $$);
SELECT model, version FROM public.recsys_train('security.trained', 'security.ratings', 'svd', '{"factors": 3}');
SELECT model, version FROM public.recsys_retrain('security.trained');
SELECT model, version FROM public.recsys_train('evil.trained', 'security.ratings', 'item_knn', '{"score": "baseline"}');
SELECT count(*) - 77 FROM public.recsys_recommend('security.trained', 1), public.recsys_similar_items('security.trained', 1);
SELECT count(*) - 77 FROM public.item_knn_recommend('security.ratings', 1);
SELECT count(*) - 77 FROM public.item_knn_recommend('security.ratings', 1000);
SELECT count(*) - 77 FROM public.similar_items('security.ratings', 1, similarity => 'cosine');
SELECT count(*) - 77 FROM public.user_knn_recommend('security.ratings', '1', similarity => 'adjusted_cosine');
SELECT model, version, algorithm FROM public.recsys_models WHERE model::pg_catalog.text LIKE '%trained' ORDER BY model::pg_catalog.text;
RESET search_path;

SET client_min_messages = warning;
DROP SCHEMA evil CASCADE;
DROP SCHEMA "My Schema; DROP TABLE x" CASCADE;
DROP SCHEMA security CASCADE;
DROP ROLE regress_recsys_owner;
DROP ROLE regress_recsys_reader;
