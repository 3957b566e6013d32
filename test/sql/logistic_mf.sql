-- Logistic matrix factorization: its loss, that it falls, what it learns.
SET client_min_messages = warning;	-- on a slow machine training tells its progress
CREATE SCHEMA logistic_mf;
SET search_path = logistic_mf, public;

-- Groups of users and items that go together, and counts; a tenth is held out.
-- The items are more than are computed at a time.
CREATE TABLE counts AS
SELECT u AS user_id, i AS item_id, 1 + (u + i) % 3 AS n, hashint4(i * 1000 + u) % 10 = 0 AS held_out
  FROM generate_series(1, 80) u, generate_series(1, 1200) i
 WHERE abs(hashint4(u * 2000 + i) % 100) < CASE WHEN u % 3 = i % 3 THEN 20 ELSE 2 END * (1 + 60.0 / (20 + i));
CREATE VIEW seen AS SELECT user_id, item_id, n FROM counts WHERE NOT held_out;

-- With steps of no length, the loss that is logged is that of the model.
CREATE FUNCTION loss(model text, alpha float8, penalty float8) RETURNS float8 LANGUAGE sql AS $$
	WITH pairs AS (SELECT u.bias + i.bias + (SELECT sum(x::float8 * y) FROM unnest(u.factors, i.factors) f(x, y)) AS s, alpha * coalesce(n, 0) AS w
	                 FROM recsys_factors(model::regclass, 'user') u CROSS JOIN recsys_factors(model::regclass, 'item') i
	                 LEFT JOIN seen c ON c.user_id = u.id::int AND c.item_id = i.id::int),
	squares AS (SELECT sum((SELECT sum(x::float8 ^ 2) FROM unnest(factors) x)) AS squares FROM recsys_factors(model::regclass, 'item'))
	SELECT (SELECT sum((1 + w) * ln(1 + exp(s)) - w * s) FROM pairs) + penalty / 2 * (SELECT squares FROM squares)
$$;
SELECT train_rmse, iterations FROM recsys_train('still', 'seen', 'logistic_mf', '{"factors": 5, "iterations": 1, "learning_rate": 1e-9, "init_stddev": 0.7, "alpha": 2, "regularization": 3}', rating_col => 'n');
SELECT abs(loss / loss('still', 2, 3) - 1) < 1e-5 AS loss_is_logged FROM recsys_training_log('still');
-- At the start an item's bias is the logarithm of its odds.
SELECT max(abs(bias - ln((2 * n + .5) / 81))) < 1e-4 AS odds
  FROM recsys_factors('still', 'item') JOIN (SELECT item_id::text AS id, sum(n) AS n FROM seen GROUP BY 1) c USING (id);

-- It falls, far, and ranks what was held out.
SELECT version FROM recsys_train('m', 'seen', 'logistic_mf', '{"factors": 3, "iterations": 40}', rating_col => 'n');
SELECT bool_and(loss < before * 1.001) FILTER (WHERE iteration > 5) AS falls, min(loss) < .9 * max(loss) AS far
  FROM (SELECT iteration, loss, lag(loss) OVER (ORDER BY iteration) AS before FROM recsys_training_log('m')) x;
SELECT avg((recsys_predict('m', h.user_id, h.item_id) > recsys_predict('m', h.user_id, i))::int) > .65 AS ranks
  FROM counts h, generate_series(1, 1200, 97) i
 WHERE h.held_out AND NOT EXISTS (SELECT FROM counts c WHERE c.user_id = h.user_id AND c.item_id = i);
SELECT count(*) FILTER (WHERE item_id % 3 = 1) >= 8 AS in_group FROM recsys_recommend('m', 1, 10);

-- At the minimum the derivative by each bias is zero: as much is expected as
-- was observed.  Not quite, after some steps.
SELECT version FROM recsys_train('long', 'seen', 'logistic_mf', '{"factors": 2, "iterations": 400}', rating_col => NULL);
WITH pairs AS (SELECT i.id, 1 / (1 + exp(-recsys_predict('long', u.id, i.id))) AS p, (c.n IS NOT NULL)::int AS w
                 FROM recsys_factors('long', 'user') u CROSS JOIN recsys_factors('long', 'item') i LEFT JOIN seen c ON c.user_id = u.id::int AND c.item_id = i.id::int)
SELECT max(abs(expected - observed) / sqrt(observed + 1)) < .1 AS balanced FROM (SELECT sum((1 + w) * p) AS expected, sum(w) AS observed FROM pairs GROUP BY id) x;

-- Any number of workers makes the same model.
SET recsys.ratings_per_worker = 50;
SET max_parallel_maintenance_workers = 3;
SELECT version FROM recsys_train('team', 'seen', 'logistic_mf', '{"factors": 20, "iterations": 3}', rating_col => 'n');
SET max_parallel_maintenance_workers = 0;
SELECT version FROM recsys_train('alone', 'seen', 'logistic_mf', '{"factors": 20, "iterations": 3}', rating_col => 'n');
SELECT bool_and(a.data = b.data) AS same FROM team a FULL JOIN alone b USING (part, block) WHERE part <> 'header';
RESET recsys.ratings_per_worker;
RESET max_parallel_maintenance_workers;

-- What is not known.
SELECT recsys_predict('m', -1, 5) = i.bias AS "user", recsys_predict('m', 5, -1) = u.bias AS item, recsys_predict('m', -1, -1) AS "both"
  FROM recsys_factors('m', 'item') i, recsys_factors('m', 'user') u WHERE i.id = '5' AND u.id = '5';

-- Errors.
SELECT recsys_train('m', 'seen', 'logistic_mf', '{"alpha": 0}', rating_col => 'n');
CREATE VIEW disliked AS SELECT user_id, item_id, n - 2 AS n FROM seen;
SELECT recsys_train('m', 'disliked', 'logistic_mf', rating_col => 'n');

DROP SCHEMA logistic_mf CASCADE;
