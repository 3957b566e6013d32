-- The table "Which algorithm?" of doc/performance.md.
CREATE TABLE bench.guide (place serial, algorithm text, data text, good_for text);
INSERT INTO bench.guide (algorithm, data, good_for) VALUES
('als', 'ratings', 'predicting ratings: accurate with its defaults'),
('svdpp', 'ratings', 'predicting ratings: the most accurate once tuned'),
('svd', 'ratings', 'predicting ratings: the fastest'),
('nmf', 'ratings', 'factors that can be read'),
('slope_one', 'ratings', 'nothing to tune'),
('co_clustering', 'ratings', 'very small models'),
('baseline_als', 'ratings', 'what the others must beat'),
('hybrid', 'both', 'the best there is, of several together'),
('ials', 'implicit', 'purchases, clicks, counts; by factors'),
('ease', 'implicit', 'lists, up to about 20,000 items'),
('slim', 'implicit', 'lists: the best on three of the seven sets above'),
('rp3beta', 'implicit', 'lists with very many items, and fast'),
('bpr', 'implicit', 'ranking by factors; very many users and items'),
('logistic_mf', 'implicit', 'preferences as probabilities'),
('item_knn', 'both', 'lists that can be explained: who likes this likes that'),
('user_knn', 'both', 'few users, many items'),
('content', 'texts, tags', 'new items, and similar items'),
('popular', 'both', 'visitors of whom nothing is known');

CREATE FUNCTION pg_temp.thousandths(value float8) RETURNS text LANGUAGE sql AS $$
	SELECT trim(LEADING '0' FROM round(value::numeric, 3)::text) $$;
WITH rmse AS (
	SELECT split_part(label, ',', 1) AS algorithm, min(rmse) AS rmse FROM bench.quality WHERE relation = 'ml1m' AND label NOT LIKE '%,%' GROUP BY 1),
ranked AS (
	SELECT g.algorithm, g.data_set, r.hits, r.ndcg FROM bench.ranking_goal g JOIN bench.ranking r USING (place) WHERE shown),
trained AS (
	SELECT substr(job, 7) AS algorithm, percentile_cont(.5) WITHIN GROUP (ORDER BY seconds) AS seconds
	  FROM bench.sample WHERE job LIKE 'train %' GROUP BY 1),
memory AS (SELECT algorithm, max(bytes) AS bytes FROM bench.memory WHERE options = '{}' AND ratings BETWEEN 1000000 AND 1001000 GROUP BY 1)
SELECT line FROM (
	SELECT 0 AS place, '| algorithm | data | MovieLens 1M | Gowalla | training, s | memory, MB | good for |' AS line
	UNION ALL SELECT 0, '|---|---|---|---|---|---|---|'
	UNION ALL
	SELECT place, format('| `%s` | %s | %s | %s | %s | %s | %s |', g.algorithm, g.data,
	       concat_ws('; ', 'RMSE ' || pg_temp.thousandths(q.rmse), pg_temp.thousandths(n.hits) || ' / ' || pg_temp.thousandths(n.ndcg)),
	       pg_temp.thousandths(w.hits) || ' / ' || pg_temp.thousandths(w.ndcg),
	       round(t.seconds::numeric, CASE WHEN t.seconds < 1 THEN 2 ELSE 1 END), round(m.bytes::numeric / 1024 / 1024), g.good_for)
	  FROM bench.guide g LEFT JOIN rmse q USING (algorithm) LEFT JOIN trained t USING (algorithm) LEFT JOIN memory m USING (algorithm)
	  LEFT JOIN ranked n ON n.algorithm = g.algorithm AND n.data_set = 'ncf'
	  LEFT JOIN ranked w ON w.algorithm = g.algorithm AND w.data_set = 'gowalla') lines
 ORDER BY place;
