-- What is measured of a model: members metrics, gain and exclude_seen of a split.
SET client_min_messages = warning;	-- on a slow machine it tells its progress
CREATE TABLE ratings AS
SELECT u AS user_id, i AS item_id, 1 + (u * 31 + i * 17 + u * i) % 5 AS rating
  FROM generate_series(1, 60) u, generate_series(1, 30) i WHERE (u * 13 + i * 7 + u * i) % (2 + i / 6) = 0;

-- Each metric alone is what it is among all, and nothing else is there.
CREATE TABLE whole AS
SELECT a AS algorithm, e.* FROM unnest('{als,ials,popular}'::text[]) a, recsys_evaluate('ratings', a, '{}', '{"method": "per_user", "seed": 3}', 5) e;
SELECT w.metric, count(*), bool_and(e.metric = w.metric AND e.value IS NOT DISTINCT FROM w.value AND e.popular IS NOT DISTINCT FROM w.popular) AS same
  FROM whole w, recsys_evaluate('ratings', w.algorithm, '{}', jsonb_build_object('method', 'per_user', 'seed', 3, 'metrics', ARRAY[w.metric]), 5) e
 GROUP BY 1 ORDER BY 1;
-- In their own order, each once; null where there is none, so that a table of algorithms has no gaps.
SELECT metric, value IS NULL AS undefined, popular IS NULL AS undefined_too
  FROM recsys_evaluate('ratings', 'ials', '{}', '{"method": "per_user", "seed": 3, "metrics": ["users", "ndcg", "rmse", "ndcg"]}', 5);
-- Grid search measures its own metric, whatever the split says.
SELECT g.value = w.value AS same FROM recsys_grid_search('ratings', 'als', '{}', 'map@5', '{"method": "per_user", "seed": 3, "metrics": ["auc"]}') g, whole w
 WHERE algorithm = 'als' AND metric = 'map';
SELECT * FROM recsys_evaluate('ratings', 'als', '{}', '{"metrics": []}');
SELECT * FROM recsys_evaluate('ratings', 'als', '{}', '{"metrics": "ndcg"}');
SELECT * FROM recsys_evaluate('ratings', 'als', '{}', '{"metrics": ["ndgc"]}');
SELECT * FROM recsys_evaluate('ratings', 'als', '{}', '{"metrics": ["ndcg", 5]}');

-- Gains by hand: the list is 1, 2, 3; held out are 1 with 3 stars, 2 with 5, 4 with 1, and 99, which training does not know, with 4.
-- Exponential: DCG = 7 + 31 / log2(3) = 26.5588, ideal = 31 + 15 / log2(3) + 7 / 2 = 43.9639.
-- Linear: 3 + 5 / log2(3) = 6.1546, ideal = 5 + 4 / log2(3) + 3 / 2 = 9.0237.
CREATE TABLE train AS SELECT i * 10 + k AS user_id, i AS item_id, 3 AS rating FROM generate_series(1, 6) i, generate_series(1, 7 - i) k;
CREATE TABLE test AS SELECT * FROM (VALUES (1000, 1, 3), (1000, 2, 5), (1000, 4, 1), (1000, 99, 4)) v(user_id, item_id, rating);
CREATE FUNCTION ndcg(split jsonb, algorithm text DEFAULT 'popular', relation regclass DEFAULT 'train', n int DEFAULT 3) RETURNS float8 LANGUAGE sql AS $$
	SELECT value FROM recsys_evaluate(relation, algorithm, '{}', '{"method": "given", "test": "test", "metrics": ["ndcg"]}' || split, n) $$;
SELECT round(ndcg('{"gain": "exponential"}')::numeric, 6) AS exponential, round(26.558822 / 43.963946, 6) AS by_hand,
       round(ndcg('{"gain": "linear"}')::numeric, 6) AS linear, round(6.154649 / 9.023719, 6) AS by_hand;
SELECT ndcg('{"gain": "binary"}') = ndcg('{}') AS default_is_binary, ndcg('{}') = ndcg_at_k(ARRAY[1, 2, 3], ARRAY[1, 2, 4, 99], 3) AS as_at_k;
-- What is below relevant_from has no gain, neither in the list nor in the ideal one.
SELECT round(ndcg('{"gain": "linear", "relevant_from": 4}')::numeric, 6) AS from_4, round(5 / 1.584963 / (5 + 4 / 1.584963), 6) AS by_hand;
-- The other metrics do not depend on gains.
SELECT bool_and(g.value = b.value) AS same, count(*)
  FROM recsys_evaluate('train', 'popular', '{}', '{"method": "given", "test": "test", "gain": "exponential"}', 3) g
  JOIN recsys_evaluate('train', 'popular', '{}', '{"method": "given", "test": "test"}', 3) b USING (metric) WHERE metric <> 'ndcg';
-- Where all ratings are 1, all gains are the same.
UPDATE test SET rating = 1;
SELECT ndcg('{"gain": "exponential"}') = ndcg('{}') AS exponential, ndcg('{"gain": "linear"}') = ndcg('{}') AS linear;
-- A rating of 0 has no gain: someone without any is left out of the mean of ndcg, and nothing else.
UPDATE test SET rating = 0;
INSERT INTO test VALUES (1001, 1, 2), (1001, 3, 2);
SELECT FROM recsys_train('m', 'train', 'baseline_als');
SELECT ndcg('{"gain": "linear"}', 'baseline_als', 'train', 6) = (SELECT ndcg_at_k(array_agg(item_id), ARRAY[1, 3], 6) FROM recsys_recommend('m', 1001, 6)) AS of_one,
       (SELECT value FROM recsys_evaluate('train', 'baseline_als', '{}', '{"method": "given", "test": "test", "gain": "linear"}') WHERE metric = 'users') AS users;
DELETE FROM test WHERE user_id = 1001;
SELECT ndcg('{"gain": "linear"}', 'baseline_als') IS NULL AS nobody;
-- Of a negative rating there is no gain, unless it is not relevant; nor of one to whose power 2 is too much.
UPDATE test SET rating = CASE WHEN item_id = 99 THEN -1 ELSE 3 END;
SELECT ndcg('{"gain": "linear"}', 'baseline_als');
SELECT ndcg('{"gain": "linear", "relevant_from": 0}', 'baseline_als') BETWEEN 0 AND 1 AS not_relevant;
UPDATE test SET rating = 101 WHERE item_id = 99;
SELECT ndcg('{"gain": "exponential"}', 'baseline_als');
SELECT ndcg('{"gain": "linear"}', 'baseline_als') BETWEEN 0 AND 1 AS linear;
SELECT ndcg('{"gain": "graded"}');
SELECT ndcg('{"gain": 2}');
-- Grid search and drawn negatives have them too.
UPDATE test SET rating = item_id % 5 + 1;
SELECT g.value = ndcg('{"gain": "exponential"}') AS grid,
       ndcg('{"gain": "exponential", "sampled_negatives": 1000}') = ndcg('{"gain": "exponential"}') AS all_drawn
  FROM recsys_grid_search('train', 'popular', '{}', 'ndcg@3', '{"method": "given", "test": "test", "gain": "exponential"}') g;

-- Grid search leaves out what is impossible, or too large, and says so; if nothing is possible, that is the error.
SET client_min_messages = notice;
SELECT options FROM recsys_grid_search('ratings', 'gradient', '{"factors": [2, 3], "init_stddev": [0, 0.1], "iterations": 2}') ORDER BY 1;
SELECT options FROM recsys_grid_search('ratings', 'als', '{"factors": [2, 0], "iterations": 2}', 'ndcg') ORDER BY 1;
SELECT options FROM recsys_grid_search('ratings', 'als', '{"factors": [0, -1]}');
SELECT options FROM recsys_grid_search('ratings', 'als', '{"factor": [3, 4]}');
SET maintenance_work_mem = '2MB';
SELECT options FROM recsys_grid_search('ratings', 'als', '{"factors": [4, 2047], "iterations": 1}') ORDER BY 1;
\set VERBOSITY terse
SELECT options FROM recsys_grid_search('ratings', 'als', '{"factors": [2046, 2047]}');
\set VERBOSITY default
RESET maintenance_work_mem;
SET client_min_messages = warning;

-- Repeats: what users have in training may be recommended, and is relevant where it is in the test again.
CREATE TABLE bought AS SELECT u AS user_id, (u * k) % 12 AS item_id FROM generate_series(1, 40) u, generate_series(1, 4) k GROUP BY 1, 2;
CREATE TABLE again AS SELECT * FROM bought WHERE (user_id + item_id) % 3 = 0 UNION SELECT u, (u * 5) % 12 FROM generate_series(1, 40) u;
CREATE FUNCTION repeats(split jsonb) RETURNS TABLE (metric text, value float8) LANGUAGE sql AS $$
	SELECT metric, value FROM recsys_evaluate('bought', 'item_knn', '{}', '{"method": "given", "test": "again"}' || split, 5, rating_col => NULL) $$;
SELECT FROM recsys_train('m', 'bought', 'item_knn', rating_col => NULL);
CREATE TABLE by_hand AS
SELECT avg(ndcg_at_k(list, items, 5)) AS ndcg, avg(recall_at_k(list, items, 5)) AS recall, avg(hit_at_k(list, items, 5)) AS hit_rate, count(*)::float8 AS users
  FROM (SELECT user_id, array_agg(item_id) AS items FROM again GROUP BY 1) a,
       LATERAL (SELECT array_agg(item_id ORDER BY place) AS list FROM recsys_recommend('m', user_id, 5, false) WITH ORDINALITY r(item_id, score, basis, place)) l;
SELECT r.metric, abs(r.value - (to_jsonb(h)->>r.metric)::float8) < 1e-12 AS as_by_hand FROM by_hand h, repeats('{"exclude_seen": false}') r
 WHERE metric IN ('ndcg', 'recall', 'hit_rate', 'users') ORDER BY 1;
-- Drawn negatives: there are too few others, so all items are ranked.
SELECT bool_and(abs(a.value - b.value) < 1e-12) AS same, count(*)
  FROM repeats('{"exclude_seen": false, "sampled_negatives": 100}') a JOIN repeats('{"exclude_seen": false}') b USING (metric);
-- By default repeats are left out, and said.
SET client_min_messages = notice;
SELECT a.value = b.value AS default_is_true FROM repeats('{}') a JOIN repeats('{"exclude_seen": true}') b USING (metric) WHERE metric = 'ndcg';
SET client_min_messages = warning;
-- Other methods hold nothing out that is also in training: the users' own items are only in the way.
SELECT split->>'method' AS method, max(value) FILTER (WHERE seen) < max(value) FILTER (WHERE NOT seen) AS in_the_way
  FROM unnest('{"{\"method\": \"leave_one_out\"}", "{\"method\": \"users\"}"}'::jsonb[]) split, unnest('{true,false}'::bool[]) seen,
       recsys_evaluate('bought', 'item_knn', '{}', split || jsonb_build_object('exclude_seen', NOT seen), 5, rating_col => NULL) e
 WHERE metric = 'hit_rate' GROUP BY 1 ORDER BY 1;
SELECT * FROM recsys_evaluate('bought', 'item_knn', '{}', '{"exclude_seen": "no"}', rating_col => NULL);

-- Diversity: of short lists it is that of all, whatever the seed; of long ones that differ a sample has to do.
CREATE TABLE dense AS SELECT u AS user_id, i AS item_id, 1 + (u + i) % 5 AS rating FROM generate_series(1, 1600) u, generate_series(1, 1200) i WHERE hashint4(u * 7001 + i) % 4 = 0;
CREATE TABLE dense_test AS SELECT u AS user_id, 1 AS item_id, 5 AS rating FROM generate_series(1, 1600) u WHERE hashint4(u * 7001 + 1) % 4 <> 0;
CREATE TABLE dense_others AS SELECT u AS user_id, i AS item_id FROM generate_series(1, 1600) u, generate_series(1, 1200) i WHERE hashint4(u * 5003 + i) % 5 = 0;
CREATE TABLE diversities AS
SELECT n, seed, value FROM unnest('{5,150}'::int[]) n, unnest('{1,2}'::int[]) seed,
       recsys_evaluate('dense', 'popular', '{}', jsonb_build_object('method', 'given', 'test', 'dense_test', 'negatives', 'dense_others', 'seed', seed, 'metrics', ARRAY['diversity']), n);
SELECT n, count(DISTINCT value) AS values, max(value) - min(value) < .005 AS near FROM diversities GROUP BY 1 ORDER BY 1;

DROP FUNCTION ndcg, repeats;
DROP TABLE ratings, whole, train, test, bought, again, by_hand, m, dense, dense_test, dense_others, diversities;
