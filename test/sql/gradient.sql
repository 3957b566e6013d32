-- Minimizing J with gradients of all ratings: its value, its minimum, its start.
SET client_min_messages = warning;	-- on a slow machine training tells its progress
CREATE SCHEMA gradient;
SET search_path = gradient, public;

CREATE TABLE ratings AS
SELECT u AS user_id, i AS item_id, 1 + (u * 7 + i * 13 + u * i) % 9 / 2.0 AS rating
  FROM generate_series(1, 40) u, generate_series(1, 25) i WHERE (u * 11 + i * 5) % 3 <> 0;
-- J of a model by its definition, on ratings less the prediction without factors.
CREATE FUNCTION cost(model regclass, lambda float8) RETURNS float8 LANGUAGE sql AS $$
	SELECT .5 * sum((recsys_predict(model, user_id, item_id) - rating) ^ 2) +
	       lambda / 2 * (SELECT sum(x ^ 2) FROM (SELECT unnest(factors)::float8 AS x FROM recsys_factors(model, 'user')
	                     UNION ALL SELECT unnest(factors) FROM recsys_factors(model, 'item')) f)
	  FROM ratings $$;
CREATE FUNCTION logged(model regclass) RETURNS float8 LANGUAGE sql AS $$
	SELECT loss FROM recsys_training_log(model) ORDER BY iteration DESC LIMIT 1 $$;

-- The J that is logged is that of the model, whatever is taken off the ratings
-- and by whatever means it was made small.
SELECT optimizer, normalize, (SELECT abs(logged(model) / cost(model, 2) - 1) < 1e-5
         FROM recsys_train('m', 'ratings', 'gradient', jsonb_build_object('optimizer', optimizer, 'normalize', normalize,
              'factors', 3, 'iterations', 20, 'regularization', 2, 'init_stddev', 1, 'clip', false))) AS j_is_right
  FROM unnest('{gd,cg,lbfgs}'::text[]) optimizer, unnest('{none,item_mean,user_mean,global_mean}'::text[]) normalize;

-- What is taken off is added again: with no weight left for factors, it is
-- what is predicted.
CREATE FUNCTION away_from_mean(mean_of text) RETURNS float8 LANGUAGE sql AS $$
	SELECT max(abs(recsys_predict('m', user_id, item_id) - CASE mean_of WHEN 'none' THEN 0 WHEN 'item_mean' THEN item_mean
	       WHEN 'user_mean' THEN user_mean ELSE mean END))
	  FROM (SELECT *, avg(rating) OVER (PARTITION BY user_id) AS user_mean, avg(rating) OVER (PARTITION BY item_id) AS item_mean,
	               avg(rating) OVER () AS mean FROM ratings) r $$;
SELECT normalize, (SELECT away_from_mean(normalize) < 1e-4 FROM recsys_train('m', 'ratings', 'gradient',
              jsonb_build_object('normalize', normalize, 'regularization', 1e6, 'clip', false))) AS mean_predicted
  FROM unnest('{none,item_mean,user_mean,global_mean}'::text[]) normalize;

-- One step of gradient descent, by its formula, from the vectors of a model.
SELECT version FROM recsys_train('before', 'ratings', 'gradient', '{"optimizer": "gd", "factors": 2, "iterations": 3, "regularization": 5, "init_stddev": 1}');
SELECT version FROM recsys_train('after', 'ratings', 'gradient', '{"optimizer": "gd", "init_model": "before", "iterations": 1, "regularization": 5, "learning_rate": 0.002}');
CREATE VIEW errors AS
SELECT r.user_id, r.item_id, u.factors AS p, i.factors AS q, u.factors[1] * i.factors[1] + u.factors[2] * i.factors[2] - rating AS error
  FROM ratings r JOIN recsys_factors('before', 'user') u ON u.id::int = r.user_id
  JOIN recsys_factors('before', 'item') i ON i.id::int = r.item_id;
SELECT max(abs(x - wanted)) < 1e-5 AS by_formula, count(*)
  FROM (SELECT n.factors[f] AS x, (SELECT e.p[f] - .002 * (sum(error * q[f]) + 5 * p[f]) FROM errors e WHERE e.user_id = n.id::int GROUP BY p) AS wanted
          FROM recsys_factors('after', 'user') n, generate_series(1, 2) f
        UNION ALL
        SELECT n.factors[f], (SELECT e.q[f] - .002 * (sum(error * p[f]) + 5 * q[f]) FROM errors e WHERE e.item_id = n.id::int GROUP BY q)
          FROM recsys_factors('after', 'item') n, generate_series(1, 2) f) v;

-- J falls at every iteration: always with cg and lbfgs, with gd at this rate.
CREATE FUNCTION rises(model regclass) RETURNS bigint LANGUAGE sql AS $$
	SELECT count(*) FILTER (WHERE loss > before)
	  FROM (SELECT loss, lag(loss) OVER (ORDER BY iteration) AS before FROM recsys_training_log(model)) l $$;
SELECT optimizer, (SELECT rises(model) || ' of ' || iterations - 1
                     FROM recsys_train('m', 'ratings', 'gradient', jsonb_build_object('optimizer', optimizer, 'init_stddev', 1, 'iterations', 15))) AS rises
  FROM unnest('{gd,cg,lbfgs}'::text[]) optimizer;

-- At the minimum, which all optimizers find from the same side, the gradient is
-- zero.
SELECT version FROM recsys_train('least', 'ratings', 'gradient', '{"factors": 1, "iterations": 5000, "seed": 7}');
SELECT max(abs(slope)) < .01 AS stationary FROM (
	SELECT sum(q * (p * q - rating)) + 10 * p AS slope
	  FROM (SELECT r.*, u.factors[1]::float8 AS p, i.factors[1]::float8 AS q FROM ratings r
	          JOIN recsys_factors('least', 'user') u ON u.id::int = r.user_id
	          JOIN recsys_factors('least', 'item') i ON i.id::int = r.item_id) v GROUP BY user_id, p) g;
SELECT optimizer, init_sd, (SELECT abs(logged(model) / logged('least') - 1) < 1e-6
         FROM recsys_train('m', 'ratings', 'gradient', jsonb_build_object('optimizer', optimizer, 'factors', 1,
              'iterations', 5000, 'init_stddev', init_sd, 'seed', 7))) AS same_minimum
  FROM unnest('{gd,cg,lbfgs}'::text[]) optimizer, unnest('{0.01,0.1}'::float8[]) init_sd;
-- There cg and lbfgs stop by themselves.
SELECT optimizer, iterations < 100 AS stopped
  FROM unnest('{gd,cg,lbfgs}'::text[]) optimizer,
       recsys_train('m', 'ratings', 'gradient', jsonb_build_object('optimizer', optimizer, 'factors', 1)) t;

-- A warm start goes on where the model stands: twice 10 iterations are 20.
SELECT version FROM recsys_train('ten', 'ratings', 'gradient', '{"optimizer": "gd", "factors": 4, "iterations": 10, "normalize": "item_mean"}');
SELECT version FROM recsys_train('ten_more', 'ratings', 'gradient', '{"optimizer": "gd", "init_model": "gradient.ten", "iterations": 10, "normalize": "item_mean"}');
SELECT version FROM recsys_train('twenty', 'ratings', 'gradient', '{"optimizer": "gd", "factors": 4, "iterations": 20, "normalize": "item_mean"}');
SELECT bool_and(a.data = b.data) AS same FROM ten_more a FULL JOIN twenty b USING (version, part, block) WHERE part <> 'header';
CREATE TABLE old AS SELECT * FROM recsys_factors('ten', 'user');
-- A model may go on from itself; somebody new starts at random, somebody gone
-- is gone, and everybody else is where he was.
INSERT INTO ratings SELECT 999, i, 5 FROM generate_series(1, 20) i;
DELETE FROM ratings WHERE user_id = 1;
SELECT version FROM recsys_train('ten', 'ratings', 'gradient', '{"optimizer": "gd", "init_model": "ten", "iterations": 1, "learning_rate": 1e-9, "normalize": "item_mean"}');
SELECT count(DISTINCT b.id) AS users, count(*) FILTER (WHERE a.factors IS NULL) AS new, max(abs(x - y)) < 1e-6 AS rest_is_as_before
  FROM recsys_factors('ten', 'user') b LEFT JOIN old a USING (id), LATERAL unnest(a.factors, b.factors) AS v(x, y);
SELECT version, iterations FROM recsys_retrain('ten');

-- A start from any model with factors.
SELECT version FROM recsys_train('other', 'ratings', 'als', '{"factors": 6}');
SELECT version FROM recsys_train('m', 'ratings', 'gradient', '{"init_model": "other"}');
SELECT min(cardinality(factors)), max(cardinality(factors)) FROM recsys_factors('m', 'user');
-- its mean and biases stay, so that it goes on from what the model predicts, also for whom it does not know
SELECT version FROM recsys_train('m', 'ratings', 'gradient', '{"init_model": "other", "optimizer": "gd", "iterations": 1, "learning_rate": 1e-12}');
SELECT count(*) > 100 AS many, max(abs(recsys_predict('m', user_id, item_id) - recsys_predict('other', user_id, item_id))) < 1e-5 AS same FROM ratings;
SELECT abs(recsys_predict('m', -5, 3) - recsys_predict('other', -5, 3)) < 1e-5 AS same_for_new, bool_and(a.bias = b.bias) AS same_biases
  FROM recsys_factors('m', 'item') a JOIN recsys_factors('other', 'item') b USING (id);
-- means that are asked for take their place
SELECT version FROM recsys_train('m', 'ratings', 'gradient', '{"init_model": "other", "normalize": "item_mean"}');
SELECT max(abs(f.bias - mean)) < 1e-5 AS means FROM recsys_factors('m', 'item') f
  JOIN (SELECT item_id::text AS id, avg(rating) - (SELECT avg(rating) FROM ratings) AS mean FROM ratings GROUP BY 1) i USING (id);

-- On sparse ratings, some items with a hundred times those of others, the minimum is found in a fraction of the
-- 500 iterations that gradients alone would take to come to 3967.4.
CREATE TABLE sparse AS SELECT u AS user_id, i AS item_id, 1 + (u * 7 + i * 3 + u * i) % 5 AS rating
  FROM generate_series(1, 1500) u, LATERAL (SELECT DISTINCT (u * k * k * 31 + k * 7) % (1 + 600 / k) AS i FROM generate_series(1, 1 + 40 / (1 + u % 20)) k) i;
SELECT version, iterations < 200 AS few FROM recsys_train('m', 'sparse', 'gradient', '{"regularization": 1, "optimizer": "lbfgs"}');
SELECT logged('m') < 3967.4 AS as_low;
SELECT version, iterations < 200 AS few FROM recsys_train('m', 'sparse', 'gradient', '{"regularization": 1, "optimizer": "cg"}');
SELECT logged('m') < 3967.4 AS as_low;
-- Nor does it need a penalty, or rows with as many ratings as factors.
SELECT train_rmse < .001 AS fits, iterations < 500 AS ends FROM recsys_train('m', 'sparse', 'gradient', '{"regularization": 0, "factors": 40}');

-- What can be wrong.
SELECT recsys_train('m', 'ratings', 'gradient', '{"optimizer": "gd", "learning_rate": 10}');
SELECT recsys_train('m', 'ratings', 'gradient', '{"optimizer": "bfgs"}');
SELECT recsys_train('m', 'ratings', 'gradient', '{"normalize": "movie_mean"}');
SELECT recsys_train('m', 'ratings', 'gradient', '{"init_stddev": 0}');
SELECT recsys_train('m', 'ratings', 'gradient', '{"init_model": "nobody"}');
SELECT recsys_train('m', 'ratings', 'gradient', '{"init_model": "ratings"}');
SELECT recsys_train('m', 'ratings', 'gradient', '{"init_model": "pg_class"}');
SELECT recsys_train('m', 'ratings', 'gradient', '{"init_model": "a.b.c.d"}');
SELECT recsys_train('m', 'ratings', 'gradient', '{"init_model": ""}');
SELECT recsys_train('m', 'ratings', 'gradient', '{"init_model": "other", "factors": 5}');
SELECT version FROM recsys_train('neighbors', 'ratings', 'item_knn');
SELECT recsys_train('m', 'ratings', 'gradient', '{"init_model": "neighbors"}');
SELECT version FROM recsys_train('no_vectors', 'ratings', 'baseline_als');
SELECT recsys_train('m', 'ratings', 'gradient', '{"init_model": "no_vectors"}');
CREATE TABLE named AS SELECT 'u' || user_id AS user_id, item_id, rating FROM ratings;
SELECT recsys_train('m', 'named', 'gradient', '{"init_model": "other"}');
CREATE TABLE empty_model OF recsys_model;
SELECT recsys_train('m', 'ratings', 'gradient', '{"init_model": "empty_model"}');
CREATE ROLE recsys_regress_starter;
GRANT ALL ON SCHEMA gradient TO recsys_regress_starter;
GRANT SELECT ON ratings TO recsys_regress_starter;
SET ROLE recsys_regress_starter;
SELECT recsys_train('mine', 'ratings', 'gradient', '{"init_model": "other"}');
RESET ROLE;

DROP SCHEMA gradient CASCADE;
DROP ROLE recsys_regress_starter;
