-- The table: what was measured, beside it what it is compared with, and what
-- the project has promised (at most so many seconds, at least so many times).  A
-- verdict is given only where both sides were measured.
\pset null ''
\pset footer off
WITH measured AS (
	SELECT job, percentile_cont(.5) WITHIN GROUP (ORDER BY seconds) AS median,
	       min(seconds) AS min, max(seconds) AS max
	  FROM bench.sample GROUP BY job),
compared(place, job, label, other, other_label, at_most, at_least) AS (VALUES
	(1, 'read', 'MovieLens 1M into the interaction matrix', 'scan', 'SELECT sum(...) over the table', .33, NULL),
	(2, 'cosine', 'all-pairs item cosine, top 50, ML-1M, in all', 'cosine_alone', 'the same without workers', 1.5, NULL),
	(3, 'cosine100k', 'all-pairs item cosine, top 50, ML-100k, in all', 'cosine100k_sql', 'self-join with cosine_sim()', NULL, NULL),
	(4, 'pearson', 'all-pairs item Pearson, top 50, ML-100k, in all', 'pearson_sql', 'self-join with corr()', NULL, 50),
	(5, 'svd', 'svd, 100 factors, 20 epochs, ML-1M, in all', NULL, NULL, 8, NULL),
	(6, 'svd64', 'svd, 64 factors, 20 epochs, ML-1M, in all', 'peer_svd64', 'LIBMF, one thread, 9/10 of it', NULL, NULL),
	(7, 'svd64_epoch', 'svd, 64 factors, one epoch', 'svd64_epoch_alone', 'the same without workers', NULL, 1.6),
	(7, 'svd64_epoch_alone', 'svd, 64 factors, one epoch, no workers', 'peer_svd64_epoch', 'LIBMF, one thread, 9/10 of it', NULL, .83),
	(8, 'als_iteration', 'als, 64 factors, one iteration, ML-1M', 'als_iteration_alone', 'the same without workers', .5, NULL),
	(9, 'recommend', 'recsys_recommend, top 10 of 3,706, 128 factors', 'recommend_sql', 'the same in SQL over recsys_factors', .002, NULL),
	(10, 'recommend_knn', 'recsys_recommend, top 10, 50 neighbors of each item', NULL, NULL, .002, NULL),
	(11, 'cosine', 'all-pairs item cosine, top 50, ML-1M, in all', 'peer_cosine', 'implicit, reading a file of text', NULL, 1),
	(12, 'ials64', 'ials, 64 factors, one iteration, ML-1M', 'peer_ials64', 'implicit', NULL, 1),
	(13, 'ials128', 'ials, 128 factors, one iteration, ML-1M', 'peer_ials128', 'implicit', NULL, 1),
	(14, 'bpr', 'bpr, 63 factors, one epoch, ML-1M', 'peer_bpr', 'implicit', NULL, 1),
	(15, 'recommend_all', 'recsys_recommend_all, top 10 of 3,706, 64 factors', 'peer_recommend_all', 'implicit', NULL, 1),
	(16, 'train ease', 'ease, ML-1M, in all', NULL, NULL, 4, NULL),
	(17, 'train slim', 'slim, ML-1M, in all', NULL, NULL, 30, NULL),
	(17, 'train gradient', 'gradient, ML-1M, in all', NULL, NULL, NULL, NULL),
	(17, 'slim_sparse', 'slim, 285,000 rows of 105,000 items, in all', NULL, NULL, 60, NULL),
	(18, 'rp3beta_gowalla', 'rp3beta, Gowalla, in all', NULL, NULL, 10, NULL),
	(18, 'evaluate_gowalla', '29,858 users x 40,981 items ranked, 64 factors', NULL, NULL, 20, NULL),
	(18, 'evaluate', 'recsys_evaluate of popular, all metrics, ML-1M', 'evaluate_ndcg', 'ndcg alone', NULL, NULL),
	(18, 'content', 'content, 50,000 texts of 55 words, in all', NULL, NULL, 20, NULL))
SELECT c.label AS job, round(m.median::numeric, 4) AS seconds,
       round(m.min::numeric, 4) || ' - ' || round(m.max::numeric, 4) AS range,
       c.other_label AS compared_with, round(o.median::numeric, 4) AS its_seconds,
       round((o.median / m.median)::numeric, 1) AS times_faster,
       coalesce('at most ' || c.at_most || ' s', 'at least ' || c.at_least || ' times') AS promised,
       CASE WHEN m.median <= c.at_most OR o.median / m.median >= c.at_least THEN 'met'
            WHEN m.median > c.at_most OR o.median / m.median < c.at_least THEN 'MISSED' END AS verdict
  FROM compared c JOIN measured m USING (job) LEFT JOIN measured o ON o.job = c.other
 ORDER BY c.place;

SELECT g.relation, g.label, round(q.rmse::numeric, 4) AS rmse, round(q.mae::numeric, 4) AS mae,
       round(q.seconds::numeric, 2) AS seconds, round(q.min::numeric, 2) || ' - ' || round(q.max::numeric, 2) AS range,
       concat_ws(' / ', g.rmse, g.mae, g.seconds || ' s') AS promised,
       CASE WHEN q.rmse > g.rmse + g.tolerance OR q.mae > g.mae + g.tolerance OR q.seconds > g.seconds THEN 'MISSED'
            WHEN g.rmse IS NOT NULL THEN 'met' END AS verdict
  FROM bench.goal g
  JOIN (SELECT relation, label, avg(rmse) AS rmse, avg(mae) AS mae, min(seconds), max(seconds),
               percentile_cont(.5) WITHIN GROUP (ORDER BY seconds) AS seconds
          FROM bench.quality GROUP BY 1, 2) q USING (relation, label)
 ORDER BY g.relation, q.rmse;

SELECT algorithm, options, ratings, round((bytes / ratings)::numeric, 1) AS peak_bytes_a_rating,
       pg_size_pretty(bytes::bigint) AS peak, pg_size_pretty(predicted::bigint) AS predicted,
       round((bytes / predicted - 1)::numeric * 100) || ' %' AS off, 'within 10 %' AS promised,
       CASE WHEN abs(bytes / predicted - 1) <= .1 THEN 'met' WHEN abs(bytes / predicted - 1) > .1 THEN 'MISSED' END AS verdict
  FROM bench.memory;

SELECT algorithm, ratings, round(read_seconds::numeric, 2) AS read_seconds,
       round(iteration_seconds::numeric, 3) AS iteration_seconds,
       round((iteration_seconds / ratings * 1e9)::numeric) AS ns_a_rating, round(train_rmse::numeric, 4) AS train_rmse
  FROM bench.growth ORDER BY 1, 2;

SELECT g.data_set, g.recent, g.algorithm, g.options, round(r.hits::numeric, 4) AS hits, round(r.ndcg::numeric, 4) AS ndcg,
       round(r.seconds::numeric, 1) AS seconds, concat_ws(' / ', g.at_least, g.ndcg_at_least) AS promised,
       CASE WHEN r.hits < g.at_least OR r.ndcg < g.ndcg_at_least THEN 'MISSED'
            WHEN r.ndcg >= g.ndcg_at_least AND (g.at_least IS NULL OR r.hits >= g.at_least) THEN 'met' END AS verdict
  FROM bench.ranking_goal g JOIN bench.ranking r USING (place) ORDER BY g.data_set, r.ndcg;
