-- Weights that span orders of magnitude, users with absurdly many ratings, and
-- what is said before a run that will be long.
CREATE FUNCTION option_of(model regclass, name text) RETURNS jsonb
LANGUAGE sql AS 'SELECT options -> name FROM recsys_models m WHERE m.model = option_of.model';

--
-- weight_transform
--

-- Groups of users with a taste, and counts of plays that say little: 1 to 1219.
CREATE TABLE plays AS
SELECT u AS user_id, (u % 10) * 100 + (power(((u * 7919::bigint + k * 104729) % 1000) / 1000.0, 2) * 100)::int AS item_id,
       ceil(exp(3 + 2 * (((u * 31 + k * 17) % 200) / 100.0 - 1) * 1.7))::int AS rating
  FROM generate_series(1, 800) u, generate_series(1, 20) k;
INSERT INTO plays
SELECT u, (u * 13 + k * 7) % 1000, 1 + ceil(exp(((u * 5 + k * 3) % 100) / 14.0))::int
  FROM generate_series(1, 800) u, generate_series(1, 4) k;

-- With defaults as good as without the counts, or nearly; it was a third.
SET client_min_messages = warning;
SELECT a, plain.value >= .9 * binarized.value AS good
  FROM unnest(ARRAY['ials', 'item_knn', 'user_knn', 'rp3beta', 'bpr', 'ease']) a,
       recsys_evaluate('plays', a, jsonb_build_object()) plain,
       recsys_evaluate('plays', a, '{"binarize": true}') binarized
 WHERE plain.metric = 'ndcg' AND binarized.metric = 'ndcg';
SELECT raw.value < .8 * ranks.value AS worse
  FROM recsys_evaluate('plays', 'rp3beta', '{"weight_transform": "none"}') raw,
       recsys_evaluate('plays', 'rp3beta') ranks
 WHERE raw.metric = 'ndcg' AND ranks.metric = 'ndcg';
RESET client_min_messages;

-- It is said, and written into the model; whoever says what they want hears nothing.
SELECT users FROM recsys_train('w', 'plays', 'ials', '{"iterations": 1}');
SELECT option_of('w', 'weight_transform'), option_of('w', 'duplicates');
SELECT users FROM recsys_train('w', 'plays', 'ials', '{"iterations": 1, "weight_transform": "none"}');
SELECT option_of('w', 'weight_transform');
SELECT users FROM recsys_train('w', 'plays', 'user_knn');
SELECT option_of('w', 'weight_transform'), option_of('w', 'score'), option_of('w', 'duplicates');
-- Trained again it is the same, without a word.
SELECT users FROM recsys_retrain('w');
SELECT option_of('w', 'weight_transform'), option_of('w', 'score');
-- The plain values are predicted, as ratings are.
SELECT users FROM recsys_train('w', 'plays', 'user_knn', '{"weight_transform": "none"}');
SELECT option_of('w', 'weight_transform'), option_of('w', 'score'), option_of('w', 'duplicates');
-- Rows without a column are counted, and the counts are weights.
CREATE VIEW clicks AS SELECT user_id, item_id FROM plays, generate_series(1, rating) WHERE user_id <= 100;
SELECT users FROM recsys_train('w', 'clicks', 'rp3beta', rating_col => NULL);
SELECT option_of('w', 'weight_transform');

-- Stars are none, however few they are, nor are even numbers to 100.
CREATE TABLE stars AS
SELECT u AS user_id, i AS item_id, CASE WHEN (u * 7 + i * 3) % 20 = 0 THEN 5 ELSE 1 END AS rating,
       (u * 31 + i * 17) % 101 AS percent
  FROM generate_series(1, 40) u, generate_series(1, 30) i WHERE (u + i) % 3 > 0;
SELECT users FROM recsys_train('w', 'stars', 'ials', '{"iterations": 1}');
SELECT option_of('w', 'weight_transform');
SELECT users FROM recsys_train('w', 'stars', 'item_knn');
SELECT option_of('w', 'weight_transform'), option_of('w', 'score');
SELECT users FROM recsys_train('w', 'stars', 'item_knn', rating_col => 'percent');
SELECT option_of('w', 'weight_transform'), option_of('w', 'score');

-- What each makes of the weights: of the dot product of two items with one user,
-- who has both, the weights are what is left when one is known.
CREATE TABLE one_user AS SELECT 1 AS user_id, i AS item_id, w AS weight
  FROM unnest(ARRAY[1, 2, 3, 4, 5], ARRAY[1, 3, 3, 100, 1023]::float8[]) x(i, w);
CREATE FUNCTION weights_of(options jsonb) RETURNS float8[]
LANGUAGE plpgsql AS $$
BEGIN
	PERFORM recsys_train('w', 'one_user', 'item_knn',
						 options || '{"similarity": "dot", "score": "sum", "neighbors": 0}', rating_col => 'weight');
	RETURN (SELECT array_agg(round(sqrt(a.similarity * b.similarity / c.similarity)::numeric, 4) ORDER BY i)
			  FROM generate_series(1, 5) i,
				   LATERAL (SELECT similarity FROM similar_items('w', i, 5, similarity => 'dot') s WHERE s.item_id = (i % 5) + 1) a,
				   LATERAL (SELECT similarity FROM similar_items('w', i, 5, similarity => 'dot') s WHERE s.item_id = ((i + 1) % 5) + 1) b,
				   LATERAL (SELECT similarity FROM similar_items('w', (i % 5) + 1, 5, similarity => 'dot') s WHERE s.item_id = ((i + 1) % 5) + 1) c);
END $$;
SELECT t, weights_of(jsonb_build_object('weight_transform', t)) FROM unnest(ARRAY['none', 'log', 'sqrt', 'rank', 'binary']) t;
-- The unit is the weight that a tenth of them do not exceed; it can be given.
SELECT option_of('w', 'weight_unit');
SELECT weights_of('{"weight_transform": "log"}'), option_of('w', 'weight_unit');
SELECT weights_of('{"weight_transform": "log", "weight_unit": 33}'), option_of('w', 'weight_unit');

-- Not for those who predict ratings, nor for negative weights.
SELECT FROM recsys_train('w', 'plays', 'als', '{"weight_transform": "log"}');
SELECT FROM recsys_train('w', 'plays', 'item_knn', '{"weight_transform": "log", "score": "weighted_mean"}');
SELECT FROM recsys_train('w', 'plays', 'popular', '{"weight_transform": "log", "score": "trending", "time_col": "rating"}');
CREATE VIEW negative AS SELECT user_id, item_id, rating - 10 AS rating FROM plays;
SELECT FROM recsys_train('w', 'negative', 'rp3beta');
SELECT FROM recsys_train('w', 'negative', 'rp3beta', '{"weight_transform": "rank"}');
SELECT FROM recsys_train('w', 'plays', 'rp3beta', '{"weight_transform": "cube"}');

-- Users who are held out whole are asked with the weights that training would have
-- made: the same result as of a table in which they have been made before.
CREATE TABLE logs AS SELECT user_id, item_id, log(2, 1 + sum(rating) / 2.0)::float8 AS rating FROM plays GROUP BY 1, 2;
SELECT round(made.value::numeric, 6) = round(given.value::numeric, 6) AS same, made.value > .1 AS good
  FROM recsys_evaluate('plays', 'ease', '{"weight_transform": "log", "weight_unit": 2}', '{"method": "users", "test": 0.2}') made,
       recsys_evaluate('logs', 'ease', '{"weight_transform": "none"}', '{"method": "users", "test": 0.2}') given
 WHERE made.metric = 'ndcg' AND given.metric = 'ndcg';
-- A grid can search it; candidates that read differently are refused.
SELECT count(*), min(value) < max(value) AS differ
  FROM recsys_grid_search('plays', 'ease', '{"weight_transform": ["none", "log", "rank"]}', 'ndcg');
SELECT FROM recsys_grid_search('plays', 'item_knn', '{"weight_transform": ["none", "rank"], "duplicates": "sum"}', 'ndcg');
-- Errors are of predictions: whoever wants them has the values predicted.
SELECT count(*) FROM recsys_cross_validate('plays', 'item_knn', folds => 2) WHERE rmse > 0;

-- auto searches on the weights that are trained on, and its winner has them.
SET client_min_messages = warning;
SELECT users FROM recsys_train('w', 'plays', 'auto', '{"trials": 4, "algorithms": ["rp3beta", "als"]}');
SELECT option_of('w', 'weight_transform'), (SELECT bool_or(algorithm = 'als') FROM recsys_trials('w')) AS ratings_tried;
SELECT max(value) > .5 AS good FROM recsys_tune('plays', 'rp3beta', trials => 2);
RESET client_min_messages;
-- Zero is no observation for whoever takes weights; a column of 0 and 1 has weights.
CREATE TABLE bought AS SELECT u AS user_id, i AS item_id, (i = 1 OR i % 3 = u % 3 AND i <> u)::int AS rating
  FROM generate_series(1, 30) u, generate_series(1, 12) i;
SET client_min_messages = warning;
CREATE FUNCTION ratings_of(algorithm text, source regclass, options jsonb) RETURNS bigint LANGUAGE sql
AS 'SELECT ratings FROM recsys_train(''w'', source, algorithm, options)';
SELECT a, ratings_of(a, 'bought', '{}') = (SELECT sum(rating) FROM bought) AS no_zeros
  FROM unnest(ARRAY['item_knn', 'user_knn', 'popular', 'ials', 'bpr', 'rp3beta', 'slim', 'ease', 'logistic_mf']) a;
SELECT a, ratings_of(a, 'bought', '{"binarize": true}') = (SELECT sum(rating) FROM bought) AS no_zeros
  FROM unnest(ARRAY['item_knn', 'popular', 'ials']) a;
-- The popular list has what most have bought, not what most have rows of.
SELECT ratings_of('popular', 'bought', '{}');
SELECT array_agg(score ORDER BY item_id) FROM recsys_recommend('w', 1000, 12);
-- Ratings may be 0.
CREATE VIEW zero_to_ten AS SELECT user_id, item_id, (user_id + item_id) % 11 AS rating FROM bought;
SELECT a, ratings_of(a, 'zero_to_ten', '{}')
  FROM unnest(ARRAY['item_knn', 'popular', 'als']) a;
RESET client_min_messages;

--
-- max_user_ratings
--

-- Everybody has 6 of 60 items, and one all of these and 40,000 more.
CREATE TABLE crowd AS SELECT u AS user_id, (u * 7 + k * k) % 60 AS item_id FROM generate_series(1, 400) u, generate_series(1, 6) k;
INSERT INTO crowd SELECT 1000, i FROM generate_series(0, 40059) i;
CREATE FUNCTION bytes_of(m regclass) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	result text;
BEGIN
	EXECUTE format('SELECT md5(string_agg(part || block || md5(data), '','' ORDER BY part, block)) FROM %s WHERE part <> ''header'' AND version = (SELECT max(version) FROM %1$s)', m) INTO result;
	RETURN result;
END $$;
-- Whoever goes through all pairs of a user's items leaves most of theirs out, and says so.
SELECT users, items < 3000 AS few_items, ratings FROM recsys_train('c', 'crowd', 'item_knn', rating_col => NULL);
SELECT option_of('c', 'max_user_ratings');
-- The rows of the others are all there, and what is left out was seen.
SELECT count(*) FROM recsys_recommend('c', 1000, 100);
SELECT count(*) FROM recsys_recommend('c', 1, 100);
-- What is drawn depends neither on the order of the rows nor on who reads them.
SELECT bytes_of('c') AS before \gset
CREATE TABLE reversed AS SELECT * FROM crowd ORDER BY item_id DESC, user_id DESC;
SET client_min_messages = warning;
SET recsys.ratings_per_worker = 1000;
SELECT users FROM recsys_train('c', 'reversed', 'item_knn', rating_col => NULL);
SELECT bytes_of('c') = :'before' AS same;
RESET recsys.ratings_per_worker;
RESET client_min_messages;
-- Others go through the ratings once, and take all.
SELECT users, ratings FROM recsys_train('c', 'crowd', 'popular', rating_col => NULL);
SELECT option_of('c', 'max_user_ratings');
-- A limit that is given is for any.  The drawn ratings are among the user's own.
CREATE VIEW rated AS SELECT *, item_id % 5 + 1 AS rating FROM crowd;
SELECT users, ratings FROM recsys_train('c', 'rated', 'als', '{"max_user_ratings": 50, "iterations": 1}');
SELECT option_of('c', 'max_user_ratings');
SELECT users, ratings FROM recsys_train('c', 'crowd', 'rp3beta', '{"max_user_ratings": 5}', rating_col => NULL);
SELECT count(*) FROM recsys_recommend('c', 1, 100) WHERE item_id::int IN (SELECT item_id FROM crowd WHERE user_id = 1);
-- Few ratings in all, or many of many users, are not absurd.
SELECT users FROM recsys_train('c', 'plays', 'item_knn', '{"weight_transform": "binary"}');
SELECT option_of('c', 'max_user_ratings');
-- In an evaluation the limit is that of what is trained on.
SELECT round(value::numeric, 2) > .1 AS good
  FROM recsys_evaluate('crowd', 'item_knn', '{"max_user_ratings": 40}', '{"method": "per_user"}', rating_col => NULL) WHERE metric = 'recall';

--
-- Before a long run
--
SET statement_timeout = '1s';
SELECT FROM recsys_train('c', 'plays', 'logistic_mf', '{"iterations": 100000, "weight_transform": "none"}');
SELECT FROM recsys_cross_validate('plays', 'als', '{"iterations": 100000}');
SELECT FROM recsys_grid_search('plays', 'ials', '{"iterations": [100000, 90000], "weight_transform": "none"}', 'ndcg');
RESET statement_timeout;
