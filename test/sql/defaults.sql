-- Defaults that depend on the data: as good as popularity where there is nothing
-- else to know, and the numbers that were used are in the model.
\set ECHO none
\pset format unaligned
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS recsys;
\set ECHO all

-- No taste: an item is bought with a probability of its own, by everybody.
CREATE TABLE no_taste AS
SELECT u AS user_id, i AS item_id FROM generate_series(1, 1500) u, generate_series(0, 149) i
 WHERE (hashint8(u * 1000 + i)::bigint & 1023) < 410 / (1 + i / 5.0);
-- Taste: the same, but of the items that go with the user more, and of the others fewer.
CREATE TABLE taste AS
SELECT u AS user_id, i AS item_id FROM generate_series(1, 1500) u, generate_series(0, 149) i
 WHERE (hashint8(u * 1000 + i)::bigint & 1023) < 410 / (1 + i / 5.0) * CASE WHEN u % 3 = i % 3 THEN 2.2 ELSE .4 END;

-- At least .95 of popularity without taste, and better with it.
SELECT a AS algorithm, r AS ratings, value >= popular * CASE r WHEN 'taste' THEN 1.1 ELSE .95 END AS good_enough
  FROM unnest(ARRAY['ials', 'bpr', 'logistic_mf', 'ease', 'slim', 'rp3beta', 'item_knn', 'user_knn', 'hybrid']) WITH ORDINALITY a(a, n),
       unnest(ARRAY['no_taste', 'taste']) WITH ORDINALITY r(r, m),
       recsys_evaluate(r::regclass, a, '{}', '{"method": "per_user", "test": 0.2, "seed": 1}', 20, rating_col => NULL)
 WHERE metric = 'ndcg' ORDER BY n, m;

-- The numbers that were used are what the model says; without taste they are others.
CREATE FUNCTION settled(ratings regclass, algorithm text, given jsonb, VARIADIC names text[]) RETURNS jsonb LANGUAGE plpgsql AS $$
BEGIN
	PERFORM recsys_train('settled_m', ratings, algorithm, given, rating_col => NULL);
	RETURN (SELECT jsonb_object_agg(name, options -> name) FROM recsys_models, unnest(names) name WHERE model = 'settled_m'::regclass);
END $$;
SELECT r AS ratings, settled(r::regclass, 'ials', '{}', 'factors', 'unobserved_weight', 'regularization') AS ials,
       settled(r::regclass, 'bpr', '{}', 'factors', 'learning_rate', 'regularization', 'bias_regularization') AS bpr,
       settled(r::regclass, 'logistic_mf', '{}', 'regularization') AS logistic_mf,
       settled(r::regclass, 'ease', '{}', 'regularization') AS ease,
       settled(r::regclass, 'slim', '{}', 'regularization') AS slim,
       settled(r::regclass, 'rp3beta', '{}', 'beta') AS rp3beta,
       settled(r::regclass, 'item_knn', '{}', 'weighting', 'similarity', 'shrinkage', 'neighbors') AS item_knn,
       settled(r::regclass, 'user_knn', '{}', 'weighting', 'similarity', 'shrinkage', 'neighbors') AS user_knn
  FROM unnest(ARRAY['no_taste', 'taste']) r \gx

-- What is given is used, and what depends on it follows.
SELECT settled('taste', 'ials', '{"regularization": 0.5, "factors": 3}', 'factors', 'unobserved_weight', 'regularization') AS ials,
       settled('taste', 'ials', '{"weighting": "hu_koren", "factors": 3}', 'unobserved_weight', 'regularization') AS hu_koren,
       settled('taste', 'ials', '{"alpha": 10, "factors": 3}', 'unobserved_weight', 'regularization') AS alpha,
       settled('taste', 'bpr', '{"regularization": 0.05, "learning_rate": 0.5, "factors": 3}', 'factors', 'learning_rate', 'regularization', 'bias_regularization') AS bpr,
       settled('taste', 'bpr', '{"bias_regularization": 0.5, "factors": 3}', 'regularization', 'bias_regularization') AS bpr_bias,
       settled('taste', 'logistic_mf', '{"regularization": 7}', 'regularization') AS logistic_mf,
       settled('taste', 'ease', '{"regularization": 7}', 'regularization') AS ease,
       settled('taste', 'slim', '{"regularization": 7}', 'regularization') AS slim,
       settled('taste', 'slim', '{"scaled_regularization": false}', 'regularization') AS slim_unscaled,
       settled('taste', 'rp3beta', '{"beta": 0.7}', 'beta') AS rp3beta,
       settled('taste', 'item_knn', '{"similarity": "cosine"}', 'weighting', 'similarity', 'shrinkage') AS cosine,
       settled('taste', 'item_knn', '{"weighting": "bm25", "neighbors": 7}', 'weighting', 'similarity', 'shrinkage', 'neighbors') AS bm25,
       settled('taste', 'user_knn', '{"weighting": "none"}', 'weighting', 'similarity', 'shrinkage') AS unweighted \gx

-- Weights in another unit: what is not observed weighs as much more.
CREATE TABLE heavy AS SELECT *, 1000 AS weight FROM taste;
SELECT FROM recsys_train('light_m', 'taste', 'ials', rating_col => NULL);
SELECT FROM recsys_train('heavy_m', 'heavy', 'ials', rating_col => 'weight');
SELECT model, options -> 'unobserved_weight' AS unobserved_weight, options -> 'regularization' AS regularization
  FROM recsys_models WHERE model IN ('light_m'::regclass, 'heavy_m'::regclass) ORDER BY 2;

-- Next to nothing: one user, one item, one pair.
CREATE TABLE tiny AS SELECT 1 AS user_id, 1 AS item_id;
SELECT a AS algorithm, users, items FROM unnest(ARRAY['ials', 'bpr', 'logistic_mf', 'ease', 'slim', 'rp3beta', 'item_knn', 'user_knn']) a,
       recsys_train('tiny_m', 'tiny', a, rating_col => NULL);

DROP TABLE no_taste, taste, heavy, tiny, settled_m, light_m, heavy_m, tiny_m;
DROP FUNCTION settled;
