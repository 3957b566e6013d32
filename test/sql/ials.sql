-- Factorization of all pairs, observed or not: the objective, its solvers, and
-- that what they leave is a minimum.
SET client_min_messages = warning;	-- on a slow machine training tells its progress
CREATE SCHEMA ials;
SET search_path = ials, public;

-- Groups of users and items that go together, more or less, and counts.
CREATE TABLE counts AS
SELECT u AS user_id, i AS item_id, 1 + (u * 7 + i * 3) % 4 AS n
  FROM generate_series(1, 70) u, generate_series(1, 45) i
 WHERE abs(hashint4(u * 1000 + i) % 10) < CASE WHEN u % 3 = i % 3 THEN 6 ELSE 1 END;
INSERT INTO counts VALUES (1, 999, 0);	-- no observation
CREATE TABLE cases (name text, options jsonb);
INSERT INTO cases VALUES
('plain', '{}'), ('weak', '{"unobserved_weight": 0.02, "alpha": 0.5, "nu": 0.5, "regularization": 0.1}'),
('classic', '{"weighting": "hu_koren", "alpha": 2, "nu": 0, "regularization": 1}'),
('scaled', '{"weighting": "hu_koren", "nu": 1, "regularization": 0.02}');

CREATE TABLE solvers (solver text, options jsonb);
INSERT INTO solvers VALUES ('cholesky', '{"solver": "cholesky"}'), ('cg', '{}'), ('block', '{"solver": "block", "block_size": 2}');
DO $$
DECLARE t record;
BEGIN
	FOR t IN SELECT name, solver, '{"factors": 3, "iterations": 40, "regularization": 0.05}' || c.options || s.options AS options FROM cases c, solvers s LOOP
		PERFORM recsys_train(t.name || '_' || t.solver, 'counts', 'ials', t.options, rating_col => 'n');
	END LOOP;
END $$;

-- Every pair with its score, and what its loss is by the definition.
CREATE FUNCTION pairs(model text, OUT u text, OUT i text, OUT p float4[], OUT q float4[], OUT s float8, OUT n int) RETURNS SETOF record LANGUAGE sql AS $$
	SELECT u.id, i.id, u.factors, i.factors, (SELECT sum(x::float8 * y) FROM unnest(u.factors, i.factors) f(x, y)), c.n
	  FROM recsys_factors(model::regclass, 'user') u CROSS JOIN recsys_factors(model::regclass, 'item') i
	  LEFT JOIN counts c ON c.user_id = u.id::int AND c.item_id = i.id::int
$$;
CREATE FUNCTION option(model text, which text) RETURNS text LANGUAGE sql AS
$$ SELECT options ->> which FROM recsys_models m WHERE m.model = $1::regclass $$;
CREATE FUNCTION pair_loss(model text, s float8, n int) RETURNS float8 LANGUAGE sql AS $$
	SELECT CASE option(model, 'weighting') WHEN 'hu_koren' THEN
			(1 + option(model, 'alpha')::float8 * coalesce(n, 0)) * ((coalesce(n, 0) > 0)::int - s) ^ 2
		ELSE option(model, 'unobserved_weight')::float8 * s ^ 2 + coalesce(option(model, 'alpha')::float8 * n * (s - 1) ^ 2, 0) END
$$;
CREATE FUNCTION penalty(model text) RETURNS float8 LANGUAGE sql AS $$
	WITH o AS (SELECT option(model, 'unobserved_weight')::float8 AS a0, option(model, 'nu')::float8 AS nu)
	SELECT option(model, 'regularization')::float8 * sum((n + a0 * others) ^ nu * squares)
	  FROM (SELECT (SELECT count(*) FROM counts WHERE user_id = id::int AND counts.n > 0) AS n, 45 AS others, (SELECT sum(x::float8 ^ 2) FROM unnest(factors) x) AS squares
	          FROM recsys_factors(model::regclass, 'user')
	        UNION ALL
	        SELECT (SELECT count(*) FROM counts WHERE item_id = id::int AND counts.n > 0), 70, (SELECT sum(x::float8 ^ 2) FROM unnest(factors) x)
	          FROM recsys_factors(model::regclass, 'item')) x, o
$$;
CREATE FUNCTION logged(model text) RETURNS float8 LANGUAGE sql AS
$$ SELECT loss FROM recsys_training_log(model::regclass) ORDER BY iteration DESC LIMIT 1 $$;
SELECT name, solver, abs(sum(pair_loss(name || '_' || solver, s, n)) + penalty(name || '_' || solver) - logged(name || '_' || solver)) < 1e-4 * logged(name || '_' || solver) AS loss_is_logged
  FROM cases, solvers, pairs(name || '_' || solver) GROUP BY 1, 2 ORDER BY 1, 2;

-- The solvers arrive at the same loss, and it never rises on the way.
SELECT name, abs(logged(name || '_cg') / logged(name || '_cholesky') - 1) < 1e-3 AS cg,
       abs(logged(name || '_block') / logged(name || '_cholesky') - 1) < 1e-3 AS block
  FROM cases ORDER BY 1;
SELECT solver, bool_and(loss <= before * (1 + 1e-6)) AS falls, count(*) FILTER (WHERE loss < before) > 100 AS truly
  FROM cases, solvers, LATERAL (SELECT loss, lag(loss) OVER (ORDER BY iteration) AS before FROM recsys_training_log((name || '_' || solver)::regclass)) l
 GROUP BY 1 ORDER BY 1;

-- After the last half-step the items solve their equations: sum over all
-- users of the derivative of the loss by their score, times their vector, is
-- minus the penalty's part; beside the right side.
CREATE FUNCTION residual(model text) RETURNS float8 LANGUAGE sql AS $$
	WITH o AS (SELECT option(model, 'weighting') = 'hu_koren' AS hk, option(model, 'alpha')::float8 AS alpha, option(model, 'unobserved_weight')::float8 AS a0,
	                  option(model, 'nu')::float8 AS nu, option(model, 'regularization')::float8 AS lambda),
	weighted AS (SELECT i, p, q, s, a0 + coalesce(alpha * n, 0) AS a, coalesce(alpha * n + (hk AND n > 0)::int, 0) AS b FROM pairs(model), o),
	ridge AS (SELECT i.id AS i, lambda * ((SELECT count(*) FROM counts WHERE item_id = i.id::int) + a0 * 70) ^ nu AS ridge FROM recsys_factors(model::regclass, 'item') i, o),
	parts AS (SELECT i, f, sum((a * s - b) * p[f]) + min(ridge * q[f]) AS rest, sum(b * p[f]) AS target
	            FROM weighted JOIN ridge USING (i), generate_series(1, option(model, 'factors')::int) f GROUP BY i, f)
	SELECT max(CASE WHEN target > 0 THEN rest / target ELSE rest END)
	  FROM (SELECT i, sqrt(sum(rest ^ 2)) AS rest, sqrt(sum(target ^ 2)) AS target FROM parts GROUP BY i) x
$$;
SELECT name, residual(name || '_cholesky') < 1e-4 AS solved, residual(name || '_cg') < .02 AS nearly FROM cases ORDER BY 1;

-- One block is Cholesky; more of conjugate gradients than there are unknowns,
-- nearly.
SELECT version FROM recsys_train('one_block', 'counts', 'ials', '{"factors": 3, "iterations": 40, "regularization": 0.05, "solver": "block", "block_size": 100}', rating_col => 'n');
SELECT bool_and(a.data = b.data) AS same FROM plain_cholesky a FULL JOIN one_block b USING (part, block) WHERE part <> 'header';
SELECT version FROM recsys_train('many', 'counts', 'ials', '{"factors": 3, "iterations": 40, "regularization": 0.05, "cg_steps": 20}', rating_col => 'n');
SELECT max(abs(recsys_predict('many', u, i) - recsys_predict('plain_cholesky', u, i))) < 1e-2 AS same FROM generate_series(1, 70) u, generate_series(1, 45) i;

-- The work is shared in each of the solvers.
SET recsys.ratings_per_worker = 50;
DO $$
DECLARE s record;
BEGIN
	FOR s IN SELECT * FROM solvers LOOP
		PERFORM recsys_train('shared_' || s.solver, 'counts', 'ials', '{"factors": 3, "iterations": 40, "regularization": 0.05}' || s.options, rating_col => 'n');
	END LOOP;
END $$;
RESET recsys.ratings_per_worker;
SELECT bool_and(a.data = b.data) AS cg FROM plain_cg a FULL JOIN shared_cg b USING (part, block) WHERE part <> 'header';
SELECT bool_and(a.data = b.data) AS cholesky FROM plain_cholesky a FULL JOIN shared_cholesky b USING (part, block) WHERE part <> 'header';
SELECT bool_and(a.data = b.data) AS block FROM plain_block a FULL JOIN shared_block b USING (part, block) WHERE part <> 'header';

-- It has learnt who goes with what: preferences of pairs of the same group.
SELECT avg(s) FILTER (WHERE u::int % 3 = i::int % 3) > 2 * avg(s) FILTER (WHERE u::int % 3 <> i::int % 3) AS learnt
  FROM pairs('classic_cg') WHERE n IS NULL AND i <> '999';
SELECT count(*) FILTER (WHERE item_id % 3 = 0) >= 4 AS in_group FROM recsys_recommend('plain_cg', 6, 5);
-- What was observed with no weight is not wanted; what is not known, neither.
SELECT abs(recsys_predict('plain_cg', 1, 999)) < .1 AS not_wanted;
SELECT recsys_predict('plain_cg', 1, 12345) AS item, recsys_predict('plain_cg', -1, 3) AS "user", recsys_predict('plain_cg', -1, 12345) AS "both";
-- Without values all observations weigh the same, as with binarize.
CREATE VIEW observed AS SELECT * FROM counts WHERE n > 0;
SELECT version FROM recsys_train('plain', 'observed', 'ials', '{"factors": 5}', rating_col => NULL);
SELECT version FROM recsys_train('binary', 'counts', 'ials', '{"factors": 5, "binarize": true}', rating_col => 'n');
SELECT bool_and(a.data = b.data) AS same FROM plain a FULL JOIN "binary" b USING (part, block) WHERE part <> 'header';
SELECT options -> 'unobserved_weight' AS unobserved, round((options ->> 'init_stddev')::numeric, 6) AS init_sd FROM recsys_models WHERE model = 'plain'::regclass;
SELECT options -> 'unobserved_weight' AS classic FROM recsys_models WHERE model = 'classic_cg'::regclass;

-- Errors.
SELECT recsys_train('m', 'counts', 'ials', '{"solver": "cq"}', rating_col => 'n');
SELECT recsys_train('m', 'counts', 'ials', '{"weighting": "hu_koren", "unobserved_weight": 0.1}', rating_col => 'n');
SELECT recsys_train('m', 'counts', 'ials', '{"factors": 2048}', rating_col => 'n');
SELECT recsys_train('m', 'counts', 'ials', '{"validation_fraction": 0.1}', rating_col => 'n');
CREATE TABLE disliked AS SELECT user_id, item_id, n - 2 AS n FROM counts;
SELECT recsys_train('m', 'disliked', 'ials', rating_col => 'n');
CREATE TABLE huge AS SELECT user_id, item_id, n * 1e30 AS n FROM counts;
SELECT recsys_train('m', 'huge', 'ials', rating_col => 'n');

DROP SCHEMA ials CASCADE;
