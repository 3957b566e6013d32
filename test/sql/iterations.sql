-- How many iterations training does: early stopping; how far they go: decay of
-- the learning rate, and a regularization of its own for the biases.
SET recsys.ratings_per_worker = 50;

-- Noise that can be learnt by heart, over a weak signal.
CREATE TABLE ratings AS
SELECT u AS user_id, i AS item_id,
       3 + (u % 3 - 1) * .4 + (i % 5 - 2) * .3 + (hashint4(u * 1000 + i) % 1000) / 1000.0 AS rating
  FROM generate_series(1, 80) u, generate_series(1, 50) i WHERE (u * 11 + i * 5) % 3 <> 0;
CREATE FUNCTION parts(model regclass) RETURNS text LANGUAGE plpgsql AS $$
DECLARE result text;
BEGIN
	EXECUTE format('SELECT string_agg(md5(data), %L ORDER BY part, block) FROM %s WHERE part <> %L',
	               ',', model, 'header') INTO result;
	RETURN result;
END $$;

-- A search ends before the ratings have been learnt by heart, and leaves the
-- model of all ratings after as many iterations, whatever the workers.
CREATE TABLE cases (algorithm text, options jsonb);
INSERT INTO cases VALUES
('svd', '{"learning_rate": 0.03, "regularization": 0, "factors": 20}'),
('svdpp', '{"learning_rate": 0.03, "regularization": 0}'),
('als', '{"regularization": 0.0001, "factors": 20}'),
('baseline_sgd', '{"learning_rate": 0.1, "regularization": 0}'),
('baseline_als', '{"item_regularization": 0, "user_regularization": 0}'),
('nmf', '{"user_regularization": 0, "item_regularization": 0, "factors": 30}'),
('gradient', '{"regularization": 0.01, "factors": 20}');
SET client_min_messages = warning;
CREATE TABLE found (algorithm text, iterations int, logged bigint, same bool, alone bool);
DO $$
DECLARE c record; n int; log bigint; searched text; alone text;
BEGIN
	FOR c IN SELECT * FROM cases LOOP
		SELECT iterations INTO n FROM recsys_train('m', 'ratings', c.algorithm,
			c.options || '{"validation_fraction": 0.2, "iterations": 500, "patience": 2}');
		SELECT count(*) INTO log FROM recsys_training_log('m');
		searched := parts('m');
		DROP TABLE m;
		SET LOCAL max_parallel_maintenance_workers = 0;
		PERFORM recsys_train('m', 'ratings', c.algorithm,
			c.options || '{"validation_fraction": 0.2, "iterations": 500, "patience": 2}');
		alone := parts('m');
		SET LOCAL max_parallel_maintenance_workers = 2;
		PERFORM recsys_train('n', 'ratings', c.algorithm, c.options || jsonb_build_object('iterations', n));
		INSERT INTO found VALUES (c.algorithm, n, log, searched = parts('n'), searched = alone);
		DROP TABLE m, n;
	END LOOP;
END $$;
SELECT algorithm, iterations BETWEEN 1 AND 400 AS stopped, logged = iterations AS logged, same, alone FROM found ORDER BY 1;

-- More patience goes further, or as far.
SELECT (SELECT iterations FROM recsys_train('m', 'ratings', 'svd', '{"learning_rate": 0.03, "validation_fraction": 0.2, "patience": 20, "iterations": 500}'))
       >= (SELECT iterations FROM recsys_train('m', 'ratings', 'svd', '{"learning_rate": 0.03, "validation_fraction": 0.2, "patience": 1, "iterations": 500}')) AS further;

-- Every algorithm for ratings that has iterations has the search, and says so.
-- Where predictions are preferences, how near those held out come to 1 does
-- not say how well they are ranked: none of these has it.
SELECT bool_and((n.names @> '{validation_fraction}' AND n.names @> '{patience}') = (n.names @> '{iterations}' AND a.feedback <> 'implicit')) AS all_search
  FROM recsys_algorithms a, LATERAL (SELECT array_agg(o ->> 'name') AS names FROM jsonb_array_elements(a.options) o) n;
SET client_min_messages = notice;
SELECT iterations FROM recsys_train('m', 'ratings', 'baseline_als', '{"iterations": 1, "validation_fraction": 0.5}');

-- Nothing can be held out where every user or item has one rating.
CREATE TABLE diagonal AS SELECT u AS user_id, u AS item_id, u % 5 AS rating FROM generate_series(1, 100) u;
SELECT iterations FROM recsys_train('m', 'diagonal', 'als', '{"validation_fraction": 0.9}');
SELECT iterations FROM recsys_train('m', 'ratings', 'als', '{"validation_fraction": 1}');
SELECT iterations FROM recsys_train('m', 'ratings', 'als', '{"validation_fraction": 0.2, "patience": 0}');

-- A learning rate that all but vanishes after the first iteration leaves what
-- the first has learnt.
CREATE FUNCTION distance(options jsonb, other jsonb, algorithm text) RETURNS float8 LANGUAGE plpgsql AS $$
BEGIN
	PERFORM recsys_train('a', 'ratings', algorithm, options), recsys_train('b', 'ratings', algorithm, other);
	RETURN (SELECT sqrt(avg((recsys_predict('a', user_id, item_id) - recsys_predict('b', user_id, item_id)) ^ 2)) FROM ratings);
END $$;
SELECT algorithm,
       distance('{"iterations": 10, "learning_rate_decay": 0.001}', '{"iterations": 1}', algorithm) < .001 AS decays,
       distance('{"iterations": 10}', '{"iterations": 1}', algorithm) > .01 AS otherwise_not,
       distance('{"iterations": 10, "learning_rate_decay": 1}', '{"iterations": 10}', algorithm) = 0 AS default_is_none
  FROM unnest('{svd,svdpp,baseline_sgd}'::text[]) algorithm;

-- Biases: regularized as the factors by default; more draws them to zero, and
-- them alone.
SELECT algorithm,
       distance('{"regularization": 0.1, "bias_regularization": 0.1}', '{"regularization": 0.1}', algorithm) = 0 AS as_factors
  FROM unnest('{svd,svdpp}'::text[]) algorithm;
CREATE FUNCTION sizes(algorithm text, options jsonb, OUT biases float8, OUT factors float8) LANGUAGE plpgsql AS $$
BEGIN
	PERFORM recsys_train('c', 'ratings', algorithm, options);
	SELECT sum(bias ^ 2), sum((SELECT sum(x ^ 2) FROM unnest(f.factors) x)) INTO biases, factors FROM recsys_factors('c', 'user') f;
END $$;
SELECT algorithm, heavy.biases < light.biases / 10 AS biases_shrink, heavy.factors > light.factors / 2 AS factors_do_not
  FROM unnest('{svd,svdpp}'::text[]) algorithm, sizes(algorithm, '{"bias_regularization": 20}') heavy, sizes(algorithm, '{}') light;
DROP TABLE ratings, cases, found, diagonal, a, b, c, m;
DROP FUNCTION parts, distance, sizes;
