-- Alternating least squares: its solvers and penalties.
SET client_min_messages = warning;	-- on a slow machine training tells its progress
CREATE SCHEMA als;
SET search_path = als, public;

CREATE TABLE ratings AS
SELECT u AS user_id, i AS item_id,
       greatest(1, least(5, round(3 + (i % 3 - 1) * 1.3 + CASE WHEN (u + i) % 2 = 0 THEN .8 ELSE -.8 END
                                  + ((u * 31 + i * 17) % 7 - 3) * .25))) AS rating
  FROM generate_series(1, 60) u, generate_series(1, 40) i WHERE (u * 13 + i * 7 + u * i) % 3 <> 0;
CREATE TABLE trained (name text, options jsonb);
INSERT INTO trained VALUES
('plain', '{}'), ('unscaled', '{"scaled_regularization": false, "regularization": 2}'),
('unbiased', '{"biased": false}'), ('biases', '{"bias_regularization": 0.7}'),
('long', '{"factors": 31, "regularization": 0.2}');

-- As many steps of conjugate gradients as there are unknowns solve the
-- equations; a few go down, and arrive in the end.
DO $$
DECLARE t record;
BEGIN
	FOR t IN SELECT * FROM trained LOOP
		PERFORM recsys_train(t.name || '_exact', 'ratings', 'als', '{"factors": 4, "iterations": 30, "solver": "cholesky"}' || t.options);
		PERFORM recsys_train(t.name || '_many', 'ratings', 'als', '{"factors": 4, "iterations": 30, "cg_steps": 50}' || t.options);
		PERFORM recsys_train(t.name || '_few', 'ratings', 'als', '{"factors": 4, "iterations": 30, "cg_steps": 2}' || t.options);
	END LOOP;
END $$;
CREATE FUNCTION losses(model text) RETURNS float8[] LANGUAGE sql AS
$$ SELECT array_agg(loss ORDER BY iteration) FROM recsys_training_log(model::regclass) $$;
SELECT name, (SELECT max(abs(a / b - 1)) < 1e-3 FROM unnest(losses(name || '_exact'), losses(name || '_many')) l(a, b)) AS same_losses,
       (SELECT max(abs(recsys_predict((name || '_exact')::regclass, u, i) - recsys_predict((name || '_many')::regclass, u, i))) < 1e-2
          FROM generate_series(1, 60) u, generate_series(1, 40) i) AS same_predictions,
       (SELECT bool_and(a <= b * (1 + 1e-6)) FROM (SELECT a, lag(a) OVER (ORDER BY o) AS b FROM unnest(losses(name || '_few')) WITH ORDINALITY l(a, o)) x) AS few_fall,
       (SELECT abs(a[30] / b[30] - 1) < 1e-2 FROM losses(name || '_exact') a, losses(name || '_few') b) AS few_arrive
  FROM trained ORDER BY 1;
-- The work is shared as that of the other solver is.
SET recsys.ratings_per_worker = 50;
SET max_parallel_maintenance_workers = 2;
SELECT version FROM recsys_train('shared_few', 'ratings', 'als', '{"factors": 4, "iterations": 30, "cg_steps": 2}');
SELECT bool_and(a.data = b.data) AS same FROM plain_few a FULL JOIN shared_few b USING (part, block) WHERE part <> 'header';
RESET recsys.ratings_per_worker;

-- The penalty of biases has its own share in the equations: at the end each
-- bias is the mean of what is left, shrunk by it.
SELECT version FROM recsys_train('shrunk', 'ratings', 'als', '{"factors": 2, "iterations": 400, "regularization": 0.2, "bias_regularization": 0.7}');
WITH r AS (SELECT r.user_id, u.bias, r.rating - (SELECT avg(rating) FROM ratings) - i.bias -
                  (SELECT sum(p * q) FROM unnest(u.factors, i.factors) f(p, q)) AS rest
             FROM ratings r JOIN recsys_factors('shrunk', 'user') u ON u.id::int = r.user_id
                  JOIN recsys_factors('shrunk', 'item') i ON i.id::int = r.item_id)
SELECT max(abs(bias - mean / 1.7)) < 1e-3 AS shrunk, stddev_pop(bias) > .01 AS vary
  FROM (SELECT bias, avg(rest) AS mean FROM r GROUP BY user_id, bias) x;
-- By default it is that of the factors.
SELECT version FROM recsys_train('same', 'ratings', 'als', '{"factors": 4, "iterations": 30, "solver": "cholesky", "bias_regularization": 0.085}');
SELECT bool_and(a.data = b.data) AS same FROM plain_exact a FULL JOIN same b USING (part, block) WHERE part <> 'header';
SELECT options -> 'bias_regularization' AS decided FROM recsys_models WHERE model = 'plain_exact'::regclass;

-- Errors.
SELECT recsys_train('m', 'ratings', 'als', '{"solver": "cholesky "}');
SELECT recsys_train('m', 'ratings', 'als', '{"cg_steps": 0}');
SELECT recsys_train('m', 'ratings', 'als', '{"bias_regularization": 0}');
CREATE TABLE huge AS SELECT user_id, item_id, rating * 1e30 AS rating FROM ratings;
SELECT recsys_train('m', 'huge', 'als', '{}');

DROP SCHEMA als CASCADE;
