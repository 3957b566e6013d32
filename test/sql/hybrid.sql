-- Algorithm "hybrid": blends of components in one model.

SET client_min_messages = warning;
CREATE SCHEMA hybrid;
SET search_path = hybrid, public;
-- Planted: vectors of length 3, biases and noise.
CREATE TABLE ratings AS
SELECT u AS user_id, i AS item_id,
       round((3.4 + sin(u * 1.7) * .6 + cos(i * 2.3) * .5
              + 1.1 * (sin(u * .9) * cos(i * 1.1) + cos(u * 2.1) * sin(i * .7) + sin(u * 3.3) * sin(i * 2.9))
              + .5 * sin(u * 12.9898 + i * 78.233 + u * i))::numeric, 2)::float8 AS rating
  FROM generate_series(1, 150) u, generate_series(1, 80) i WHERE hashint4(u * 1000 + i) % 5 IN (0, 1);

-- One component of weight 1, unscaled, is that component.
CREATE FUNCTION train(algorithm text, options jsonb, rating_col name = 'rating') RETURNS void LANGUAGE plpgsql AS $$
BEGIN
	PERFORM recsys_train('one', 'ratings', algorithm, '{"list_score": "prediction"}' || options, rating_col => rating_col);
	PERFORM recsys_train('blend', 'ratings', 'hybrid', jsonb_build_object('normalize', 'none', 'components',
		jsonb_build_array(jsonb_build_object('algorithm', algorithm, 'options', options, 'weight', 1))), rating_col => rating_col);
END
$$;
CREATE FUNCTION differences() RETURNS bigint LANGUAGE plpgsql AS $$
BEGIN
	RETURN (WITH u AS (SELECT generate_series(1, 150, 7) AS u),
	one AS (SELECT u, r.item_id, r.score FROM u, recsys_recommend('one', u, 1000) r),
	blend AS (SELECT u, r.item_id, r.score FROM u, recsys_recommend('blend', u, 1000) r),
	predicted AS (SELECT u, i, recsys_predict('one', u, i) - recsys_predict('blend', u, i) AS d
	                FROM generate_series(-1, 150, 29) u, generate_series(-1, 80) i)
	SELECT (SELECT count(*) FROM one FULL JOIN blend USING (u, item_id)
	         WHERE abs(one.score - blend.score) < 1e-9 IS NOT TRUE) +
	       (SELECT count(*) FROM predicted WHERE abs(d) < 1e-9 IS NOT TRUE));
END
$$;
CREATE TABLE single (algorithm text, options jsonb, rating_col name, differences bigint);
DO $$
DECLARE c record;
BEGIN
	FOR c IN VALUES ('als', '{"factors": 3}', 'rating'), ('baseline_als', '{}', 'rating'), ('svdpp', '{"factors": 3}', 'rating'),
		('item_knn', '{"score": "centered", "k": 5}', 'rating'), ('user_knn', '{}', 'rating'), ('slope_one', '{}', 'rating'),
		('co_clustering', '{}', 'rating'), ('normal', '{}', 'rating'), ('item_knn', '{"score": "sum"}', 'rating'),
		('item_knn', '{}', NULL), ('user_knn', '{"neighbors": 10}', NULL)
	LOOP
		PERFORM train(c.column1, c.column2::jsonb, c.column3);
		INSERT INTO single VALUES (c.column1, c.column2::jsonb, c.column3, differences());
	END LOOP;
END $$;
SELECT * FROM single ORDER BY 1, 2, 3;
-- similar items too
SELECT count(*) AS pairs, bool_and(abs(a.similarity - b.similarity) < 1e-9) AS same
  FROM generate_series(1, 80) i, recsys_similar_items('one', i, 1000) a
  JOIN LATERAL (SELECT * FROM recsys_similar_items('blend', i, 1000)) b ON a.item_id = b.item_id;

-- Two components, blended here from models of their own.  Of each: mean and
-- deviation over what the user has not rated; what has no score counts as the
-- lowest, and as the mean where the scores are ratings.
SELECT FROM recsys_train('sums', 'ratings', 'item_knn', '{"score": "sum", "neighbors": 3}');
SELECT FROM recsys_train('vectors', 'ratings', 'als', '{"factors": 3, "list_score": "prediction"}');
SELECT FROM recsys_train('near', 'ratings', 'user_knn', '{"k": 2, "min_k": 2, "min_support": 17, "score": "centered", "list_score": "prediction"}');
CREATE FUNCTION blend(scale text) RETURNS void LANGUAGE sql AS $$
	SELECT FROM recsys_train('blend', 'ratings', 'hybrid', jsonb_build_object('normalize', scale, 'components', '[
		{"algorithm": "item_knn", "options": {"score": "sum", "neighbors": 3}, "weight": 2},
		{"algorithm": "als", "options": {"factors": 3}, "weight": 1},
		{"algorithm": "user_knn", "options": {"k": 2, "min_k": 2, "min_support": 17, "score": "centered"}, "weight": 1}]'::jsonb))
$$;
CREATE TABLE score AS
SELECT c.model, c.weight, c.ratings, u AS user_id, i AS item_id, r.score
  FROM (VALUES ('sums'::regclass, .5, false), ('vectors', .25, true), ('near', .25, true)) c(model, weight, ratings),
	   generate_series(1, 150, 7) u CROSS JOIN generate_series(1, 80) i
  LEFT JOIN LATERAL (SELECT * FROM recsys_recommend(c.model, u, 1000) WHERE basis = 'personalized') r ON r.item_id = i
 WHERE NOT EXISTS (SELECT FROM ratings s WHERE s.user_id = u AND s.item_id = i);
CREATE VIEW filled AS
SELECT model, weight, user_id, item_id, score,
	   coalesce(score, CASE WHEN ratings THEN avg(score) OVER w ELSE min(score) OVER w END) AS filled,
	   coalesce(score, CASE WHEN ratings THEN recsys_predict(model, user_id, item_id) ELSE min(score) OVER w END) AS none,
	   avg(score) OVER w AS mean, stddev_pop(score) OVER w AS deviation
  FROM score WINDOW w AS (PARTITION BY model, user_id);
CREATE VIEW scaled AS
SELECT *, coalesce((filled - mean) / nullif(deviation, 0), 0) AS standard,
	   (rank() OVER (PARTITION BY model, user_id ORDER BY filled) - 1
	    + (count(*) OVER (PARTITION BY model, user_id, filled)) / 2.0) / count(*) OVER (PARTITION BY model, user_id) AS rank
  FROM filled;
SELECT model, count(*) FILTER (WHERE score IS NULL) > 50 AS has_gaps FROM score GROUP BY 1 ORDER BY 1;
CREATE VIEW expected AS
SELECT user_id, item_id, sum(weight * standard) AS standard, sum(weight * rank) AS rank, sum(weight * none) AS none
  FROM scaled GROUP BY 1, 2 HAVING count(score) > 0;
CREATE TABLE recommended (scale text, user_id int, item_id int, score float8, predicted float8);
DO $$
BEGIN
	FOR i IN 1..3 LOOP
		PERFORM blend((ARRAY['standard', 'rank', 'none'])[i]);
		INSERT INTO recommended SELECT (ARRAY['standard', 'rank', 'none'])[i], u, r.*, recsys_predict('blend', u, r.item_id)
		  FROM generate_series(1, 150, 7) u, LATERAL (SELECT item_id, score FROM recsys_recommend('blend', u, 1000) WHERE basis = 'personalized') r;
	END LOOP;
END $$;
SELECT r.scale, count(*) = (SELECT count(*) FROM expected) AS complete,
	   bool_and(abs(r.score - CASE r.scale WHEN 'standard' THEN e.standard WHEN 'rank' THEN e.rank ELSE e.none END) < 1e-6) AS right,
	   bool_and(r.scale = 'none' OR r.score = r.predicted) AS predicts_the_score
  FROM recommended r LEFT JOIN expected e USING (user_id, item_id) GROUP BY 1 ORDER BY 1;

-- Where a component has no score for a user, what it predicts counts: a list has the scores of the predictions.
CREATE TABLE few (user_id int, item_id int, rating real);
INSERT INTO few VALUES (1, 1, 5), (1, 2, 4), (2, 3, 5), (3, 4, 4), (3, 1, 4);
SELECT FROM recsys_train('blend', 'few', 'hybrid', '{"clip": false, "components": [
	{"algorithm": "als", "weight": 2}, {"algorithm": "item_knn", "weight": 1}, {"algorithm": "slope_one", "weight": 1}]}');
SELECT count(*) AS pairs, max(abs(r.score - recsys_predict('blend', u, r.item_id))) < 1e-6 AS predicted
  FROM generate_series(1, 3) u, recsys_recommend('blend', u, 10, false) r;

-- A mean of ratings is their weighted mean, whatever the sum of the weights.
SELECT FROM recsys_train('blend', 'ratings', 'hybrid', '{"clip": false, "components": [
	{"algorithm": "als", "options": {"factors": 3}, "weight": 3},
	{"algorithm": "user_knn", "options": {"k": 2, "min_k": 2, "min_support": 17, "score": "centered"}, "weight": 1}]}');
SELECT FROM recsys_train('vectors', 'ratings', 'als', '{"factors": 3, "clip": false}');
SELECT FROM recsys_train('near', 'ratings', 'user_knn', '{"k": 2, "min_k": 2, "min_support": 17, "score": "centered", "clip": false}');
SELECT max(abs(recsys_predict('blend', u, i) - .75 * recsys_predict('vectors', u, i) - .25 * recsys_predict('near', u, i))) < 1e-9 AS right
  FROM generate_series(-1, 150, 7) u, generate_series(-1, 80, 3) i;

-- Similarities: those of the components that have them, scaled and weighted.
SELECT FROM recsys_train('blend', 'ratings', 'hybrid', '{"normalize": "standard", "components": [
	{"algorithm": "item_knn", "options": {"score": "sum", "neighbors": 3}, "weight": 2}, {"algorithm": "baseline_als", "weight": 5},
	{"algorithm": "als", "options": {"factors": 3}, "weight": 1}, {"algorithm": "slope_one", "weight": 0}]}');
WITH z AS (
	SELECT i, s.item_id, w.weight, (s.similarity - avg(s.similarity) OVER p) / stddev_pop(s.similarity) OVER p AS z
	  FROM (VALUES ('sums'::regclass, 2), ('vectors', 1)) w(model, weight), generate_series(1, 80) i,
		   recsys_similar_items(w.model, i, 1000) s
	WINDOW p AS (PARTITION BY w.model, i)
), right_ones AS (
	-- items that both have a similarity for
	SELECT i, item_id, sum(weight * z) / 3 AS similarity FROM z GROUP BY 1, 2 HAVING count(*) = 2
)
SELECT count(*) > 200 AS many, max(abs(s.similarity - r.similarity)) < 1e-6 AS right
  FROM right_ones r, LATERAL (SELECT * FROM recsys_similar_items('blend', r.i, 1000)) s WHERE s.item_id = r.item_id;
SELECT count(*) FROM recsys_similar_items('blend', 4, 5);
SELECT count(*) FROM recsys_similar_users('blend', 4, 5);
SELECT * FROM recsys_similar_items('blend', 4, 5, 'euclidean');
SELECT FROM recsys_train('plain', 'ratings', 'hybrid', '{"components": [{"algorithm": "baseline_als", "weight": 1}, {"algorithm": "slope_one", "weight": 1}]}');
SELECT * FROM recsys_similar_items('plain', 4, 5);

-- Weights ------------------------------------------------------------------

CREATE FUNCTION weights(components jsonb, options jsonb = '{}', rating_col name = 'rating') RETURNS numeric[] LANGUAGE plpgsql AS $$
DECLARE
	w numeric[];
BEGIN
	PERFORM recsys_train('fitted', 'ratings', 'hybrid', options || jsonb_build_object('components', components), rating_col => rating_col);
	SELECT array_agg(round(x::numeric, 2) ORDER BY n) INTO w FROM fitted, jsonb_array_elements_text(meta -> 'params' -> 'weights') WITH ORDINALITY e(x, n)
	 WHERE part = 'header' AND version = (SELECT max(version) FROM fitted);
	RETURN w;
END
$$;
-- Noise gets none, or next to it.  Whoever likes some kind of items has most of those.
CREATE TABLE likes AS
SELECT u AS user_id, i AS item_id, 1 + hashint4(u * i) % 2 / 4.0 AS rating
  FROM generate_series(1, 200) u, generate_series(1, 100) i WHERE abs(hashint4(u * 1000 + i)) % 100 < CASE WHEN (u + i) % 5 = 0 THEN 60 ELSE 6 END;
CREATE TABLE fit (name text, w numeric[]);
INSERT INTO fit VALUES
	('ratings', weights('[{"algorithm": "als", "options": {"factors": 3}}, {"algorithm": "normal"}]'));
ALTER TABLE ratings RENAME TO scored;
ALTER TABLE likes RENAME TO ratings;
INSERT INTO fit VALUES
	('ranked', weights('[{"algorithm": "normal"}, {"algorithm": "item_knn", "options": {"score": "sum", "similarity": "cosine"}}]')),
	('ranks', weights('[{"algorithm": "normal"}, {"algorithm": "item_knn", "options": {"score": "sum", "similarity": "cosine"}}]', '{"normalize": "rank"}'));
DROP TABLE ratings;
ALTER TABLE scored RENAME TO ratings;
SELECT name, CASE name WHEN 'ratings' THEN w[1] > .9 AND w[2] < .05 ELSE w[1] + w[2] = 1 AND w[1] < .15 END AS right FROM fit;
-- The belief in equal weights can be made as strong as one likes.
SELECT weights('[{"algorithm": "als"}, {"algorithm": "normal"}]', '{"regularization": 1e9}') AS ratings,
	   weights('[{"algorithm": "als"}, {"algorithm": "normal"}]', '{"regularization": 1e9, "normalize": "standard"}') AS ranked;
-- The same component twice is as good as once.
SELECT abs(w[1] - w[2]) <= .01 AS alike, abs(w[1] + w[2] - (weights('[{"algorithm": "als"}]'))[1]) < .02 AS same_sum
  FROM weights('[{"algorithm": "als"}, {"algorithm": "als"}]') w;
-- Stacked, what is held out is predicted better than by any component.
SELECT h.mse < least(a.mse, k.mse) AS better, h.mse < b.mse * .9 AS much_better_than_baseline
  FROM (SELECT avg(mse) AS mse FROM recsys_cross_validate('ratings', 'hybrid', '{"components": [{"algorithm": "svd", "options": {"factors": 3, "iterations": 60}},
	{"algorithm": "item_knn", "options": {"similarity": "pearson_baseline", "score": "baseline"}}]}')) h,
	   (SELECT avg(mse) AS mse FROM recsys_cross_validate('ratings', 'svd', '{"factors": 3, "iterations": 60}')) a,
	   (SELECT avg(mse) AS mse FROM recsys_cross_validate('ratings', 'item_knn', '{"similarity": "pearson_baseline", "score": "baseline"}')) k,
	   (SELECT avg(mse) AS mse FROM recsys_cross_validate('ratings', 'baseline_als')) b;
-- Too little to hold out: equal weights.
CREATE TABLE diagonal AS SELECT u AS user_id, u AS item_id, u % 5 AS rating FROM generate_series(1, 20) u;
SET client_min_messages = notice;
SELECT FROM recsys_train('m', 'diagonal', 'hybrid');
SELECT meta -> 'params' ->> 'weights' AS weights FROM m WHERE part = 'header';
DROP TABLE m;
-- All are told.
SELECT FROM recsys_train('m', 'ratings', 'hybrid', '{"components": [{"algorithm": "normal"}], "normalize": "rank"}');
DROP TABLE m;
SET client_min_messages = warning;

-- The model ----------------------------------------------------------------

SELECT FROM recsys_train('m', 'ratings', 'hybrid', '{"keep_versions": 3}');
SELECT part, block, meta IS NOT NULL AS meta FROM m ORDER BY part;
SELECT c ->> 'algorithm' AS algorithm, c ->> 'form' AS form, c -> 'options' -> 'factors' AS factors, c -> 'options' -> 'keep_versions' AS keep_versions,
	   c -> 'params' -> 'score' AS score
  FROM m, jsonb_array_elements(meta -> 'components') c WHERE part = 'header';
SELECT algorithm, options -> 'components' AS components, options -> 'normalize' AS normalize FROM recsys_models WHERE model = 'm'::regclass;
SELECT iteration, loss > 0 AS loss, train_rmse < 1 AS rmse FROM recsys_training_log('m');
SELECT * FROM recsys_factors('m', 'item');
SELECT * FROM recsys_factor_pca('m', 'item', 2);
SELECT basis, count(*) FROM recsys_recommend('m', 999, 3) GROUP BY 1;
SELECT recsys_predict('blend', 999, 1), recsys_predict('blend', 1, 999);

CREATE TABLE things AS SELECT i AS item_id, ARRAY['kind' || i % 7, 'sort' || i % 3] AS tags FROM unnest(ARRAY[-5, 1000] || ARRAY(SELECT generate_series(1, 80))) i;

-- The same bytes again, from other rows, by more processes.
CREATE TABLE shuffled AS SELECT * FROM ratings ORDER BY md5(user_id || ' ' || item_id);
SET recsys.ratings_per_worker = 50;
CREATE TABLE repeated (name text, same bool, same_weights bool);
DO $$
DECLARE
	o text;
	r text;
BEGIN
	FOREACH o IN ARRAY ARRAY['{}', '{"components": [{"algorithm": "item_knn", "options": {"score": "sum"}}, {"algorithm": "svdpp"}, {"algorithm": "als", "options": {"validation_fraction": 0.1}}]}',
		'{"components": [{"algorithm": "ials"}, {"algorithm": "content", "options": {"items": "things", "tag_cols": ["tags"]}}, {"algorithm": "rp3beta"}]}'] LOOP
		FOREACH r IN ARRAY ARRAY['rating', 'NULL'] LOOP
			CONTINUE WHEN r = 'NULL' AND o LIKE '%svdpp%' OR r = 'rating' AND o LIKE '%ials%';
			SET max_parallel_maintenance_workers = 0;
			DROP TABLE IF EXISTS a;
			PERFORM recsys_train('a', 'ratings', 'hybrid', o::jsonb, rating_col => nullif(r, 'NULL'));
			FOR w IN 0..3 LOOP
				PERFORM set_config('max_parallel_maintenance_workers', w::text, false);
				DROP TABLE IF EXISTS b;
				PERFORM recsys_train('b', 'shuffled', 'hybrid', o::jsonb, rating_col => nullif(r, 'NULL'));
				INSERT INTO repeated SELECT o, bool_and(a.data = b.data AND a.part = b.part) FILTER (WHERE part <> 'header'),
					bool_and(a.meta -> 'params' = b.meta -> 'params' AND a.meta -> 'components' = b.meta -> 'components') FILTER (WHERE part = 'header')
				  FROM a FULL JOIN b USING (part, block);
			END LOOP;
		END LOOP;
	END LOOP;
END $$;
SELECT left(name, 70) AS options, count(*), bool_and(same) AS same, bool_and(same_weights) AS same_weights FROM repeated GROUP BY name ORDER BY 1;
RESET recsys.ratings_per_worker;
RESET max_parallel_maintenance_workers;

-- Trained again: another version with the same bytes.
SELECT version FROM recsys_retrain('m');
SELECT count(*), bool_and(o.data = n.data) AS same FROM m o JOIN m n USING (part, block) WHERE o.version = 1 AND n.version = 2 AND part <> 'header';
-- The rows are all there is of it: elsewhere it is the same model.
CREATE TABLE copied OF recsys_model;
INSERT INTO copied SELECT * FROM m;
SELECT bool_and(recsys_predict('m', u, i) = recsys_predict('copied', u, i)) AS same FROM generate_series(1, 150, 10) u, generate_series(1, 80, 10) i;
SELECT FROM recsys_train('two', 'ratings', 'hybrid', '{"components": [{"algorithm": "als", "weight": 1}, {"algorithm": "als", "weight": 2, "options": {"seed": 5}}]}');
-- A component's block in the place of another's.
UPDATE two a SET data = b.data FROM two b WHERE a.part = '1.item_factors' AND b.part = '2.item_factors';
SELECT recsys_predict('two', 1, 1);
DELETE FROM m WHERE part = '2.user_bias';
UPDATE m SET meta = meta WHERE part = 'header';
SELECT recsys_predict('m', 1, 1);
DROP TABLE m;

-- Without its ratings.
SELECT FROM recsys_train('m', 'ratings', 'hybrid', '{"store_ratings": false, "normalize": "standard", "components": [{"algorithm": "als"}, {"algorithm": "baseline_als"}]}');
SELECT count(*) FROM m WHERE part = 'ratings';
SELECT count(*) FROM recsys_recommend('m', 1, 1000, false);
SELECT count(*) FROM recsys_recommend('m', 1, 1000);

-- Options of the whole reach the components.
SELECT ratings, items FROM recsys_train('m', 'ratings', 'hybrid', '{"min_value": 4, "binarize": true, "min_item_ratings": 20}');
SELECT options -> 'duplicates' AS duplicates, options -> 'clip' AS clip, options -> 'normalize' AS normalize FROM recsys_models WHERE model = 'm'::regclass;
DROP TABLE m;

-- A component that knows items nobody has rated ----------------------------

-- Every tenth item, and those numbered -5 and 1000.
CREATE TABLE rated AS SELECT user_id, item_id, greatest(rating, .1) AS rating FROM ratings WHERE item_id % 10 <> 0;
CREATE FUNCTION extended(components jsonb, extra jsonb = '{}') RETURNS void LANGUAGE sql AS $$
	SELECT FROM recsys_train('m', 'rated', 'hybrid', extra || jsonb_build_object('components', components))
$$;
CREATE TABLE reached (name text, items int, new_items bigint, same_among_rated bool);
DO $$
DECLARE c record;
BEGIN
	FOR c IN VALUES ('als', '{"factors": 3}'::jsonb), ('baseline_als', '{}'), ('item_knn', '{"neighbors": 5, "score": "sum"}'), ('user_knn', '{"neighbors": 5, "score": "sum"}'),
		('user_knn', '{}'), ('co_clustering', '{}'), ('rp3beta', '{}')
	LOOP
		PERFORM recsys_train('one', 'rated', c.column1, '{"list_score": "prediction"}' || c.column2);
		PERFORM extended(jsonb_build_array(jsonb_build_object('algorithm', c.column1, 'options', c.column2, 'weight', 1),
			'{"algorithm": "content", "options": {"items": "things", "tag_cols": ["tags"]}, "weight": 1e-9}'::jsonb), '{"normalize": "none"}');
		INSERT INTO reached
		SELECT c.column1 || c.column2, (SELECT items FROM recsys_models WHERE model = 'm'::regclass),
			   (SELECT count(*) FROM recsys_recommend('m', 3, 1000) r WHERE r.item_id NOT IN (SELECT item_id FROM rated)),
			   (SELECT bool_and(abs(r.score - o.score) < 1e-6) FROM generate_series(1, 150, 13) u, recsys_recommend('m', u, 1000) r
				  JOIN LATERAL (SELECT * FROM recsys_recommend('one', u, 1000)) o ON o.item_id = r.item_id);
	END LOOP;
END $$;
SELECT * FROM reached ORDER BY 1;
-- in whatever order, and with weights fitted
SELECT FROM extended('[{"algorithm": "content", "options": {"items": "things", "tag_cols": ["tags"]}, "weight": 1}, {"algorithm": "als", "weight": 1}]');
CREATE TABLE order_of AS SELECT 1 AS n, r.* FROM recsys_recommend('m', 1, 1000) r;
SELECT FROM extended('[{"algorithm": "als", "weight": 1}, {"algorithm": "content", "options": {"items": "things", "tag_cols": ["tags"]}, "weight": 1}]');
INSERT INTO order_of SELECT 2, r.* FROM recsys_recommend('m', 1, 1000) r;
SELECT count(*) > 20 AS many, bool_and(abs(a.score - b.score) < 1e-9) AS same
  FROM (SELECT * FROM order_of WHERE n = 1) a FULL JOIN (SELECT * FROM order_of WHERE n = 2) b USING (item_id);
-- what is new comes by its kind: the like of what is already rated
SELECT count(*) FROM recsys_similar_items('m', 1000, 5);
SELECT FROM extended('[{"algorithm": "item_knn", "options": {"score": "sum"}}, {"algorithm": "content", "options": {"items": "things", "tag_cols": ["tags"]}}]');
SELECT round(sum(w::numeric), 9) AS weights FROM m, jsonb_array_elements_text(meta -> 'params' -> 'weights') w WHERE part = 'header' AND version = (SELECT max(version) FROM m);
SELECT count(*) FILTER (WHERE item_id NOT IN (SELECT item_id FROM rated)) AS new_items FROM recsys_recommend('m', 1, 1000);
DROP TABLE m, rated, things, order_of, reached;

-- What can be wrong --------------------------------------------------------

CREATE FUNCTION refusal(options jsonb, rating_col name = 'rating') RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	message text; detail text; hint text; context text;
BEGIN
	PERFORM recsys_train('refused', 'ratings', 'hybrid', options, rating_col => rating_col);
	RETURN 'none';
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS message = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT, context = PG_EXCEPTION_CONTEXT;
	RETURN concat_ws(' | ', SQLSTATE, message, nullif(detail, ''), nullif(hint, ''), substring(context FROM 'component \d+'));
END
$$;
\pset format unaligned
\pset tuples_only on
SELECT refusal(format('{"components": %s}', c)::jsonb) FROM unnest(ARRAY[
	'3', '"als"', '[]', '{}', '{"algorithm": "als"}', '["als"]', '[["als"]]', '[{}]', '[{"algorithm": 3}]', '[{"algorithm": "als"}, {"algorithm": "alz"}]',
	'[{"algorithm": "als", "option": {}}]', '[{"algorithm": "als"}, {"algorithm": "als", "options": {"factor": 3}}]', '[{"algorithm": "als", "options": 3}]',
	'[{"algorithm": "als", "options": []}]', '[{"algorithm": "als", "options": {"factors": 0}}]', '[{"algorithm": "als", "options": {"min_value": 3}}]',
	'[{"algorithm": "als", "options": {"keep_versions": null}}]', '[{"algorithm": "hybrid"}]', '[{"algorithm": "als", "weight": "1"}]', '[{"algorithm": "als", "weight": -1}]',
	'[{"algorithm": "als", "weight": 1e400}]', '[{"algorithm": "als", "weight": 0}]', '[{"algorithm": "als", "weight": 1}, {"algorithm": "svd"}]',
	'[{"algorithm": "als", "options": {"validation_fraction": 2}}]']) c;
SELECT refusal(jsonb_build_object('components', (SELECT jsonb_agg('{"algorithm": "normal"}'::jsonb) FROM generate_series(1, 17))));
SELECT refusal(o) FROM unnest(ARRAY['{"validation_fraction": 0}', '{"validation_fraction": 1}', '{"regularization": -1}', '{"normalize": "zscore"}', '{"store_ratings": false}',
	'{"binarize": true, "components": [{"algorithm": "item_knn"}, {"algorithm": "svd"}]}', '{"duplicates": "first"}']::jsonb[]) o;
SELECT refusal('{"components": [{"algorithm": "als"}]}', NULL);
SET maintenance_work_mem = '1MB';
SELECT left(refusal('{"components": [{"algorithm": "als", "options": {"factors": 2000}}]}'), 5);
RESET maintenance_work_mem;
SELECT to_regclass('refused') IS NULL;
-- Models are dropped like any table.
DROP TABLE blend, two;
SELECT count(*) FROM recsys_models WHERE model::text ~ '(blend|two)$';
DROP SCHEMA hybrid CASCADE;
