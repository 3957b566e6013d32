-- Slope one, against its definition.
SET client_min_messages = warning;	-- on a slow machine training tells its progress

-- By hand: a is rated .5 higher than b by two users, 3 higher than c by one.
CREATE TABLE small (user_id text, item_id text, rating float8);
INSERT INTO small VALUES
	('john', 'a', 5), ('john', 'b', 3), ('john', 'c', 2),
	('mark', 'a', 3), ('mark', 'b', 4),
	('lucy', 'b', 2), ('lucy', 'c', 5),
	('odd', 'd', 1);
SELECT version FROM recsys_train('plain', 'small', 'slope_one', '{"clip": false, "list_score": "prediction"}');
SELECT version FROM recsys_train('weighted', 'small', 'slope_one', '{"clip": false, "weighted": true, "list_score": "prediction"}');
SELECT version FROM recsys_train('clipped', 'small', 'slope_one');
SELECT recsys_predict('plain', 'lucy', 'a') AS "3.5 + (.5 + 3) / 2",
       round(recsys_predict('weighted', 'lucy', 'a')::numeric, 6) AS "(2 (2 + .5) + 1 (5 + 3)) / 3",
       recsys_predict('clipped', 'lucy', 'a') AS clipped;
-- Nobody has rated d and anything else: the mean of the user, and no advice but what is popular.
SELECT model, recsys_predict(model, 'lucy', 'd') AS lucy, recsys_predict(model, 'odd', 'a') AS odd, recsys_predict(model, 'odd', 'd') AS own,
       (SELECT array_agg(item_id) FROM recsys_recommend(model, 'lucy', 9)) AS for_lucy, (SELECT count(*) FROM recsys_recommend(model, 'odd', 9)) AS for_odd
  FROM unnest('{plain,weighted}'::regclass[]) model ORDER BY model::text;
SELECT recsys_predict('plain', 'nobody', 'a') AS mean_of_item, recsys_predict('plain', 'mark', 'nothing') AS mean_of_user,
       recsys_predict('plain', 'nobody', 'nothing') = (SELECT avg(rating) FROM small) AS mean_of_all;

-- Many ratings that are no whole numbers, every pair of a user and an item,
-- rated or not; some items have few ratings and some pairs no common user.
CREATE TABLE ratings AS
SELECT u AS user_id, i AS item_id, round((2 * sin(u * i) + 3 * cos(u + i * i))::numeric, 2)::float8 AS rating
  FROM generate_series(1, 50) u, generate_series(1, 40) i WHERE (u * 7 + i * i * 3) % 41 < 60 / (i + 4) + 2;
CREATE TABLE expected AS
WITH pair AS (
	SELECT a.item_id AS i, b.item_id AS j, avg(a.rating - b.rating) AS dev, count(*) AS n
	  FROM ratings a JOIN ratings b USING (user_id) WHERE a.item_id <> b.item_id GROUP BY 1, 2),
mean AS (SELECT user_id, avg(rating) AS mean FROM ratings GROUP BY 1)
SELECT m.user_id, i.item_id, coalesce(p.plain, m.mean) AS plain, coalesce(p.weighted, m.mean) AS weighted, p.n
  FROM mean m CROSS JOIN (SELECT DISTINCT item_id FROM ratings) i CROSS JOIN LATERAL (
	SELECT m.mean + avg(dev) AS plain, sum(n * (dev + rating)) / sum(n) AS weighted, count(*) AS n
	  FROM ratings r JOIN pair ON j = r.item_id WHERE r.user_id = m.user_id AND pair.i = i.item_id) p;
SELECT count(*) AS pairs, count(*) FILTER (WHERE n = 0) AS alone, min(n) FILTER (WHERE n > 0) AS least, max(n) AS most FROM expected;
SELECT version FROM recsys_train('plain', 'ratings', 'slope_one', '{"clip": false, "list_score": "prediction"}');
SELECT version FROM recsys_train('weighted', 'ratings', 'slope_one', '{"clip": false, "weighted": true, "list_score": "prediction"}');
SELECT max(abs(recsys_predict('plain', user_id, item_id) - plain)) < 1e-6 AS plain,
       max(abs(recsys_predict('weighted', user_id, item_id) - weighted)) < 1e-6 AS weighted FROM expected;
-- By the rows of the user's items, or by that of the item: it is the same.
SELECT model, count(*) = (SELECT count(*) FROM expected WHERE n > 0) AS all_items, max(abs(r.score - recsys_predict(model, u, r.item_id))) < 1e-9 AS same
  FROM unnest('{plain,weighted}'::regclass[]) model, generate_series(1, 50) u, recsys_recommend(model, u, 100, exclude_seen => false) r GROUP BY model ORDER BY model::text;
SELECT (SELECT array_agg(round(score::numeric, 4)) FROM recsys_recommend('plain', 7, 5)) = array_agg(best) AS best
  FROM (SELECT round(plain::numeric, 4) AS best FROM expected e WHERE user_id = 7 AND n > 0
           AND NOT EXISTS (SELECT FROM ratings r WHERE r.user_id = 7 AND r.item_id = e.item_id) ORDER BY plain DESC LIMIT 5) e;

-- What there is not.
SELECT recsys_similar_items('plain', 1);
SELECT recsys_similar_users('plain', 1);
SELECT recsys_train('m', 'ratings', 'slope_one', '{"store_ratings": false}');
SELECT recsys_train('m', 'ratings', 'slope_one', rating_col => NULL);
SELECT recsys_train('m', 'ratings', 'slope_one', '{"weighted": 1}');

DROP TABLE small, ratings, expected, plain, weighted, clipped;
