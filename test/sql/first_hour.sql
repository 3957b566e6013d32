-- What somebody meets who tries recsys for the first time: nobody is left without
-- a list, arguments that are not given are the defaults, and messages say what
-- would be right.
SET client_min_messages = warning;
CREATE SCHEMA first_hour;
SET search_path = first_hour, public;
CREATE FUNCTION refusal(statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	detail text;
	hint text;
BEGIN
	EXECUTE statement;
	RETURN 'accepted';
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
	RETURN sqlstate || ' ' || sqlerrm || coalesce(E'\n  detail: ' || nullif(detail, ''), '') || coalesce(E'\n  hint: ' || nullif(hint, ''), '');
END $$;

--
-- A known user for whom the model has nothing gets the popular list, by every algorithm.
--

-- User 100 has items that nobody else has, user 101 has rated all that users like them have.
CREATE TABLE rated AS
SELECT u AS user_id, i AS item_id, (1 + abs(hashint4(u * 31 + i)) % 5)::real AS rating
  FROM generate_series(1, 40) u, generate_series(1, 20) i WHERE i <= 4 OR abs(hashint4(u * 1000 + i)) % (2 + i / 4) = 0
 UNION ALL SELECT 100, i, 3 FROM generate_series(900, 901) i UNION ALL SELECT 101, i, 3 FROM generate_series(1, 20) i;
CREATE TABLE goods AS SELECT i AS item_id, ARRAY[CASE WHEN i < 900 THEN 'a' || i % 3 ELSE 'z' || i END] AS tags FROM generate_series(1, 1000) i;
CREATE TABLE models AS
SELECT name, name || '_m' AS model, CASE name
       WHEN 'content' THEN '{"items": "goods", "tag_cols": ["tags"]}'
       WHEN 'gradient' THEN '{"list_score": "prediction"}'
       WHEN 'hybrid' THEN '{"components": [{"algorithm": "item_knn", "weight": 1}, {"algorithm": "slim", "weight": 1}]}' ELSE '{}' END::jsonb AS options
  FROM recsys_algorithms WHERE name <> 'auto';
SELECT count(*) = (SELECT count(*) FROM models) AS all_trained FROM models, recsys_train(model, 'rated', name, options);
CREATE TABLE popular AS SELECT item_id, count(*)::float8 AS ratings FROM rated GROUP BY 1;
CREATE TABLE lists AS
SELECT name, u AS user_id, n AS rank, r.* FROM models, unnest(ARRAY[1, 100, 101]) u,
       LATERAL ROWS FROM (recsys_recommend(model::regclass, u, 8)) WITH ORDINALITY r(item_id, score, basis, n);
-- who gets how many of what, without what they have
SELECT user_id, basis, count(*) AS items, string_agg(name, ' ' ORDER BY name) AS algorithms
  FROM (SELECT name, user_id, basis, count(*) FROM lists WHERE name NOT IN ('popular', 'normal') GROUP BY 1, 2, 3) l GROUP BY 1, 2 ORDER BY 1, 2;
SELECT count(*) AS seen FROM lists JOIN rated USING (user_id, item_id);
-- the popular list is what somebody unknown gets, less what is seen
SELECT name, user_id FROM lists l WHERE basis = 'popular' AND name NOT IN ('popular', 'normal') GROUP BY 1, 2
HAVING array_agg(item_id ORDER BY rank) <>
	   (SELECT array_agg(item_id) FROM (SELECT item_id FROM popular WHERE item_id NOT IN (SELECT item_id FROM rated r WHERE r.user_id = l.user_id) ORDER BY ratings DESC, item_id LIMIT 8) p)
	OR bool_or(score <> (SELECT ratings FROM popular p WHERE p.item_id = l.item_id));
SELECT DISTINCT basis, count(*) FROM recsys_recommend('item_knn_m', 100, 30, exclude_seen => false) GROUP BY 1;
-- one answer: for all users at once, by the k-NN functions on the model and on the table
SELECT DISTINCT coalesce(l.name, b.name) AS batch_differs FROM lists l FULL JOIN (SELECT name, b.* FROM models, recsys_recommend_all(model::regclass, 8) b WHERE user_id IN ('1', '100', '101')) b
    ON l.name = b.name AND l.user_id::text = b.user_id AND l.rank = b.rank WHERE (l.item_id::text = b.item_id AND abs(l.score - b.score) < 1e-6) IS NOT TRUE;
SELECT source, u, count(*), count(*) FILTER (WHERE basis = 'popular') AS popular,
       u = 1 OR array_agg(r.item_id ORDER BY n) = (SELECT array_agg(item_id ORDER BY rank) FROM lists WHERE name = 'item_knn' AND user_id = u) AS same
  FROM unnest('{item_knn_m,rated}'::regclass[]) source, unnest(ARRAY[1, 100]) u,
       LATERAL ROWS FROM (item_knn_recommend(source, u, 8)) WITH ORDINALITY r(item_id, score, basis, n)
 GROUP BY 1, 2 ORDER BY source::text, 2;
SELECT u, array_agg(item_id) AS popular FROM unnest(ARRAY[100, 999]) u, LATERAL item_knn_recommend('rated', u, 23) r GROUP BY 1 ORDER BY 1;
SELECT count(*) AS in_table, count(*) FILTER (WHERE item_id >= 900) AS seen FROM user_knn_recommend('rated', 100, 30, exclude_seen => false);
-- evaluation ranks the same: the one item asked for is the most popular that user 100 has not
CREATE TABLE asked AS SELECT 100 AS user_id, (SELECT item_id FROM lists WHERE name = 'slim' AND user_id = 100 AND rank = 1) AS item_id, 5::real AS rating;
SELECT name, metric, value > .9 AS first FROM models, recsys_evaluate_model(model::regclass, 'asked', 1) WHERE name IN ('slim', 'item_knn', 'user_knn', 'content') AND metric IN ('hit_rate', 'auc') ORDER BY 1, 2;
-- nothing asked for, nothing left
SELECT count(*) AS rows FROM recsys_recommend('slim_m', 100, 0);
SELECT count(*) AS rows, max(item_id) AS items FROM recsys_recommend('slim_m', 101, 100);

--
-- NULL is the default.
--
SELECT (SELECT count(*) FROM recsys_recommend('als_m', 1, n => NULL, exclude_seen => NULL)) AS recommend,
       (SELECT count(*) FROM recsys_recommend('als_m', '1', NULL)) AS of_text,
       (SELECT count(*) FROM mf_recommend('als_m', 1, NULL)) AS mf,
       (SELECT count(*) FROM recsys_recommend_all('als_m', NULL, NULL) WHERE user_id = '1') AS all_users,
       (SELECT count(*) FROM recsys_similar_items('als_m', 1, NULL, NULL)) AS similar_items, (SELECT count(*) FROM recsys_similar_users('als_m', 1, NULL)) AS similar_users,
       (SELECT count(*) FROM mf_similar_items('als_m', 1, NULL)) AS mf_similar,
       (SELECT count(*) FROM item_knn_recommend('rated', 1, NULL, exclude_seen => NULL)) AS item_knn, (SELECT count(*) FROM user_knn_recommend('user_knn_m', 1, NULL)) AS user_knn;
SELECT (SELECT count(*) FROM similar_items('rated', 1, NULL)) AS items, (SELECT count(*) FROM similar_users('user_knn_m', 1, NULL)) AS users;
SELECT count(*) AS differ FROM recsys_recommend('als_m', 1, exclude_seen => NULL) a FULL JOIN recsys_recommend('als_m', 1) b USING (item_id, score, basis) WHERE a IS NULL OR b IS NULL;
SELECT count(*) AS differ FROM recsys_evaluate('rated', 'popular', n => NULL) a FULL JOIN recsys_evaluate('rated', 'popular') b USING (metric, value) WHERE a IS NULL OR b IS NULL;
-- nobody is not somebody unknown
SELECT (SELECT count(*) FROM recsys_recommend('als_m', NULL::int)) + (SELECT count(*) FROM recsys_recommend(NULL, 1)) + (SELECT count(*) FROM recsys_recommend_all(NULL))
	 + (SELECT count(*) FROM recsys_similar_items('als_m', NULL::int)) + (SELECT count(*) FROM recsys_similar_users(NULL, 1)) AS rows;

--
-- One id is wanted.
--
\pset format unaligned
\pset tuples_only on
CREATE DOMAIN pair AS int[];
SELECT refusal(format('SELECT * FROM %s(%L, %s)', f, m, id))
  FROM (VALUES (1, 'recsys_recommend', 'als_m', 'ARRAY[1, 2]'), (2, 'recsys_similar_items', 'als_m', $$'{1,2}'::text[]$$), (3, 'item_knn_recommend', 'rated', 'ARRAY[1]'),
			   (4, 'similar_users', 'rated', $$'{1}'::pair$$), (5, 'recsys_recommend', 'als_m', 'ROW(1, 2)'), (6, 'mf_recommend', 'als_m', '(SELECT r FROM rated r LIMIT 1)')) c(n, f, m, id) ORDER BY n;
SELECT refusal('SELECT recsys_predict(''als_m'', ARRAY[1], 1)');
SELECT refusal('SELECT recsys_predict(''als_m'', 1, ARRAY[1])');
-- what the hint says
SELECT count(*) FROM unnest(ARRAY[1, 2]) AS id, LATERAL recsys_recommend('als_m', id, 3);

--
-- Names that are nearly right, and values that are not.
--
SELECT refusal($$ SELECT recsys_train('m', 'rated', 'ALS') $$);
SELECT refusal($$ SELECT recsys_train('m', 'rated', 'Item-KNN') $$);
SELECT refusal($$ SELECT recsys_train('m', 'rated', 'als', '{"FACTORS": 3}') $$);
SELECT refusal($$ SELECT recsys_train('m', 'rated', 'baseline_als', '{"reg_users": 0.1}') $$);
SELECT refusal($$ SELECT recsys_train('m', 'rated', 'gradient', '{"init_std": 0.1}') $$);
SELECT refusal($$ SELECT recsys_train('m', 'rated', 'item_knn', '{"similarity": "COSINE"}') $$);
SELECT refusal($$ SELECT recsys_train('m', 'rated', 'als', '{"what_is_this": 1}') $$);
SELECT refusal($$ SELECT recsys_train('m', 'rated', 'als', '{"factors": 3.5}') $$);
SELECT refusal($$ SELECT recsys_train('m', 'rated', 'als', '{"factors": "3"}') $$);
SELECT refusal($$ SELECT recsys_evaluate('rated', 'als', '{}', '{"seed": 1.5}') $$);
-- all columns that are not there, in one go
CREATE TABLE clicks (visitor int, item_id int);
SELECT refusal($$ SELECT recsys_train('m', 'clicks', 'ials') $$);
SELECT refusal($$ SELECT recsys_train('m', 'clicks', 'ials', rating_col => NULL) $$);
SELECT refusal($$ SELECT item_knn_recommend('clicks', 1, user_col => 'visitor', item_col => 'thing', rating_col => 'stars') $$);
SELECT refusal($$ SELECT recsys_evaluate('rated', 'als', '{}', '{"method": "Random"}') $$);
\pset format aligned
\pset tuples_only off

--
-- Queries over some hundred users, or a hundred thousand pairs, are not compiled: their cost is below jit_above_cost.
--
CREATE FUNCTION cost(query text) RETURNS float8 LANGUAGE plpgsql AS $$
DECLARE
	plan json;
BEGIN
	EXECUTE 'EXPLAIN (FORMAT json) ' || query INTO plan;
	RETURN plan -> 0 -> 'Plan' ->> 'Total Cost';
END $$;
CREATE TABLE users AS SELECT u FROM generate_series(1, 900) u;
CREATE TABLE pairs AS SELECT i AS user_id, i AS item_id FROM generate_series(1, 100000) i;
ANALYZE users, pairs;
SELECT query, cost(query) < current_setting('jit_above_cost')::float8 AS cheap
  FROM unnest(ARRAY['SELECT r.* FROM users, recsys_recommend(''als_m'', u) r', 'SELECT u, recsys_recommend(''als_m'', u) FROM users', 'SELECT recsys_similar_items(''als_m'', u) FROM users',
		'SELECT (SELECT count(*) FROM recsys_recommend(''als_m'', u)) FROM users', 'SELECT u, item_knn_recommend(''rated'', u) FROM users',
		'SELECT sum(recsys_predict(''als_m'', user_id, item_id)) FROM pairs']) query;

DROP SCHEMA first_hour CASCADE;
