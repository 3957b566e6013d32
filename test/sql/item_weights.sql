-- Models of item weights (rp3beta, slim, ease), and similarities of weighted
-- values: against their definitions, in SQL.
SET client_min_messages = warning;	-- on a slow machine training tells its progress
SET extra_float_digits = 0;
CREATE SCHEMA item_weights;
SET search_path = item_weights, public;

-- 40 users, 25 items, weights 1 to 4; user 1 has everything.
CREATE TABLE deeds AS
SELECT u AS user_id, i AS item_id, (1 + (u * i + i) % 4)::float8 AS weight
  FROM generate_series(1, 40) u, generate_series(1, 25) i
 WHERE u = 1 OR (u * 7 + i * i * 3) % 41 < 200 / (i + 9);
SELECT count(*), count(DISTINCT user_id), count(DISTINCT item_id) FROM deeds;

-- What item j adds to item i, of a model.
CREATE FUNCTION weights(model regclass) RETURNS TABLE (j int, i int, w float8) LANGUAGE sql AS
$$ SELECT a.item_id, s.item_id, s.similarity FROM (SELECT DISTINCT item_id FROM deeds) a,
	recsys_similar_items(model, a.item_id, 1000) s $$;
-- The most by which a model's predictions are off what its weights say.
CREATE FUNCTION prediction_error(model regclass) RETURNS float8 LANGUAGE sql AS $$
	SELECT max(abs(recsys_predict(model, one, other) - coalesce((SELECT sum(d.weight * w.w) FROM deeds d JOIN weights(model) w ON w.j = d.item_id
		WHERE d.user_id = one AND w.i = other), 0))) FROM generate_series(1, 40, 13) one, generate_series(1, 25) other
$$;
-- The most by which the scores of lists are off the predictions.
CREATE FUNCTION list_error(model regclass) RETURNS float8 LANGUAGE sql AS $$
	SELECT max(abs(recsys_predict(model, u, r.item_id) - r.score)) FROM generate_series(1, 40) u, recsys_recommend(model, u, 25, exclude_seen => false) r
$$;

-- rp3beta: the walk, step by step ------------------------------------------

CREATE FUNCTION walk(alpha float8, beta float8) RETURNS TABLE (j int, i int, w float8) LANGUAGE sql AS $$
	WITH x AS (SELECT user_id, item_id, weight, sum(weight) OVER (PARTITION BY user_id) AS of_user,
		sum(weight) OVER (PARTITION BY item_id) AS of_item FROM deeds)
	SELECT a.item_id, b.item_id, sum((a.weight / a.of_item) ^ alpha * (b.weight / b.of_user) ^ alpha) / min(b.of_item) ^ beta
	  FROM x a JOIN x b USING (user_id) WHERE a.item_id <> b.item_id GROUP BY 1, 2
$$;
CREATE FUNCTION walk_error(alpha float8, beta float8, k int, to_one bool) RETURNS TABLE (missing bigint, error float8) LANGUAGE plpgsql AS $$
BEGIN
	PERFORM recsys_train('walks', 'deeds', 'rp3beta', jsonb_build_object('alpha', alpha, 'beta', beta, 'k', k, 'normalize', to_one), rating_col => 'weight');
	RETURN QUERY WITH best AS (SELECT * FROM (SELECT *, row_number() OVER (PARTITION BY j ORDER BY v.w DESC) AS n FROM walk(alpha, beta) v) r WHERE n <= k),
		scaled AS (SELECT v.j, v.i, CASE WHEN to_one THEN v.w / sum(v.w) OVER (PARTITION BY v.j) ELSE v.w END AS w FROM best v)
		SELECT count(*) FILTER (WHERE b.w IS NULL OR m.w IS NULL), max(abs(m.w / b.w - 1)) FROM scaled b FULL JOIN weights('walks') m USING (j, i);
END
$$;
SELECT alpha, beta, k, to_one, missing, error < 1e-6 AS equal
  FROM (VALUES (1.0, 0.6, 100, false), (0.7, 0.2, 100, true), (1.3, 0.0, 100, false), (0.0, 1.0, 100, false), (0.83, 0.31, 5, false), (1.0, 0.3, 5, true)) v(alpha, beta, k, to_one),
	walk_error(alpha, beta, k, to_one);
SELECT prediction_error('walks') < 1e-6 AS predictions, list_error('walks') < 1e-6 AS lists;
SELECT algorithm, users, items, ratings FROM recsys_models WHERE model = 'walks'::regclass;

-- slim: its conditions of optimality ---------------------------------------

CREATE VIEW gram AS SELECT a.item_id AS j, b.item_id AS i, sum(a.weight * b.weight) AS g FROM deeds a JOIN deeds b USING (user_id) GROUP BY 1, 2;
-- For every item i and other item j: r = G_ij - sum of G_jk w_k is l1 + l2 w
-- where there is a weight, and l1 at most where there is none.
CREATE FUNCTION slim_conditions(options jsonb, l1 float8, l2 float8, scaled bool, OUT kept bigint, OUT smallest float8, OUT off float8, OUT above float8) LANGUAGE plpgsql AS $$
BEGIN
	PERFORM recsys_train('sparse', 'deeds', 'slim', options || jsonb_build_object('l1_regularization', l1, 'regularization', l2, 'scaled_regularization', scaled, 'tolerance', 1e-7), rating_col => 'weight');
	WITH w AS MATERIALIZED (SELECT * FROM weights('sparse')), norm AS (SELECT CASE WHEN scaled THEN avg(g) ELSE 1 END AS unit FROM gram WHERE j = i),
	r AS (SELECT a.i, a.j, unit, a.g - coalesce((SELECT sum(g.g * w.w) FROM w JOIN gram g ON g.j = a.j AND g.i = w.j WHERE w.i = a.i), 0) AS r,
			(SELECT w.w FROM w WHERE w.j = a.j AND w.i = a.i) AS w
		FROM gram a, norm WHERE a.i <> a.j)
	SELECT count(w), min(w), max(abs(r - l1 * unit - l2 * unit * w) / unit), max((r - l1 * unit) / unit) FILTER (WHERE w IS NULL) FROM r
	  INTO kept, smallest, off, above;
END
$$;
SELECT l1, l2, scaled, kept BETWEEN 25 AND 24 * 25 - 10 AS sparse, smallest > 0 AS positive, off < 1e-4 AS stationary, above < 1e-4 AS no_better
  FROM (VALUES (0.01, 0.1, true), (0.2, 0.0, true), (0.0, 1.0, true), (3, 50, false)) v(l1, l2, scaled), slim_conditions('{}', l1, l2, scaled);
SELECT prediction_error('sparse') < 1e-5 AS predictions, list_error('sparse') < 1e-5 AS lists;
-- The same weights whether the Gram matrix is held or its rows are made: with
-- so many items it does not fit.
CREATE TABLE many AS SELECT u AS user_id, (u * n * 7 + n * n) % 1200 AS item_id FROM generate_series(1, 300) u, generate_series(1, 12) n GROUP BY 1, 2;
SET maintenance_work_mem = '11MB';
SELECT version FROM recsys_train('made', 'many', 'slim', '{"candidates": 300}', rating_col => NULL);
RESET maintenance_work_mem;
SELECT version FROM recsys_train('held', 'many', 'slim', '{"candidates": 300}', rating_col => NULL);
SELECT count(*) > 4 AS blocks, bool_and(a.data = b.data) AS same
  FROM (SELECT * FROM held WHERE version = 1) a FULL JOIN made b USING (part, block) WHERE part <> 'header';
-- Few are kept: the largest for each item; few candidates: only these.
SELECT version FROM recsys_train('few', 'deeds', 'slim', '{"k": 3, "l1_regularization": 0.2, "regularization": 0, "tolerance": 1e-7}', rating_col => 'weight');
SELECT version FROM recsys_train('all_of_them', 'deeds', 'slim', '{"l1_regularization": 0.2, "regularization": 0, "tolerance": 1e-7}', rating_col => 'weight');
SELECT count(*) FILTER (WHERE f.w IS NULL OR a.w IS NULL) AS missing, max(abs(f.w - a.w)) AS off, max(n) AS most
  FROM (SELECT *, row_number() OVER (PARTITION BY i ORDER BY w DESC) AS n FROM weights('all_of_them')) a
  FULL JOIN weights('few') f USING (j, i) WHERE n <= 3 OR n IS NULL;
SELECT version FROM recsys_train('few', 'deeds', 'slim', '{"candidates": 1}', rating_col => 'weight');
SELECT max(n) AS most FROM (SELECT count(*) AS n FROM weights('few') GROUP BY i) c;

-- ease: (X'X + regularization I) B is X'X but on the diagonal ---------------

CREATE FUNCTION ease_error(regularization float8) RETURNS float8 LANGUAGE plpgsql AS $$
BEGIN
	PERFORM recsys_train('dense', 'deeds', 'ease', jsonb_build_object('regularization', regularization), rating_col => 'weight');
	RETURN (WITH b AS MATERIALIZED (SELECT * FROM weights('dense')),
		p AS (SELECT g.j AS r, b.i AS c, sum((g.g + CASE WHEN g.j = g.i THEN regularization ELSE 0 END) * b.w) AS p FROM gram g JOIN b ON b.j = g.i GROUP BY 1, 2)
	SELECT max(abs(p - g)) / max(g) FROM p JOIN gram g ON g.j = p.r AND g.i = p.c WHERE p.r <> p.c);
END
$$;
SELECT regularization, ease_error(regularization) < 1e-5 AS solved FROM unnest('{250, 30, 1}'::float8[]) regularization;
SELECT count(*) AS weights FROM weights('dense');
SELECT prediction_error('dense') < 1e-5 AS predictions, list_error('dense') < 1e-5 AS lists;
-- Two items by hand: G = (5 4; 4 13), P = inverse of (6 4; 4 14) = (14 -4; -4 6) / 68
CREATE TABLE two (user_id int, item_id int, weight float8);
INSERT INTO two VALUES (1, 1, 1), (1, 2, 2), (2, 1, 2), (2, 2, 1), (3, 2, 2.8284271247461903);
SELECT version FROM recsys_train('by_hand', 'two', 'ease', '{"regularization": 1}', rating_col => 'weight');
SELECT round(a.similarity::numeric, 6) AS "4 / 6", round(b.similarity::numeric, 6) AS "4 / 14"
  FROM recsys_similar_items('by_hand', 1) a, recsys_similar_items('by_hand', 2) b;
-- k: the largest for each item, by magnitude.
SELECT version FROM recsys_train('cut', 'deeds', 'ease', '{"k": 4, "regularization": 1}', rating_col => 'weight');
SELECT count(*) AS kept, count(*) FILTER (WHERE c.w IS NULL OR d.w IS NULL) AS missing, max(abs(c.w - d.w)) < 1e-7 AS same, bool_or(c.w < 0) AS some_negative
  FROM (SELECT *, row_number() OVER (PARTITION BY i ORDER BY abs(w) DESC) AS n FROM weights('dense')) d
  FULL JOIN weights('cut') c USING (j, i) WHERE n <= 4 OR n IS NULL;
-- Of several tiles: more than 256 items.  The same equations, for one item.
SELECT version FROM recsys_train('tiles', 'many', 'ease', '{"regularization": 5}', rating_col => NULL);
CREATE TABLE for_one AS SELECT j, s.similarity AS w FROM (SELECT DISTINCT item_id AS j FROM many) i, recsys_similar_items('tiles', j, 2000) s WHERE s.item_id = 700;
WITH pair AS (SELECT a.item_id AS i, b.item_id AS k, count(*) AS g FROM many a JOIN many b USING (user_id) GROUP BY 1, 2),
e AS (SELECT i, sum(g * w) + 5 * coalesce(sum(w) FILTER (WHERE i = k), 0) AS left, coalesce(sum(g) FILTER (WHERE k = 700), 0) AS right
	FROM pair LEFT JOIN for_one ON j = k GROUP BY i)
SELECT count(*) > 1000 AS items, max(abs("left" - "right")) FILTER (WHERE i <> 700) < 1e-4 AS solved, bool_or("right" > 1) AS any FROM e;

-- What all of them say -------------------------------------------------------

SELECT m AS model, recsys_predict(m, 1, 999) AS unknown_item, recsys_predict(m, 999, 1) AS unknown_user,
       (SELECT basis FROM recsys_recommend(m, 999, 1)) AS unknown, (SELECT count(*) FROM recsys_recommend(m, 1, 10)) AS has_all,
       (SELECT count(*) FROM recsys_recommend(m, 2, 10)) AS personal
  FROM unnest('{walks,sparse,dense,cut}'::regclass[]) m;
-- Users are as similar as the cosine of what they have.
SELECT m AS model, count(*), max(abs(s.similarity - l.similarity)) < 1e-6 AS cosine
  FROM unnest('{walks,dense}'::regclass[]) m, recsys_similar_users(m, 7, 100) s
  JOIN similar_users('deeds', 7, 100, rating_col => 'weight') l USING (user_id) GROUP BY 1 ORDER BY 1;
SELECT recsys_similar_items('walks', 1, metric => 'dot');
SELECT recsys_train('no', 'deeds', 'ease', '{"store_ratings": false}', rating_col => 'weight');
UPDATE two SET weight = -1 WHERE user_id = 3;
SELECT name, (SELECT count(*) FROM recsys_models WHERE model::text = 'no') AS models FROM recsys_algorithms WHERE name IN ('ease', 'rp3beta', 'slim') ORDER BY 1;
SELECT recsys_train('no', 'two', 'slim', rating_col => 'weight');
SELECT recsys_train('no', 'two', 'item_knn', '{"weighting": "tfidf"}', rating_col => 'weight');
-- The matrix of 3000 items takes 34 MB.
CREATE TABLE wide AS SELECT n % 10 AS user_id, n AS item_id FROM generate_series(1, 3000) n;
SET maintenance_work_mem = '20MB';
DO $$
BEGIN
	PERFORM recsys_train('no', 'wide', 'ease', rating_col => NULL);
EXCEPTION WHEN configuration_limit_exceeded THEN
	RAISE WARNING '%', regexp_replace(SQLERRM, '\d+', 'so many');
END $$;
RESET maintenance_work_mem;

-- k-NN: weightings -----------------------------------------------------------

CREATE VIEW idf AS SELECT user_id, ln(25.0::float8) - ln(1.0::float8 + count(*)) AS idf FROM deeds GROUP BY 1;
CREATE VIEW tfidf AS SELECT item_id, user_id, w / sqrt(sum(w * w) OVER (PARTITION BY item_id)) AS w
  FROM (SELECT item_id, user_id, sqrt(weight) * idf AS w FROM deeds JOIN idf USING (user_id)) x;
CREATE FUNCTION bm25(k1 float8, b float8) RETURNS TABLE (item_id int, user_id int, w float8) LANGUAGE sql AS $$
	SELECT item_id, user_id, weight * (k1 + 1) / (k1 * ((1 - b) + b * length / (SELECT sum(weight) / 25 FROM deeds)) + weight) * idf
	  FROM (SELECT *, sum(weight) OVER (PARTITION BY item_id) AS length FROM deeds) d JOIN idf USING (user_id)
$$;
-- neighbors = 0 computes them when asked, else they were kept
CREATE FUNCTION weighting_error(options jsonb, definition text, OUT missing bigint, OUT error float8) LANGUAGE plpgsql AS $$
BEGIN
	PERFORM recsys_train('near', 'deeds', 'item_knn', options, rating_col => 'weight');
	EXECUTE format('WITH d AS (%s), s AS (SELECT a.item_id AS j, b.item_id AS i, sum(a.w * b.w) AS s FROM d a JOIN d b USING (user_id) WHERE a.item_id <> b.item_id GROUP BY 1, 2)
		SELECT count(*) FILTER (WHERE w IS NULL OR (s IS NULL AND w <> 0)), max(abs(s - w)) FROM s FULL JOIN weights(''near'') USING (j, i)', definition) INTO missing, error;
END
$$;
SELECT options, missing, error < 1e-5 AS equal
  FROM (VALUES ('{"weighting": "tfidf", "neighbors": 0}', 'TABLE tfidf'), ('{"weighting": "tfidf", "similarity": "dot"}', 'TABLE tfidf'),
	('{"weighting": "bm25"}', 'SELECT * FROM bm25(1.2, .75)'), ('{"weighting": "bm25", "neighbors": 0}', 'SELECT * FROM bm25(1.2, .75)'),
	('{"weighting": "bm25", "bm25_k1": 100, "bm25_b": 0.25}', 'SELECT * FROM bm25(100, .25)')) v(options, definition), weighting_error(options::jsonb, definition);
-- The ratings are summed up as they are.
SELECT max(abs(recsys_predict('near', one, other) - (SELECT coalesce(sum(d.weight * w.w), 0) FROM deeds d JOIN weights('near') w ON w.j = other AND w.i = d.item_id
	WHERE d.user_id = one))) < 1e-4 AS sums FROM generate_series(2, 40, 9) one, generate_series(1, 25, 3) other;
-- user_knn weighs users' rows: those of a rare item count for more.
SELECT version FROM recsys_train('people', 'deeds', 'user_knn', '{"weighting": "tfidf", "neighbors": 0}', rating_col => 'weight');
WITH idf AS (SELECT item_id, ln(40.0::float8) - ln(1.0::float8 + count(*)) AS idf FROM deeds GROUP BY 1),
d AS (SELECT user_id, item_id, sqrt(weight) * idf AS w FROM deeds JOIN idf USING (item_id))
SELECT count(*), max(abs(s.similarity - (SELECT sum(a.w * b.w) FROM d a JOIN d b USING (item_id) WHERE a.user_id = 7 AND b.user_id = s.user_id) /
	sqrt((SELECT sum(w * w) FROM d WHERE user_id = 7) * (SELECT sum(w * w) FROM d WHERE d.user_id = s.user_id)))) < 1e-6 AS equal
  FROM recsys_similar_users('people', 7, 100) s;
SELECT recsys_train('no', 'deeds', 'item_knn', '{"weighting": "bm25", "similarity": "msd"}', rating_col => 'weight');

-- k-NN: similarities of weights ----------------------------------------------

CREATE VIEW definition AS
WITH norm AS (SELECT item_id, sum(weight ^ 2) AS squares, count(*) AS n FROM deeds GROUP BY 1)
SELECT a.item_id AS j, b.item_id AS i, sum(a.weight * b.weight) AS dot, count(*)::float8 AS cooccurrence,
	count(*) * 40.0::float8 / (x.n * y.n) AS lift, sum(a.weight * b.weight) / (x.squares ^ .3 * y.squares ^ .7) AS asymmetric_cosine
  FROM deeds a JOIN deeds b USING (user_id) JOIN norm x ON x.item_id = a.item_id JOIN norm y ON y.item_id = b.item_id
 WHERE a.item_id <> b.item_id GROUP BY 1, 2, x.n, y.n, x.squares, y.squares;
CREATE FUNCTION similarity_error(similarity text, OUT missing bigint, OUT error float8) LANGUAGE plpgsql AS $$
BEGIN
	PERFORM recsys_train('near', 'deeds', 'item_knn', jsonb_build_object('similarity', similarity, 'asymmetry', .3, 'score', 'sum'), rating_col => 'weight');
	EXECUTE format('SELECT count(*) FILTER (WHERE w IS NULL OR %1$I IS NULL), max(abs(%1$I - w)) FROM definition FULL JOIN weights(''near'') USING (j, i)', similarity)
	   INTO missing, error;
END
$$;
SELECT similarity, missing, error < 1e-4 AS equal
  FROM unnest('{dot,cooccurrence,lift,asymmetric_cosine}'::text[]) similarity, similarity_error(similarity);
-- From the table itself
SELECT s AS measure, count(*), max(abs(l.similarity - (to_jsonb(d) ->> s)::float8)) < 1e-9 AS equal
  FROM unnest('{dot,cooccurrence,lift}'::text[]) s, similar_items('deeds', 25, 100, similarity => s, rating_col => 'weight') l
  JOIN definition d ON d.j = 25 AND d.i = l.item_id GROUP BY 1 ORDER BY 1;
-- between users: of 25 items
WITH n AS (SELECT user_id, count(*) AS n FROM deeds GROUP BY 1)
SELECT count(*), max(abs(l.similarity - (SELECT count(*) FROM deeds a JOIN deeds b USING (item_id) WHERE a.user_id = 7 AND b.user_id = l.user_id) * 25.0 / (x.n * y.n))) < 1e-9 AS equal
  FROM similar_users('deeds', 7, 100, similarity => 'lift', rating_col => 'weight') l JOIN n x ON x.user_id = 7 JOIN n y ON y.user_id = l.user_id;
SELECT similar_items('deeds', 1, similarity => 'asymmetric_cosine', rating_col => 'weight');
SELECT item_knn_recommend('deeds', 1, similarity => 'asymmetric_cosine', rating_col => 'weight');
-- A model has the asymmetry of its training.
SELECT count(*), max(abs(similarity - asymmetric_cosine)) < 1e-5 AS equal
  FROM similar_items('near', 3, 100, similarity => 'asymmetric_cosine') s JOIN definition d ON d.j = 3 AND d.i = s.item_id;

-- Steps whose probability is too small for a number lead nowhere, however many there are.
CREATE TABLE vanishing AS SELECT u AS user_id, i AS item_id, CASE i WHEN 1 THEN 1e-6 ELSE 1 END AS weight
  FROM generate_series(1, 30000) u, generate_series(1, 3) i;
SELECT items FROM recsys_train('vanished', 'vanishing', 'rp3beta', '{"alpha": 10, "weight_transform": "none"}', rating_col => 'weight');
DELETE FROM vanishing WHERE user_id > 300;
SELECT items FROM recsys_train('vanished', 'vanishing', 'rp3beta', '{"alpha": 10, "weight_transform": "none"}', rating_col => 'weight');
SELECT i AS item, array_agg(s.item_id ORDER BY s.item_id) AS leads_to FROM generate_series(1, 3) i, recsys_similar_items('vanished', i) s GROUP BY 1 ORDER BY 1;

DROP SCHEMA item_weights CASCADE;
