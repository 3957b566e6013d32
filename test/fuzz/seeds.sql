-- One small model of every algorithm, and of what changes the form of a model:
-- the seeds of the fuzzer.
SET client_min_messages = warning;
CREATE EXTENSION recsys;
CREATE TABLE ratings AS SELECT u AS user_id, i AS item_id, (1 + (u * 7 + i * i) % 5)::float8 AS rating
  FROM generate_series(1, 9) u, generate_series(1, 10) i WHERE (u + i) % 4 <> 0;
CREATE TABLE texts AS SELECT 'user ' || user_id AS user_id, chr(96 + item_id) AS item_id, rating FROM ratings;
CREATE TABLE items AS SELECT i AS item_id, 'word' || i % 3 || ' and word' || i % 4 AS text FROM generate_series(1, 12) i;
SELECT count(recsys_train('m_' || name, 'ratings', name, CASE WHEN options @> '[{"name": "factors"}]' THEN '{"factors": 3}' ELSE '{}' END::jsonb ||
		CASE WHEN options @> '[{"name": "iterations"}]' THEN '{"iterations": 3}' ELSE '{}' END::jsonb)) AS trained
  FROM recsys_algorithms WHERE name NOT IN ('content', 'hybrid');
SELECT count(recsys_train(model, source, algorithm, options::jsonb)) AS trained FROM (VALUES
	('m_seen', 'ratings'::regclass, 'als', '{"factors": 2, "iterations": 2, "min_value": 3, "min_user_ratings": 4}'),
	('m_texts', 'texts'::regclass, 'als', '{"factors": 2, "iterations": 2}'),
	('m_lists', 'ratings', 'user_knn', '{"neighbors": 3, "score": "baseline"}'),
	('m_exact', 'ratings', 'item_knn', '{"neighbors": 0, "score": "zscore", "similarity": "pearson_baseline", "k": 2}'),
	('m_weighed', 'texts', 'item_knn', '{"neighbors": 0, "score": "sum", "weighting": "bm25", "min_k": 1}'),
	('m_shifts', 'ratings', 'slope_one', '{"weighted": true}'),
	('m_content', 'ratings', 'content', '{"items": "items", "text_cols": ["text"]}'),
	('m_standard', 'ratings', 'hybrid', '{"components": [{"algorithm": "svd", "options": {"factors": 3, "iterations": 2}}, {"algorithm": "item_knn"},
		{"algorithm": "content", "options": {"items": "items", "text_cols": ["text"]}}]}'),
	('m_rank', 'ratings', 'hybrid', '{"normalize": "rank", "components": [{"algorithm": "co_clustering"}, {"algorithm": "user_knn", "options": {"neighbors": 3}}, {"algorithm": "rp3beta"}]}'),
	('m_none', 'texts', 'hybrid', '{"normalize": "none", "components": [{"algorithm": "slope_one"}, {"algorithm": "baseline_als"}]}')) m(model, source, algorithm, options);
SELECT model FROM recsys_train('m_alone', NULL, 'content', '{"items": "items", "text_cols": ["text"]}');
