-- Evaluation: every number is what one gets by hand from the same split.
SET client_min_messages = warning;	-- on a slow machine it tells its progress
CREATE TABLE ratings AS
SELECT u AS user_id, i AS item_id,
       greatest(1, least(5, round(3 + (i % 3 - 1) * 1.3 + CASE WHEN (u + i) % 2 = 0 THEN .8 ELSE -.8 END
                                  + ((u * 31 + i * 17) % 7 - 3) * .25)))::float8 AS rating,
       (u * 37 + i * 101 + u * i) % 1009 AS t
  FROM generate_series(1, 150) u, generate_series(1, 40) i
 WHERE (u * 13 + i * 7 + u * i) % 3 <> 0 AND (u + i * i) % (1 + i / 3) < 3;
CREATE TABLE part_train AS SELECT * FROM ratings WHERE (user_id * 7 + item_id * 11 + user_id * item_id) % 5 <> 0;
CREATE TABLE part_test AS SELECT * FROM ratings EXCEPT SELECT * FROM part_train;
-- An item that training does not know, and a user.
INSERT INTO part_test SELECT u, 77, 5, 0 FROM generate_series(1, 20) u UNION ALL SELECT 999, i, 4, 0 FROM generate_series(1, 5) i;

CREATE TABLE measured (what text, metric text, value float8, popular float8);
CREATE FUNCTION measure(what text, relation regclass, algorithm text, options jsonb, split jsonb, n int DEFAULT 10) RETURNS void
LANGUAGE sql AS $$
	DELETE FROM measured WHERE what = measure.what;
	INSERT INTO measured SELECT what, * FROM recsys_evaluate(relation, algorithm, options, split, n) $$;
-- Are two measurements the same, but for rounding?
CREATE FUNCTION same(a text, b text) RETURNS bool LANGUAGE sql AS $$
	SELECT bool_and(x.metric IS NOT DISTINCT FROM y.metric
	                AND (x.value IS NOT DISTINCT FROM y.value OR abs(x.value - y.value) < 1e-9 * (1 + abs(x.value)))
	                AND (x.popular IS NOT DISTINCT FROM y.popular OR abs(x.popular - y.popular) < 1e-9 * (1 + abs(x.popular))))
	  FROM (SELECT * FROM measured WHERE what = a) x FULL JOIN (SELECT * FROM measured WHERE what = b) y USING (metric) $$;

CREATE TABLE scores (user_id int, item_id int, score float8);
-- By hand, from scores of all items that each user can be recommended.
CREATE FUNCTION by_hand(n int) RETURNS TABLE (metric text, value float8) LANGUAGE sql AS $$
	WITH wanted AS (SELECT user_id, array_agg(item_id) AS items FROM part_test GROUP BY 1),
	lists AS (SELECT user_id, array_agg(item_id ORDER BY score DESC, item_id) FILTER (WHERE place <= n) AS list
	            FROM (SELECT *, row_number() OVER (PARTITION BY user_id ORDER BY score DESC, item_id) AS place FROM scores) s
	           GROUP BY 1),
	catalogue AS (SELECT item_id, count(*) AS raters FROM part_train GROUP BY 1),
	entries AS (SELECT user_id, item_id, raters FROM lists, unnest(list) item_id JOIN catalogue USING (item_id)),
	times AS (SELECT item_id, count(user_id) AS times FROM catalogue LEFT JOIN entries USING (item_id) GROUP BY 1),
	norms AS (SELECT item_id, sqrt(sum(rating ^ 2)) AS norm FROM part_train GROUP BY 1),
	alike AS (SELECT a.item_id AS a, b.item_id AS b, sum(a.rating * b.rating) / (x.norm * y.norm) AS cosine
	            FROM part_train a JOIN part_train b USING (user_id)
	            JOIN norms x ON x.item_id = a.item_id JOIN norms y ON y.item_id = b.item_id
	           GROUP BY 1, 2, x.norm, y.norm),
	pairs AS (SELECT s.user_id, avg(CASE WHEN r.score > s.score THEN 1 WHEN r.score = s.score THEN .5 ELSE 0 END) AS auc,
	                 count(DISTINCT r.item_id) AS known
	            FROM scores s JOIN wanted w ON w.user_id = s.user_id AND s.item_id <> ALL (w.items)
	            JOIN scores r ON r.user_id = s.user_id AND r.item_id = ANY (w.items)
	           GROUP BY 1)
	SELECT m.* FROM (
		SELECT avg(precision_at_k(list, items, n)) AS precision, avg(recall_at_k(list, items, n)) AS recall,
		       avg(hit_at_k(list, items, n)) AS hit_rate, avg(ndcg_at_k(list, items, n)) AS ndcg,
		       avg(average_precision_at_k(list, items, n)) AS map, avg(reciprocal_rank(list, items, n)) AS mrr,
		       avg(coalesce(auc * known / cardinality(items), 0)) AS auc, count(*) AS users
		  FROM wanted JOIN lists USING (user_id) LEFT JOIN pairs USING (user_id)) l,
		(SELECT count(*) FILTER (WHERE times > 0) / count(*)::float8 AS coverage FROM times) c,
		(SELECT avg(-log(2, raters / (SELECT count(DISTINCT user_id) FROM part_train)::numeric)) AS novelty,
		        avg(raters) AS popularity FROM entries) e,
		(SELECT sum((2 * place - n - 1) * times) / (n * sum(times)) AS gini
		   FROM (SELECT times, row_number() OVER (ORDER BY times) AS place, count(*) OVER () AS n FROM times) t GROUP BY n) g,
		(SELECT avg(diversity) AS diversity
		   FROM (SELECT user_id, avg(1 - coalesce(cosine, 0)) AS diversity
		           FROM lists CROSS JOIN unnest(list) AS x(one) CROSS JOIN unnest(list) AS y(two)
		           LEFT JOIN alike ON a = one AND b = two
		          WHERE one <> two GROUP BY 1) d) d,
		LATERAL (VALUES ('precision', precision), ('recall', recall), ('hit_rate', hit_rate), ('ndcg', ndcg), ('map', map),
		                ('mrr', mrr), ('auc', auc), ('coverage', coverage), ('novelty', novelty), ('gini', gini),
		                ('diversity', diversity), ('popularity', popularity), ('users', users)) m(metric, value) $$;

SELECT FROM recsys_train('m', 'part_train', 'als', '{"factors": 5}');
CREATE FUNCTION scores_of_model() RETURNS void LANGUAGE sql AS $$
	TRUNCATE scores;
	INSERT INTO scores SELECT u.user_id, r.item_id, r.score
	  FROM (SELECT DISTINCT user_id FROM part_test) u, recsys_recommend('m', u.user_id, 1000) r $$;
SELECT scores_of_model();
SELECT measure('als', 'part_train', 'als', '{"factors": 5}', '{"method": "given", "test": "part_test"}', 7);
SELECT metric, abs(m.value - h.value) < 1e-6 AS as_by_hand
  FROM measured m FULL JOIN by_hand(7) h USING (metric) WHERE metric NOT IN ('rmse', 'mae') ORDER BY 1;
SELECT abs(max(m.value) FILTER (WHERE m.metric = 'rmse') - sqrt(avg(e ^ 2))) < 1e-6 AS rmse,
       abs(max(m.value) FILTER (WHERE m.metric = 'mae') - avg(abs(e))) < 1e-6 AS mae
  FROM measured m, (SELECT recsys_predict('m', user_id, item_id) - rating AS e FROM part_test) p;

-- A neighbor model, scored one user after the other.
SELECT FROM recsys_train('m', 'part_train', 'item_knn', '{"score": "sum"}');
SELECT scores_of_model();
SELECT measure('knn', 'part_train', 'item_knn', '{"score": "sum"}', '{"method": "given", "test": "part_test"}', 7);
SELECT bool_and(abs(m.value - h.value) < 1e-9) AS as_by_hand, count(*)
  FROM measured m JOIN by_hand(7) h USING (metric) WHERE what = 'knn';

-- The popularity baseline; a user unknown to training gets the whole list.
TRUNCATE scores;
INSERT INTO scores
SELECT u.user_id, i.item_id, i.n
  FROM (SELECT DISTINCT user_id FROM part_test) u, (SELECT item_id, count(*) AS n FROM part_train GROUP BY 1) i
 WHERE NOT EXISTS (SELECT FROM part_train p WHERE p.user_id = u.user_id AND p.item_id = i.item_id);
SELECT bool_and(abs(m.popular - h.value) < 1e-9) AS as_by_hand, count(*)
  FROM measured m JOIN by_hand(7) h USING (metric) WHERE what = 'als';
SELECT abs(m.popular - sqrt(avg((coalesce(i.mean, a.mean) - rating) ^ 2))) < 1e-6 AS item_means
  FROM measured m, part_test LEFT JOIN (SELECT item_id, avg(rating) AS mean FROM part_train GROUP BY 1) i USING (item_id),
       (SELECT avg(rating) AS mean FROM part_train) a
 WHERE what = 'als' AND metric = 'rmse' GROUP BY m.popular;

-- A trained model on the same rows: the same; rows that it has seen do not count.
SELECT FROM recsys_train('m', 'part_train', 'als', '{"factors": 5}');
INSERT INTO measured SELECT 'stored', * FROM recsys_evaluate_model('m', 'part_test', 7);
SELECT same('als', 'stored');
CREATE TEMP TABLE in_part AS SELECT * FROM part_test UNION ALL SELECT * FROM part_train WHERE user_id < 9;
SET client_min_messages = notice;
INSERT INTO measured SELECT 'seen too', * FROM recsys_evaluate_model('m', 'in_part', 7);
SELECT * FROM recsys_evaluate_model('m', 'part_train');
INSERT INTO measured SELECT 'given too', * FROM recsys_evaluate('part_train', 'als', '{"factors": 5}', '{"method": "given", "test": "in_part"}', 7);
SET client_min_messages = warning;
SELECT same('als', 'seen too') AS seen, same('als', 'given too') AS given;

-- The order of the rows and the workers make no difference, for any algorithm.
CREATE VIEW shuffled AS SELECT * FROM ratings ORDER BY md5(user_id || ' ' || item_id);
SET recsys.ratings_per_worker = 50;
CREATE TABLE repeated AS
SELECT name, w AS workers, (SELECT string_agg(concat_ws(' ', q.metric, q.value, q.popular), ';')
                              FROM set_config('max_parallel_maintenance_workers', w::text, true) s,
                                   recsys_evaluate(CASE WHEN s = '2' THEN 'shuffled' ELSE 'ratings' END::regclass, name) q) AS result
  FROM recsys_algorithms, unnest('{0,2}'::int[]) w WHERE name NOT IN ('content', 'hybrid');
SELECT name FROM repeated GROUP BY 1 HAVING count(DISTINCT result) > 1 OR bool_or(result IS NULL);
SET max_parallel_maintenance_workers = 2;
SELECT FROM recsys_train('m', 'ratings', 'als', '{"factors": 5}');
SELECT count(*), bool_and(a.item_id = b.item_id) AS same_items, max(abs(a.score - b.score)) < 1e-5 AS same_scores
  FROM recsys_recommend_all('m', 5) a
  FULL JOIN (SELECT u.user_id::text, r.item_id::text, r.score, row_number() OVER (PARTITION BY u.user_id ORDER BY r.score DESC) AS rank
               FROM (SELECT DISTINCT user_id FROM ratings) u, recsys_recommend('m', u.user_id, 5) r) b USING (user_id, rank);
SELECT count(*), count(DISTINCT user_id) AS users, max(rank) FROM recsys_recommend_all('m', 1000, false);
SELECT count(*) FROM recsys_recommend_all('m', 0);
RESET max_parallel_maintenance_workers;
RESET recsys.ratings_per_worker;

-- How much is held out: of a list of all items the hits are all that was.
CREATE FUNCTION held_out(split jsonb) RETURNS TABLE (users float8, rows float8) LANGUAGE sql AS $$
	SELECT max(value) FILTER (WHERE metric = 'users'),
	       round((max(value) FILTER (WHERE metric = 'precision') * 40 * max(value) FILTER (WHERE metric = 'users'))::numeric, 6)
	  FROM recsys_evaluate('ratings', 'baseline_als', '{}', split, 40) $$;
SELECT rows = round((SELECT count(*) FROM ratings) * .2) AS random FROM held_out('{}');
SELECT rows = round((SELECT count(*) FROM ratings) * .35) AS random_share FROM held_out('{"test": 0.35, "seed": 5}');
SELECT h.users = n AND h.rows = s AS per_user FROM held_out('{"method": "per_user", "test": 0.3}') h,
       (SELECT count(*) FILTER (WHERE c > 0) AS n, sum(c) AS s
          FROM (SELECT least(round(count(*) * .3::float8), count(*) - 1) AS c FROM ratings GROUP BY user_id) c) c;
SELECT h.users = n AND h.rows = n AS leave_one_out FROM held_out('{"method": "leave_one_out"}') h,
       (SELECT count(*) AS n FROM (SELECT FROM ratings GROUP BY user_id HAVING count(*) > 1) c) c;

-- What is held out by time, against the same rows picked by hand.
CREATE FUNCTION against(split jsonb, condition text) RETURNS bool LANGUAGE plpgsql AS $$
DECLARE result bool;
BEGIN
	EXECUTE format('CREATE TABLE chosen AS SELECT * FROM (SELECT *, row_number() OVER newest AS newest, count(*) OVER (PARTITION BY user_id) AS n
	                  FROM ratings WINDOW newest AS (PARTITION BY user_id ORDER BY t DESC, item_id DESC)) r WHERE %s', condition);
	CREATE TABLE others AS SELECT r.* FROM ratings r LEFT JOIN chosen c USING (user_id, item_id) WHERE c IS NULL;
	PERFORM measure('split', 'ratings', 'als', '{"factors": 3}', split);
	PERFORM measure('by hand', 'others', 'als', '{"factors": 3}', '{"method": "given", "test": "chosen"}');
	result := same('split', 'by hand');
	DROP TABLE chosen, others;
	RETURN result;
END $$;
SELECT against('{"method": "leave_one_out", "time_col": "t"}', 'newest = 1 AND n > 1') AS last_one,
       against('{"method": "per_user", "time_col": "t", "test": 0.4}', 'newest <= least(round(n * .4::float8), n - 1)') AS newest_share,
       against('{"method": "temporal", "time_col": "t", "after": 800}', 't > 800') AS after,
       against('{"method": "temporal", "time_col": "t", "after": "900"}', 't > 900') AS after_text,
       against('{"method": "temporal", "time_col": "t", "test": 0.25}',
               't > (SELECT percentile_disc(.75) WITHIN GROUP (ORDER BY t) FROM ratings)') AS newest_of_all;
-- The time of any type; of several rows for a pair the newest decides.
CREATE TABLE dated AS SELECT user_id, item_id, rating, timestamptz '2020-01-01' + t * interval '1 day' AS day FROM ratings
UNION ALL SELECT user_id, item_id, rating, timestamptz '2019-01-01' FROM ratings WHERE user_id % 3 = 0;
SELECT measure('dated', 'dated', 'als', '{"factors": 3}', '{"method": "temporal", "time_col": "day", "after": "2022-03-11"}'),
       measure('numbered', 'ratings', 'als', '{"factors": 3}', '{"method": "temporal", "time_col": "t", "after": 800}');
SELECT same('dated', 'numbered');
-- The column of time is said once: the split goes by that of the options, unless it has one of its own.
SELECT method, count(*) > 10 AS measured, bool_and(a.value IS NOT DISTINCT FROM b.value) AS same, bool_or(a.value IS DISTINCT FROM c.value) AS other
  FROM unnest('{leave_one_out,per_user,users,temporal}'::text[]) method, jsonb_build_object('method', method) split,
       recsys_evaluate('ratings', 'item_knn', '{"time_col": "t"}', split) a
  JOIN recsys_evaluate('ratings', 'item_knn', '{}', split || '{"time_col": "t"}') b USING (metric)
  JOIN recsys_evaluate('ratings', 'item_knn', '{"time_col": "t"}', split || '{"time_col": "item_id"}') c USING (metric) GROUP BY 1 ORDER BY 1;
-- Where all times are the same, or null, they say nothing: chance decides, as without them.
CREATE VIEW one_day AS SELECT *, date '2026-01-01' AS day, NULL::date AS unknown FROM ratings;
SELECT split->>'method' AS method, bool_and(a.value IS NOT DISTINCT FROM b.value) AS same_day, bool_and(a.value IS NOT DISTINCT FROM c.value) AS unknown
  FROM unnest('{"{\"method\": \"leave_one_out\", \"seed\": 3}", "{\"method\": \"per_user\", \"test\": 0.3, \"seed\": 4}"}'::jsonb[]) split,
       recsys_evaluate('one_day', 'popular', '{}', split) a
  JOIN recsys_evaluate('one_day', 'popular', '{}', split || '{"time_col": "day"}') b USING (metric)
  JOIN recsys_evaluate('one_day', 'popular', '{}', split || '{"time_col": "unknown"}') c USING (metric) GROUP BY 1 ORDER BY 1;
SELECT a.value = b.value AS same FROM recsys_grid_search('ratings', 'popular', '{"time_col": "t"}', 'ndcg', '{"method": "leave_one_out"}') a,
       recsys_evaluate('ratings', 'popular', '{}', '{"method": "leave_one_out", "time_col": "t"}') b WHERE metric = 'ndcg';

-- A user with one rating keeps it.
CREATE TABLE singles AS SELECT u AS user_id, u % 7 AS item_id, 1 + u % 5 AS rating FROM generate_series(1, 30) u
UNION ALL SELECT 1, i, 3 FROM generate_series(10, 12) i;
SELECT metric, value FROM recsys_evaluate('singles', 'baseline_als', '{}', '{"method": "leave_one_out"}') WHERE metric = 'users';
SELECT * FROM recsys_evaluate('singles', 'baseline_als', '{}', '{"method": "per_user", "test": 0.01}');

-- Smaller ratings are no hits, but are predicted all the same.
SELECT measure('all', 'part_train', 'als', '{}', '{"method": "given", "test": "part_test"}'),
       measure('four', 'part_train', 'als', '{}', '{"method": "given", "test": "part_test", "relevant_from": 4}');
SELECT a.value = f.value AS same_rmse FROM measured a JOIN measured f USING (metric) WHERE a.what = 'all' AND f.what = 'four' AND metric = 'rmse';
SELECT value = (SELECT count(DISTINCT user_id) FROM part_test WHERE rating >= 4) AS users FROM measured WHERE what = 'four' AND metric = 'users';
SELECT metric FROM recsys_evaluate('part_train', 'als', '{}', '{"method": "given", "test": "part_test", "relevant_from": 6}');

-- Ranked among negatives: those given, one of which is the held-out item
-- itself, or drawn ones, never what the user has seen.
CREATE TABLE last_ones AS SELECT DISTINCT ON (user_id) * FROM part_test WHERE user_id < 999 AND item_id < 77 ORDER BY user_id, t;
CREATE TABLE negatives AS
SELECT u.user_id, i AS item_id FROM last_ones u, generate_series(1, 40) i
 WHERE i % 4 = u.user_id % 4 OR i = u.item_id UNION ALL SELECT 1, 12345;
SELECT FROM recsys_train('m', 'part_train', 'als', '{"factors": 5}');
SELECT measure('among', 'part_train', 'als', '{"factors": 5}', '{"method": "given", "test": "last_ones", "negatives": "negatives"}', 3);
SELECT abs(m.value - h.rate) < 1e-9 AS hit_rate, abs(n.value - h.ndcg) < 1e-9 AS ndcg, abs(a.value - h.auc) < 1e-9 AS auc
  FROM measured m, measured n, measured a,
       (SELECT avg((place <= 3)::int) AS rate, avg(CASE WHEN place <= 3 THEN 1 / log(2, place + 1) ELSE 0 END) AS ndcg,
               avg(1 - (place - 1.0) / (n - 1)) FILTER (WHERE n > 1) AS auc
          FROM (SELECT l.user_id, count(*) FILTER (WHERE r.score > w.score OR r.item_id = l.item_id) AS place, count(*) AS n
                  FROM last_ones l, recsys_recommend('m', l.user_id, 1000) r, recsys_recommend('m', l.user_id, 1000) w
                 WHERE w.item_id = l.item_id
                   AND EXISTS (SELECT FROM negatives n WHERE n.user_id = l.user_id AND n.item_id = r.item_id)
                 GROUP BY 1) p) h
 WHERE (m.what, m.metric, n.what, n.metric, a.what, a.metric) = ('among', 'hit_rate', 'among', 'ndcg', 'among', 'auc');
SELECT value FROM recsys_evaluate('ratings', 'als', '{}', '{"method": "leave_one_out", "sampled_negatives": 9}', 10) WHERE metric = 'hit_rate';
SELECT count(DISTINCT value) = 2 AS seeded, min(value) BETWEEN .2 AND .6 AS about_chance
  FROM generate_series(1, 2) seed, recsys_evaluate('ratings', 'normal', '{}',
		jsonb_build_object('method', 'leave_one_out', 'sampled_negatives', 9, 'seed', seed), 4) WHERE metric = 'hit_rate';

-- Whole users held out, where the algorithm can serve them from what is known.
DO $$
DECLARE a record; users float8;
BEGIN
	FOR a IN SELECT name FROM recsys_algorithms WHERE name NOT IN ('content', 'hybrid') LOOP
		BEGIN
			SELECT value INTO users FROM recsys_evaluate('ratings', a.name, '{}', '{"method": "users", "test": 0.3, "known": 0.5}')
			 WHERE metric = 'users';
			IF users IS DISTINCT FROM 45 THEN
				RAISE EXCEPTION '% serves % users', a.name, users;
			END IF;
		EXCEPTION WHEN feature_not_supported THEN
		END;
	END LOOP;
END $$;
SELECT * FROM recsys_evaluate('ratings', 'normal', '{}', '{"method": "users"}');

-- Implicit feedback; text ids; a query that only reads.
CREATE TABLE clicks AS SELECT 'u' || user_id AS who, 'i' || item_id AS what FROM ratings;
BEGIN READ ONLY;
SELECT count(*), max(value) FILTER (WHERE metric = 'users') AS users, bool_or(metric = 'rmse') AS errors
  FROM recsys_evaluate('clicks', 'item_knn', '{"score": "sum"}', '{"method": "leave_one_out"}', 10, 'who', 'what', NULL);
COMMIT;

-- Grid search: the values are those of evaluation, the best is first.
CREATE TABLE tried AS SELECT *, row_number() OVER () AS place FROM recsys_grid_search('ratings', 'als', '{"factors": [2, 4, 8], "regularization": [0.05, 0.5], "seed": 3}');
SELECT count(*), bool_and(value >= before) AS rising, bool_and(abs(value - e.rmse) < 1e-12) AS as_evaluated, min(seconds) >= 0 AS seconds
  FROM (SELECT *, lag(value, 1, 0::float8) OVER (ORDER BY place) AS before FROM tried) t,
       LATERAL (SELECT max(value) FILTER (WHERE metric = 'rmse') AS rmse FROM recsys_evaluate('ratings', 'als', options)) e;
SELECT options FROM tried ORDER BY options;
SELECT count(*), bool_and(value <= before) AS falling, bool_and(abs(value - e.ndcg) < 1e-12) AS as_evaluated
  FROM (SELECT *, lag(value, 1, 1::float8) OVER (ORDER BY place) AS before
          FROM (SELECT *, row_number() OVER () AS place FROM recsys_grid_search('ratings', 'item_knn', '{"score": ["sum", "weighted_mean"], "k": [5, 20]}', 'ndcg@5', '{"method": "per_user", "seed": 2}')) g) t,
       LATERAL (SELECT max(value) FILTER (WHERE metric = 'ndcg') AS ndcg
                  FROM recsys_evaluate('ratings', 'item_knn', options, '{"method": "per_user", "seed": 2}', 5)) e;
SELECT options, value > 0 AS tried FROM recsys_grid_search('ratings', 'baseline_als', '{}', 'mae');

-- What can be wrong: splits.
SELECT * FROM recsys_evaluate('ratings', 'als', '{}', '[1]');
SELECT * FROM recsys_evaluate('ratings', 'als', '{}', '{"method": "randum"}');
SELECT * FROM recsys_evaluate('ratings', 'als', '{}', '{"methd": "random"}');
SELECT * FROM recsys_evaluate('ratings', 'als', '{}', '{"known": 0.5}');
SELECT * FROM recsys_evaluate('ratings', 'als', '{}', '{"test": 1}');
SELECT * FROM recsys_evaluate('ratings', 'als', '{}', '{"test": "0.2"}');
SELECT * FROM recsys_evaluate('ratings', 'als', '{}', '{"seed": 1.5}');
SELECT * FROM recsys_evaluate('ratings', 'als', '{}', '{"method": "temporal"}');
SELECT * FROM recsys_evaluate('ratings', 'als', '{}', '{"method": "temporal", "time_col": "t", "after": 1, "test": 0.1}');
\set VERBOSITY terse
SELECT * FROM recsys_evaluate('ratings', 'als', '{}', '{"method": "temporal", "time_col": "when"}');
\set VERBOSITY default
SELECT * FROM recsys_evaluate('ratings', 'als', '{}', '{"method": "temporal", "time_col": "t", "after": 5000}');
SELECT * FROM recsys_evaluate('ratings', 'als', '{}', '{"method": "temporal", "time_col": "t", "after": -1}');
SELECT * FROM recsys_evaluate('ratings', 'als', '{}', '{"method": "given"}');
SELECT * FROM recsys_evaluate('ratings', 'als', '{}', '{"method": "given", "test": "nowhere"}');
SELECT * FROM recsys_evaluate('ratings', 'als', '{}', '{"method": "given", "test": "clicks"}');
SELECT * FROM recsys_evaluate('ratings', 'als', '{}', '{"negatives": "negatives", "sampled_negatives": 9}');
SELECT * FROM recsys_evaluate('ratings', 'als', '{}', '{"sampled_negatives": 0}');
-- Other arguments.
SELECT * FROM recsys_evaluate('ratings', 'als', '{}', '{}', 0);
SELECT * FROM recsys_evaluate('ratings', 'als', NULL);
SELECT * FROM recsys_evaluate('ratings', 'als', '{}', NULL);
SELECT * FROM recsys_evaluate('ratings', 'alz');
SELECT * FROM recsys_evaluate('ratings', 'als', '{"min_user_ratings": 1000}');
SELECT * FROM recsys_grid_search('ratings', 'als', '[]');
SELECT * FROM recsys_grid_search('ratings', 'als', '{"factors": []}');
SELECT * FROM recsys_grid_search('ratings', 'als', '{"factors": [0, -1]}');
SELECT * FROM recsys_grid_search('ratings', 'als', '{"min_value": [1, 2]}');
SELECT * FROM recsys_grid_search('ratings', 'als', '{}', 'rsme');
SELECT * FROM recsys_grid_search('ratings', 'als', '{}', 'ndcg@ten');
SELECT * FROM recsys_grid_search('ratings', 'als', '{}', 'rmse@10');
SELECT * FROM recsys_grid_search('clicks', 'item_knn', '{}', 'rmse', '{}', 'who', 'what', NULL);
SELECT * FROM recsys_evaluate_model('ratings', 'part_test');
SELECT FROM recsys_train('m', 'part_train', 'als', '{"store_ratings": false}');
SELECT * FROM recsys_evaluate_model('m', 'part_test');
SELECT * FROM recsys_recommend_all('m');
SELECT count(*) > 0 AS without_seen FROM recsys_recommend_all('m', 3, false);
SELECT * FROM recsys_recommend_all('m', -1);
SET maintenance_work_mem = '1MB';
CREATE TABLE many AS
SELECT u AS user_id, (u * 7 + i * i) % 900 AS item_id, 1 + (u + i) % 5 AS rating
  FROM generate_series(1, 500) u, generate_series(1, 100) i;
SELECT * FROM recsys_evaluate('many', 'als');
RESET maintenance_work_mem;
CREATE ROLE recsys_evaluation_guest;
GRANT SELECT ON ratings TO recsys_evaluation_guest;
SET ROLE recsys_evaluation_guest;
SELECT count(*) > 0 AS allowed FROM recsys_evaluate('ratings', 'als');
SELECT * FROM recsys_evaluate('ratings', 'als', '{}', '{"method": "given", "test": "part_test"}');
SELECT * FROM recsys_evaluate('ratings', 'als', '{}', '{"negatives": "negatives"}');
SELECT * FROM recsys_evaluate_model('m', 'ratings');
RESET ROLE;
REVOKE ALL ON ratings FROM recsys_evaluation_guest;
DROP ROLE recsys_evaluation_guest;

-- A timeout in the middle, of workers too; nothing is left.
SET recsys.ratings_per_worker = 50;
CREATE TABLE wide AS SELECT u AS user_id, (u * 17 + k * k * 31) % 4000 AS item_id, 1 + (u + k) % 5 AS rating
  FROM generate_series(1, 6000) u, generate_series(1, 12) k;
SELECT FROM recsys_train('m', 'wide', 'als', '{"factors": 100, "iterations": 1}');
SET statement_timeout = 100;
SELECT count(*) FROM generate_series(1, 1000) g, recsys_recommend_all('m', 10 + g % 2);
RESET statement_timeout;
SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'parallel worker';

DROP VIEW shuffled, one_day;
DROP FUNCTION measure, same, by_hand, scores_of_model, held_out, against;
DROP TABLE ratings, part_train, part_test, measured, scores, in_part, repeated, dated, singles, last_ones, negatives, clicks, tried, many, wide, m;
