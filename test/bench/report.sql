-- The table: what was measured, and beside it what it is compared with.
\pset null ''
\pset footer off
WITH measured AS (
	SELECT job, percentile_cont(.5) WITHIN GROUP (ORDER BY seconds) AS median,
	       min(seconds) AS min, max(seconds) AS max
	  FROM bench.sample GROUP BY job),
compared(place, job, label, other, other_label, goal) AS (VALUES
	(1, 'read', 'MovieLens 1M into the interaction matrix', 'scan', 'SELECT sum(...) over the table', 1.0),
	(2, 'cosine', 'all-pairs item cosine, top 50, ML-1M, in all', NULL, NULL, 1.5),
	(3, 'cosine100k', 'all-pairs item cosine, top 50, ML-100k, in all', 'cosine100k_sql', 'self-join with cosine_sim()', NULL),
	(4, 'svd', 'svd, 100 factors, 20 epochs, ML-1M, in all', NULL, NULL, 8),
	(5, 'svd64', 'svd, 64 factors, 20 epochs, ML-1M, in all', 'peer_svd64', 'LIBMF, one thread, 9/10 of it', NULL),
	(6, 'svd64_epoch', 'svd, 64 factors, one epoch', NULL, NULL, NULL),
	(7, 'als_iteration', 'als, 64 factors, one iteration, ML-1M', NULL, NULL, .8),
	(8, 'recommend', 'recsys_recommend, top 10 of 3,706, 128 factors', 'recommend_sql', 'the same in SQL over recsys_factors', .002),
	(9, 'pearson', 'all-pairs item Pearson, ML-100k, in all', 'pearson_sql', 'self-join with corr()', NULL))
SELECT c.label AS job, round(m.median::numeric, 4) AS seconds,
       round(m.min::numeric, 4) || ' - ' || round(m.max::numeric, 4) AS range,
       c.goal AS at_most, c.other_label AS compared_with, round(o.median::numeric, 4) AS its_seconds,
       round((o.median / m.median)::numeric, 1) AS times_faster
  FROM compared c JOIN measured m USING (job) LEFT JOIN measured o ON o.job = c.other
 ORDER BY c.place;

SELECT algorithm, options, round(bytes / 1000209) AS peak_bytes_a_rating,
       pg_size_pretty(bytes::bigint) AS peak
  FROM bench.memory;
