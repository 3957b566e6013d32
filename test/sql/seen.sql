-- What a user has seen is not recommended, whatever training used of it; a weight of 0 is no observation.
SET client_min_messages = warning;
CREATE SCHEMA seen;
SET search_path = seen, public;
-- Item 1 is what most like, and user 51 and those after do not.
CREATE TABLE disliked AS
SELECT u AS user_id, i AS item_id, (CASE WHEN i = 1 AND u <= 50 THEN 5 WHEN i = 1 THEN 1 ELSE 3 + (u * i) % 3 END)::real AS rating
  FROM generate_series(1, 60) u, generate_series(1, 12) i WHERE i = 1 OR (u + i) % 3 > 0;
CREATE VIEW liked AS SELECT * FROM disliked WHERE rating >= 4;
CREATE VIEW shuffled AS SELECT * FROM disliked ORDER BY hashint4(user_id * 100 + item_id);

CREATE FUNCTION lists(model regclass) RETURNS TABLE (user_id int, item_id int, score float8, basis text) STABLE LANGUAGE sql AS
$$ SELECT u, r.* FROM (SELECT DISTINCT user_id FROM liked) k(u), recsys_recommend(model, u, 12) r $$;
CREATE FUNCTION batch(model regclass) RETURNS TABLE (user_id int, item_id int) STABLE LANGUAGE sql AS
$$ SELECT user_id::int, item_id::int FROM recsys_recommend_all(model, 12) $$;
-- Is the first model's list of every user the second's, less what the user has rated in "disliked", or the popular one if that is nothing?
CREATE FUNCTION is_less_seen(model regclass, other regclass) RETURNS bool STABLE LANGUAGE sql AS $$
SELECT NOT EXISTS (SELECT * FROM lists(model) m WHERE NOT EXISTS (SELECT FROM lists(other) o WHERE o.user_id = m.user_id AND o.basis <> m.basis)
                   EXCEPT SELECT * FROM lists(other))
   AND NOT EXISTS (SELECT user_id, item_id FROM lists(model) INTERSECT SELECT user_id, item_id FROM disliked)
   AND NOT EXISTS (SELECT user_id, item_id FROM lists(other) EXCEPT SELECT user_id, item_id FROM disliked EXCEPT SELECT user_id, item_id FROM lists(model))
   AND NOT EXISTS (SELECT * FROM batch(model) EXCEPT SELECT user_id, item_id FROM lists(model))
   AND NOT EXISTS (SELECT user_id, item_id FROM lists(model) EXCEPT SELECT * FROM batch(model))
$$;
-- Training is as without these rows, and so are the lists, but for what was seen.
SELECT bool_and(a.ratings = b.ratings) AS as_many
  FROM recsys_algorithms, recsys_train('with_' || name, 'disliked', name, '{"min_value": 4}') a, recsys_train('without_' || name, 'liked', name) b
 WHERE name <> 'content';
SELECT name, is_less_seen(('with_' || name)::regclass, ('without_' || name)::regclass) AS less_seen,
       EXISTS (SELECT user_id, item_id FROM lists(('without_' || name)::regclass) INTERSECT SELECT user_id, item_id FROM disliked) AS there_were_some
  FROM recsys_algorithms WHERE name <> 'content' ORDER BY 1;
SELECT part, count(*) FROM with_als WHERE part IN ('ratings', 'seen') GROUP BY 1 ORDER BY 1;
-- Nothing was left out, or nothing is to be kept.
SELECT FROM recsys_train('m', 'disliked', 'als', '{"min_value": 1, "keep_versions": 1}');
SELECT count(*) AS kept FROM m WHERE part = 'seen';
SELECT FROM recsys_train('m', 'disliked', 'als', '{"min_value": 4, "store_ratings": false, "keep_versions": 1}');
SELECT count(*) AS kept FROM m WHERE part IN ('ratings', 'seen');
-- It does not depend on the order of the rows, nor on who reads them.
SET min_parallel_table_scan_size = 0;
SELECT FROM recsys_train('m', 'shuffled', 'als', '{"min_value": 4}');
SELECT FROM recsys_train('with_als', 'disliked', 'als', '{"min_value": 4}');
RESET min_parallel_table_scan_size;
SELECT (SELECT data FROM m WHERE part = 'seen' ORDER BY version DESC LIMIT 1) = (SELECT data FROM with_als WHERE part = 'seen' ORDER BY version DESC LIMIT 1) AS same;

-- A row that counts beside one that does not: it is a rating, and as if it were alone.
CREATE TABLE twice AS SELECT * FROM disliked UNION ALL SELECT 55, 1, 5 UNION ALL SELECT 56, 1, 2;
SELECT duplicates, ratings - (SELECT count(*) FROM liked) AS more, recsys_predict(model, 55, 1) > 4 AS as_alone
  FROM unnest('{min,max,mean,sum,error}'::text[]) duplicates,
       recsys_train('m', 'twice', 'als', jsonb_build_object('min_value', 4, 'duplicates', duplicates)) ORDER BY 1;
SELECT string_agg(DISTINCT user_id::text, ',') FROM lists('m') WHERE item_id = 1 AND user_id > 50;

-- Items of whom nobody's rating counts, which content knows all the same; and what is pruned later.
CREATE TABLE goods AS SELECT i AS item_id, ARRAY['a' || i % 3, 'b'] AS tags FROM generate_series(1, 14) i;
CREATE TABLE bad AS SELECT * FROM disliked UNION ALL SELECT u, 13, 1 FROM generate_series(1, 30) u;
SELECT items FROM recsys_train('m', 'bad', 'content', '{"min_value": 4, "items": "goods", "tag_cols": ["tags"]}');
SELECT item_id, count(*) FILTER (WHERE user_id::int <= 30) AS to_those_who_saw_it, count(*) FILTER (WHERE user_id::int > 30) > 0 AS to_others
  FROM recsys_recommend_all('m', 14) WHERE item_id IN ('13', '14') GROUP BY 1 ORDER BY 1;
SELECT users, items FROM recsys_train('m', 'bad', 'als', '{"min_value": 4, "min_user_ratings": 3, "min_item_ratings": 10}');
SELECT count(*) > 100 AS many, bool_and(d.item_id IS NULL) AS unseen
  FROM recsys_recommend_all('m', 12) r LEFT JOIN bad d ON d.user_id = r.user_id::int AND d.item_id = r.item_id::int;

-- Evaluation ranks what was not seen: the best-known item was, and is below the bound for all who are asked.
CREATE TABLE asked AS SELECT u AS user_id, 1 AS item_id, (CASE WHEN u > 40 THEN 5 ELSE 1 END)::real AS rating, 1 AS t FROM generate_series(1, 100) u
UNION ALL SELECT u, 2, 5, 9 FROM generate_series(1, 40) u UNION ALL SELECT u, 2, 5, 1 FROM generate_series(41, 60) u UNION ALL SELECT u, 3 + u % 7, 5, 0 FROM generate_series(1, 100) u;
SELECT metric, value, popular FROM recsys_evaluate('asked', 'popular', '{"min_value": 4}', '{"method": "temporal", "time_col": "t", "after": 5}', 1) WHERE metric IN ('users', 'hit_rate', 'ndcg');
SELECT value FROM recsys_evaluate('asked', 'popular', '{"min_value": 4}', '{"method": "temporal", "time_col": "t", "after": 5, "sampled_negatives": 100}', 1) WHERE metric = 'hit_rate';

-- Users of whom nothing is left: they get what is popular, but not what they have seen.
CREATE TABLE lukewarm AS SELECT * FROM disliked UNION ALL SELECT u, i, 2 FROM generate_series(101, 105) u, generate_series(1, 4) i UNION ALL SELECT 106, 77, 1;
CREATE VIEW warm AS SELECT * FROM lukewarm WHERE rating >= 4;
SELECT users = (SELECT count(DISTINCT user_id) FROM warm) AS as_many FROM recsys_train('m', 'lukewarm', 'als', '{"min_value": 4, "factors": 3, "seed": 1, "keep_versions": 1}');
SELECT part, count(*) FROM m WHERE part LIKE '%seen' OR part LIKE 'cold%' GROUP BY 1 ORDER BY 1;
SELECT u, count(*) = (SELECT items FROM recsys_models WHERE model = 'm'::regclass) - CASE WHEN u > 105 THEN 0 ELSE 3 END AS all_others,
       bool_and(basis = 'popular') AS popular, count(*) FILTER (WHERE item_id <= 4) AS seen
  FROM generate_series(104, 107) u, recsys_recommend('m', u, 20) GROUP BY 1 ORDER BY 1;
SELECT count(*) AS seen FROM recsys_recommend('m', 104, 20, false) WHERE item_id <= 4;
-- Ids as text, by a k-NN function, and from a model without ids of such users.
CREATE VIEW named AS SELECT 'u' || user_id AS user_id, 'i' || item_id AS item_id, rating FROM lukewarm;
SELECT FROM recsys_train('t', 'named', 'item_knn', '{"min_value": 4}');
SELECT count(*) FILTER (WHERE item_id IN ('i1', 'i2', 'i3', 'i4')) AS seen, count(*) > 3 AS others FROM item_knn_recommend('t', 'u104', 20);
SELECT count(*) > 5 AS popular FROM item_knn_recommend('t', 'u999', 20);
-- What is pruned was seen: in the lists that are left, nobody gets what they have.
SELECT a.users < (SELECT count(DISTINCT user_id) FROM disliked) AS some_pruned, a.items < 12 AS items_too
  FROM recsys_train('pruned', 'disliked', 'als', '{"factors": 3, "min_user_ratings": 9, "min_item_ratings": 10, "min_value": 3}') a;
SELECT bool_and(d.item_id IS NULL) AS unseen, min(basis) AS basis, count(DISTINCT u) AS users
  FROM generate_series(1, 60) u CROSS JOIN LATERAL recsys_recommend('pruned', u, 20) r LEFT JOIN disliked d ON d.user_id = u AND d.item_id = r.item_id;
SELECT FROM recsys_train('m', 'shuffled', 'als', '{"factors": 3, "min_user_ratings": 9, "min_item_ratings": 10, "min_value": 3, "keep_versions": 1}');
SELECT count(*) > 5 AS parts, bool_and(a.data = b.data) AS same FROM m a JOIN pruned b USING (part, block) WHERE part <> 'header';
-- In evaluation as well: whose only rating before the test is below the bound does not get the item again.
INSERT INTO asked SELECT u, 1, 1, 1 FROM generate_series(201, 210) u UNION ALL SELECT u, 2, 5, 9 FROM generate_series(201, 210) u;
SELECT metric, value, popular FROM recsys_evaluate('asked', 'popular', '{"min_value": 4}', '{"method": "temporal", "time_col": "t", "after": 5}', 1) WHERE metric IN ('users', 'hit_rate');
SELECT value FROM recsys_evaluate('asked', 'popular', '{"min_value": 4}', '{"method": "temporal", "time_col": "t", "after": 5, "sampled_negatives": 100}', 1) WHERE metric = 'hit_rate';

-- A weight of 0.
CREATE TABLE zeros AS SELECT u AS user_id, i AS item_id, (i % 3 = u % 3 AND (u + i) % 5 > 0)::int AS bought FROM generate_series(1, 30) u, generate_series(1, 12) i UNION ALL SELECT 99, 1, 0 UNION ALL SELECT 1, 99, 0;
CREATE VIEW ones AS SELECT * FROM zeros WHERE bought > 0;
SET client_min_messages = notice;
SELECT users, items, ratings FROM recsys_train('m', 'zeros', 'ials', rating_col => 'bought');
SET client_min_messages = warning;
SELECT bool_and((a.users, a.items, a.ratings) = (b.users, b.items, b.ratings)) AS same_counts
  FROM recsys_algorithms, recsys_train('zeros_' || name, 'zeros', name, rating_col => 'bought') a, recsys_train('ones_' || name, 'ones', name, rating_col => 'bought') b
 WHERE feedback = 'implicit';
SELECT name, count(r.item_id) > 0 AS lists, bool_and(r IS NOT DISTINCT FROM s) AS same
  FROM recsys_algorithms, generate_series(1, 30) u, LATERAL (SELECT row_number() OVER () AS rank, * FROM recsys_recommend(('zeros_' || name)::regclass, u)) r
       LEFT JOIN LATERAL (SELECT row_number() OVER () AS rank, * FROM recsys_recommend(('ones_' || name)::regclass, u)) s ON r.rank = s.rank
 WHERE feedback = 'implicit' GROUP BY 1 ORDER BY 1;
SELECT bool_and(a.value IS NOT DISTINCT FROM b.value) AS same FROM recsys_evaluate('zeros', 'ials', rating_col => 'bought') a JOIN recsys_evaluate('ones', 'ials', rating_col => 'bought') b USING (metric);
-- Of ratings it is one; in a blend that is for weights it is none.
SELECT algorithm, ratings FROM recsys_train('m', 'zeros', 'als', rating_col => 'bought');
SELECT algorithm, ratings FROM recsys_train('m', 'zeros', 'hybrid', '{"components": [{"algorithm": "ials"}, {"algorithm": "item_knn"}]}', rating_col => 'bought');
SELECT FROM recsys_train('m', 'zeros', 'ials', '{"min_value": 5}', rating_col => 'bought');
UPDATE zeros SET bought = 0;
SELECT FROM recsys_train('m', 'zeros', 'ials', rating_col => 'bought');
SELECT FROM recsys_evaluate('zeros', 'rp3beta', rating_col => 'bought');

DROP SCHEMA seen CASCADE;
