-- Training on ratings of any scale, with steps that are too large, and with
-- penalties that are too strong.
SET client_min_messages = warning;
CREATE SCHEMA steps;
SET search_path = steps, public;
CREATE TABLE stars AS SELECT u AS user_id, i AS item_id, (1 + abs(hashint4(u * 131 + i * 17) % 3) + (u + i) % 2 + (u * 7 + i) % 3 / 2.0)::float8 AS rating
  FROM generate_series(1, 200) u, generate_series(1, 60) i WHERE (u * i) % 3 > 0;
SELECT min(rating), max(rating) FROM stars;

-- The same ratings a power of two times as large, or as small: the same predictions,
-- to the bit; of any other scale they are predicted, too.
CREATE FUNCTION scaled(algorithm text, options jsonb, by float8) RETURNS TABLE (most float8, fits bool) LANGUAGE plpgsql AS $$
BEGIN
	DROP TABLE IF EXISTS times;
	CREATE TABLE times AS SELECT user_id, item_id, rating * by AS rating FROM stars;
	PERFORM recsys_train('one', 'stars', algorithm, options);
	PERFORM recsys_train('other', 'times', algorithm, options);
	RETURN QUERY SELECT max(abs(recsys_predict('one', u, i) * by - recsys_predict('other', u, i)) / by),
		(SELECT sqrt(avg((recsys_predict('other', user_id, item_id) - rating) ^ 2)) < stddev_pop(rating) FROM times)
	  FROM generate_series(-1, 200, 9) u, generate_series(-1, 60, 7) i;
END $$;
SELECT a, by, most = 0 AS same, fits FROM unnest('{als,svd,svdpp,nmf}'::text[]) a, unnest('{0.25,16,1024}'::float8[]) by, scaled(a, '{"clip": false}', by);
SELECT a, fits FROM unnest('{als,svd,svdpp,nmf}'::text[]) a, scaled(a, '{}', 20);
SELECT most = 0 AS same FROM scaled('svd', '{}', 1024);
-- What training says of itself is in the scale of the ratings, and so are lists and who is folded in.
SELECT abs(a.train_rmse * 1024 - b.train_rmse) < 1e-6 AS same FROM recsys_train('one', 'stars', 'svd') a, recsys_train('other', 'times', 'svd') b;
SELECT count(*) AS iterations, bool_and(abs(a.train_rmse * 1024 - b.train_rmse) < 1e-6) AS same FROM recsys_training_log('one') a JOIN recsys_training_log('other') b USING (iteration);
SELECT count(*) AS items, max(abs(a.score - b.score)) < 1e-5 AS same
  FROM generate_series(1, 200, 9) u, recsys_recommend('one', u, 60, false) a JOIN LATERAL (SELECT * FROM recsys_recommend('other', u, 60, false)) b USING (item_id);
SELECT a, abs(s.value - t.value) < .001 AS same FROM unnest('{als,svd,svdpp}'::text[]) a,
	   recsys_evaluate('stars', a, '{}', '{"method": "users", "test": 0.2}') s JOIN LATERAL (SELECT * FROM recsys_evaluate('times', a, '{}', '{"method": "users", "test": 0.2}')) t USING (metric)
 WHERE metric = 'ndcg';
SET client_min_messages = notice;
SELECT iterations < 100 AS searched FROM recsys_train('m', 'times', 'als', '{"validation_fraction": 0.2, "iterations": 100, "list_score": "prediction"}');
-- The ratings that are kept are as they were.
SELECT count(*) AS pairs FROM times t JOIN recsys_recommend('m', 1, 60, false) r USING (item_id) WHERE t.user_id = 1;
SELECT FROM recsys_train('copy', 'times', 'popular', '{"score": "mean"}');
SELECT a.meta -> 'maximum' = b.meta -> 'maximum' AND a.meta -> 'mean' = b.meta -> 'mean' AS same_range FROM m a, copy b WHERE a.part = 'header' AND b.part = 'header';
SELECT a.data = b.data AS same_ratings FROM m a, copy b WHERE a.part = 'ratings' AND b.part = 'ratings';

-- Steps that are too large are taken again, smaller, and the model says which;
-- quietly where nobody asked for that training.
SELECT train_rmse < 2 AS fits FROM recsys_train('m', 'stars', 'svd', '{"learning_rate": 1}');
SELECT options -> 'learning_rate' AS learning_rate FROM recsys_models WHERE model = 'm'::regclass;
SELECT train_rmse < 2 AS fits FROM recsys_train('m', 'stars', 'svdpp', '{"learning_rate": 1}');
SELECT iterations < 100 AS searched FROM recsys_train('m', 'stars', 'svd', '{"learning_rate": 1, "validation_fraction": 0.2, "iterations": 100}');
-- The same steps by themselves make the same model.
SELECT FROM recsys_train('one', 'stars', 'svd', '{"learning_rate": 0.0625}');
SELECT FROM recsys_train('other', 'stars', 'svd', '{"learning_rate": 1}');
SELECT count(*) AS parts, bool_and(a.data = b.data) AS same FROM one a JOIN other b USING (part, block)
 WHERE part <> 'header' AND a.version = (SELECT max(version) FROM one) AND b.version = (SELECT max(version) FROM other);

-- Penalties that leave nothing.
SELECT FROM recsys_train('m', 'stars', 'ials', '{"regularization": 100}', rating_col => NULL);
SELECT FROM recsys_train('m', 'stars', 'als', '{"regularization": 100}');
SET client_min_messages = warning;
-- Vectors that vanish are not slower than others: denormals are zero.
CREATE TABLE sparse AS SELECT DISTINCT u AS user_id, abs(hashint4(u * 31 + k)) % 2000 AS item_id FROM generate_series(1, 4000) u, generate_series(1, 12) k;
SET client_min_messages = error;
SELECT max(abs(f)) < 1e-15 AS vanished, bool_and(f = 0 OR abs(f) >= 1.2e-38) AS no_denormals
  FROM recsys_train('m', 'sparse', 'ials', '{"regularization": 0.1, "unobserved_weight": 1}', rating_col => NULL), LATERAL (SELECT unnest(factors) AS f FROM recsys_factors('m', 'item')) f;
SET client_min_messages = warning;
DROP SCHEMA steps CASCADE;
