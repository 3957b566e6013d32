-- One request has one answer: recommend, recommend_all, the k-NN functions on a model and on the table, predict and the
-- ranking of evaluation have the same score for the same pair, by every algorithm.
SET client_min_messages = warning;
CREATE SCHEMA request;
SET search_path = request, public;
CREATE TABLE rated AS
SELECT u AS user_id, i AS item_id, (1 + abs(hashint4(u * 31 + i * i)) % 9 / 2.0)::real AS rating, abs(hashint4(i * 97 + u)) % 5 = 0 AS held_out
  FROM generate_series(1, 50) u, generate_series(1, 40) i WHERE abs(hashint4(u * 1000 + i)) % (3 + i / 5) = 0;
CREATE TABLE train AS SELECT user_id, item_id, rating FROM rated WHERE NOT held_out;
-- A user and an item that training does not know are among what is held out.
CREATE TABLE test AS SELECT user_id, item_id, rating FROM rated WHERE held_out
 UNION ALL SELECT 999, i, 4 FROM generate_series(2, 30, 7) i UNION ALL SELECT 7, 900, 3;
CREATE TABLE goods AS SELECT i AS item_id, ARRAY['a' || i % 7, 'b' || i % 5, 'c'] AS tags FROM generate_series(1, 42) i;
-- Nothing is clipped, nor damped (list_score has that).
CREATE TABLE models AS
SELECT name, ('m_' || name) AS model,
       '{"seed": 3, "list_score": "prediction"}'::jsonb || CASE WHEN options @> '[{"name": "clip"}]' THEN '{"clip": false}' ELSE '{}' END::jsonb
       || CASE name WHEN 'content' THEN '{"items": "goods", "tag_cols": ["tags"]}'
                    WHEN 'item_knn' THEN '{"similarity": "cosine", "score": "weighted_mean", "k": 5, "min_k": 1}'
                    WHEN 'user_knn' THEN '{"similarity": "cosine", "score": "centered", "k": 5, "min_k": 1}' ELSE '{}' END::jsonb AS options
  FROM recsys_algorithms;
UPDATE models m SET options = m.options - 'seed' FROM recsys_algorithms a WHERE a.name = m.name AND NOT a.options @> '[{"name": "seed"}]';
SELECT count(*) = (SELECT count(*) FROM recsys_algorithms) AS all_trained FROM models, recsys_train(model, 'train', name, options);

-- Every item for every user, as recsys_recommend says: what all others are held against.
CREATE TABLE expected AS
SELECT name, user_id, r.item_id, r.score, r.basis, row_number() OVER (PARTITION BY name, user_id ORDER BY n) AS rank
  FROM models, (SELECT DISTINCT user_id FROM test UNION SELECT user_id FROM train) u,
       LATERAL ROWS FROM (recsys_recommend(model::regclass, user_id, 1000, false)) WITH ORDINALITY r(item_id, score, basis, n);
ALTER TABLE expected ADD PRIMARY KEY (name, user_id, item_id);
-- Of items seen none is recommended, and the order of the others is the same.
CREATE VIEW unseen AS
SELECT name, user_id, item_id, score, basis, row_number() OVER (PARTITION BY name, user_id ORDER BY rank) AS rank
  FROM expected e WHERE NOT EXISTS (SELECT FROM train t WHERE t.user_id = e.user_id AND t.item_id = e.item_id);
-- Scores are equal but for the rounding of single precision.
CREATE FUNCTION same(a float8, b float8) RETURNS bool IMMUTABLE LANGUAGE sql AS
$$ SELECT a IS NOT NULL AND b IS NOT NULL AND abs(a - b) <= 2e-6 * greatest(1, abs(a)) $$;
-- Who is there: more than a list of ten, by every algorithm.
SELECT min(users) >= 50 AS all_users, min(pairs) > 51 * 10 AS many FROM (SELECT count(DISTINCT user_id) AS users, count(*) AS pairs FROM expected GROUP BY name) e;
SELECT bool_and(same(e.score, t.ratings)) AND count(*) = 40 * (SELECT count(*) FROM models WHERE name NOT IN ('popular')) AS popular_if_unknown
  FROM expected e JOIN (SELECT item_id, count(*)::float8 AS ratings FROM train GROUP BY 1) t USING (item_id) WHERE user_id = 999 AND name <> 'popular';

-- recsys_recommend with what was seen left out; how long a list is changes nothing.
WITH got AS (SELECT name, u AS user_id, r.* FROM models, generate_series(1, 50) u, LATERAL ROWS FROM (recsys_recommend(model::regclass, u, 10)) WITH ORDINALITY r(item_id, score, basis, rank))
SELECT DISTINCT name AS recommend_differs
  FROM got g FULL JOIN (SELECT * FROM unseen WHERE rank <= 10 AND user_id <= 50) e USING (name, user_id, rank)
 WHERE (g.item_id = e.item_id AND g.score = e.score AND g.basis = e.basis) IS NOT TRUE;
-- recsys_recommend_all, with all items and with those unseen alone.
WITH got AS (SELECT name, user_id::int, item_id::int, rank, score FROM models, recsys_recommend_all(model::regclass, 1000, false))
SELECT DISTINCT name AS batch_differs FROM got g FULL JOIN (SELECT * FROM expected WHERE user_id <= 50) e USING (name, user_id, item_id) WHERE NOT same(g.score, e.score);
WITH got AS (SELECT name, user_id::int, item_id::int, rank, score FROM models, recsys_recommend_all(model::regclass, 10))
SELECT DISTINCT name AS batch_differs FROM got g FULL JOIN (SELECT * FROM unseen WHERE user_id <= 50 AND rank <= 10) e USING (name, user_id, rank)
 WHERE NOT same(g.score, e.score) OR g.item_id <> e.item_id;
-- recsys_predict; k-NN leaves out the user's own rating of the item, so of what was rated it says something else.
SELECT DISTINCT name AS predict_differs FROM unseen JOIN models USING (name)
 WHERE user_id <= 50 AND basis = CASE WHEN name IN ('popular', 'normal') THEN 'popular' ELSE 'personalized' END
   AND NOT same(score, recsys_predict(model::regclass, user_id, item_id));

-- k-NN on a model, on the model with the same things said again, and on the table.
CREATE FUNCTION knn(name text, source regclass, who int, said bool, n int, exclude bool) RETURNS TABLE (item_id int, score float8, rank bigint) LANGUAGE plpgsql AS $$
BEGIN
	RETURN QUERY EXECUTE format('SELECT item_id, score, row_number() OVER () FROM %I_recommend($1, $2, $3, exclude_seen => $4 %s)', name,
		CASE WHEN said THEN format(', similarity => ''cosine'', k => 5, score => %L', CASE name WHEN 'item_knn' THEN 'weighted_mean' ELSE 'centered' END) ELSE '' END)
		USING source, who, n, exclude;
END $$;
WITH got AS (SELECT name, ask, u AS user_id, r.*
               FROM models, (VALUES ('model', false), ('model', true), ('table', true)) a(ask, said), generate_series(1, 50) u,
                    knn(name, CASE ask WHEN 'model' THEN model::regclass ELSE 'train' END, u, said, 1000, false) r WHERE name IN ('item_knn', 'user_knn'))
SELECT DISTINCT name, ask AS knn_differs FROM got g FULL JOIN (SELECT e.*, ask FROM expected e, (VALUES ('model'), ('table')) a(ask) WHERE user_id <= 50 AND name IN ('item_knn', 'user_knn')) e
 USING (name, ask, user_id, item_id) WHERE NOT same(g.score, e.score);
WITH got AS (SELECT name, ask, u AS user_id, r.*
               FROM models, (VALUES ('model', false), ('model', true), ('table', true)) a(ask, said), generate_series(1, 50) u,
                    knn(name, CASE ask WHEN 'model' THEN model::regclass ELSE 'train' END, u, said, 10, true) r WHERE name IN ('item_knn', 'user_knn'))
SELECT DISTINCT name, ask AS knn_list_differs FROM got g FULL JOIN (SELECT e.*, ask FROM unseen e, (VALUES ('model'), ('table')) a(ask) WHERE rank <= 10 AND user_id <= 50 AND name IN ('item_knn', 'user_knn')) e
 USING (name, ask, user_id, item_id) WHERE NOT same(g.score, e.score);
-- Who is in no row gets the popular items, from a model and from the table.
WITH got AS (SELECT name, source, g.* FROM models, unnest(ARRAY[model::regclass, 'train']) source, knn(name, source, 999, false, 10, true) g WHERE name IN ('item_knn', 'user_knn'))
SELECT count(*) = 40 AS all_compared, bool_and(g.score = e.score AND g.item_id = e.item_id) AS same FROM got g JOIN expected e USING (name, rank) WHERE user_id = 999;

-- The ranking of evaluation, by what it measures of the first ten, and by the share of pairs in the right order.
CREATE TABLE measured AS SELECT name, metric, value, popular FROM models, recsys_evaluate_model(model::regclass, 'test', 10);
CREATE TABLE relevant AS SELECT user_id, array_agg(item_id) AS items, count(*) AS number FROM test GROUP BY 1;
CREATE FUNCTION of_list(recommended int[], relevant int[]) RETURNS TABLE (metric text, value float8) IMMUTABLE LANGUAGE sql AS $$
SELECT * FROM (VALUES ('precision', precision_at_k(recommended, relevant, 10)), ('recall', recall_at_k(recommended, relevant, 10)),
	('hit_rate', hit_at_k(recommended, relevant, 10)), ('ndcg', ndcg_at_k(recommended, relevant, 10)),
	('map', average_precision_at_k(recommended, relevant, 10)), ('mrr', reciprocal_rank(recommended, relevant, 10))) v $$;
CREATE TABLE of_lists AS
SELECT name, metric, avg(value) AS value
  FROM relevant v CROSS JOIN models LEFT JOIN (SELECT name, user_id, array_agg(item_id ORDER BY rank) AS list FROM unseen WHERE rank <= 10 GROUP BY 1, 2) l USING (name, user_id),
       of_list(coalesce(list, '{}'), items) GROUP BY 1, 2;
-- What has no score is behind the rest, what the model does not know behind all.
CREATE TABLE placed AS
SELECT name, user_id, i.item_id, u.score, t.item_id IS NOT NULL AS relevant
  FROM models CROSS JOIN relevant v CROSS JOIN LATERAL (SELECT id::int AS item_id FROM (SELECT item_id::text AS id FROM train UNION SELECT item_id::text FROM goods WHERE name = 'content') k) i
  LEFT JOIN unseen u USING (name, user_id, item_id) LEFT JOIN test t USING (user_id, item_id)
 WHERE NOT EXISTS (SELECT FROM train s WHERE s.user_id = v.user_id AND s.item_id = i.item_id);
INSERT INTO of_lists
SELECT name, 'auc', avg(coalesce(right_pairs / pairs * known / number, 0))
  FROM relevant CROSS JOIN models LEFT JOIN (SELECT name, user_id, count(*)::float8 AS pairs, count(DISTINCT a.item_id) AS known,
               sum(CASE WHEN coalesce(a.score, '-infinity') > coalesce(b.score, '-infinity') THEN 1 WHEN coalesce(a.score, '-infinity') = coalesce(b.score, '-infinity') THEN .5 ELSE 0 END) AS right_pairs
          FROM placed a JOIN placed b USING (name, user_id) WHERE a.relevant AND NOT b.relevant GROUP BY 1, 2) p USING (name, user_id) GROUP BY 1;
SELECT count(*) = 7 * (SELECT count(*) FROM models) AS all_compared, bool_and(abs(m.value - l.value) < 1e-9) AS same FROM measured m JOIN of_lists l USING (name, metric);
SELECT name, metric, m.value AS measured, l.value AS of_lists FROM measured m JOIN of_lists l USING (name, metric) WHERE NOT abs(m.value - l.value) < 1e-9;
-- The popularity list beside it is that of somebody unknown, less what each has seen.
WITH popular AS (SELECT user_id, array_agg(item_id ORDER BY rank) AS list
                   FROM (SELECT v.user_id, e.item_id, row_number() OVER (PARTITION BY v.user_id ORDER BY e.rank) AS rank FROM relevant v, expected e
                          WHERE e.name = 'als' AND e.user_id = 999 AND NOT EXISTS (SELECT FROM train t WHERE t.user_id = v.user_id AND t.item_id = e.item_id)) p
                  WHERE rank <= 10 GROUP BY 1),
     of_popular AS (SELECT metric, avg(value) AS value FROM popular JOIN relevant USING (user_id), of_list(list, items) GROUP BY 1)
SELECT count(*) = 6 * (SELECT count(*) FROM models) AS all_compared, bool_and(abs(m.popular - p.value) < 1e-9) AS same FROM measured m JOIN of_popular p USING (metric);
DROP SCHEMA request CASCADE;
