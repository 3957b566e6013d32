-- Nearest neighbors from a live table, held against their definitions in SQL.

SELECT setseed(.25);
CREATE TABLE ratings (user_id int, item_id text, rating numeric(3, 1), PRIMARY KEY (user_id, item_id));
INSERT INTO ratings
SELECT u, 'i' || i, 1 + floor(random() * 9) / 2 FROM generate_series(1, 40) u, generate_series(1, 25) i
 WHERE random() < .35;
-- constant rows, for which some measures are undefined
INSERT INTO ratings SELECT u, 'constant', 3 FROM generate_series(1, 10) u;
INSERT INTO ratings SELECT 99, 'i' || i, 4 FROM generate_series(1, 6) i;

-- Rows are what is compared, columns what they have in common.
CREATE VIEW by_item AS SELECT item_id AS row, user_id::text AS col, rating::float8 AS r FROM ratings;
CREATE VIEW by_user AS SELECT user_id::text AS row, item_id AS col, rating::float8 AS r FROM ratings;

-- Baselines, from the algorithm that has its own test.
SELECT users, items, ratings FROM recsys_train('base', 'ratings', 'baseline_als');
CREATE TABLE mu AS SELECT avg(rating)::float8 AS mu, stddev_pop(rating)::float8 AS sd FROM ratings;
CREATE TABLE bias AS SELECT 'item' AS side, id, bias FROM recsys_factors('base', 'item')
               UNION ALL SELECT 'user', id, bias FROM recsys_factors('base', 'user');

-- Similarities of all pairs of rows, by their definitions.
CREATE FUNCTION expected_similarities(side text) RETURNS TABLE (x text, y text, kind text, similarity float8, n bigint)
LANGUAGE plpgsql AS $$
BEGIN
	EXECUTE format('CREATE TEMP VIEW given AS SELECT row, col, r FROM by_%s', side);
	RETURN QUERY
	WITH whole AS (SELECT row, sum(r * r) AS squares, count(*) AS n FROM given GROUP BY row),
	columns AS (SELECT col, avg(r) AS mean FROM given GROUP BY col),
	pairs AS (
		SELECT a.row AS x, b.row AS y, a.r AS rx, b.r AS ry, c.mean AS m,
		       a.r - mu - bx.bias - bc.bias AS ex, b.r - mu - by_.bias - bc.bias AS ey
		  FROM given a JOIN given b USING (col) JOIN columns c USING (col) CROSS JOIN mu
		  JOIN bias bx ON bx.side = $1 AND bx.id = a.row
		  JOIN bias by_ ON by_.side = $1 AND by_.id = b.row
		  JOIN bias bc ON bc.side <> $1 AND bc.id = col
		 WHERE a.row <> b.row),
	sums AS (
		SELECT p.x, p.y, count(*) AS n, sum(rx * ry) AS xy, sum(rx * rx) AS xx, sum(ry * ry) AS yy,
		       sum((rx - m) * (ry - m)) AS axy, sum((rx - m) ^ 2) AS axx, sum((ry - m) ^ 2) AS ayy,
		       sum(ex * ey) AS exy, sum(ex * ex) AS exx, sum(ey * ey) AS eyy,
		       avg((rx - ry) ^ 2) AS msd, corr(rx, ry) AS corr
		  FROM pairs p GROUP BY 1, 2)
	SELECT s.x, s.y, v.kind, v.similarity, s.n
	  FROM sums s JOIN whole wx ON wx.row = s.x JOIN whole wy ON wy.row = s.y,
	       LATERAL (VALUES
	         ('cosine', xy / sqrt(wx.squares * wy.squares)),
	         ('cosine_common', xy / sqrt(xx * yy)),
	         ('adjusted_cosine', CASE WHEN axx > 1e-12 AND ayy > 1e-12 THEN axy / sqrt(axx * ayy) END),
	         ('pearson', corr),
	         ('pearson_baseline', CASE WHEN s.n > 1 THEN exy / sqrt(exx * eyy) * (s.n - 1) / (s.n - 1 + 0) END),
	         ('msd', 1 / (1 + msd)),
	         ('jaccard', s.n::float8 / (wx.n + wy.n - s.n))) v(kind, similarity)
	 WHERE v.similarity IS NOT NULL;
	DROP VIEW given;
END $$;
CREATE TABLE expected AS
SELECT 'item' AS side, * FROM expected_similarities('item')
UNION ALL SELECT 'user', * FROM expected_similarities('user');

CREATE TABLE found AS
SELECT 'item' AS side, kind, x.item_id AS x, s.item_id AS y, s.similarity, s.support
  FROM (SELECT DISTINCT kind FROM expected) k, (SELECT DISTINCT item_id FROM ratings) x,
       LATERAL similar_items('ratings', x.item_id, 1000, kind) s
UNION ALL
SELECT 'user', kind, x.user_id::text, s.user_id::text, s.similarity, s.support
  FROM (SELECT DISTINCT kind FROM expected) k, (SELECT DISTINCT user_id FROM ratings) x,
       LATERAL similar_users('ratings', x.user_id, 1000, kind) s;
ANALYZE;
SELECT side, kind, count(*) > 500 AS many, bool_and(e.n = f.support) AS same_support,
       coalesce(max(abs(e.similarity - f.similarity)), 0) < 1e-6 AS same,
       count(*) FILTER (WHERE e.x IS NULL OR f.x IS NULL) AS missing
  FROM expected e FULL JOIN found f USING (side, kind, x, y) GROUP BY 1, 2 ORDER BY 1, 2;

-- Symmetry.
SELECT count(*) > 0 AS many, bool_and(a.similarity = b.similarity) AS symmetric
  FROM found a JOIN found b ON (a.side, a.kind, a.x, a.y) = (b.side, b.kind, b.y, b.x);

-- Least support and shrinkage.
SELECT bool_and(s.support >= 5) AS supported,
       bool_and(abs(s.similarity - e.similarity * s.support / (s.support + 10)) < 1e-6) AS shrunk
  FROM similar_items('ratings', 'i1', 1000, 'pearson', min_support => 5, shrinkage => 10) s
  JOIN expected e ON (e.side, e.kind, e.x, e.y) = ('item', 'pearson', 'i1', s.item_id);
SELECT bool_and(abs(s.similarity - e.similarity * (s.support - 1) / (s.support - 1 + 50)) < 1e-6) AS shrunk
  FROM similar_items('ratings', 'i1', 1000, 'pearson_baseline', shrinkage => 50) s
  JOIN expected e ON (e.side, e.kind, e.x, e.y) = ('item', 'pearson_baseline', 'i1', s.item_id);

--
-- Scores: the k nearest with a positive similarity among those that have the
-- rating (for average: all with a similarity), as the definitions say.
--
CREATE FUNCTION expected_scores(side text, kind text, score text, k int, min_k int)
RETURNS TABLE (user_id text, item_id text, value float8) LANGUAGE sql AS $$
	WITH given AS (SELECT row, col, r FROM by_item WHERE $1 = 'item' UNION ALL SELECT row, col, r FROM by_user WHERE $1 = 'user'),
	stats AS (SELECT row, avg(r) AS mean, stddev_pop(r) AS sd FROM given GROUP BY row),
	base AS (SELECT a.id AS row, b.id AS col, mu + a.bias + b.bias AS b FROM mu, bias a, bias b WHERE a.side = $1 AND b.side <> $1),
	nearest AS (
		SELECT e.x AS row, g.col, e.y, g.r, e.similarity AS s,
		       row_number() OVER (PARTITION BY e.x, g.col ORDER BY e.similarity DESC, CASE WHEN $1 = 'user' THEN lpad(e.y, 5, '0') ELSE e.y END COLLATE "C") AS nth
		  FROM expected e JOIN given g ON g.row = e.y
		 WHERE e.side = $1 AND e.kind = $2 AND (e.similarity > 0 OR $3 = 'average')),
	used AS (
		SELECT n.*, CASE WHEN t.sd > 1e-9 THEN t.sd ELSE mu.sd END AS sd, t.mean, b.b
		  FROM nearest n JOIN stats t ON t.row = n.y JOIN base b ON b.row = n.y AND b.col = n.col, mu
		 WHERE nth <= $4 OR $3 = 'average'),
	tally AS (
		SELECT row, col, count(*) AS n, sum(s) AS w, sum(s * r) AS sum, sum(s * (r - mean)) AS centered,
		       sum(s * (r - mean) / sd) AS zscore, sum(s * (r - b)) AS baseline
		  FROM used GROUP BY row, col)
	SELECT CASE WHEN $1 = 'user' THEN t.row ELSE t.col END, CASE WHEN $1 = 'user' THEN t.col ELSE t.row END,
	       CASE $3 WHEN 'weighted_mean' THEN sum / w WHEN 'sum' THEN sum WHEN 'average' THEN sum / n
	               WHEN 'centered' THEN x.mean + centered / w
	               WHEN 'zscore' THEN x.mean + CASE WHEN x.sd > 1e-9 THEN x.sd ELSE mu.sd END * zscore / w
	               WHEN 'baseline' THEN b.b + baseline / w END
	  FROM tally t JOIN stats x ON x.row = t.row JOIN base b ON b.row = t.row AND b.col = t.col, mu
	 WHERE n >= $5 $$;

CREATE FUNCTION live_scores(side text, kind text, score text, k int, min_k int)
RETURNS TABLE (user_id text, item_id text, value float8) LANGUAGE sql AS $$
	SELECT u.user_id::text, r.item_id, r.score FROM (VALUES (3), (17), (99)) u(user_id),
	       LATERAL item_knn_recommend('ratings', u.user_id::text, 1000, $2, $4, $5, score => $3, exclude_seen => false) r
	 WHERE $1 = 'item' AND r.basis = 'personalized'
	UNION ALL
	SELECT u.user_id::text, r.item_id, r.score FROM (VALUES (3), (17), (99)) u(user_id),
	       LATERAL user_knn_recommend('ratings', u.user_id::text, 1000, $2, $4, $5, score => $3, exclude_seen => false) r
	 WHERE $1 = 'user' AND r.basis = 'personalized' $$;

-- A small k only with measures that do not tie at the k-th place.
CREATE TABLE cases AS
SELECT side, kind, score, k, min_k
  FROM unnest('{item,user}'::text[]) side, (SELECT DISTINCT kind FROM expected) e,
       unnest('{weighted_mean,sum,average,centered,zscore,baseline}'::text[]) score,
       (VALUES (40, 1), (4, 3)) v(k, min_k)
 WHERE k = 40 OR kind IN ('cosine', 'pearson_baseline', 'adjusted_cosine');
ANALYZE;
CREATE TABLE live AS
SELECT c.*, l.* FROM cases c, LATERAL live_scores(side, kind, score, k, min_k) l;
CREATE TABLE defined AS
SELECT c.*, l.* FROM cases c, LATERAL expected_scores(side, kind, score, k, min_k) l WHERE l.user_id IN ('3', '17', '99');
SELECT side, score, k, count(*) > 100 AS many, max(abs(d.value - l.value)) < 1e-5 AS same,
       count(*) FILTER (WHERE d.value IS NULL OR l.value IS NULL) AS missing
  FROM defined d FULL JOIN live l USING (side, kind, score, k, min_k, user_id, item_id)
 GROUP BY 1, 2, 3 ORDER BY 1, 2, 3;

-- Trained models say the same (their similarities are computed when needed).
CREATE TABLE from_models (LIKE live);
DO $$
DECLARE c record;
BEGIN
	FOR c IN SELECT * FROM cases LOOP
		PERFORM recsys_train('knn_model', 'ratings', c.side || '_knn',
			jsonb_build_object('similarity', c.kind, 'score', c.score, 'k', c.k, 'min_k', c.min_k,
			                   'neighbors', 0, 'shrinkage', 0, 'clip', false, 'list_score', 'prediction'));
		INSERT INTO from_models
		SELECT c.side, c.kind, c.score, c.k, c.min_k, u::text, r.item_id, r.score
		  FROM unnest('{3,17,99}'::int[]) u, LATERAL recsys_recommend('knn_model', u::text, 1000, exclude_seen => false) r WHERE r.basis = 'personalized';
	END LOOP;
END $$;
SELECT count(*) > 3000 AS many, max(abs(m.value - l.value)) < 1e-6 AS same,
       count(*) FILTER (WHERE m.value IS NULL OR l.value IS NULL) AS missing
  FROM from_models m FULL JOIN live l USING (side, kind, score, k, min_k, user_id, item_id);

-- A model as the source: what is left at its default is as trained, and what
-- is given is obeyed.
SELECT version FROM recsys_train('msd_model', 'ratings', 'user_knn', '{"similarity": "msd", "score": "centered", "list_score": "prediction"}');
SELECT bool_and(a.score = b.score) AS as_trained
  FROM user_knn_recommend('msd_model', '3', 1000) a JOIN recsys_recommend('msd_model', '3', 1000) b USING (item_id);
SELECT bool_and(abs(a.score - b.value) < 1e-6) AS as_given
  FROM user_knn_recommend('msd_model', '3', 1000, 'jaccard', score => 'zscore') a
  JOIN live b ON (side, kind, b.score, k, user_id, b.item_id) = ('user', 'jaccard', 'zscore', 40, '3', a.item_id);
SELECT bool_and(abs(s.similarity - e.similarity) < 1e-6 AND s.support = e.n) AS of_items
  FROM similar_items('msd_model', 'i1', 1000) s
  JOIN expected e ON (e.side, e.kind, e.x, e.y) = ('item', 'msd', 'i1', s.item_id);
-- Kept lists hold the nearest of each row.
SELECT version FROM recsys_train('list_model', 'ratings', 'item_knn', '{"similarity": "cosine", "score": "sum", "neighbors": 5}');
SELECT count(*), bool_and(abs(s.similarity - e.similarity) < 1e-6) AS same, min(e.nth) = 1 AND max(e.nth) = 5 AS nearest
  FROM recsys_similar_items('list_model', 'i1', 100) s
  JOIN (SELECT *, row_number() OVER (ORDER BY similarity DESC) AS nth FROM expected
         WHERE side = 'item' AND kind = 'cosine' AND x = 'i1') e ON e.y = s.item_id;

-- Repeated rows count once, with their mean; the unique index is not needed.
CREATE TABLE repeated AS SELECT user_id, item_id, rating + d AS rating FROM ratings, (VALUES (-1), (0), (1)) v(d);
SELECT bool_and(abs(a.similarity - b.similarity) < 1e-6 AND a.support = b.support) AS same, count(*) > 20 AS many
  FROM similar_items('repeated', 'i1', 1000) a FULL JOIN similar_items('ratings', 'i1', 1000) b USING (item_id);

-- Who is not in the table gets what is popular, most ratings first.
SELECT item_id, score, basis FROM item_knn_recommend('ratings', '12345', 3);
SELECT item_id, count(*) FROM ratings GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT 3;
SELECT count(*) FROM similar_items('ratings', 'no such item');

-- New rows count at once.
SELECT count(*) FROM similar_users('ratings', 12345);
INSERT INTO ratings SELECT 12345, item_id, rating FROM ratings WHERE user_id = 3;
SELECT user_id, round(similarity::numeric, 9) AS similarity FROM similar_users('ratings', 12345, 1);

-- With an index on the items a request reads only what it needs.
CREATE TABLE wide (user_id int, item_id int, rating real, PRIMARY KEY (user_id, item_id));
INSERT INTO wide SELECT u, u + i, 1 + (u * i) % 5 FROM generate_series(1, 20000) u, generate_series(0, 4) i;
CREATE INDEX ON wide (item_id);
ANALYZE wide;
SELECT pg_stat_force_next_flush();
SELECT seq_scan AS scans_before FROM pg_stat_user_tables WHERE relname = 'wide' \gset
SELECT user_id, support FROM similar_users('wide', 7777, 10, 'jaccard') ORDER BY 2 DESC, 1;
SELECT pg_stat_force_next_flush();
SELECT seq_scan - :scans_before AS sequential_scans, idx_scan > 0 AS index_scans FROM pg_stat_user_tables WHERE relname = 'wide';

SET client_min_messages = warning;
DROP TABLE ratings, wide, repeated, base, knn_model, msd_model, list_model, mu, bias, expected, found, cases, live, defined, from_models CASCADE;
