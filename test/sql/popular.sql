-- Popularity: scores in closed form, the same for everybody.
SET client_min_messages = warning;	-- on a slow machine training tells its progress
CREATE SCHEMA popular;
SET search_path = popular, public;
CREATE TABLE ratings (user_id int, item_id int, rating float8, at timestamptz, day int, noted timestamp);
INSERT INTO ratings
SELECT u, i, 1 + (u * 7 + i * 3 + u * i) % 5, '2024-03-01 12:00+00'::timestamptz - ((u * 5 + i * 11) % 90) * interval '1 day',
       1000 - (u * 5 + i * 11) % 90, '2024-03-01 12:00'::timestamp - ((u * 5 + i * 11) % 90) * interval '1 day'
  FROM generate_series(1, 40) u, generate_series(1, 15) i WHERE (u * u + 3 * i) % 7 < 2 + i % 4;
CREATE VIEW clicks AS SELECT user_id, item_id, at, day FROM ratings;

-- Every item has the score that a query gives it, for a user who was there and
-- for one who was not, whatever the order of the rows.
CREATE VIEW shuffled AS SELECT * FROM ratings ORDER BY md5(user_id || ' ' || item_id);
CREATE FUNCTION differs(options jsonb, query text, relation regclass = 'ratings', rating_col name = 'rating', OUT items bigint, OUT wrong bigint, OUT order_matters bool)
LANGUAGE plpgsql AS $$
BEGIN
	PERFORM recsys_train('m', relation, 'popular', options, rating_col => rating_col);
	EXECUTE format('SELECT count(*), count(*) FILTER (WHERE r.score IS NULL OR q.score IS NULL OR s.score IS DISTINCT FROM r.score
			OR abs(r.score - q.score) > 1e-5 * q.score OR recsys_predict(''m'', 1, q.item_id) <> r.score)
		FROM (%s) q FULL JOIN recsys_recommend(''m'', 12345, 1000) r USING (item_id)
		FULL JOIN recsys_recommend(''m'', 1, 1000, exclude_seen => false) s USING (item_id)', query) INTO items, wrong;
	IF relation = 'ratings'::regclass THEN
		PERFORM recsys_train('n', 'shuffled', 'popular', options, rating_col => rating_col);
		order_matters := (SELECT bool_or(m.data <> n.data) FROM m FULL JOIN n USING (part, block) WHERE part <> 'header');
		DROP TABLE n;
	END IF;
	DROP TABLE m;
END $$;
SELECT * FROM differs('{}', 'SELECT item_id, count(*) AS score FROM ratings GROUP BY 1');
SELECT * FROM differs('{"score": "count"}', 'SELECT item_id, count(*) AS score FROM ratings GROUP BY 1', rating_col => NULL);
SELECT * FROM differs('{"score": "mean"}', 'SELECT item_id, avg(rating) AS score FROM ratings GROUP BY 1');
SELECT * FROM differs('{"score": "weighted", "min_votes": 7.5}',
	'SELECT item_id, weighted_rating(rating, 7.5, (SELECT avg(rating) FROM ratings)) AS score FROM ratings GROUP BY 1');
SELECT * FROM differs('{"score": "weighted"}',
	'SELECT item_id, weighted_rating(rating, (SELECT percentile_cont(.9) WITHIN GROUP (ORDER BY n) FROM (SELECT count(*) AS n FROM ratings GROUP BY item_id) c),
		(SELECT avg(rating) FROM ratings)) AS score FROM ratings GROUP BY 1');
SELECT quantile, d.* FROM unnest('{0,.37,1}'::float8[]) quantile,
	differs(jsonb_build_object('score', 'weighted', 'vote_quantile', quantile), format(
	'SELECT item_id, weighted_rating(rating, (SELECT percentile_cont(%s) WITHIN GROUP (ORDER BY n) FROM (SELECT count(*) AS n FROM ratings GROUP BY item_id) c),
		(SELECT avg(rating) FROM ratings)) AS score FROM ratings GROUP BY 1', quantile)) d;

-- Trending: by the newest row, in days or in the unit of the column.
\set by_days 'SELECT item_id, sum(power(2, -extract(epoch FROM (SELECT max(at) FROM ratings) - at) / 86400 / %s)) AS score FROM ratings GROUP BY 1'
SELECT * FROM differs('{"score": "trending", "time_col": "at", "half_life": 10}', format(:'by_days', 10), rating_col => NULL);
SELECT * FROM differs('{"score": "trending", "time_col": "at"}', format(:'by_days', 30), rating_col => NULL);
SELECT * FROM differs('{"score": "trending", "time_col": "noted"}', format(:'by_days', 30), rating_col => NULL);
SELECT * FROM differs('{"score": "trending", "time_col": "day", "half_life": 30}', format(:'by_days', 30), rating_col => NULL);
SELECT * FROM differs('{"score": "trending", "time_col": "at"}', format(:'by_days', 30), 'clicks', rating_col => NULL);
CREATE VIEW dated AS SELECT user_id, item_id, rating, at::date AS on_day, day::numeric AS n, day::real AS f FROM ratings;
\set by_weight 'SELECT item_id, sum(rating * power(2, (day - (SELECT max(day) FROM ratings)) / 30.0)) AS score FROM ratings GROUP BY 1'
SELECT time_col, d.* FROM unnest('{on_day,n,f}'::text[]) time_col,
	differs(jsonb_build_object('score', 'trending', 'time_col', time_col, 'half_life', 30), :'by_weight', 'dated') d;
-- what is binarized counts 1; what is left out does not say what is the newest
SELECT * FROM differs('{"score": "trending", "time_col": "day", "half_life": 30, "binarize": true}', format(:'by_days', 30));
SELECT * FROM differs('{"score": "trending", "time_col": "day", "half_life": 30, "min_value": 4}',
	'WITH r AS (SELECT * FROM ratings WHERE rating >= 4)
	 SELECT item_id, sum(rating * power(2, (day - (SELECT max(day) FROM r)) / 30.0)) AS score FROM r GROUP BY 1');

-- Several rows for one user and item, merged as they are otherwise; rows
-- without a time have as good as no weight, and infinity is now.
CREATE TABLE events (user_id int, item_id int, rating float8, at timestamp, day int);
INSERT INTO events VALUES (1, 1, 4, '2024-01-10', 10), (1, 1, 6, '2024-01-08', 8), (2, 1, 2, '2024-01-06', 6), (2, 2, 1, NULL, NULL), (3, 2, 3, '2024-01-10', 10),
	(3, 3, NULL, '2024-02-01', 30), (4, 4, 5, '-infinity', -2147483648), (5, 4, 1, '2024-01-09', 9), (1, 5, 1, 'infinity', 10);
CREATE FUNCTION trend(options jsonb, rating_col name = 'rating') RETURNS text LANGUAGE plpgsql AS $$
BEGIN
	PERFORM recsys_train('t', 'events', 'popular', '{"score": "trending", "half_life": 2}' || options, rating_col => rating_col);
	RETURN (SELECT string_agg(item_id || ': ' || round(score::numeric, 4), ', ' ORDER BY item_id) FROM recsys_recommend('t', 9));
END $$;
-- item 1 has the rows 4, 6/2 and 2/4, the first two of them of one user
SELECT policy, trend(jsonb_build_object('time_col', col, 'duplicates', policy)) AS scores, col
  FROM unnest('{sum,mean,max,min,first,last}'::text[]) policy, unnest('{at,day}'::text[]) col ORDER BY col, policy;
SELECT trend('{"time_col": "day"}', NULL) AS "each row 1", trend('{"time_col": "day", "binarize": true}') AS "each pair 1, by its newest row";
-- so old that nothing is left is still no error
UPDATE events SET at = '0001-01-01' WHERE user_id = 3;
SELECT trend('{"time_col": "at", "half_life": 0.00001}', NULL);
UPDATE events SET at = NULL, day = NULL;
SELECT trend('{"time_col": "at"}', NULL) = trend('{"time_col": "day"}', NULL) AS "no times";

-- Only what is trained on counts, and says what is the newest.
SELECT items FROM recsys_train('pruned', 'ratings', 'popular', '{"score": "trending", "time_col": "day", "half_life": 20, "min_item_ratings": 22}');
UPDATE ratings SET day = 1100 WHERE item_id = (SELECT item_id FROM ratings GROUP BY 1 ORDER BY count(*), 1 LIMIT 1);
SELECT items FROM recsys_retrain('pruned');
SELECT count(*) AS items, bool_and(abs(m.score - n.score) < 1e-5 * n.score) AS same
  FROM recsys_recommend('pruned', 0, 100) m JOIN (
	WITH kept AS (SELECT r.* FROM ratings r JOIN (SELECT item_id FROM ratings GROUP BY 1 HAVING count(*) >= 22) i USING (item_id))
	SELECT item_id, sum(rating * power(2, (day - (SELECT max(day) FROM kept)) / 20.0)) AS score FROM kept GROUP BY 1) n USING (item_id);

-- What the user has seen is left out; all is labelled for what it is.
SELECT version FROM recsys_train('m', 'ratings', 'popular', '{"score": "mean"}');
SELECT count(*) AS seen FROM recsys_recommend('m', 3, 100) r JOIN ratings s ON s.user_id = 3 AND s.item_id = r.item_id;
SELECT count(*) = (SELECT count(DISTINCT item_id) FROM ratings) - (SELECT count(*) FROM ratings WHERE user_id = 3) AS all_others,
       array_agg(DISTINCT basis) AS basis FROM recsys_recommend('m', 3, 100);
-- an item that is not known: the mean of all where scores are ratings, else none
SELECT abs(recsys_predict('m', 1, 999) - (SELECT avg(rating) FROM ratings)) < 1e-6 AS mean_of_all;
SELECT version FROM recsys_train('m', 'ratings', 'popular');
SELECT recsys_predict('m', 1, 999), recsys_predict('m', 999, 1) = (SELECT count(*) FROM ratings WHERE item_id = 1) AS not_clipped;
SELECT recsys_similar_items('m', 1);
SELECT recsys_similar_users('m', 1);

-- Text ids, and training again.
CREATE TABLE named AS SELECT 'u' || user_id AS user_id, 'i' || item_id AS item_id, rating, at FROM ratings;
SELECT version FROM recsys_train('named_m', 'named', 'popular', '{"score": "trending", "time_col": "at"}');
INSERT INTO named SELECT 'v' || n, 'new', 5, '2024-03-02' FROM generate_series(1, 100) n;
SELECT version FROM recsys_retrain('named_m');
SELECT item_id, basis FROM recsys_recommend('named_m', 'u1', 1);

-- What can go wrong.
SELECT recsys_train('e', 'ratings', 'popular', '{"score": "mean"}', rating_col => NULL);
SELECT recsys_train('e', 'ratings', 'popular', '{"score": "weighted", "binarize": true}');
SELECT recsys_train('e', 'ratings', 'popular', '{"score": "trending"}');
SELECT recsys_train('e', 'ratings', 'popular', '{"score": "trending", "time_col": "when"}');
SELECT recsys_train('e', 'ratings', 'popular', '{"score": "trending", "time_col": "day"}');
SELECT recsys_train('e', 'ratings', 'popular', '{"score": "best"}');
SELECT recsys_train('e', 'ratings', 'popular', '{"score": "weighted", "vote_quantile": 1.5}');
SELECT recsys_train('e', 'ratings', 'popular', '{"score": "weighted", "min_votes": -1}');
CREATE VIEW odd AS SELECT user_id, item_id, rating, at::text AS at FROM ratings;
SELECT recsys_train('e', 'odd', 'popular', '{"score": "trending", "time_col": "at"}');
-- the times are read under the caller's rights
CREATE ROLE recsys_popular_guest;
GRANT CREATE, USAGE ON SCHEMA popular TO recsys_popular_guest;
GRANT SELECT (user_id, item_id, rating) ON ratings TO recsys_popular_guest;
SET ROLE recsys_popular_guest;
SELECT model FROM recsys_train('guest', 'ratings', 'popular');
\set VERBOSITY terse
SELECT recsys_train('guest', 'ratings', 'popular', '{"score": "trending", "time_col": "at"}');
\set VERBOSITY default
RESET ROLE;
SELECT recsys_train('m', NULL, 'popular');
DROP SCHEMA popular CASCADE;
DROP ROLE recsys_popular_guest;
