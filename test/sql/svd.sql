-- Adaptive steps of svd.
SET client_min_messages = warning;	-- on a slow machine training tells its progress
CREATE SCHEMA svd;
SET search_path = svd, public;

-- The rate is decided unless it is given.
CREATE TABLE one AS SELECT 7 AS user_id, 8 AS item_id, 4 AS rating;
CREATE TABLE cases (name text, options jsonb);
INSERT INTO cases VALUES ('plain', '{}'), ('adaptive', '{"adaptive": true}'), ('given', '{"adaptive": true, "learning_rate": 0.05}');
SELECT count(t.version) FROM cases c, recsys_train(name, 'one', 'svd', c.options) t;
SELECT name, m.options -> 'adaptive' AS adaptive, m.options -> 'learning_rate' AS learning_rate
  FROM recsys_models m JOIN cases c ON model = c.name::regclass ORDER BY 1;

-- The steps of the one rating there is, by the paper.  Steps of no length show
-- where they start from.
SELECT version FROM recsys_train('start', 'one', 'svd', '{"factors": 20, "learning_rate": 1e-9, "iterations": 1, "init_stddev": 0.5}');
SELECT version FROM recsys_train('steps', 'one', 'svd', '{"factors": 20, "adaptive": true, "iterations": 5, "init_stddev": 0.5, "regularization": 0.3, "bias_regularization": 0.2, "learning_rate_decay": 0.9}');
CREATE FUNCTION by_hand() RETURNS TABLE (p float8[], q float8[], p_bias float8, q_bias float8) LANGUAGE plpgsql AS $$
DECLARE
	g float8[] = '{1,1,1}';			-- bias, the first 16, the rest
	h float8[] = '{1,1,1}';
	error float8; rate float8; bp float8; bq float8; eta_p float8; eta_q float8; part int; new_g float8[]; new_h float8[];
BEGIN
	SELECT f.factors INTO p FROM recsys_factors('start', 'user') f;
	SELECT f.factors INTO q FROM recsys_factors('start', 'item') f;
	p_bias = 0;
	q_bias = 0;
	FOR epoch IN 0..4 LOOP
		SELECT -(p_bias + q_bias + sum(x * y)) INTO error FROM unnest(p, q) v(x, y);
		rate = .1 * .9 ^ epoch;
		new_g = g;
		new_h = h;
		bp = .2 * p_bias - error;
		bq = .2 * q_bias - error;
		p_bias = p_bias - rate / sqrt(g[1]) * bp;
		q_bias = q_bias - rate / sqrt(h[1]) * bq;
		new_g[1] = g[1] + bp ^ 2;
		new_h[1] = h[1] + bq ^ 2;
		FOR k IN 1..20 LOOP
			part = CASE WHEN k <= 16 THEN 2 ELSE 3 END;
			CONTINUE WHEN part = 3 AND epoch = 0;
			bp = .3 * p[k] - error * q[k];
			bq = .3 * q[k] - error * p[k];
			p[k] = p[k] - rate / sqrt(g[part]) * bp;
			q[k] = q[k] - rate / sqrt(h[part]) * bq;
			new_g[part] = new_g[part] + bp ^ 2 / CASE part WHEN 2 THEN 16 ELSE 4 END;
			new_h[part] = new_h[part] + bq ^ 2 / CASE part WHEN 2 THEN 16 ELSE 4 END;
		END LOOP;
		g = new_g;
		h = new_h;
	END LOOP;
	RETURN NEXT;
END $$;
SELECT (SELECT max(abs(x - y)) < 1e-5 FROM unnest(u.factors, p) v(x, y)) AS user_factors,
       (SELECT max(abs(x - y)) < 1e-5 FROM unnest(i.factors, q) v(x, y)) AS item_factors,
       abs(u.bias - p_bias) < 1e-5 AND abs(i.bias - q_bias) < 1e-5 AS biases,
       (SELECT max(abs(x - y)) > .01 FROM unnest(u.factors, s.factors) v(x, y)) AS moved
  FROM by_hand(), recsys_factors('steps', 'user') u, recsys_factors('steps', 'item') i, recsys_factors('start', 'user') s;

-- It learns what the plain steps learn, sooner; without biases too, with few
-- factors and with many.
CREATE TABLE ratings AS
SELECT u AS user_id, i AS item_id,
       greatest(1, least(5, round(3 + (i % 3 - 1) * 1.3 + CASE WHEN (u + i) % 2 = 0 THEN .8 ELSE -.8 END
                                  + ((u * 31 + i * 17) % 7 - 3) * .25))) AS rating
  FROM generate_series(1, 60) u, generate_series(1, 40) i WHERE (u * 13 + i * 7 + u * i) % 3 <> 0;
SELECT biased, factors, a.train_rmse < p.train_rmse AS sooner, a.train_rmse < .9 AS learns
  FROM unnest('{true,false}'::bool[]) biased, unnest('{3,16,17,40}'::int[]) factors,
       LATERAL recsys_train('a' || biased || factors, 'ratings', 'svd', jsonb_build_object('adaptive', true, 'biased', biased, 'factors', factors)) a,
       LATERAL recsys_train('p' || biased || factors, 'ratings', 'svd', jsonb_build_object('biased', biased, 'factors', factors)) p
 ORDER BY 1, 2;
-- The scale of the ratings does not matter, and the predictions have it.
CREATE TABLE large AS SELECT user_id, item_id, rating * 128 AS rating FROM ratings;
SELECT train_rmse < .9 * 128 AS learns FROM recsys_train('m', 'large', 'svd');
SELECT train_rmse < .9 * 128 AS learns FROM recsys_train('large_model', 'large', 'svd', '{"adaptive": true}');
SELECT train_rmse < .9 AS learns FROM recsys_train('small_model', 'ratings', 'svd', '{"adaptive": true}');
SELECT max(abs(recsys_predict('large_model', u, i) - 128 * recsys_predict('small_model', u, i))) < .01 AS scaled
  FROM generate_series(1, 60) u, generate_series(1, 40) i;
SELECT recsys_train('m', 'ratings', 'svd', '{"adaptive": 1}');

DROP SCHEMA svd CASCADE;
