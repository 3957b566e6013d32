-- Co-clustering: its equation, its optimum, planted clusters.
SET client_min_messages = warning;	-- on a slow machine training tells its progress

-- Means and the clusters of a model, read from its bytes.
CREATE FUNCTION clusters(model regclass, side text) RETURNS TABLE (id int, cluster int) LANGUAGE plpgsql AS $$
BEGIN
	RETURN QUERY EXECUTE format('SELECT get_byte(i.data, 32 + 8 * n) + 256 * get_byte(i.data, 33 + 8 * n),
			get_byte(c.data, 32 + 4 * n) + 256 * get_byte(c.data, 33 + 4 * n)
		FROM %s i JOIN %1$s c USING (version), generate_series(0, (length(i.data) - 32) / 8 - 1) n
		WHERE i.part = %L AND c.part = %L AND version = (SELECT max(version) FROM %1$s)', model, side || '_ids', side || '_clusters');
END $$;
CREATE FUNCTION judged(model regclass, source regclass) RETURNS TABLE (user_id int, item_id int, rating float8,
	g int, h int, mu_u float8, mu_i float8, predicted float8) LANGUAGE plpgsql AS $$
BEGIN
	RETURN QUERY EXECUTE format('SELECT user_id, item_id, rating, g.cluster, h.cluster, avg(rating) OVER (PARTITION BY user_id),
			avg(rating) OVER (PARTITION BY item_id), recsys_predict(%L::regclass, user_id, item_id)
		FROM %s JOIN clusters(%1$L, ''user'') g ON g.id = user_id JOIN clusters(%1$L, ''item'') h ON h.id = item_id', model, source);
END $$;

-- Every user has rated every item, and a rating is made of a user's, an item's
-- and a co-cluster's part: found whatever the seed, and then predicted exactly.
-- Without restarts some seeds end elsewhere.
CREATE TABLE complete AS
SELECT u AS user_id, i AS item_id, 3 + u * .01 + i * .02 + ('{{1,-1,.5,-.5},{-1,.75,.25,0},{.25,1,-1,-.25}}'::float8[])[1 + u % 3][1 + i % 4] AS rating
  FROM generate_series(1, 36) u, generate_series(1, 24) i;
CREATE TABLE found (seed int, train_rmse float8, single_rmse float8);
DO $$
BEGIN
	FOR seed IN 0..7 LOOP
		INSERT INTO found SELECT seed, t.train_rmse, s.train_rmse
		  FROM recsys_train('found_model', 'complete', 'co_clustering', jsonb_build_object('item_clusters', 4, 'seed', seed, 'restarts', 10)) t,
			   recsys_train('single_model', 'complete', 'co_clustering', jsonb_build_object('item_clusters', 4, 'seed', seed, 'restarts', 0)) s;
	END LOOP;
END $$;
SELECT max(train_rmse) < 1e-5 AS always_found, count(*) FILTER (WHERE single_rmse > .1) > 0 AS not_without_restarts FROM found;
SELECT version FROM recsys_train('m', 'complete', 'co_clustering', '{"item_clusters": 4, "clip": false}');
SELECT count(DISTINCT (user_id % 3, g)) AS user_clusters, count(DISTINCT (item_id % 4, h)) AS item_clusters,
       max(abs(predicted - rating)) < 1e-5 AS exact FROM judged('m', 'complete');
-- Under other numbers of clusters too, C_gh + (mu_u - C_g) + (mu_i - C_h).
SELECT version FROM recsys_train('m', 'complete', 'co_clustering', '{"user_clusters": 2, "item_clusters": 2, "clip": false}');
SELECT max(abs(predicted - (c_gh + (mu_u - c_g) + (mu_i - c_h)))) < 1e-5 AS as_published, max(abs(predicted - rating)) > .1 AS not_exact
  FROM (SELECT *, avg(rating) OVER (PARTITION BY g, h) AS c_gh, avg(rating) OVER (PARTITION BY g) AS c_g, avg(rating) OVER (PARTITION BY h) AS c_h
          FROM judged('m', 'complete')) j;

-- Of few ratings: the offset is the mean of what the means leave.
CREATE TABLE ratings AS
SELECT u AS user_id, i AS item_id, round((3 + sin(u * 1.7) + cos(i * 2.3) + sin((u % 3) * 5 + (i % 4) * 2) + .6 * sin(u * i))::numeric * 2) / 2.0::float8 AS rating
  FROM generate_series(1, 60) u, generate_series(1, 45) i WHERE (u * u * 3 + i * i * 5 + u * i * 7) % 11 < 3;
SELECT version FROM recsys_train('m', 'ratings', 'co_clustering', '{"user_clusters": 4, "item_clusters": 3, "iterations": 100, "clip": false, "list_score": "prediction"}');
CREATE TABLE judgement AS SELECT *, avg(rating - mu_u - mu_i) OVER (PARTITION BY g, h) AS offset_gh FROM judged('m', 'ratings');
SELECT count(DISTINCT g) AS g, count(DISTINCT h) AS h, max(abs(predicted - (mu_u + mu_i + offset_gh))) < 1e-5 AS as_fitted FROM judgement;
-- Nobody, and nothing, would be better off in another cluster.
SELECT bool_and(own <= other + 1e-6) AS users_settled FROM (
	SELECT user_id, sum((rating - predicted) ^ 2) AS own, sum((rating - mu_u - mu_i - o.offset_gh) ^ 2) AS other
	  FROM judgement j JOIN (SELECT DISTINCT g, h, offset_gh FROM judgement) o USING (h) GROUP BY user_id, o.g) x;
SELECT bool_and(own <= other + 1e-6) AS items_settled FROM (
	SELECT item_id, sum((rating - predicted) ^ 2) AS own, sum((rating - mu_u - mu_i - o.offset_gh) ^ 2) AS other
	  FROM judgement j JOIN (SELECT DISTINCT g, h, offset_gh FROM judgement) o USING (g) GROUP BY item_id, o.h) x;
-- The log: the error falls, restarts included, and is that of the predictions.
SELECT bool_and(loss <= previous) AS falls, abs(min(train_rmse) - (SELECT sqrt(avg((rating - predicted) ^ 2)) FROM judgement)) < 1e-6 AS true_rmse
  FROM (SELECT *, lag(loss, 1, 'Infinity') OVER (ORDER BY iteration) AS previous FROM recsys_training_log('m')) l;
SELECT t.iterations = 7 AS two_and_five_restarts, t.train_rmse >= (SELECT min(train_rmse) FROM recsys_training_log('m')) AS no_better
  FROM recsys_train('short', 'ratings', 'co_clustering', '{"user_clusters": 4, "item_clusters": 3, "iterations": 2}') t;
-- What is recommended is what is predicted.
SELECT count(*) AS items, max(abs(score - recsys_predict('m', u, item_id))) < 1e-9 AS same
  FROM generate_series(1, 60) u, recsys_recommend('m', u, 100, exclude_seen => false);

-- One cluster: the means alone.  Ids that are not known, too.
SELECT iterations FROM recsys_train('one', 'ratings', 'co_clustering', '{"user_clusters": 1, "item_clusters": 1, "clip": false}');
SELECT max(abs(predicted - (mu_u + mu_i - (SELECT avg(rating) FROM ratings)))) < 1e-5 AS means FROM judged('one', 'ratings');
SELECT model, bool_and(abs(recsys_predict(model, 0, item_id) - mu_i) < 1e-5) AS mean_of_item, bool_and(abs(recsys_predict(model, user_id, 0) - mu_u) < 1e-5) AS mean_of_user,
       abs(recsys_predict(model, 0, 0) - (SELECT avg(rating) FROM ratings)) < 1e-5 AS mean_of_all
  FROM judgement, unnest('{m,one}'::regclass[]) model GROUP BY model ORDER BY model::text;

-- More clusters than there are rows; the order of the rows; early stopping.
SELECT train_rmse < .3 AS fits FROM recsys_train('many', 'ratings', 'co_clustering', '{"user_clusters": 256, "item_clusters": 100}');
CREATE TABLE shuffled AS SELECT * FROM ratings ORDER BY md5(user_id || ' ' || item_id);
SELECT version FROM recsys_train('again', 'shuffled', 'co_clustering', '{"user_clusters": 4, "item_clusters": 3, "iterations": 100, "clip": false, "list_score": "prediction"}');
SELECT count(*) AS parts, bool_and(m.data = again.data) AS same FROM m JOIN again USING (part, block) WHERE m.version = 3 AND part <> 'header';
SELECT iterations BETWEEN 1 AND 19 AS searched FROM recsys_train('early', 'ratings', 'co_clustering', '{"validation_fraction": 0.2, "restarts": 10}');
-- It serves without the ratings.
SELECT version FROM recsys_train('lean', 'ratings', 'co_clustering', '{"store_ratings": false}');
SELECT count(*) FROM recsys_recommend('lean', 1, 3, exclude_seen => false);

-- What there is not.
SELECT recsys_similar_items('m', 4);
SELECT recsys_similar_users('m', 1);
SELECT recsys_factors('m', 'user');
SELECT recsys_train('no', 'ratings', 'co_clustering', '{"user_clusters": 0}');
SELECT recsys_train('no', 'ratings', 'co_clustering', '{"item_clusters": 257}');
SELECT recsys_train('no', 'ratings', 'co_clustering', '{"restarts": -1}');

DROP TABLE complete, found, ratings, judgement, shuffled, found_model, single_model, m, short, one, many, again, early, lean;
DROP FUNCTION clusters, judged;
