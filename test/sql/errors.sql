-- What a user can do wrong: each mistake gets its own error, says what to do
-- about it, and changes nothing.
SET client_min_messages = warning;
CREATE SCHEMA errors;
SET search_path = errors, public;
SET jit = off;

-- Runs a statement that should fail and says how it did.
CREATE FUNCTION refusal(statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	code text;
	message text;
	detail text;
	hint text;
BEGIN
	EXECUTE statement;
	RETURN 'not refused';
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS code = RETURNED_SQLSTATE, message = MESSAGE_TEXT,
		detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
	RETURN concat_ws(E'\n  ', code || ' ' || message,
					 'detail: ' || nullif(detail, ''), 'hint: ' || nullif(hint, ''));
END
$$;

-- Likewise, where only the kind of error matters.
CREATE FUNCTION refusal_code(statement text) RETURNS text LANGUAGE sql AS
$$ SELECT left(refusal(statement), 5) $$;

-- The algorithms that learn from ratings to predict them.
CREATE VIEW algorithm AS SELECT name FROM recsys_algorithms
 WHERE feedback <> 'implicit' AND name NOT IN ('popular', 'content', 'auto');

CREATE TABLE ratings (user_id int, item_id int, rating float8, note text, at timestamp);
INSERT INTO ratings SELECT u, i, 1 + (u * 7 + i * 3) % 5, 'x', '2024-01-01'
  FROM generate_series(1, 8) u, generate_series(1, 6) i WHERE (u + i) % 3 <> 0;

\pset format unaligned
\pset tuples_only on

-- The relation -------------------------------------------------------------

SELECT refusal($$ SELECT recsys_train('m', 'nowhere', 'svd') $$);
SELECT refusal_code($$ SELECT recsys_train('m', 4000000000::regclass, 'svd') $$);
SELECT refusal_code($$ SELECT similar_items(4000000000::regclass, 1) $$);
CREATE SEQUENCE counter;
CREATE INDEX ratings_note ON ratings (note);
CREATE TYPE pair AS (user_id int, item_id int);
SELECT refusal($$ SELECT recsys_train('m', 'counter', 'svd') $$);
SELECT refusal($$ SELECT recsys_train('m', 'ratings_note', 'svd') $$);
SELECT refusal($$ SELECT recsys_train('m', 'pair', 'svd') $$);

CREATE ROLE regress_recsys_errors;
GRANT USAGE ON SCHEMA errors TO regress_recsys_errors;
CREATE SCHEMA errors_own AUTHORIZATION regress_recsys_errors;
SET ROLE regress_recsys_errors;
SELECT refusal($$ SELECT recsys_train('errors_own.m', 'ratings', 'svd') $$);
SELECT refusal($$ SELECT item_knn_recommend('ratings', 1) $$);
RESET ROLE;

-- The columns --------------------------------------------------------------

SELECT refusal($$ SELECT recsys_train('m', 'ratings', 'svd', user_col => 'userid') $$);
SELECT refusal($$ SELECT recsys_train('m', 'ratings', 'svd', item_col => 'movie') $$);
SELECT refusal($$ SELECT recsys_train('m', 'ratings', 'svd', rating_col => 'stars') $$);
SELECT refusal($$ SELECT recsys_train('m', 'ratings', 'svd', user_col => 'ctid') $$);
SELECT refusal($$ SELECT recsys_train('m', 'ratings', 'svd', '{"duplicates": "last", "time_col": "when"}') $$);
SELECT refusal($$ SELECT user_knn_recommend('ratings', 1, rating_col => 'stars') $$);
SELECT refusal($$ SELECT recsys_train('m', 'ratings', 'svd', user_col => 'item_id') $$);
SELECT refusal($$ SELECT recsys_train('m', 'ratings', 'svd', rating_col => 'user_id') $$);
SELECT refusal($$ SELECT recsys_train('m', 'ratings', 'svd', rating_col => 'note') $$);
SELECT refusal($$ SELECT similar_users('ratings', 1, rating_col => 'at') $$);
SELECT refusal($$ SELECT recsys_train('m', 'ratings', 'svd', user_col => 'rating', rating_col => 'user_id') $$);

CREATE TABLE odd (user_id int[], item_id pair, rating bool, d float4);
SELECT refusal($$ SELECT recsys_train('m', 'odd', 'svd', rating_col => 'd') $$);
SELECT refusal($$ SELECT recsys_train('m', 'odd', 'svd', user_col => 'd', rating_col => 'rating') $$);
SELECT refusal($$ SELECT recsys_train('m', 'odd', 'svd', user_col => 'rating', rating_col => 'd') $$);
ALTER TABLE odd DROP COLUMN item_id;
SELECT refusal($$ SELECT recsys_train('m', 'odd', 'svd') $$);

-- The rows -----------------------------------------------------------------

CREATE TABLE bad (LIKE ratings);
INSERT INTO bad SELECT * FROM ratings;
INSERT INTO bad VALUES (NULL, 1, 1), (NULL, 2, NULL), (1, NULL, 1), (NULL, NULL, 1);
SELECT refusal($$ SELECT recsys_train('m', 'bad', 'svd') $$);
SELECT refusal($$ SELECT recsys_train('m', 'bad', 'item_knn', rating_col => NULL) $$);
DELETE FROM bad WHERE user_id IS NULL OR item_id IS NULL;
INSERT INTO bad VALUES (1, 1, 'NaN'), (1, 1, 'Infinity'), (1, 1, '-Infinity'), (1, 1, 1e39), (1, 1, -3.5e38);
SELECT refusal($$ SELECT recsys_train('m', 'bad', 'svd') $$);
SELECT refusal($$ SELECT item_knn_recommend('bad', 1) $$);
DELETE FROM bad WHERE abs(rating) > 5;
SELECT refusal($$ SELECT recsys_train('m', 'bad', 'svd') $$) = 'not refused' AS "good again";
DROP TABLE m;
TRUNCATE bad;
SELECT refusal($$ SELECT recsys_train('m', 'bad', 'svd') $$);
SELECT item_knn_recommend('bad', 1), user_knn_recommend('bad', 1), similar_items('bad', 1), similar_users('bad', 1);
INSERT INTO bad VALUES (1, 1, NULL), (2, 1, NULL);
SELECT refusal($$ SELECT recsys_train('m', 'bad', 'svd') $$);
SELECT item_knn_recommend('bad', 1), user_knn_recommend('bad', 1), similar_items('bad', 1), similar_users('bad', 1);
-- none of these has left a table behind
SELECT to_regclass('m') IS NULL;

-- Little data --------------------------------------------------------------

\pset tuples_only off
CREATE TABLE small (kind text, user_id int, item_id int, rating float8);
INSERT INTO small VALUES ('one rating', 1, 1, 4);
INSERT INTO small SELECT 'all equal', user_id, item_id, 3 FROM ratings;
INSERT INTO small SELECT 'one user', 1, i, i FROM generate_series(1, 5) i;
INSERT INTO small SELECT 'one item', u, 1, u FROM generate_series(1, 5) u;
CREATE VIEW chosen AS SELECT * FROM small WHERE kind = current_setting('errors.kind');
CREATE FUNCTION small_trains(kind text, algorithm text,
	OUT users bigint, OUT items bigint, OUT known float8, OUT unknown float8,
	OUT recommended bigint, OUT "like" bigint) LANGUAGE plpgsql AS $$
BEGIN
	PERFORM set_config('errors.kind', kind, true);
	SELECT t.users, t.items INTO users, items FROM recsys_train('tiny', 'chosen', algorithm) t;
	known := recsys_predict('tiny', 1, 1);
	unknown := recsys_predict('tiny', 1000, 1000);
	recommended := count(*) FROM recsys_recommend('tiny', 1, exclude_seen => false);
	IF algorithm !~ '^(baseline|normal|slope_one|co_clustering)' THEN
		"like" := count(*) FROM recsys_similar_items('tiny', 1);
	END IF;
END
$$;
SELECT kind, name AS algorithm, users, items, known BETWEEN low AND high AS known,
	   unknown BETWEEN low AND high AS unknown, recommended, "like"
  FROM (SELECT kind, min(rating) AS low, max(rating) AS high FROM small GROUP BY kind) k,
	   algorithm a, small_trains(kind, name)
 ORDER BY kind DESC, name;
SELECT count(DISTINCT version) AS versions FROM tiny;

-- Duplicates ---------------------------------------------------------------

CREATE TABLE repeated (user_id int, item_id int, rating float8, at timestamptz);
INSERT INTO repeated VALUES
	(1, 1, 2, '2024-01-01'), (1, 1, 5, '2024-01-03'), (1, 1, 1, '2024-01-02'), (1, 1, 4, '2024-01-04');
-- of a single rating the range of predictions is that rating
CREATE FUNCTION merged(options jsonb) RETURNS float8 LANGUAGE plpgsql AS $$
BEGIN
	PERFORM recsys_train('merge', 'repeated', 'baseline_als', options);
	RETURN recsys_predict('merge', 1, 1);
END
$$;
SELECT policy, merged(jsonb_build_object('duplicates', policy, 'time_col', 'at'))
  FROM unnest('{max,min,mean,sum,first,last}'::text[]) policy;
SELECT merged('{}') AS "default";
-- a null time comes before all others; of equal times the larger rating is last
INSERT INTO repeated VALUES (1, 1, 3, NULL), (1, 1, 4.5, '2024-01-04');
SELECT merged('{"duplicates": "first", "time_col": "at"}') AS first,
	   merged('{"duplicates": "last", "time_col": "at"}') AS last;
\pset tuples_only on
SELECT refusal($$ SELECT merged('{"duplicates": "error"}') $$);
SELECT refusal($$ SELECT merged('{"duplicates": "first"}') $$);
SELECT refusal($$ SELECT merged('{"duplicates": "last"}') $$);
SELECT refusal($$ SELECT merged('{"duplicates": "median"}') $$);
-- a sum that is too large for what ratings are stored as
UPDATE repeated SET rating = 3e38;
SELECT refusal_code($$ SELECT merged('{"duplicates": "sum"}') $$);

-- Algorithm and options ----------------------------------------------------

SELECT refusal($$ SELECT recsys_train('m', 'ratings', 'svdd') $$);
SELECT refusal($$ SELECT recsys_train('m', 'ratings', 'itemknn') $$);
SELECT refusal($$ SELECT recsys_train('m', 'ratings', '') $$);
SELECT refusal($$ SELECT recsys_train('m', 'ratings', 'svd', '{"factor": 3}') $$);
SELECT refusal($$ SELECT recsys_train('m', 'ratings', 'als', '{"learning_rate": 0.1}') $$);
SELECT refusal($$ SELECT recsys_train('m', 'ratings', 'svd', '{"": 1}') $$);
SELECT refusal_code($$ SELECT recsys_train('m', 'ratings', 'svd', jsonb_build_object('x' || repeat('é', 1000), 1)) $$);
SELECT refusal_code($$ SELECT recsys_train('m', 'ratings', repeat('é', 1000)) $$);
SELECT refusal($$ SELECT recsys_train('m', 'ratings', 'svd', '{"factors": "8"}') $$);
SELECT refusal($$ SELECT recsys_train('m', 'ratings', 'svd', '{"factors": 8.5}') $$);
SELECT refusal($$ SELECT recsys_train('m', 'ratings', 'svd', '{"factors": [8]}') $$);
SELECT refusal($$ SELECT recsys_train('m', 'ratings', 'svd', '{"biased": 1}') $$);
SELECT refusal($$ SELECT recsys_train('m', 'ratings', 'svd', '{"learning_rate": {"a": 1}}') $$);
SELECT refusal($$ SELECT recsys_train('m', 'ratings', 'svd', '{"duplicates": 1}') $$);
SELECT refusal($$ SELECT recsys_train('m', 'ratings', 'svd', '{"time_col": true}') $$);
SELECT refusal($$ SELECT recsys_train('m', 'ratings', 'svd', '{"factors": 0}') $$);
SELECT refusal($$ SELECT recsys_train('m', 'ratings', 'svd', '{"factors": 5000000000}') $$);
SELECT refusal($$ SELECT recsys_train('m', 'ratings', 'svd', '{"learning_rate": 2}') $$);
SELECT refusal($$ SELECT recsys_train('m', 'ratings', 'svd', '{"learning_rate": 0}') $$);
SELECT refusal_code($$ SELECT recsys_train('m', 'ratings', 'svd', '{"regularization": 1e400}') $$);
SELECT refusal($$ SELECT recsys_train('m', 'ratings', 'svd', '{"keep_versions": 0}') $$);
SELECT refusal($$ SELECT recsys_train('m', 'ratings', 'item_knn', '{"similarity": "cosin"}') $$);
SELECT refusal($$ SELECT recsys_train('m', 'ratings', 'item_knn', '{"score": "mean"}') $$);
SELECT refusal($$ SELECT recsys_train('m', 'ratings', 'svd', '[]') $$);
SELECT refusal($$ SELECT recsys_train('m', 'ratings', 'svd', '3') $$);
SELECT refusal($$ SELECT recsys_train('m', 'ratings', 'svd', 'null') $$);
SELECT name, refusal(format('SELECT recsys_train(%L, %L, %L, rating_col => NULL)', 'm', 'ratings', name))
  FROM recsys_algorithms WHERE feedback = 'explicit' ORDER BY name;
SELECT to_regclass('m') IS NULL;
-- a JSON null is the same as leaving the option out
SELECT refusal($$ SELECT recsys_train('m', 'ratings', 'svd', '{"factors": null, "iterations": 1}') $$);
SELECT options -> 'factors', options -> 'iterations' FROM recsys_models WHERE model = 'm'::regclass;
DROP TABLE m;

-- The name of the model ----------------------------------------------------

CREATE TABLE taken AS SELECT 1 AS version, 'mine' AS part;
CREATE VIEW taken_view AS SELECT 2 AS two;
CREATE MATERIALIZED VIEW taken_matview AS SELECT 3 AS three;
CREATE TABLE taken_parts OF recsys_model PARTITION BY LIST (version);
SELECT refusal($$ SELECT recsys_train('taken', 'ratings', 'svd') $$);
SELECT name, refusal_code(format('SELECT recsys_train(%L, %L, %L)', name, 'ratings', 'svd'))
  FROM unnest('{taken,ratings,taken_view,taken_matview,taken_parts,counter,ratings_note,pair,errors.taken}'::text[]) name;
SELECT * FROM taken, taken_view, taken_matview;
SELECT count(*) FROM ratings;
SELECT refusal($$ SELECT recsys_train('nowhere.m', 'ratings', 'svd') $$);
SELECT refusal($$ SELECT recsys_train('', 'ratings', 'svd') $$);
SELECT refusal($$ SELECT recsys_train('a.b.c.d', 'ratings', 'svd') $$);
SELECT refusal($$ SELECT recsys_train('m m', 'ratings', 'svd') $$);
SET search_path = '';
SELECT errors.refusal($$ SELECT public.recsys_train('m', 'errors.ratings', 'svd') $$);
SET search_path = errors, public;

-- Not a model --------------------------------------------------------------

CREATE TABLE empty OF recsys_model;
\pset tuples_only off
SELECT name, refusal_code(format('SELECT recsys_predict(%s, 1, 1)', name)) AS predict,
	   refusal_code(format('SELECT recsys_recommend(%s, 1)', name)) AS recommend,
	   refusal_code(format('SELECT recsys_similar_items(%s, 1)', name)) AS similar_items,
	   refusal_code(format('SELECT recsys_similar_users(%s, 1)', name)) AS similar_users,
	   refusal_code(format('SELECT recsys_factors(%s, ''user'')', name)) AS factors,
	   refusal_code(format('SELECT recsys_training_log(%s)', name)) AS log,
	   refusal_code(format('SELECT recsys_retrain(%s)', name)) AS retrain
  FROM unnest('{''ratings'',''taken_view'',''counter'',''ratings_note'',''taken_parts'',''pg_class'',''empty'',4000000000::regclass,0::regclass}'::text[]) name;
\pset tuples_only on
SELECT refusal($$ SELECT recsys_predict('ratings', 1, 1) $$);
SELECT refusal($$ SELECT recsys_recommend('empty', 1) $$);
SELECT refusal($$ SELECT item_knn_recommend('empty', 1) $$);
SELECT refusal($$ SELECT recsys_predict(4000000000::regclass, 1, 1) $$);
SELECT refusal($$ SELECT recsys_model_header('ratings') $$);
-- a table that was a model once
SELECT refusal($$ SELECT recsys_train('once', 'ratings', 'baseline_als') $$);
SELECT recsys_predict('once', 1, 1) IS NOT NULL;
ALTER TABLE once NOT OF;
SELECT refusal_code($$ SELECT recsys_predict('once', 1, 1) $$), refusal_code($$ SELECT recsys_train('once', 'ratings', 'svd') $$);

-- mf_train -----------------------------------------------------------------

SELECT refusal($$ SELECT mf_train('m', 'ratings', 'item_knn') $$);
SELECT refusal($$ SELECT mf_train('m', 'ratings', 'baseline_als') $$);
SELECT refusal($$ SELECT mf_train('m', 'ratings', factors => 8, options => '{"factors": 8}') $$);
SELECT refusal($$ SELECT mf_train('m', 'ratings', seed => 8, options => '{"seed": 9}') $$);
SELECT refusal($$ SELECT mf_train('m', 'ratings', 'als', learning_rate => .1) $$);
SELECT refusal($$ SELECT mf_train('m', 'ratings', factors => 0) $$);
SELECT refusal_code($$ SELECT mf_train('m', 'ratings', learning_rate => 'NaN') $$);
SELECT refusal_code($$ SELECT mf_train('m', 'ratings', regularization => 'Infinity') $$);
SELECT refusal($$ SELECT mf_train('m', 'ratings', options => '[1]') $$);
SELECT refusal($$ SELECT mf_train('m', 'ratings', rating_col => NULL) $$);
SELECT to_regclass('m') IS NULL;
DROP TABLE IF EXISTS m;

-- Ids ----------------------------------------------------------------------

CREATE TABLE words (user_id text, item_id int8, rating float8);
INSERT INTO words SELECT 'user ' || user_id, 100000 * item_id, rating FROM ratings;
CREATE TABLE models AS
SELECT model, algorithm FROM recsys_train('factor', 'ratings', 'svd', '{"factors": 3}') UNION ALL
SELECT model, algorithm FROM recsys_train('baseline', 'ratings', 'baseline_als') UNION ALL
SELECT model, algorithm FROM recsys_train('items', 'ratings', 'item_knn') UNION ALL
SELECT model, algorithm FROM recsys_train('users', 'ratings', 'user_knn') UNION ALL
SELECT model, algorithm FROM recsys_train('worded', 'words', 'svd', '{"factors": 3}');
SELECT refusal($$ SELECT recsys_predict('factor', 'bob', 1) $$);
SELECT refusal($$ SELECT recsys_predict('factor', 1, 'casablanca'::text) $$);
SELECT refusal($$ SELECT recsys_recommend('factor', '1.5'::text) $$);
SELECT refusal($$ SELECT recsys_recommend('factor', '') $$);
SELECT refusal($$ SELECT recsys_similar_items('factor', '99999999999999999999') $$);
SELECT refusal($$ SELECT recsys_similar_users('items', '1 2') $$);
SELECT refusal($$ SELECT item_knn_recommend('ratings', 'bob') $$);
SELECT refusal($$ SELECT item_knn_recommend('items', 'bob') $$);
SELECT refusal($$ SELECT recsys_recommend('worded', 'user 1'::name) $$);
SELECT refusal($$ SELECT recsys_similar_items('worded', 100000::numeric, 1) $$);
SELECT refusal($$ SELECT recsys_recommend('worded', 1::int2) $$);
SELECT refusal($$ SELECT recsys_similar_users('worded', 1) $$);
SELECT refusal($$ SELECT similar_users('words', 1) $$);
SELECT refusal($$ SELECT recsys_recommend('factor', ARRAY[1]) $$);
-- '1' and 1 are the same id
SELECT recsys_predict('factor', '1', '2') = recsys_predict('factor', 1::int2, 2::int8);

-- Ids are found again by a value of their own type, whatever its text form.
CREATE TABLE typed (b bool, i inet, c cidr, p char(8), n name, d numeric(6,2), t date, u uuid, by bytea, rating int);
INSERT INTO typed SELECT x % 2 = 0, ('10.0.0.' || x)::inet, ('10.' || x || '.0.0/16')::cidr, 'p' || x, 'n' || x, x / 4.0,
	   date '2024-02-01' + x, ('00000000-0000-0000-0000-00000000000' || x)::uuid, decode('0' || x, 'hex'), 1 + (x * x) % 5
  FROM generate_series(1, 9) x;
CREATE FUNCTION found_again(id_column name) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	other name := CASE id_column WHEN 'u' THEN 'i' ELSE 'u' END;
	popular bigint;
	different bigint;
	failure text;
BEGIN
	-- every item that is known has neighbors of its own kind
	PERFORM recsys_train('types', 'typed', 'svd', '{"factors": 2, "clip": false}', other, id_column);
	EXECUTE format('SELECT count(*) FROM (SELECT DISTINCT %I FROM typed) t WHERE NOT EXISTS
		(SELECT FROM recsys_similar_items(''types'', t.%1$I, 3))', id_column) INTO popular;
	EXECUTE format('SELECT count(*) FROM typed WHERE recsys_predict(''types'', %I, %I) =
		recsys_predict(''types'', %1$I, ''none''::text)', other, id_column) INTO different;
	RETURN format('%s unknown, %s predicted as if unknown', popular, different);
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS failure = RETURNED_SQLSTATE;
	RETURN failure;
END
$$;
SELECT column_name, found_again(column_name)
  FROM unnest('{b,i,c,p,n,d,t,u,by}'::name[]) column_name;

-- The number of results ----------------------------------------------------

\pset tuples_only off
CREATE TABLE calls (call text, source text);
INSERT INTO calls VALUES ('recsys_recommend', 'factor'), ('mf_recommend', 'factor'),
	('recsys_similar_items', 'factor'), ('mf_similar_items', 'factor'), ('recsys_similar_users', 'factor'),
	('item_knn_recommend', 'ratings'), ('user_knn_recommend', 'ratings'), ('similar_items', 'ratings'), ('similar_users', 'ratings'),
	('item_knn_recommend', 'items'), ('user_knn_recommend', 'users'), ('similar_items', 'users'), ('similar_users', 'items');
CREATE FUNCTION rows_of(query text) RETURNS bigint LANGUAGE plpgsql AS
$$ DECLARE n bigint; BEGIN EXECUTE 'SELECT count(*) FROM ' || query INTO n; RETURN n; END $$;
SELECT call, source, refusal(format('SELECT %s(%L, 1, -1)', call, source)) AS minus_one,
	   rows_of(format('%s(%L, 1, 0)', call, source)) AS zero,
	   rows_of(format('%s(%L, 1, 2)', call, source)) AS two,
	   rows_of(format('%s(%L, 1, 2147483647)', call, source)) > 2 AS all
  FROM calls;

-- Null arguments -----------------------------------------------------------

SELECT call, source, refusal_code(format('SELECT %s(NULL::regclass, 1)', call)) AS no_source,
	   refusal_code(format('SELECT %s(%L, NULL::int)', call, source)) AS no_id,
	   refusal_code(format('SELECT %s(%L, 1, NULL)', call, source)) AS no_n
  FROM calls;
\pset tuples_only on
-- those that are not refused have no rows, where there is no default
SELECT recsys_recommend('factor', NULL::int), mf_recommend('factor', NULL::text), recsys_recommend('factor', 1, NULL),
	   recsys_similar_items('factor', 1, 1, NULL), recsys_similar_users(NULL, 1), recsys_factors('factor', NULL), recsys_training_log(NULL);
SELECT recsys_predict(NULL, 1, 1), recsys_predict('factor', NULL::int, 1), recsys_predict('factor', 1, NULL), mf_predict('factor', 1, NULL::text);
SELECT refusal($$ SELECT recsys_train(NULL, 'ratings', 'svd') $$);
SELECT refusal($$ SELECT recsys_train('m', NULL, 'svd') $$);
SELECT refusal($$ SELECT recsys_train('m', 'ratings', NULL) $$);
SELECT refusal($$ SELECT recsys_train('m', 'ratings', 'svd', NULL) $$);
SELECT refusal($$ SELECT recsys_train('m', 'ratings', 'svd', user_col => NULL) $$);
SELECT refusal($$ SELECT recsys_train('m', 'ratings', 'svd', item_col => NULL) $$);
SELECT refusal($$ SELECT mf_train('m', 'ratings', NULL) $$);
SELECT refusal($$ SELECT mf_train('m', 'ratings', options => NULL) $$);
SELECT refusal($$ SELECT item_knn_recommend('ratings', 1, similarity => NULL) $$);
SELECT argument, refusal_code(format('SELECT item_knn_recommend(''ratings'', 1, %I => NULL)', argument)) AS item_knn,
	   refusal_code(format('SELECT user_knn_recommend(''ratings'', 1, %I => NULL)', argument)) AS user_knn
  FROM unnest('{similarity,k,min_k,min_support,shrinkage,score,exclude_seen,user_col,item_col}'::text[]) argument;
SELECT argument, refusal_code(format('SELECT similar_items(''ratings'', 1, %I => NULL)', argument)) AS items,
	   refusal_code(format('SELECT similar_users(''ratings'', 1, %I => NULL)', argument)) AS users
  FROM unnest('{similarity,min_support,shrinkage,user_col,item_col}'::text[]) argument;
SELECT recsys_retrain(NULL) IS NULL, recsys_model_header(NULL) IS NULL;

-- Arguments of the memory-based functions ----------------------------------

SELECT refusal($$ SELECT item_knn_recommend('ratings', 1, similarity => 'cosign') $$);
SELECT refusal($$ SELECT item_knn_recommend('ratings', 1, score => 'zscores') $$);
SELECT refusal($$ SELECT item_knn_recommend('ratings', 1, k => 0) $$);
SELECT refusal($$ SELECT item_knn_recommend('ratings', 1, min_k => -1) $$);
SELECT refusal($$ SELECT user_knn_recommend('ratings', 1, min_support => -1) $$);
SELECT refusal($$ SELECT similar_items('ratings', 1, shrinkage => -.1) $$);
SELECT refusal($$ SELECT similar_items('ratings', 1, shrinkage => 'NaN') $$);
SELECT refusal($$ SELECT similar_users('ratings', 1, shrinkage => 'Infinity') $$);
SELECT refusal($$ SELECT similar_users('ratings', 1, similarity => 'jacard') $$);
-- with a model as source
SELECT refusal($$ SELECT item_knn_recommend('factor', 1) $$);
SELECT refusal($$ SELECT user_knn_recommend('items', 1) $$);
SELECT refusal($$ SELECT item_knn_recommend('users', 1) $$);
SELECT refusal($$ SELECT similar_items('baseline', 1) $$);
SELECT refusal($$ SELECT item_knn_recommend('items', 1, score => 'baseline') $$);

-- Similarity of a model ----------------------------------------------------

SELECT refusal($$ SELECT recsys_similar_items('items', 1, metric => 'dot') $$);
SELECT refusal($$ SELECT recsys_similar_items('factor', 1, metric => 'euclidian') $$);
SELECT refusal($$ SELECT recsys_similar_items('baseline', 1) $$);
SELECT refusal($$ SELECT recsys_factors('items', 'user') $$);
SELECT refusal($$ SELECT recsys_factors('factor', 'users') $$);

-- Without the training ratings ---------------------------------------------

SELECT refusal($$ SELECT recsys_train('m', 'ratings', 'item_knn', '{"store_ratings": false}') $$);
SELECT refusal($$ SELECT recsys_train('lean', 'ratings', 'svd', '{"store_ratings": false, "factors": 3}') $$);
SELECT count(*) FROM lean WHERE part = 'ratings';
SELECT refusal($$ SELECT recsys_recommend('lean', 1) $$);
SELECT count(*) FROM recsys_recommend('lean', 1, exclude_seen => false);
SELECT basis, count(*) FROM recsys_recommend('lean', 1000) GROUP BY basis;
SELECT recsys_predict('lean', 1, 1) = recsys_predict('factor', 1, 1), count(*) FROM recsys_similar_items('lean', 1);

-- Memory -------------------------------------------------------------------

CREATE TABLE many AS SELECT n % 1000 AS user_id, n / 1000 AS item_id, n % 7 AS rating FROM generate_series(0, 59999) n;
CREATE TABLE long_ids AS
SELECT repeat(md5(n::text), 30) AS user_id, n % 50 AS item_id, n % 7 AS rating FROM generate_series(1, 20000) n;
CREATE FUNCTION train_as_told(source regclass, algorithm text, options jsonb = '{}') RETURNS text LANGUAGE plpgsql
	SET maintenance_work_mem = '2MB' AS $$
DECLARE
	hint text;
BEGIN
	FOR attempt IN 1..10 LOOP
		BEGIN
			PERFORM recsys_train('memory', source, algorithm, options);
			RETURN 'trained at attempt ' || attempt;
		EXCEPTION WHEN configuration_limit_exceeded THEN
			GET STACKED DIAGNOSTICS hint = PG_EXCEPTION_HINT;
			PERFORM set_config('maintenance_work_mem', substring(hint FROM 'at least ''([0-9]+MB)'''), true);
		END;
	END LOOP;
	RETURN hint;
END
$$;
SET maintenance_work_mem = '1MB';
SELECT refusal($$ SELECT recsys_train('m', 'many', 'baseline_als') $$);
SELECT refusal_code($$ SELECT item_knn_recommend('many', 1) $$);
RESET maintenance_work_mem;
SELECT train_as_told('many', 'baseline_als');
SELECT train_as_told('many', 'svd', '{"factors": 300, "iterations": 1}');
SELECT train_as_told('many', 'als', '{"factors": 60, "iterations": 1}');
SELECT train_as_told('long_ids', 'baseline_als');
-- of 8 users and 6 items no more than 7 are kept, whatever was asked for
SELECT train_as_told('ratings', 'item_knn', '{"neighbors": 100000}');

-- Training that fails ------------------------------------------------------

CREATE TABLE huge AS SELECT user_id, item_id, rating * 1e30 AS rating FROM ratings;
SELECT refusal($$ SELECT recsys_train('m', 'huge', 'svd', '{"learning_rate": 1}') $$);
-- Not one number of a model may be infinite: that would be a damaged model.
SELECT refusal_code($$ SELECT recsys_train('m', 'huge', 'als', '{"factors": 4}') $$);
CREATE TABLE edge AS SELECT n AS user_id, n AS item_id, CASE WHEN n < 50 THEN -3.4e38 ELSE 3.4e38 END AS rating FROM generate_series(1, 50) n;
SELECT refusal_code($$ SELECT recsys_train('m', 'edge', 'baseline_als', '{"item_regularization": 0, "user_regularization": 0}') $$);
CREATE TABLE alone AS SELECT 1 AS user_id, 1 AS item_id, 3e38 AS rating;
SELECT refusal_code($$ SELECT recsys_train('m', 'alone', 'svd',
	'{"biased": false, "init_stddev": 100, "iterations": 1, "learning_rate": 1, "factors": 4}') $$);
SELECT to_regclass('m') IS NULL;
DROP TABLE IF EXISTS m;

-- Versions -----------------------------------------------------------------

CREATE FUNCTION kept(keep int) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	versions int[];
BEGIN
	FOR i IN 1..4 LOOP
		PERFORM recsys_train('keep_' || keep, 'ratings', 'baseline_als', jsonb_build_object('keep_versions', keep));
	END LOOP;
	EXECUTE format('SELECT array_agg(DISTINCT version) FROM %I', 'keep_' || keep) INTO versions;
	RETURN versions;
END
$$;
SELECT keep, kept(keep) FROM unnest('{1,2,3,1000}'::int[]) keep;
SELECT model, version FROM recsys_models WHERE model::text LIKE 'keep\_%' ORDER BY model::text;
-- the numbers of versions end somewhere; what is there stays
INSERT INTO keep_1 SELECT 2147483647, part, block, meta, data FROM keep_1;
SELECT refusal_code($$ SELECT recsys_retrain('keep_1') $$) <> 'not r' AS refused;
SELECT version, count(*) > 1 FROM keep_1 GROUP BY version ORDER BY version;

-- Retraining ---------------------------------------------------------------

CREATE TABLE source (LIKE ratings);
INSERT INTO source SELECT * FROM ratings;
SELECT version FROM recsys_train('again', 'source', 'svd', '{"factors": 3, "seed": 5}');
SELECT version, algorithm FROM recsys_retrain('again');
SELECT count(DISTINCT data) FROM again WHERE part = 'user_factors';
ALTER TABLE source RENAME COLUMN rating TO stars;
SELECT refusal($$ SELECT recsys_retrain('again') $$);
ALTER TABLE source RENAME TO renamed;
SELECT refusal($$ SELECT recsys_retrain('again') $$);
DROP TABLE renamed;
SELECT refusal($$ SELECT recsys_retrain('again') $$);
SELECT recsys_predict('again', 1, 1) = recsys_predict('factor', 1, 1) AS same_seed, version FROM recsys_models WHERE model = 'again'::regclass;
BEGIN READ ONLY;
SELECT refusal_code($$ SELECT recsys_train('m', 'ratings', 'svd') $$);
SELECT refusal_code($$ SELECT recsys_retrain('factor') $$);
COMMIT;

-- What a session keeps of a model -------------------------------------------

-- is of no use once another has taken its place,
CREATE TABLE one_value AS SELECT 1 AS user_id, 1 AS item_id, 2 AS rating;
BEGIN;
SELECT version FROM recsys_train('kept', 'one_value', 'baseline_als');
SELECT recsys_predict('kept', 1, 1);
TRUNCATE kept;
UPDATE one_value SET rating = 5;
SELECT version FROM recsys_train('kept', 'one_value', 'baseline_als');
SELECT recsys_predict('kept', 1, 1);
COMMIT;
-- nor what a subtransaction has seen that was undone,
BEGIN ISOLATION LEVEL REPEATABLE READ;
CREATE FUNCTION see_and_undo() RETURNS SETOF float8 LANGUAGE plpgsql AS $$
DECLARE
	prediction float8;
BEGIN
	FOR i IN 1..2 LOOP
		BEGIN
			IF i = 1 THEN
				UPDATE one_value SET rating = 3;
				PERFORM recsys_train('kept', 'one_value', 'baseline_als');
			END IF;
			prediction := recsys_predict('kept', 1, 1);
			RETURN NEXT prediction;
			IF i = 1 THEN
				RAISE EXCEPTION 'undo';
			END IF;
		EXCEPTION WHEN raise_exception THEN
			NULL;
		END;
	END LOOP;
END
$$;
SELECT see_and_undo();
COMMIT;
-- while a cursor goes on with the one it began with.
BEGIN;
DECLARE predictions CURSOR FOR SELECT n, recsys_predict('kept', 1, 1) FROM generate_series(1, 3) n;
FETCH 1 FROM predictions;
UPDATE one_value SET rating = 1;
SELECT version FROM recsys_train('kept', 'one_value', 'baseline_als', '{"keep_versions": 1}');
FETCH 1 FROM predictions;
SELECT recsys_predict('kept', 1, 1);
FETCH 1 FROM predictions;
COMMIT;

-- A session that had all these errors still works.
SELECT count(*) FROM models, recsys_recommend(model, '1', exclude_seen => false) WHERE algorithm = 'svd';

DROP SCHEMA errors_own;
DROP SCHEMA errors CASCADE;
DROP ROLE regress_recsys_errors;
