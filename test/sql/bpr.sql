-- Bayesian personalized ranking: what users have is ranked above what they do
-- not have, by any number of processes alike.
SET client_min_messages = warning;	-- on a slow machine training tells its progress
CREATE SCHEMA bpr;
SET search_path = bpr, public;

-- Groups of users and items that go together, some items more popular than
-- others; a tenth is held out.
CREATE TABLE clicks AS
SELECT u AS user_id, i AS item_id, 1 + (u + i) % 5 AS n, hashint4(i * 1000 + u) % 10 = 0 AS held_out
  FROM generate_series(1, 120) u, generate_series(1, 300) i
 WHERE abs(hashint4(u * 1000 + i) % 100) < CASE WHEN u % 3 = i % 3 THEN 30 ELSE 3 END * (1 + 60.0 / (20 + i));
CREATE VIEW seen AS SELECT user_id, item_id, n FROM clicks WHERE NOT held_out;

-- How often a held-out item is ranked above one that the user does not have.
CREATE FUNCTION auc(model text) RETURNS float8 LANGUAGE sql AS $$
	SELECT avg((recsys_predict(model::regclass, h.user_id, h.item_id) > recsys_predict(model::regclass, h.user_id, i))::int)
	  FROM clicks h, generate_series(1, 300, 7) i
	 WHERE h.held_out AND NOT EXISTS (SELECT FROM clicks c WHERE c.user_id = h.user_id AND c.item_id = i)
$$;
SELECT iterations, train_rmse FROM recsys_train('plain', 'seen', 'bpr', '{"factors": 8, "iterations": 60, "regularization": 0.05}', rating_col => 'n');
SELECT auc('plain') > .8 AS ranks;
SELECT first.loss > 1.5 * last.loss AS loss_falls
  FROM recsys_training_log('plain') first, recsys_training_log('plain') last WHERE first.iteration = 1 AND last.iteration = 60;
-- At first nothing is known: the loss of each observation is about ln 2.
SELECT version FROM recsys_train('start', 'seen', 'bpr', '{"iterations": 1, "learning_rate": 1e-9, "init_stddev": 0.001}', rating_col => 'n');
SELECT abs(loss / (SELECT count(*) FROM seen) - ln(2)) < 1e-3 AS ln_2 FROM recsys_training_log('start');

-- Any number of workers makes the same model.
SET recsys.ratings_per_worker = 50;
CREATE TABLE trained (negatives text, workers int, same bool);
DO $$
DECLARE way text; w int;
BEGIN
	FOREACH way IN ARRAY '{uniform,popularity}'::text[] LOOP
		FOR w IN 0..3 LOOP
			PERFORM set_config('max_parallel_maintenance_workers', w::text, true);
			PERFORM recsys_train('m' || w, 'seen', 'bpr', format('{"factors": 17, "iterations": 3, "negatives": "%s"}', way)::jsonb, rating_col => 'n');
			EXECUTE format('INSERT INTO trained SELECT $1, $2, bool_and(a.data = b.data) FROM m0 a FULL JOIN m%s b USING (part, block) WHERE part <> ''header''', w) USING way, w;
		END LOOP;
		DROP TABLE m0, m1, m2, m3;
	END LOOP;
END $$;
SELECT negatives, array_agg(workers ORDER BY workers) AS workers, bool_and(same) AS same FROM trained GROUP BY 1 ORDER BY 1;
RESET recsys.ratings_per_worker;

-- Other items to be ranked below, other models: where the popular ones are
-- drawn more often, being popular helps an item less.
SELECT version FROM recsys_train('popular', 'seen', 'bpr', '{"factors": 8, "iterations": 60, "regularization": 0.05, "negatives": "popularity"}', rating_col => 'n');
CREATE FUNCTION help_of_popularity(model text) RETURNS float8 LANGUAGE sql AS $$
	SELECT regr_slope(bias, ln(n)) FROM recsys_factors(model::regclass, 'item') JOIN (SELECT item_id::text AS id, count(*) AS n FROM seen GROUP BY 1) c USING (id)
$$;
SELECT help_of_popularity('plain') > .3 AS helps, help_of_popularity('popular') < help_of_popularity('plain') / 2 AS helps_less, auc('popular') > .75 AS ranks;
SELECT version FROM recsys_train('seed', 'seen', 'bpr', '{"factors": 8, "iterations": 60, "regularization": 0.05, "seed": 1}', rating_col => 'n');
SELECT bool_and(a.data = b.data) AS same FROM plain a FULL JOIN seed b USING (part, block) WHERE part LIKE '%factors';

-- How much does not count, but nothing is nothing: such an item is not known.
SELECT version FROM recsys_train('bare', 'seen', 'bpr', '{"factors": 8, "iterations": 60, "regularization": 0.05}', rating_col => NULL);
SELECT bool_and(a.data = b.data) AS same FROM plain a FULL JOIN bare b USING (part, block) WHERE part NOT IN ('header', 'ratings');
CREATE VIEW with_nothing AS SELECT * FROM seen UNION ALL SELECT u, 999, 0 FROM generate_series(1, 120) u;
SELECT version FROM recsys_train('nothing', 'with_nothing', 'bpr', '{"factors": 8, "iterations": 20, "init_stddev": 0.01}', rating_col => 'n');
SELECT bias FROM recsys_factors('nothing', 'item') WHERE id = '999';
-- Who has everything teaches nothing.
CREATE TABLE everything AS SELECT u AS user_id, i AS item_id FROM generate_series(1, 3) u, generate_series(1, 40) i;
SELECT version FROM recsys_train('all', 'everything', 'bpr', '{"iterations": 5}', rating_col => NULL);
SELECT bool_and(loss = 0) AS no_loss FROM recsys_training_log('all');

-- What is not known.
SELECT recsys_predict('plain', -1, 5) = bias AS "user", recsys_predict('plain', 5, -1) AS item, recsys_predict('plain', -1, -1) AS "both"
  FROM recsys_factors('plain', 'item') WHERE id = '5';
SELECT count(*) FILTER (WHERE item_id % 3 = 1) >= 8 AS in_group, bool_and(basis = 'personalized') AS personalized FROM recsys_recommend('plain', 1, 10);
SELECT count(*) FILTER (WHERE item_id % 3 = 1) >= 8 AS in_group FROM recsys_similar_items('plain', 4, 10);

-- A penalty shrinks.
SELECT version FROM recsys_train('shrunk', 'seen', 'bpr', '{"factors": 8, "iterations": 60, "regularization": 0.3, "bias_regularization": 0}', rating_col => 'n');
SELECT avg((SELECT sum(x ^ 2) FROM unnest(s.factors) x)) < avg((SELECT sum(x ^ 2) FROM unnest(p.factors) x)) / 10 AS factors_shrink,
       stddev(s.bias) > stddev(p.bias) / 2 AS biases_do_not
  FROM recsys_factors('shrunk', 'item') s JOIN recsys_factors('plain', 'item') p USING (id);

-- Errors.
SELECT recsys_train('m', 'seen', 'bpr', '{"negatives": "all"}', rating_col => 'n');
SELECT recsys_train('m', 'seen', 'bpr', '{"patience": 2}', rating_col => 'n');
SELECT iterations FROM recsys_train('retried', 'seen', 'bpr', '{"learning_rate": 1, "init_stddev": 100, "regularization": 1000, "iterations": 5}', rating_col => 'n');
SELECT (options -> 'learning_rate')::float8 < 1 AS smaller FROM recsys_models WHERE model = 'retried'::regclass;
DROP TABLE retried;
CREATE VIEW disliked AS SELECT user_id, item_id, n - 2 AS n FROM seen;
SELECT recsys_train('m', 'disliked', 'bpr', rating_col => 'n');

DROP SCHEMA bpr CASCADE;
