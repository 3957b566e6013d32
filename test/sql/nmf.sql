-- Non-negative matrix factorization: its update, its fixed points, its signs.
SET client_min_messages = warning;	-- on a slow machine training tells its progress
CREATE SCHEMA nmf;
SET search_path = nmf, public;

CREATE TABLE ratings AS
SELECT u AS user_id, i AS item_id, 1 + (u * 7 + i * 13 + u * i) % 9 / 2.0 AS rating
  FROM generate_series(1, 40) u, generate_series(1, 25) i WHERE (u * 11 + i * 5) % 3 <> 0;
-- The ratings, with the parts that a model makes of them.
CREATE FUNCTION judged(model regclass) RETURNS TABLE (user_id int, item_id int, rating float8, p float8[], q float8[], product float8)
LANGUAGE sql AS $$
	SELECT r.user_id, r.item_id, r.rating, u.factors::float8[], i.factors::float8[],
	       (SELECT sum(x * y) FROM unnest(u.factors, i.factors) v(x, y))
	  FROM ratings r JOIN recsys_factors(model, 'user') u ON u.id::int = r.user_id
	  JOIN recsys_factors(model, 'item') i ON i.id::int = r.item_id $$;

-- The first update in closed form.  From ones a user's factor becomes the mean
-- rating over one plus the penalty, and an item's is then fitted to these; all
-- to the power "relaxation".
SELECT relaxation, version FROM unnest('{1,1.5}'::float8[]) relaxation, recsys_train('first_' || relaxation * 10, 'ratings', 'nmf', jsonb_build_object(
	'factors', 1, 'iterations', 1, 'init_low', 1, 'init_high', 1, 'relaxation', relaxation, 'user_regularization', .06, 'item_regularization', .5, 'clip', false));
SELECT relaxation, max(abs(p[1] - power(mean_u / 1.06, relaxation))) < 1e-4 AS users, max(abs(q[1] / power(fit_i, relaxation) - 1)) < 1e-5 AS items,
       max(abs(product / recsys_predict(model, user_id, item_id) - 1)) < 1e-5 AS predicted
  FROM (SELECT *, avg(rating) OVER (PARTITION BY model, user_id) AS mean_u,
               sum(p[1] * rating) OVER i / (sum(p[1] ^ 2) OVER i + .5 * count(*) OVER i) AS fit_i
          FROM (VALUES (1, 'first_10'::regclass), (1.5, 'first_15')) m(relaxation, model), judged(model)
        WINDOW i AS (PARTITION BY model, item_id)) j GROUP BY 1 ORDER BY 1;
-- The minimum does not depend on how far each update goes.
SELECT abs(a.train_rmse - b.train_rmse) < 1e-3 AS same_minimum
  FROM recsys_train('classic', 'ratings', 'nmf', '{"factors": 1, "relaxation": 1, "iterations": 3000}') a,
       recsys_train('faster', 'ratings', 'nmf', '{"factors": 1, "relaxation": 1.5, "iterations": 3000}') b;

-- At the end nothing would change, but for factors that have become zero: the
-- gradient of the loss is zero where a factor is positive, and not negative
-- where it is not.
SELECT version FROM recsys_train('settled', 'ratings', 'nmf', '{"factors": 3, "iterations": 20000, "clip": false}');
WITH g AS (SELECT user_id, f, p[f] AS factor, sum(q[f] * (product - rating)) + .06 * count(*) * p[f] AS gradient
             FROM judged('settled'), generate_series(1, 3) f GROUP BY user_id, f, p[f])
SELECT max(abs(gradient)) FILTER (WHERE factor > .01) < .05 AS stationary, min(gradient) > -.05 AS no_way_up, count(*) FILTER (WHERE factor > .01) > 60 AS many
  FROM g;
SELECT bool_and(x >= 0) AS never_negative
  FROM (SELECT unnest(factors) AS x FROM recsys_factors('settled', 'user') UNION ALL SELECT unnest(factors) FROM recsys_factors('settled', 'item')) f;

-- A matrix that is such a product is found again.
CREATE TABLE planted AS
SELECT u AS user_id, i AS item_id, (1 + u % 4) * (i % 3) * .3 + (u % 5) * (2 - i % 2) * .4 AS rating
  FROM generate_series(1, 30) u, generate_series(1, 20) i;
SELECT train_rmse < .01 AS found FROM recsys_train('planted_model', 'planted', 'nmf', '{"factors": 2, "iterations": 3000, "user_regularization": 0, "item_regularization": 0}');

-- Biases take what a product of no negative factor cannot: here the ratings
-- are negative, and there is nothing else in them.
CREATE TABLE negative AS SELECT user_id, item_id, -3 - user_id * .01 - item_id * .02 AS rating FROM ratings;
SELECT train_rmse < .1 AS fits FROM recsys_train('negative_model', 'negative', 'nmf', '{"biased": true, "user_bias_regularization": 0, "item_bias_regularization": 0, "iterations": 200}');
SELECT bool_and(x >= 0) AS never_negative FROM (SELECT unnest(factors) AS x FROM recsys_factors('negative_model', 'user')) f;
SELECT min(bias) < 0 AS bias_may_be FROM recsys_factors('negative_model', 'item');
-- Without biases they cannot be predicted, in a blend neither.
SELECT recsys_train('zero', 'negative', 'nmf');
SELECT recsys_train('zero', 'negative', 'hybrid', '{"components": [{"algorithm": "als"}, {"algorithm": "nmf"}]}');

-- What can be wrong.
SELECT recsys_train('m', 'ratings', 'nmf', '{"init_low": 2}');
SELECT recsys_train('m', 'ratings', 'nmf', '{"init_low": -1}');
SELECT recsys_train('m', 'ratings', 'nmf', '{"user_regularization": -1}');

DROP SCHEMA nmf CASCADE;
