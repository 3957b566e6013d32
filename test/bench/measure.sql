-- The measurements.
\set ON_ERROR_STOP on
SET client_min_messages = warning;
\o /dev/null

-- Reading: what training takes before its first iteration.
SELECT FROM recsys_train('read', 'ml1m', 'baseline_als', '{"iterations": 3, "keep_versions": 1}');
CREATE TEMP TABLE round AS SELECT generate_series(1, :runs) AS i;
DO $$
DECLARE i int;
BEGIN
	FOR i IN SELECT round.i FROM round LOOP
		PERFORM recsys_retrain('read');
		INSERT INTO bench.sample
		SELECT 'read', (SELECT seconds FROM recsys_training_log('read') WHERE iteration = 1)
		               - (SELECT min(s) FROM bench.iterations('read') s);
	END LOOP;
END $$;
CALL bench.measure('scan', 'SELECT count(user_id), count(item_id), sum(rating::float8) FROM ml1m', :runs);

CALL bench.measure('cosine', $$SELECT recsys_train('cosine_1m', 'ml1m', 'item_knn',
	'{"similarity": "cosine", "score": "sum", "neighbors": 50, "keep_versions": 1}')$$, :runs);
CALL bench.measure('svd', $$SELECT recsys_train('svd', 'ml1m', 'svd', '{"keep_versions": 1}')$$, :runs);
CALL bench.measure('svd64', $$SELECT recsys_train('svd64', 'ml1m', 'svd',
	'{"factors": 64, "keep_versions": 1}')$$, :runs);
INSERT INTO bench.sample SELECT 'svd64_epoch', bench.iterations('svd64');
SELECT FROM recsys_train('als', 'ml1m', 'als', '{"factors": 64, "keep_versions": 1}');
INSERT INTO bench.sample SELECT 'als_iteration', bench.iterations('als');

-- The same without workers.
SET max_parallel_maintenance_workers = 0;
SELECT FROM recsys_train('svd64', 'ml1m', 'svd', '{"factors": 64, "keep_versions": 1}');
INSERT INTO bench.sample SELECT 'svd64_epoch_alone', bench.iterations('svd64');
SELECT FROM recsys_train('als', 'ml1m', 'als', '{"factors": 64, "keep_versions": 1}');
INSERT INTO bench.sample SELECT 'als_iteration_alone', bench.iterations('als');
CALL bench.measure('cosine_alone', $$SELECT recsys_train('cosine_1m', 'ml1m', 'item_knn',
	'{"similarity": "cosine", "score": "sum", "neighbors": 50, "keep_versions": 1}')$$, :runs);
RESET max_parallel_maintenance_workers;

-- Training of every algorithm with its defaults: ratings, or weights.
CREATE TEMP TABLE trained AS
SELECT name AS algorithm, feedback <> 'implicit' AND name NOT IN ('popular', 'item_knn', 'user_knn') AS ratings
  FROM recsys_algorithms WHERE name NOT IN ('content', 'normal', 'baseline_sgd');
DO $$
DECLARE t record; start timestamptz;
BEGIN
	SET LOCAL maintenance_work_mem = '1GB';
	FOR t IN SELECT trained.* FROM trained, round WHERE i <= 3 LOOP
		start := clock_timestamp();
		PERFORM recsys_train('timed', 'ml1m', t.algorithm, '{"keep_versions": 1}', rating_col => CASE WHEN t.ratings THEN 'rating'::name END);
		INSERT INTO bench.sample VALUES ('train ' || t.algorithm, extract(epoch FROM clock_timestamp() - start));
	END LOOP;
END $$;

-- What the implicit library does too: an iteration of ials with weights by the
-- rating, an epoch of bpr, and lists for everybody.
SELECT FROM recsys_train('ials64', 'ml1m', 'ials', '{"weighting": "hu_koren", "factors": 64, "keep_versions": 1}');
INSERT INTO bench.sample SELECT 'ials64', bench.iterations('ials64');
SELECT FROM recsys_train('ials128', 'ml1m', 'ials', '{"weighting": "hu_koren", "factors": 128, "keep_versions": 1}');
INSERT INTO bench.sample SELECT 'ials128', bench.iterations('ials128');
SELECT FROM recsys_train('bpr', 'ml1m', 'bpr', '{"factors": 63, "iterations": 20, "keep_versions": 1}');
INSERT INTO bench.sample SELECT 'bpr', bench.iterations('bpr');
CALL bench.measure('recommend_all', $$SELECT count(*) FROM recsys_recommend_all('ials64', 10)$$, :runs);

-- What all metrics of lists cost, beside one alone.
CALL bench.measure('evaluate', $$SELECT count(*) FROM recsys_evaluate('ml1m', 'popular')$$, 3);
CALL bench.measure('evaluate_ndcg', $$SELECT count(*) FROM recsys_evaluate('ml1m', 'popular', '{}', '{"metrics": ["ndcg"]}')$$, 3);

-- Items by their texts: 50,000 of 55 words, by the frequencies of a language.
CREATE TABLE bench.text AS
WITH word AS (
	SELECT w, row_number() OVER () - 1 AS n
	  FROM (SELECT DISTINCT w FROM pg_catalog.pg_description, regexp_split_to_table(description, '\W+') w WHERE w ~ '^[a-zA-Z]{3,}$') d),
place AS (
	SELECT item_id, floor(power(random(), 3) * (SELECT count(*) FROM word)) AS n
	  FROM generate_series(1, 50000) item_id, generate_series(1, 55))
SELECT item_id, string_agg(w, ' ') AS text FROM place JOIN word USING (n) GROUP BY 1;
CALL bench.measure('content', $$SELECT recsys_train('content', NULL, 'content', '{"items": "bench.text", "text_cols": ["text"], "keep_versions": 1}')$$, 3);

-- slim on sparse data: 285,000 rows of 40,000 users and 105,000 items, a few of which are popular.
CREATE TABLE bench.sparse AS
SELECT floor(40000 * power(random(), 1.5))::int AS user_id, floor(105000 * power(random(), 1.7))::int AS item_id
  FROM generate_series(1, 285000) GROUP BY 1, 2;
SET maintenance_work_mem = '1GB';
CALL bench.measure('slim_sparse', $$SELECT recsys_train('slim_sparse', 'bench.sparse', 'slim', '{"keep_versions": 1}', rating_col => NULL)$$, 1);
RESET maintenance_work_mem;

-- Serving: one user a time, with the model in the cache.
SELECT FROM recsys_train('als128', 'ml1m', 'als', '{"factors": 128, "iterations": 2, "keep_versions": 1}');
SELECT FROM recsys_recommend('als128', 1);
DO $$
DECLARE u int; start timestamptz;
BEGIN
	FOR u IN SELECT DISTINCT user_id FROM ml1m WHERE user_id % 30 = 0 LOOP
		start := clock_timestamp();
		PERFORM FROM recsys_recommend('als128', u);
		INSERT INTO bench.sample VALUES ('recommend', extract(epoch FROM clock_timestamp() - start));
	END LOOP;
END $$;
SELECT FROM recsys_recommend('cosine_1m', 1);
DO $$
DECLARE u int; start timestamptz;
BEGIN
	FOR u IN SELECT DISTINCT user_id FROM ml1m WHERE user_id % 30 = 0 LOOP
		start := clock_timestamp();
		PERFORM FROM recsys_recommend('cosine_1m', u);
		INSERT INTO bench.sample VALUES ('recommend_knn', extract(epoch FROM clock_timestamp() - start));
	END LOOP;
END $$;
DO $$
DECLARE u int; start timestamptz;
BEGIN
	FOR u IN SELECT DISTINCT user_id FROM ml1m WHERE user_id % 30 = 0 LOOP
		start := clock_timestamp();
		PERFORM item_id, score FROM
			(SELECT f.id AS item_id, f.bias + (SELECT sum(p * q) FROM unnest(f.factors, v.factors) AS x(p, q)) AS score
			   FROM (SELECT * FROM recsys_factors('als128', 'user') WHERE id = u::text) v,
			        recsys_factors('als128', 'item') f) s
		 WHERE NOT EXISTS (SELECT FROM ml1m r WHERE r.user_id = u AND r.item_id = s.item_id::int)
		 ORDER BY score DESC LIMIT 10;
		INSERT INTO bench.sample VALUES ('recommend_sql', extract(epoch FROM clock_timestamp() - start));
		EXIT WHEN u % 300 = 0;
	END LOOP;
END $$;

-- All pairs by Pearson, against the join anybody would write.
CALL bench.measure('pearson', $$SELECT recsys_train('pearson', 'ml100k', 'item_knn',
	'{"similarity": "pearson", "neighbors": 50, "keep_versions": 1}')$$, :runs);
CALL bench.measure('cosine100k', $$SELECT recsys_train('cosine', 'ml100k', 'item_knn',
	'{"similarity": "cosine", "neighbors": 50, "keep_versions": 1}')$$, :runs);
CALL bench.measure('cosine100k_sql', $$SELECT count(cosine) FROM (
	SELECT cosine_sim(a.rating, b.rating) AS cosine FROM ml100k a JOIN ml100k b USING (user_id)
	 WHERE a.item_id < b.item_id GROUP BY a.item_id, b.item_id) p$$, 1);
CALL bench.measure('pearson_sql', $$SELECT count(corr) FROM (
	SELECT corr(a.rating, b.rating) FROM ml100k a JOIN ml100k b USING (user_id)
	 WHERE a.item_id < b.item_id GROUP BY a.item_id, b.item_id) p$$, 1);
