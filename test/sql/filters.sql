-- Which rows count: min_value, binarize, min_user_ratings, min_item_ratings.

CREATE TABLE ratings AS
SELECT u AS user_id, i AS item_id, 1 + (u * 7 + i * 13 + u * i) % 5 AS rating
  FROM generate_series(1, 60) u, generate_series(1, 40) i
 WHERE u * i < 300 + (u * 7 + i * 3) % 50;

-- The largest part in which every user has a ratings and every item b: by
-- taking out those with fewer until none is left.
CREATE FUNCTION core(a int, b int, OUT users bigint, OUT items bigint, OUT ratings bigint) LANGUAGE plpgsql AS $$
DECLARE gone bigint := 1; n bigint;
BEGIN
	DROP TABLE IF EXISTS left_over;
	CREATE TEMP TABLE left_over AS TABLE ratings;
	WHILE gone > 0 LOOP
		DELETE FROM left_over WHERE user_id IN (SELECT user_id FROM left_over GROUP BY 1 HAVING count(*) < a);
		GET DIAGNOSTICS gone = ROW_COUNT;
		DELETE FROM left_over WHERE item_id IN (SELECT item_id FROM left_over GROUP BY 1 HAVING count(*) < b);
		GET DIAGNOSTICS n = ROW_COUNT;
		gone := gone + n;
	END LOOP;
	SELECT count(DISTINCT user_id), count(DISTINCT item_id), count(*) INTO users, items, ratings FROM left_over;
END $$;
SET client_min_messages = warning;
SELECT a, b, c.*, (c.users, c.items, c.ratings) = (t.users, t.items, t.ratings) AS same
  FROM (VALUES (1, 1), (1, 20), (15, 1), (8, 9), (12, 12)) v(a, b), core(a, b) c,
       recsys_train('m', 'ratings', 'baseline_als', jsonb_build_object('min_user_ratings', a, 'min_item_ratings', b)) t;

-- The model is that of what is left, whoever reads it and shares the work.
SELECT FROM core(8, 9);
CREATE TABLE kept AS TABLE left_over;
SET recsys.ratings_per_worker = 50;
SET min_parallel_table_scan_size = 1;
SELECT FROM recsys_train('all_of_it', 'ratings', 'als', '{"min_user_ratings": 8, "min_item_ratings": 9}');
SELECT FROM recsys_train('kept_only', 'kept', 'als');
SELECT count(*) > 2 AS parts, bool_and(a.data = b.data) AS same
  FROM (SELECT * FROM all_of_it WHERE part <> 'header') a
  FULL JOIN (SELECT * FROM kept_only WHERE part <> 'header') b USING (part, block);
RESET recsys.ratings_per_worker;
RESET min_parallel_table_scan_size;
SELECT users, items FROM recsys_train('m', 'ratings', 'als', '{"min_user_ratings": 100}');

-- min_value is of rows, and comes before all else; binarize makes weights.
CREATE VIEW liked AS SELECT user_id, item_id, 1 AS rating FROM ratings WHERE rating >= 4;
SELECT t.users = count(DISTINCT user_id) AS users, t.ratings = count(*) AS ratings
  FROM ratings, recsys_train('m', 'ratings', 'svd', '{"min_value": 4, "iterations": 1}') t WHERE rating >= 4 GROUP BY t.users, t.ratings;
DROP TABLE all_of_it, kept_only;
SELECT FROM recsys_train('all_of_it', 'ratings', 'item_knn', '{"min_value": 4, "binarize": true}');
SELECT FROM recsys_train('kept_only', 'liked', 'item_knn', rating_col => NULL);
SELECT count(*) > 2 AS parts, bool_and(a.data = b.data) AS same
  FROM (SELECT * FROM all_of_it WHERE part <> 'header') a
  FULL JOIN (SELECT * FROM kept_only WHERE part <> 'header') b USING (part, block);
SELECT FROM recsys_train('m', 'ratings', 'als', '{"binarize": true}');
SELECT FROM recsys_train('m', 'ratings', 'als', '{"min_value": 10}');
SELECT FROM recsys_train('m', 'ratings', 'als', '{"min_value": "a"}');
SELECT FROM recsys_train('m', 'ratings', 'als', '{"min_user_ratings": 0}');
DROP TABLE m, all_of_it, kept_only, kept;
DROP VIEW liked;
DROP TABLE ratings;
DROP FUNCTION core;
