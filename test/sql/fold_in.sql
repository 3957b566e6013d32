-- Scores as evaluation asks for them: of many users at once, and of somebody
-- who was not in training.  Who was, and is folded in with his own ratings,
-- gets nearly the scores that he had.
SET client_min_messages = warning;	-- on a slow machine training tells its progress
\getenv test_module PG_ABS_SRCDIR
\set test_module :test_module /modules/recsys_test/recsys_test
CREATE FUNCTION scores_of_users(model regclass, users bigint[]) RETURNS float8[] LANGUAGE c STRICT AS :'test_module';
CREATE FUNCTION scores_of_profile(model regclass, items bigint[], ratings float4[]) RETURNS float8[] LANGUAGE c STRICT AS :'test_module';
CREATE SCHEMA fold_in;
SET search_path = fold_in, public;

-- Tastes of two dimensions, and noise.
CREATE TABLE ratings AS
SELECT u AS user_id, i AS item_id,
       greatest(1, least(5, 3 + .4 * sin(u) + .5 * cos(i * 2) + 1.2 * sin(u * 1.7) * sin(i * 2.3) + .8 * cos(u * 2.9) * cos(i * 1.1)
                            + (hashint4(u * 1000 + i) % 1000) / 2000.0))::real AS rating
  FROM generate_series(1, 150) u, generate_series(1, 120) i WHERE abs(hashint4(u * 777 + i) % 10) < 4;
CREATE VIEW liked AS SELECT user_id, item_id, 1 AS rating FROM ratings WHERE rating > 3;

CREATE TABLE cases (name text, source text, algorithm text, options jsonb);
INSERT INTO cases VALUES
('als', 'ratings', 'als', '{"factors": 5}'),
('als_unbiased', 'ratings', 'als', '{"factors": 5, "biased": false, "scaled_regularization": false, "regularization": 3}'),
('svd', 'ratings', 'svd', '{"factors": 5, "iterations": 100}'),
('svd_adaptive', 'ratings', 'svd', '{"factors": 5, "adaptive": true}'),
('svdpp', 'ratings', 'svdpp', '{"factors": 5, "iterations": 60}'),
('nmf', 'ratings', 'nmf', '{"factors": 5, "iterations": 200}'),
('nmf_biased', 'ratings', 'nmf', '{"factors": 5, "biased": true, "iterations": 200}'),
('gradient', 'ratings', 'gradient', '{"factors": 5, "regularization": 1}'),
('gradient_user', 'ratings', 'gradient', '{"factors": 5, "regularization": 1, "normalize": "user_mean"}'),
('gradient_item', 'ratings', 'gradient', '{"factors": 5, "regularization": 1, "normalize": "item_mean"}'),
('baseline_als', 'ratings', 'baseline_als', '{}'),
('baseline_sgd', 'ratings', 'baseline_sgd', '{}'),
('ials', 'liked', 'ials', '{"factors": 5}'),
('ials_hu_koren', 'liked', 'ials', '{"factors": 5, "weighting": "hu_koren", "alpha": 3}'),
('logistic', 'liked', 'logistic_mf', '{"factors": 5, "iterations": 200}'),
('bpr', 'liked', 'bpr', '{"factors": 5, "regularization": 0.02, "iterations": 300, "learning_rate": 0.02}'),
('bpr_popularity', 'liked', 'bpr', '{"factors": 5, "regularization": 0.02, "iterations": 300, "learning_rate": 0.02, "negatives": "popularity"}');
DO $$
DECLARE c record;
BEGIN
	FOR c IN SELECT * FROM cases LOOP
		PERFORM recsys_train(c.name, c.source, c.algorithm, c.options);
	END LOOP;
END $$;
CREATE FUNCTION scores(model text, who bigint) RETURNS TABLE (item bigint, score float8) LANGUAGE sql AS
$$ SELECT i.id::bigint, s FROM unnest((SELECT array_agg(id ORDER BY id::bigint) FROM recsys_factors(model::regclass, 'item')), scores_of_users(model::regclass, ARRAY[who])) i(id, s) $$;
CREATE FUNCTION folded(model text, source text, who bigint) RETURNS TABLE (item bigint, score float8) LANGUAGE plpgsql AS $$
BEGIN
	RETURN QUERY EXECUTE format('SELECT i.id::bigint, s FROM unnest((SELECT array_agg(id ORDER BY id::bigint) FROM recsys_factors(%L, ''item'')),
		(SELECT scores_of_profile(%1$L, array_agg(item_id::bigint ORDER BY item_id), array_agg(rating::real ORDER BY item_id)) FROM %I WHERE user_id = $1)) i(id, s)',
		model, source) USING who;
END $$;
CREATE TABLE compared AS
SELECT name, u, corr(a.score, b.score) AS r, sqrt(avg((a.score - b.score) ^ 2)) / stddev(a.score) AS off
  FROM cases, generate_series(1, 150, 11) u, scores(name, u) a, folded(name, source, u) b WHERE a.item = b.item GROUP BY 1, 2;
SELECT name, min(r) > .95 AND avg(r) > .985 AS alike, max(off) < .15 AS near FROM compared GROUP BY 1 ORDER BY 1;
-- The same each time; and another profile has other scores.
SELECT name, bool_and(a.score = b.score) AS same, bool_and(a.score = c.score) AS not_of_another
  FROM cases, folded(name, source, 7) a JOIN folded(name, source, 7) b USING (item) JOIN folded(name, source, 8) c USING (item) GROUP BY 1 ORDER BY 1;
-- Nothing is known of who has rated nothing.
SELECT name AS something_is_known
  FROM cases, LATERAL (SELECT CASE WHEN algorithm IN ('ials', 'bpr', 'logistic_mf') OR name = 'als_unbiased' OR name IN ('nmf', 'gradient') THEN 0 ELSE (SELECT avg(rating) FROM ratings) END AS offset_) o,
       LATERAL (SELECT array_agg(coalesce(bias, 0) ORDER BY id::bigint) AS bias FROM recsys_factors(name, 'item')) b,
       LATERAL unnest(b.bias, scores_of_profile(name, '{}', '{}')) i(bias, s)
 GROUP BY 1 HAVING NOT bool_and(abs(s - i.bias - o.offset_) < 1e-5) ORDER BY 1;
-- By items like his, somebody gets exactly what he would have got.
CREATE FUNCTION like_a_user(options jsonb) RETURNS TABLE (items bigint, same bool) LANGUAGE plpgsql AS $$
BEGIN
	PERFORM recsys_train('by_items', 'ratings', 'item_knn', '{"list_score": "prediction"}' || options);
	RETURN QUERY SELECT count(*), bool_and(coalesce(p.score = r.score, false))
	  FROM (SELECT DISTINCT user_id FROM ratings WHERE user_id % 15 = 0) u,
	       LATERAL (SELECT n, s AS score FROM unnest((SELECT scores_of_profile('by_items', array_agg(item_id::bigint ORDER BY item_id), array_agg(rating ORDER BY item_id))
	                                          FROM ratings x WHERE x.user_id = u.user_id)) WITH ORDINALITY a(s, n) WHERE s IS NOT NULL) p
	  FULL JOIN LATERAL recsys_recommend('by_items', u.user_id, 1000, false) r ON r.item_id = p.n;
END $$;
SELECT o, like_a_user(o) FROM unnest('{"{}", "{\"k\": 3, \"score\": \"centered\"}", "{\"k\": 3, \"score\": \"sum\", \"neighbors\": 20}", "{\"score\": \"average\", \"similarity\": \"pearson\"}"}'::jsonb[]) o;
-- Other algorithms, or models of before, cannot.
SELECT FROM recsys_train('knn', 'ratings', 'user_knn');
SELECT scores_of_profile('knn', '{1}', '{5}');

-- The scores of many users are what is predicted, for each of them, in their
-- order.
CREATE FUNCTION differs(model text, clip float8[]) RETURNS float8 LANGUAGE sql AS $$
	SELECT max(abs(least(greatest(s, clip[1]), clip[2]) - recsys_predict(model::regclass, u, id::bigint)))
	  FROM (SELECT id, u, row_number() OVER (ORDER BY k, id::bigint) AS n FROM recsys_factors(model::regclass, 'item'), unnest('{33,4,150,4}'::bigint[]) WITH ORDINALITY a(u, k)) x
	  JOIN unnest(scores_of_users(model::regclass, '{33,4,150,4}')) WITH ORDINALITY b(s, n) USING (n)
$$;
SELECT name, differs(name, CASE WHEN source = 'ratings' THEN (SELECT ARRAY[min(rating), max(rating)] FROM ratings) ELSE '{-inf,inf}' END) < 1e-5 AS same FROM cases ORDER BY 1;
-- Across the items that are computed at a time.
CREATE TABLE wide AS SELECT u AS user_id, i AS item_id, 1 + (u + i) % 5 AS rating FROM generate_series(1, 150) u, generate_series(1, 5000) i WHERE (u * 7 + i) % 40 = 0;
SELECT FROM recsys_train('wide_svd', 'wide', 'svd', '{"factors": 20, "iterations": 2, "clip": false}');
SELECT differs('wide_svd', '{-inf,inf}') < 1e-5 AS same;
SELECT scores_of_users('wide_svd', '{1,99999}');

DROP SCHEMA fold_in CASCADE;
DROP FUNCTION scores_of_users, scores_of_profile;
