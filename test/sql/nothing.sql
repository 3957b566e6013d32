-- Nothing to work on, and lists longer than the catalogue: an error that says so, or an empty result.
SET client_min_messages = error;
CREATE SCHEMA nothing;
SET search_path = nothing, public;
CREATE TABLE empty (user_id int, item_id int, rating real);
CREATE TABLE unrated AS SELECT u AS user_id, i AS item_id, NULL::real AS rating FROM generate_series(1, 4) u, generate_series(1, 4) i;
CREATE TABLE one_row AS SELECT 1 AS user_id, 1 AS item_id, 3::real AS rating;
CREATE TABLE one_user AS SELECT 1 AS user_id, i AS item_id, (1 + i % 5)::real AS rating FROM generate_series(1, 9) i;
CREATE TABLE one_item AS SELECT u AS user_id, 1 AS item_id, (1 + u % 5)::real AS rating FROM generate_series(1, 9) u;
CREATE TABLE ratings AS SELECT u AS user_id, i AS item_id, (1 + (u * i) % 5)::real AS rating FROM generate_series(1, 12) u, generate_series(1, 9) i WHERE (u + i) % 3 > 0;
CREATE TABLE strangers AS SELECT u AS user_id, i AS item_id, 3::real AS rating FROM generate_series(1001, 1004) u, generate_series(1, 9) i;
CREATE TABLE goods AS SELECT i AS item_id, ARRAY['a', 'b'] AS tags FROM generate_series(1, 5) i;

-- Every algorithm, on next to nothing, in every way.
CREATE TABLE tried (what text, algorithm text, relation text, state text, message text);
CREATE FUNCTION try(what text, algorithm text, relation text, query text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
	count bigint;
BEGIN
	EXECUTE format('SELECT count(*) FROM (%s) q', query) INTO count;
	INSERT INTO tried VALUES (what, algorithm, relation, 'ok', count);
EXCEPTION WHEN OTHERS THEN
	INSERT INTO tried VALUES (what, algorithm, relation, SQLSTATE, replace(SQLERRM, relation, 'RELATION'));
END $$;
SELECT count(try(what, name, r, format(query, r, name, o.options))) > 1500 AS many
  FROM recsys_algorithms,
       LATERAL (SELECT CASE name WHEN 'content' THEN '{"items": "goods", "tag_cols": ["tags"]}'::jsonb ELSE '{}' END) o(options),
       unnest('{empty,unrated,one_row,one_user,one_item}'::text[]) r,
       (VALUES ('train', 'SELECT * FROM recsys_train(''%2$s_of_%1$s'', %1$L, %2$L, %3$L)'),
               ('evaluate', 'SELECT * FROM recsys_evaluate(%1$L, %2$L, %3$L)'),
               ('min_value', 'SELECT * FROM recsys_evaluate(%1$L, %2$L, %3$L::jsonb || ''{"min_value": 100}'')'),
               ('min_user_ratings', 'SELECT * FROM recsys_evaluate(%1$L, %2$L, %3$L::jsonb || ''{"min_user_ratings": 100}'')'),
               ('lists', 'SELECT * FROM recsys_evaluate(%1$L, %2$L, %3$L, n => 2147483647)'),
               ('per_user', 'SELECT * FROM recsys_evaluate(%1$L, %2$L, %3$L, ''{"method": "per_user"}'')'),
               ('leave_one_out', 'SELECT * FROM recsys_evaluate(%1$L, %2$L, %3$L, ''{"method": "leave_one_out", "sampled_negatives": 1000000}'')'),
               ('negatives', 'SELECT * FROM recsys_evaluate(%1$L, %2$L, %3$L, ''{"negatives": "empty"}'')'),
               ('users', 'SELECT * FROM recsys_evaluate(%1$L, %2$L, %3$L, ''{"method": "users"}'')'),
               ('temporal', 'SELECT * FROM recsys_evaluate(%1$L, %2$L, %3$L, ''{"method": "temporal", "time_col": "rating", "after": 0}'')'),
               ('given nothing', 'SELECT * FROM recsys_evaluate(%1$L, %2$L, %3$L, ''{"method": "given", "test": "empty"}'')'),
               ('given strangers', 'SELECT * FROM recsys_evaluate(%1$L, %2$L, %3$L, ''{"method": "given", "test": "strangers"}'')'),
               ('given itself', 'SELECT * FROM recsys_evaluate(%1$L, %2$L, %3$L, ''{"method": "given", "test": "%1$s"}'')'),
               ('grid search', 'SELECT * FROM recsys_grid_search(%1$L, %2$L, %3$L, ''ndcg@2147483647'')'),
               ('cross-validate', 'SELECT * FROM recsys_cross_validate(%1$L, %2$L, %3$L)'),
               ('folds', 'SELECT * FROM recsys_cross_validate(%1$L, %2$L, %3$L, 256)')) v(what, query);
SELECT relation, state, regexp_replace(message, '"\w+"', 'X', 'g') AS message, string_agg(DISTINCT what, ', ' ORDER BY what) AS what
  FROM tried WHERE state <> 'ok' GROUP BY 1, 2, 3 ORDER BY 1, 2, 3;
SELECT what, relation FROM tried WHERE state = 'ok' AND message::int < 1;

-- What these models serve: as many as there are, or nothing.
TRUNCATE tried;
SELECT count(recsys_train(name || '_of_ratings', 'ratings', name, CASE name WHEN 'content' THEN '{"items": "goods", "tag_cols": ["tags"]}'::jsonb ELSE '{}' END)) > 15 AS many FROM recsys_algorithms;
SELECT count(try(what, algorithm, items::text, format(query, model))) > 500 AS many
  FROM recsys_models JOIN pg_class c ON c.oid = model AND relnamespace = 'nothing'::regnamespace,
       (VALUES ('recommend', 'SELECT * FROM recsys_recommend(%1$L, 1, 2147483647, false)'),
               ('recommend none', 'SELECT * FROM recsys_recommend(%1$L, 1, 0)'),
               ('recommend to a stranger', 'SELECT * FROM recsys_recommend(%1$L, 77, 2147483647)'),
               ('recommend to all', 'SELECT * FROM recsys_recommend_all(%1$L, 2147483647, false)'),
               ('recommend none to all', 'SELECT * FROM recsys_recommend_all(%1$L, 0)'),
               ('similar items', 'SELECT * FROM recsys_similar_items(%1$L, 1, 2147483647)'),
               ('similar users', 'SELECT * FROM recsys_similar_users(%1$L, 1, 2147483647)'),
               ('live', 'SELECT * FROM item_knn_recommend(%1$L, 1, 2147483647, k => 2147483647, exclude_seen => false)'),
               ('evaluate on nothing', 'SELECT * FROM recsys_evaluate_model(%1$L, ''empty'')'),
               ('evaluate unrated', 'SELECT * FROM recsys_evaluate_model(%1$L, ''unrated'')'),
               ('evaluate on strangers', 'SELECT * FROM recsys_evaluate_model(%1$L, ''strangers'', n => 2147483647)')) v(what, query);
SELECT what, state, regexp_replace(message, '"\w+"', 'X', 'g') AS message, count(*) > 1 AS several
  FROM tried WHERE state <> 'ok' GROUP BY 1, 2, 3 ORDER BY 1, 2, 3;
SELECT what, bool_and(message::bigint <= CASE WHEN what LIKE '% none%' THEN 0 ELSE relation::bigint * 12 END) AS bounded FROM tried WHERE state = 'ok' AND what LIKE 'recommend%' GROUP BY 1 ORDER BY 1;

-- A list has the length that it can have; precision still divides by what was asked for.
SELECT n, metric, round(value::numeric, 4) AS value FROM unnest('{9,100,2147483647}'::int[]) n, recsys_evaluate('ratings', 'popular', '{}', n => n)
 WHERE metric IN ('precision', 'recall', 'ndcg', 'map', 'coverage') ORDER BY metric, n;
SELECT round(value::numeric, 4) AS value FROM recsys_grid_search('ratings', 'popular', '{}', 'recall@2147483647');

-- Items without a word, or no items at all.
CREATE TABLE no_goods (item_id int, tags text[]);
CREATE TABLE bare_goods AS SELECT i AS item_id, NULL::text[] AS tags FROM generate_series(1, 5) i;
SELECT FROM recsys_train('m', NULL, 'content', '{"items": "no_goods", "tag_cols": ["tags"]}');
SELECT FROM recsys_train('m', 'ratings', 'content', '{"items": "bare_goods", "tag_cols": ["tags"]}');

-- Many more items than were rated: lists of them are counted before they are made.
CREATE TABLE warehouse AS SELECT i AS item_id, ARRAY['a' || i % 7] AS tags FROM generate_series(1, 20000) i;
CREATE TABLE crowd AS SELECT u AS user_id, i AS item_id, (1 + (u * i) % 5)::real AS rating FROM generate_series(1, 3000) u, generate_series(1, 3) i;
SET maintenance_work_mem = '32MB';
SELECT count(*) FROM recsys_evaluate('crowd', 'content', '{"items": "warehouse", "tag_cols": ["tags"]}', n => 20000);
RESET maintenance_work_mem;

-- Live, of tables with next to nothing in them.
TRUNCATE tried;
SELECT count(try(what, similarity, r, format(query, r, similarity, score))) > 700 AS many
  FROM unnest('{empty,unrated,one_row,one_user,one_item}'::text[]) r,
       unnest('{cosine,cosine_common,adjusted_cosine,pearson,pearson_baseline,msd,jaccard,lift,dot}'::text[]) similarity,
       unnest('{weighted_mean,sum,average,centered,zscore,baseline}'::text[]) score,
       (VALUES ('item_knn', 'SELECT * FROM item_knn_recommend(%1$L, 1, 2147483647, similarity => %2$L, score => %3$L, k => 2147483647, min_k => 0, min_support => 0)'),
               ('user_knn', 'SELECT * FROM user_knn_recommend(%1$L, 1, 0, similarity => %2$L, score => %3$L, k => 2147483647)'),
               ('stranger', 'SELECT * FROM user_knn_recommend(%1$L, 77, 2147483647, similarity => %2$L, score => %3$L)'),
               ('similar', 'SELECT * FROM similar_items(%1$L, 1, 2147483647, similarity => %2$L)')) v(what, query);
SELECT state, message FROM tried WHERE state <> 'ok' GROUP BY 1, 2;

SET client_min_messages = warning;
DROP SCHEMA nothing CASCADE;
