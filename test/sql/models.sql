-- Models: training, versions, serving, ids of every type, determinism.
SET client_min_messages = warning;	-- on a slow machine training tells its progress

-- 60 users, 40 items with gaps in their ids and negative ones among them, a
-- planted structure (two tastes) and some noise.
CREATE TABLE ratings (user_id int, item_id int, rating float8, rated_at timestamptz DEFAULT now());
INSERT INTO ratings (user_id, item_id, rating)
SELECT 10 * u - 100, 7 * i - 50,
       greatest(1, least(5, round(3 + (i % 3 - 1) * 1.3 + CASE WHEN (u + i) % 2 = 0 THEN .8 ELSE -.8 END
                                  + ((u * 31 + i * 17) % 7 - 3) * .25)))
  FROM generate_series(1, 60) u, generate_series(1, 40) i
 WHERE (u * 13 + i * 7 + u * i) % 3 <> 0;

--
-- Every algorithm that predicts ratings trains, predicts better than the mean,
-- and serves.
--
CREATE VIEW held_out AS SELECT * FROM ratings WHERE (user_id / 10 * 3 + item_id) % 10 = 0;
CREATE VIEW kept AS SELECT * FROM ratings WHERE (user_id / 10 * 3 + item_id) % 10 <> 0;
CREATE TABLE trained (algorithm text, model regclass, version int, users bigint, items bigint,
                      ratings bigint, iterations int, train_rmse float8);
DO $$
DECLARE a text;
BEGIN
	FOR a IN SELECT name FROM recsys_algorithms WHERE feedback <> 'implicit' AND name NOT IN ('popular', 'content', 'auto') LOOP
		INSERT INTO trained
		SELECT t.algorithm, t.model, t.version, t.users, t.items, t.ratings, t.iterations, t.train_rmse
		  FROM recsys_train('model_' || a, 'kept', a, '{"list_score": "prediction"}') t;
	END LOOP;
END $$;
SELECT algorithm, model, version, users, items,
       ratings = (SELECT count(*) FROM kept) AS all_ratings,
       CASE WHEN algorithm <> 'gradient' THEN iterations END AS iterations,	-- its last bits decide when it ends
       train_rmse < (SELECT stddev_pop(rating) FROM kept) AS fits
  FROM trained ORDER BY 1;
SELECT t.algorithm,
       (SELECT sqrt(avg((recsys_predict(t.model, user_id, item_id) - rating) ^ 2)) FROM held_out)
       < .95 * (SELECT stddev_pop(rating) FROM held_out) AS better_than_mean,
       (SELECT count(*) FROM recsys_recommend(t.model, -90, 5)) AS recommended,
       (SELECT bool_and(basis = 'personalized') FROM recsys_recommend(t.model, -90, 5)) AS personalized
  FROM trained t WHERE algorithm <> 'normal' ORDER BY 1;

-- Random ratings have the distribution of the ratings, and repeat.
SELECT version FROM recsys_train('unclipped_normal', 'kept', 'normal', '{"clip": false}');
SELECT abs(avg(p) - (SELECT avg(rating) FROM kept)) < .1 AS mean, abs(stddev_pop(p) - (SELECT stddev_pop(rating) FROM kept)) < .1 AS deviation,
       bool_and(p = recsys_predict('unclipped_normal', user_id, item_id)) AS repeats
  FROM (SELECT user_id, item_id, recsys_predict('unclipped_normal', user_id, item_id) AS p
          FROM (SELECT DISTINCT user_id FROM ratings) u, (SELECT DISTINCT item_id FROM ratings) i) x;

-- What is recommended has not been rated, is in order, has the score that is
-- predicted, and is the best there is.
SELECT t.algorithm, count(*) AS rows,
       bool_and(k.item_id IS NULL) AS unseen,
       bool_and(abs(CASE WHEN a.feedback = 'implicit' THEN r.score ELSE least(greatest(r.score, 1), 5) END - recsys_predict(t.model, -90, r.item_id)) < 1e-5) AS as_predicted,
       bool_and(r.score <= r.previous OR r.previous IS NULL) AS in_order
  FROM trained t JOIN recsys_algorithms a ON a.name = t.algorithm
  CROSS JOIN LATERAL (SELECT *, lag(score) OVER () AS previous
                        FROM recsys_recommend(t.model, -90, 1000)) r
  LEFT JOIN kept k ON k.user_id = -90 AND k.item_id = r.item_id
 GROUP BY 1 ORDER BY 1;
SELECT t.algorithm, count(*) AS with_seen
  FROM trained t CROSS JOIN LATERAL recsys_recommend(t.model, -90, 1000, exclude_seen => false) r
 GROUP BY 1 ORDER BY 1;

-- Unknown users get what is popular; unknown ids are predicted all the same.
SELECT t.algorithm, r.basis, array_agg(r.score ORDER BY r.score DESC) = (
         SELECT array_agg(n ORDER BY n DESC) FROM (
           SELECT count(*)::float8 AS n FROM kept GROUP BY item_id ORDER BY 1 DESC LIMIT 3) p) AS by_count
  FROM trained t CROSS JOIN LATERAL recsys_recommend(t.model, 123456, 3) r
 GROUP BY 1, 2 ORDER BY 1;
SELECT algorithm,
       recsys_predict(model, 123456, 6) BETWEEN 1 AND 5 AS unknown_user,
       recsys_predict(model, -90, 123456) BETWEEN 1 AND 5 AS unknown_item,
       abs(recsys_predict(model, 123456, 123456) - (SELECT avg(rating) FROM kept)) < 1e-6 AS both_unknown
  FROM trained WHERE algorithm <> 'normal' ORDER BY 1;

-- Predictions stay within the range of the ratings, unless told otherwise.
SELECT min(p) >= 1 AND max(p) <= 5 AS clipped
  FROM trained t, (SELECT DISTINCT user_id FROM ratings) u, (SELECT DISTINCT item_id FROM ratings) i,
       recsys_predict(t.model, u.user_id, i.item_id) p
 WHERE t.algorithm IN (SELECT name FROM recsys_algorithms WHERE feedback <> 'implicit');
SELECT version FROM recsys_train('unclipped', 'kept', 'svd', '{"clip": false, "iterations": 200, "learning_rate": 0.02}');
SELECT min(p) < 1 OR max(p) > 5 AS goes_beyond
  FROM (SELECT DISTINCT user_id FROM ratings) u, (SELECT DISTINCT item_id FROM ratings) i,
       recsys_predict('unclipped', u.user_id, i.item_id) p;

--
-- A factor model is what its parts say: mean + biases + inner product.
--
SELECT t.algorithm, bool_and(abs(
         (SELECT avg(rating) FROM kept) + u.bias + i.bias +
         coalesce((SELECT sum(p * q) FROM unnest(u.factors, i.factors) AS f(p, q)), 0) -
         recsys_predict(t.model, u.id::int, i.id::int)) < 1e-4) AS adds_up
  FROM (SELECT algorithm, model FROM trained WHERE algorithm IN ('svd', 'als', 'baseline_als')) t,
       LATERAL (SELECT * FROM recsys_factors(t.model, 'user') WHERE id IN ('-90', '200')) u,
       LATERAL (SELECT * FROM recsys_factors(t.model, 'item') WHERE id::int BETWEEN 0 AND 60) i
 WHERE recsys_predict(t.model, u.id::int, i.id::int) > 1 AND recsys_predict(t.model, u.id::int, i.id::int) < 5
 GROUP BY 1 ORDER BY 1;
-- Similarities are those of the vectors.
WITH v AS (SELECT id::int, factors FROM recsys_factors('model_svd', 'item')),
expected AS (
	SELECT b.id, sum(x * y) / sqrt(sum(x * x)) / sqrt(sum(y * y)) AS cosine, sum(x * y) AS dot,
	       sqrt(sum((x - y) ^ 2)) AS euclidean, sum(abs(x - y)) AS manhattan
	  FROM v a, v b, unnest(a.factors, b.factors) AS f(x, y)
	 WHERE a.id = 6 AND b.id <> 6 GROUP BY 1)
SELECT metric, count(*), bool_and(abs(similarity - CASE metric WHEN 'cosine' THEN cosine WHEN 'dot' THEN dot
         WHEN 'euclidean' THEN euclidean ELSE manhattan END) < 1e-4) AS as_computed
  FROM unnest('{cosine,dot,euclidean,manhattan}'::text[]) metric,
       recsys_similar_items('model_svd', 6, 100, metric) s JOIN expected e ON e.id = s.item_id
 GROUP BY 1 ORDER BY 1;
SELECT metric, bool_and(similarity >= next OR next IS NULL) AS falling, bool_and(similarity <= next OR next IS NULL) AS rising
  FROM unnest('{cosine,dot,euclidean,manhattan}'::text[]) metric,
       LATERAL (SELECT similarity, lead(similarity) OVER () AS next
                  FROM recsys_similar_users('model_svd', -90, 10, metric)) s
 GROUP BY 1 ORDER BY 1;

-- Baselines are the closed form: each bias is its mean residual, shrunk.
WITH b AS (
	SELECT k.user_id, k.rating - (SELECT avg(rating) FROM kept) - i.bias AS residual, u.bias
	  FROM kept k JOIN recsys_factors('model_baseline_als', 'user') u ON u.id::int = k.user_id
	              JOIN recsys_factors('model_baseline_als', 'item') i ON i.id::int = k.item_id)
SELECT bool_and(abs(bias - shrunk) < 1e-5) AS closed_form
  FROM (SELECT bias, sum(residual) / (15 + count(*)) AS shrunk FROM b GROUP BY user_id, bias) x;

-- ALS leaves no user a better vector: the gradient of each is zero for the
-- items as they were before the last half-step, so near zero after many.
SELECT iterations FROM recsys_train('converged', 'kept', 'als', '{"factors": 3, "iterations": 400, "regularization": 0.2}');
WITH r AS (
	SELECT k.user_id, u.bias, u.factors AS p, i.factors AS q,
	       k.rating - recsys_predict('converged', k.user_id, k.item_id) AS error
	  FROM kept k JOIN recsys_factors('converged', 'user') u ON u.id::int = k.user_id
	              JOIN recsys_factors('converged', 'item') i ON i.id::int = k.item_id)
SELECT bool_and(abs(g_bias) < 2e-3 AND abs(g_first) < 2e-3) AS stationary
  FROM (SELECT user_id, avg(error) - .2 * bias AS g_bias, avg(error * q[1]) - .2 * p[1] AS g_first
          FROM r GROUP BY user_id, bias, p) g;

-- The log: one row an iteration; what is minimized falls, but for steps that are
-- of chance or may go too far.
SELECT t.algorithm, count(*) = max(t.iterations) AS complete, bool_and(l.loss <= l.previous * (1 + 1e-6) OR l.previous IS NULL OR t.algorithm IN ('bpr', 'logistic_mf')) AS falling,
       bool_and(l.seconds >= 0) AS timed
  FROM trained t, LATERAL (SELECT *, lag(loss) OVER (ORDER BY iteration) AS previous
                             FROM recsys_training_log(t.model)) l
 GROUP BY 1 ORDER BY 1;

--
-- The same rows in another order, and the same seed, give the same bytes.
--
CREATE TABLE shuffled AS SELECT * FROM kept ORDER BY md5(user_id::text || item_id::text);
CREATE TABLE same_bytes (algorithm text, parts bigint, same bool);
DO $$
DECLARE a text; m text; o jsonb;
BEGIN
	FOR a, o IN VALUES ('baseline_als', '{}'), ('svd', '{"seed": 7}'), ('als', '{"seed": 7}'),
	                   ('item_knn', '{"neighbors": 10}'),
	                   ('user_knn', '{"neighbors": 10, "similarity": "pearson_baseline"}') LOOP
		PERFORM recsys_train('bytes_a', 'kept', a, o);
		PERFORM recsys_train('bytes_b', 'shuffled', a, o);
		INSERT INTO same_bytes
		SELECT a, count(*), bool_and(x.data = y.data) FROM bytes_a x FULL JOIN bytes_b y USING (part, block)
		 WHERE part <> 'header';
		DROP TABLE bytes_a, bytes_b;
	END LOOP;
END $$;
TABLE same_bytes ORDER BY 1;
-- Another seed gives another model.
SELECT version FROM recsys_train('bytes_a', 'kept', 'svd', '{"seed": 1}');
SELECT version FROM recsys_train('bytes_a', 'kept', 'svd', '{"seed": 2}');
SELECT x.part, x.data = y.data AS same FROM bytes_a x JOIN bytes_a y USING (part, block)
 WHERE x.version = 1 AND y.version = 2 AND part LIKE '%factors' ORDER BY 1;

--
-- Versions: the newest serves, old ones go.
--
SELECT version FROM recsys_retrain('bytes_a');
SELECT version, count(*) > 1 AS has_parts FROM bytes_a GROUP BY 1 ORDER BY 1;
SELECT version, options ->> 'seed' AS seed FROM recsys_models WHERE model = 'bytes_a'::regclass;
SELECT version FROM recsys_train('bytes_a', 'kept', 'baseline_als', '{"keep_versions": 1}');
SELECT version, count(*) FILTER (WHERE part = 'header') AS headers FROM bytes_a GROUP BY 1;
SELECT count(*) FROM recsys_factors('bytes_a', 'user') WHERE factors <> '{}';
-- A version written and read in one transaction, then undone.
BEGIN;
SELECT version FROM recsys_train('bytes_a', 'kept', 'svd', '{"factors": 4}');
SELECT DISTINCT cardinality(factors) AS factors FROM recsys_factors('bytes_a', 'user');
ROLLBACK;
SELECT DISTINCT cardinality(factors) AS factors FROM recsys_factors('bytes_a', 'user');
-- Emptied and filled again: the version number comes back, the model does not.
SELECT version FROM recsys_train('again', 'kept', 'svd', '{"factors": 4}');
SELECT DISTINCT cardinality(factors) AS factors FROM recsys_factors('again', 'user');
TRUNCATE again;
SELECT version FROM recsys_train('again', 'kept', 'svd', '{"factors": 6}');
SELECT DISTINCT cardinality(factors) AS factors FROM recsys_factors('again', 'user');

--
-- Ids of any type, users and items of different types.
--
CREATE TABLE uuid_text AS
SELECT ('00000000-0000-0000-0000-' || lpad(user_id::text, 12, '0'))::uuid AS who, 'item ' || item_id AS what, rating
  FROM kept WHERE user_id > 0;
CREATE TABLE big_ids AS
SELECT user_id::bigint * 1000000000000 AS user_id, item_id::smallint AS item_id, rating::numeric(3, 1) AS rating FROM kept;
SELECT users, items FROM recsys_train('uuid_model', 'uuid_text', 'svd', '{}', 'who', 'what');
SELECT users, items FROM recsys_train('big_model', 'big_ids', 'svd');
SELECT item_id LIKE 'item %' AS is_item, pg_typeof(item_id) FROM recsys_recommend('uuid_model', '00000000-0000-0000-0000-000000000200', 2);
SELECT pg_typeof(user_id) FROM recsys_similar_users('uuid_model', '00000000-0000-0000-0000-000000000200'::uuid, 2);
SELECT pg_typeof(item_id) AS bigint FROM recsys_recommend('big_model', 200000000000000, 1);
SELECT pg_typeof(item_id) AS text FROM recsys_recommend('big_model', '200000000000000', 1);
SELECT pg_typeof(item_id) AS smallint FROM recsys_similar_items('big_model', 6::smallint, 1);
SELECT id, cardinality(factors) FROM recsys_factors('uuid_model', 'user') ORDER BY 1 LIMIT 2;
-- A model does not depend on how ids are written.
SELECT max(abs(recsys_predict('big_model', user_id * 1000000000000, item_id) - recsys_predict('big_model', (user_id * 1000000000000)::text, item_id::text)))
  FROM (SELECT user_id::bigint, item_id FROM kept LIMIT 50) k;
SELECT recsys_predict('uuid_model', who, what) = recsys_predict('uuid_model', who::text, what::varchar) AS same
  FROM uuid_text LIMIT 1;

--
-- The matrix-factorization names are the same engine.
--
SELECT algorithm, iterations FROM mf_train('mf', 'kept', factors => 8, iterations => 5, learning_rate => .01, regularization => .03, seed => 3);
SELECT options -> 'factors' AS factors, options -> 'learning_rate' AS learning_rate, options -> 'regularization' AS regularization, options -> 'seed' AS seed
  FROM recsys_models WHERE model = 'mf'::regclass;
SELECT mf_predict('mf', -90, 6) = recsys_predict('mf', -90, 6) AS predict,
       (SELECT array_agg(r) FROM mf_recommend('mf', -90, 4) r)::text = (SELECT array_agg(r) FROM recsys_recommend('mf', -90, 4) r)::text AS recommend,
       (SELECT array_agg(r) FROM mf_similar_items('mf', 6, 4) r)::text = (SELECT array_agg(r) FROM recsys_similar_items('mf', 6, 4) r)::text AS similar;

--
-- Sources of every kind give the same model.
--
CREATE TABLE parted (LIKE ratings) PARTITION BY HASH (user_id);
CREATE TABLE parted_0 PARTITION OF parted FOR VALUES WITH (MODULUS 2, REMAINDER 0);
CREATE TABLE parted_1 PARTITION OF parted FOR VALUES WITH (MODULUS 2, REMAINDER 1);
INSERT INTO parted SELECT * FROM kept;
CREATE MATERIALIZED VIEW materialized AS SELECT * FROM kept;
CREATE TEMP TABLE temporary AS SELECT * FROM kept;
CREATE TABLE same_source (relation text, parts bigint, same bool);
DO $$
DECLARE r text;
BEGIN
	FOREACH r IN ARRAY '{parted,materialized,temporary}'::text[] LOOP
		PERFORM recsys_train('from_relation', r, 'als');
		INSERT INTO same_source
		SELECT r, count(*), bool_and(a.data = b.data)
		  FROM (SELECT * FROM model_als WHERE part <> 'header') a
		  FULL JOIN (SELECT * FROM from_relation WHERE part <> 'header') b USING (part, block);
		DROP TABLE from_relation;
	END LOOP;
END $$;
TABLE same_source ORDER BY 1;

-- A model can be temporary, renamed and moved.
SELECT version FROM recsys_train('pg_temp.passing', 'kept', 'svd');
SELECT count(*) FROM recsys_recommend('passing', -90, 3);
CREATE SCHEMA elsewhere;
ALTER TABLE mf RENAME TO renamed;
ALTER TABLE renamed SET SCHEMA elsewhere;
SELECT model, version FROM recsys_retrain('elsewhere.renamed');
SELECT count(*) FROM mf_recommend('elsewhere.renamed', -90, 3);

--
-- What the planner is told.
--
CREATE FUNCTION planned_rows(query text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE line text;
BEGIN
	EXECUTE 'EXPLAIN ' || query INTO line;
	RETURN substring(line FROM 'rows=(\d+)');
END $$;
SELECT planned_rows('SELECT * FROM recsys_recommend(''model_svd'', -90, 7)') AS recommend,
       planned_rows('SELECT * FROM similar_items(''ratings'', 6, 25)') AS similar;

-- The views.
SELECT name, family, feedback, form, jsonb_array_length(options) > 5 AS has_options FROM recsys_algorithms;
SELECT o ->> 'name' AS option, o ->> 'type' AS type, o -> 'default' AS "default", o -> 'min' AS min, o -> 'max' AS max
  FROM recsys_algorithms, jsonb_array_elements(options) o WHERE name = 'svd';
SELECT model, owner = current_user AS mine, algorithm, version, users, items, ratings, bytes > 8192 AS has_bytes,
       trained_at BETWEEN now() - interval '1 hour' AND now() + interval '1 hour' AS recent
  FROM recsys_models WHERE model::text LIKE 'model%' ORDER BY model::text;

DROP SCHEMA elsewhere CASCADE;
DROP TABLE ratings, parted, trained CASCADE;
