-- Lists of algorithms that predict ratings: option list_score.

SET client_min_messages = warning;
CREATE SCHEMA list_score;
SET search_path = list_score, public;
-- Users rate the items of their group, some of the others, and popular ones; they
-- like what they rate as it comes.  Items from 1000 on have two perfect votes each.
CREATE TABLE ratings AS
SELECT u AS user_id, i AS item_id, 1 + abs(hashint4(u * 7919 + i)) % 4 + (i % 2) AS rating
  FROM generate_series(1, 300) u, generate_series(1, 120) i
 WHERE abs(hashint4(u * 1000 + i)) % 100 < CASE WHEN i <= 12 THEN 25 WHEN u % 6 = i % 6 THEN 50 ELSE 2 END
UNION ALL
SELECT (i * 7 + v * 131) % 300 + 1, i, 5 FROM generate_series(1000, 1049) i, generate_series(1, 2) v;
SELECT min(rating), max(rating) FROM ratings;

-- Who predicts ratings ranks no worse than the popular list, by itself; by the
-- predictions alone it does.
SELECT a, o ->> 'list_score' AS by, value >= popular * .98 AS good, value > popular * 1.5 AS personal
  FROM unnest('{als,svd,svdpp,nmf,gradient,slope_one,co_clustering,item_knn,user_knn,baseline_als,baseline_sgd}'::text[]) a,
       unnest('{"{\"list_score\": \"damped\"}", "{\"list_score\": \"prediction\"}"}'::jsonb[]) o,
       recsys_evaluate('ratings', a, o, '{"method": "per_user", "test": 0.2, "seed": 1}') e
 WHERE metric = 'ndcg' ORDER BY 2, 1;
-- Users who were not in training, too.
SELECT a, value > popular * 1.5 AS personal FROM unnest('{als,svd}'::text[]) a, recsys_evaluate('ratings', a, '{}', '{"method": "users", "test": 0.2, "seed": 1}') WHERE metric = 'ndcg';

-- Obscure items are in no list; predictions are the same.
SELECT FROM recsys_train('damped', 'ratings', 'als', '{"factors": 8, "clip": false}');
SELECT FROM recsys_train('plain', 'ratings', 'als', '{"factors": 8, "clip": false, "list_score": "prediction"}');
SELECT model, count(*) FILTER (WHERE item_id >= 1000) > 0 AS obscure, bool_and(abs(score - recsys_predict(model, u, item_id)) < 1e-5) AS predictions
  FROM (VALUES ('damped'::regclass), ('plain')) m(model), generate_series(1, 300, 7) u, recsys_recommend(model, u, 10) GROUP BY 1 ORDER BY 1;
SELECT bool_and(recsys_predict('damped', u, i) = recsys_predict('plain', u, i)) AS same FROM generate_series(-1, 300, 7) u, generate_series(-1, 120, 7) i;
SELECT array_agg(DISTINCT part ORDER BY part) FROM damped WHERE part NOT IN (SELECT part FROM plain);

-- The score is the prediction, damped by the preference of a model of who has rated what.
CREATE TABLE chosen AS SELECT user_id, item_id FROM ratings;
SELECT FROM recsys_train('chooser', 'chosen', 'ials', (SELECT meta -> 'components' -> 0 -> 'options' FROM damped WHERE part = 'header'), rating_col => NULL);
CREATE TABLE counted AS SELECT item_id, count(*)::float8 / max(count(*)) OVER () AS share FROM ratings GROUP BY 1;
SELECT count(*) > 1000 AS many, max(abs(r.score - (c.score + .001 * n.share) * (2 + (recsys_predict('damped', u, item_id) - 1) / 4) / 3)) < 1e-5 AS right
  FROM generate_series(1, 300, 7) u, recsys_recommend('damped', u, 1000, false) r JOIN LATERAL (SELECT * FROM recsys_recommend('chooser', u, 1000, false)) c USING (item_id)
  JOIN counted n USING (item_id);
-- Of a baseline it is damped by the numbers of ratings.
SELECT FROM recsys_train('baseline', 'ratings', 'baseline_als', '{"clip": false}');
SELECT count(*) > 1000 AS many, max(abs(r.score - n.share * (2 + (recsys_predict('baseline', u, item_id) - 1) / 4) / 3)) < 1e-5 AS right
  FROM generate_series(1, 300, 7) u, recsys_recommend('baseline', u, 1000, false) r JOIN counted n USING (item_id);
-- For many users at once it is the same.
SELECT model, count(*) AS rows, max(abs(a.score - r.score)) < 1e-5 AS same
  FROM (VALUES ('damped'::regclass), ('baseline')) m(model), LATERAL (SELECT * FROM recsys_recommend_all(model, 10)) a
  FULL JOIN LATERAL (SELECT u, r.* FROM generate_series(1, 300) u, recsys_recommend(model, u, 10) r) r
    ON a.user_id::int = r.u AND a.item_id::int = r.item_id
 GROUP BY 1 ORDER BY 1;

-- Somebody with nothing but an item that nobody else has: what is popular.
CREATE TABLE lonely AS SELECT * FROM ratings UNION ALL SELECT 999, 5000, 3;
SELECT FROM recsys_train('m', 'lonely', 'als');
SELECT array_agg(r.item_id) <@ (SELECT array_agg(item_id) FROM (SELECT item_id FROM lonely GROUP BY 1 ORDER BY count(*) DESC LIMIT 15) p) AS popular, max(basis) AS basis FROM recsys_recommend('m', 999, 5) r;

-- Negative ratings, zeros, equal ratings.
CREATE TABLE negative AS SELECT user_id, item_id, rating - 3 AS rating FROM ratings;
SELECT value > popular * 1.5 AS personal FROM recsys_evaluate('negative', 'als', '{}', '{"method": "per_user", "test": 0.2, "seed": 1}') WHERE metric = 'ndcg';
SET client_min_messages = error;
CREATE TABLE equal AS SELECT user_id, item_id, 4 AS rating FROM ratings;
SELECT value > popular * 1.5 AS personal FROM recsys_evaluate('equal', 'als', '{}', '{"method": "per_user", "test": 0.2, "seed": 1}') WHERE metric = 'ndcg';
SET client_min_messages = warning;

-- Deterministic, also by workers.
SELECT FROM recsys_train('again', 'ratings', 'als', '{"factors": 8, "clip": false}');
SELECT count(*) AS parts, bool_and(a.data = b.data) AS same FROM damped a JOIN again b USING (part, block) WHERE part <> 'header';

-- No other names.
SELECT FROM recsys_train('m', 'ratings', 'als', '{"list_score": "wish"}');
DROP SCHEMA list_score CASCADE;
