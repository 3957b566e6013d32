-- Measures of two series, over pairs and over arrays; sets; weighted_rating.
CREATE SCHEMA similarity;
SET search_path = similarity, public;

-- ten digits are the same everywhere
CREATE FUNCTION ten(float8) RETURNS numeric LANGUAGE sql IMMUTABLE
	RETURN round($1::numeric, 10);

-- equal but for rounding; NULL only equals NULL, NaN only NaN
CREATE FUNCTION near(a float8, b float8, tolerance float8 = 1e-12) RETURNS bool LANGUAGE sql IMMUTABLE
	RETURN a IS NOT DISTINCT FROM b OR coalesce(abs(a - b) < 'Infinity' AND abs(a - b) <= tolerance * greatest(1, abs(a)), false);

-- what a statement answers, or its error
CREATE FUNCTION attempt(statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	answer text;
	detail text;
	hint text;
BEGIN
	EXECUTE statement INTO answer;
	RETURN coalesce(answer, 'NULL');
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
	RETURN concat_ws(' | ', SQLSTATE, SQLERRM, nullif(detail, ''), nullif(hint, ''));
END $$;

-- which aggregates have what
SELECT p.oid::regprocedure AS aggregate, p.proparallel AS parallel,
       a.aggcombinefn <> 0 AND a.aggserialfn <> 0 AND a.aggdeserialfn <> 0 AS combines,
       a.aggminvtransfn <> 0 AS inverse
  FROM pg_aggregate a JOIN pg_proc p ON p.oid = a.aggfnoid
 WHERE a.aggtransfn::text ~ 'recsys_(series|weighted_rating)_' ORDER BY p.proname COLLATE "C";

--
-- Worked values
--

-- closed forms: 1/2; 5/sqrt(2 * 38/3); -1; sqrt(15/16) for 1..n against its squares at n = 4 is 25/sqrt(5 * 129)
SELECT ten(pearson_corr(ARRAY[1,2,3], ARRAY[1,3,2])) AS half,
       ten(pearson_corr(ARRAY[1,2,3], ARRAY[2,4,7])) AS a, ten(5 / sqrt(2 * 38 / 3.0)) AS a_closed,
       pearson_corr(ARRAY[1,2,3], ARRAY[9,7,5]) AS minus_one,
       ten(pearson_corr(ARRAY[1,2,3,4], ARRAY[1,4,9,16])) AS b, ten(25 / sqrt(5 * 129.0)) AS b_closed;
SELECT ten(cosine_sim(ARRAY[1,2,3], ARRAY[4,5,6])) AS cosine, ten(32 / sqrt(14 * 77.0)) AS closed,
       cosine_sim(ARRAY[1,0], ARRAY[0,1]) AS right_angle, cosine_sim(ARRAY[3,4], ARRAY[-6,-8]) AS opposite;
SELECT ten(msd_sim(ARRAY[1,2,3], ARRAY[1,4,4])) AS three_eighths, msd_sim(ARRAY[1,2], ARRAY[1,2]) AS same,
       euclidean_dist(ARRAY[1,2], ARRAY[4,6]) AS five, manhattan_dist(ARRAY[1,2], ARRAY[4,-6]) AS eleven,
       hamming_dist(ARRAY[1,0,1,1], ARRAY[1,1,1,0]) AS two,
       ten(jaccard_sim(ARRAY[1,0,5,1]::float8[], ARRAY[1,0,-1,0]::float8[])) AS two_thirds;

-- rounding would pass 1 here
SELECT cosine_sim(ARRAY[.4,.6], ARRAY[3*.4::float8,3*.6::float8]) AS one, cosine_sim(ARRAY[.4,.6], ARRAY[-3*.4::float8,-3*.6::float8]) AS minus_one;

-- element types: whatever becomes float8[] by itself
SELECT pearson_corr(ARRAY[1,2,3], ARRAY[1.5,2.5,3.5]) AS int_numeric, cosine_sim(ARRAY[1,2]::real[], ARRAY[2,4]::bigint[]) AS real_bigint,
       euclidean_dist('{3,0}'::float8[], '{0,4}') AS literal, manhattan_dist(ARRAY[1,2]::smallint[], ARRAY[1.5,2]) AS smallint_numeric;

-- the example of a correlation engine: pearson over common raters
CREATE TABLE movie_rating (name text, movie text, rating float8);
INSERT INTO movie_rating VALUES
	('Tom', 'Terminator', 4.0), ('Jack', 'Terminator', 1.5), ('Lisa', 'Terminator', 3.0), ('Sally', 'Terminator', 2.0),
	('Tom', 'Terminator 2', 5.0), ('Jack', 'Terminator 2', 1.0), ('Lisa', 'Terminator 2', 3.5), ('Sally', 'Terminator 2', 2.0),
	('Tom', 'It happened one night', 3.5), ('Jack', 'It happened one night', 3.5), ('Tiger', 'It happened one night', 4.0),
	('Lisa', 'It happened one night', 5.0), ('Michele', 'It happened one night', 3.0), ('Sally', 'It happened one night', 4.0),
	('Tom', '27 Dresses', 3.0), ('Jack', '27 Dresses', 3.5), ('Tiger', '27 Dresses', 3.0),
	('Lisa', '27 Dresses', 5.0), ('Michele', '27 Dresses', 4.0), ('Sally', '27 Dresses', 4.0),
	('Tom', 'Poirot', 4.0), ('Jack', 'Poirot', 3.0), ('Tiger', 'Poirot', 5.0),
	('Lisa', 'Poirot', 4.0), ('Michele', 'Poirot', 3.5), ('Sally', 'Poirot', 3.0),
	('Tom', 'Sherlock Holmes', 4.0), ('Jack', 'Sherlock Holmes', 3.0), ('Tiger', 'Sherlock Holmes', 3.5),
	('Lisa', 'Sherlock Holmes', 3.5), ('Sally', 'Sherlock Holmes', 2.0);

CREATE VIEW movie_correlation AS
SELECT a.movie, b.movie AS other, count(*) AS raters,
       pearson_corr(a.rating, b.rating) AS r, corr(a.rating, b.rating) AS r_sql
  FROM movie_rating a JOIN movie_rating b USING (name)
 WHERE a.movie <> b.movie GROUP BY a.movie, b.movie;

SELECT movie, other, raters, ten(r) AS pearson_corr, near(r, r_sql, 1e-15) AS as_corr
  FROM movie_correlation ORDER BY movie COLLATE "C", other COLLATE "C";

-- the average rule: sum of correlation x own rating / number of own ratings
WITH own(movie, rating) AS (VALUES ('Terminator', 5.0), ('Sherlock Holmes', 4.0), ('Poirot', 4.5))
SELECT c.movie, round((sum(c.r * own.rating) / count(*))::numeric, 4) AS score
  FROM movie_correlation c JOIN own ON own.movie = c.other
 WHERE c.movie NOT IN (SELECT movie FROM own) GROUP BY c.movie ORDER BY score DESC;

-- and from the correlations as printed with that example, which cuts digits off: 3.8 and -1.07
WITH printed(movie, r, rating) AS (VALUES
	('Terminator 2', .92, 5.0), ('Terminator 2', .73, 4.0), ('Terminator 2', .87, 4.5),
	('27 Dresses', -.16, 5.0), ('27 Dresses', -.27, 4.0), ('27 Dresses', -.3, 4.5))
SELECT movie, round(sum(r * rating) / 3, 4) AS score, trunc(sum(r * rating) / 3, 2) AS two_digits
  FROM printed GROUP BY movie ORDER BY score DESC;

--
-- pearson_corr against corr()
--
SELECT setseed(0.25);
CREATE TABLE pairs WITH (autovacuum_enabled = off) AS
SELECT i, i % 50 AS g,
       CASE WHEN random() < .9 THEN random() * 10 - 5 END AS x,
       CASE WHEN random() < .9 THEN random() * 10 - 4 END AS y
  FROM generate_series(1, 20000) i;
UPDATE pairs SET y = x + y WHERE g % 3 = 0;
UPDATE pairs SET x = round(x), y = round(y) WHERE g % 3 = 1;
VACUUM ANALYZE pairs;

SELECT count(*) AS groups, bool_and(near(p, c)) AS as_corr
  FROM (SELECT pearson_corr(x, y) AS p, corr(x, y) AS c FROM pairs GROUP BY g) t;

-- with an offset of 1e9, which these small numbers bear exactly, corr() loses digits; the true value is that without it
SELECT near(pearson_corr(1e9 + a, 1e9 + b), corr(a, b), 1e-14) AS exact,
       near(pearson_corr(1e9 + a, 1e9 + b), corr(1e9 + a, 1e9 + b), 1e-6) AS as_corr
  FROM (SELECT round(x * 1024) / 1024 AS a, round(y * 1024) / 1024 AS b FROM pairs WHERE g < 3) t;
-- the same when the first number is the one far away
SELECT near(pearson_corr(a, b), corr(a, b)) AS as_corr
  FROM (SELECT 1e9 AS a, 7 AS b UNION ALL (SELECT x, y FROM pairs WHERE g = 1)) t;
-- denormals and huge numbers: the same as without the factor; corr() gives up
SELECT near(pearson_corr(a * 5e-324, b * 5e-324), corr(a, b)) AS denormal,
       near(pearson_corr(a * 1e-200, b * 1e300), corr(a, b)) AS mixed,
       near(pearson_corr(a * 1e307, b * 1e307), corr(a, b)) AS huge,
       pearson_corr(a * 1e-100, b * 1e-100) = pearson_corr(b * 1e-100, a * 1e-100) AS symmetric,
       corr(a * 5e-324, b * 5e-324) AS corr_denormal
  FROM (VALUES (1, 2), (5, 3), (2, 8), (7, 11), (-3, 4)) v(a, b);
SELECT attempt('SELECT corr(a * 1e307, a * 1e307) FROM generate_series(1, 9) a') AS corr_huge;
SELECT ten(cosine_sim(ARRAY[1e-310, 2e-310, 3e-310], ARRAY[4e300, 5e300, 6e300])) AS cosine,
       ten(euclidean_dist(ARRAY[3e-320, 0], ARRAY[0, 4e-320]) / 5e-320) AS tiny,
       ten(euclidean_dist(ARRAY[3e307, 0], ARRAY[0, 4e307]) / 5e307) AS huge,
       manhattan_dist(ARRAY[1e308], ARRAY[-5e307]) AS manhattan,
       msd_sim(ARRAY[1e308], ARRAY[-1e308]) AS far, msd_sim(ARRAY[5e-324], ARRAY[0]) AS close;
-- numbers of every size one after another, in both orders
SELECT euclidean_dist(array_agg(x), array_agg(0.0)) = 1e300 AS up, euclidean_dist(array_agg(x ORDER BY x DESC), array_agg(0.0)) = 1e300 AS down,
       ten(cosine_sim(x, 3 * x)) AS cosine, ten(pearson_corr(x, 3 * x)) AS pearson
  FROM (SELECT format('1e%s', e)::float8 AS x FROM generate_series(-320, 300, 20) e) t;

-- a little more at each pair, past 2^100, where the scale changes
SELECT near(pearson_corr(a * 4e29, b * 4e29), pearson_corr(a, b)) AS pearson, near(cosine_sim(a * 4e29, b * 4e29), cosine_sim(a, b)) AS cosine,
       near(euclidean_dist(a * 4e29, b * 4e29) / 4e29, euclidean_dist(a, b)) AS euclidean,
       near(manhattan_dist(a * 4e29, b * 4e29) / 4e29, manhattan_dist(a, b)) AS manhattan
  FROM (VALUES (1, 2), (2, 1), (3, 5), (4, 3), (5, 9), (6, 2)) v(a, b);

-- one pair; constants, which have no variance whatever their digits
SELECT pearson_corr(3, 4) AS one_pair, corr(3, 4) FROM (VALUES (1)) v;
SELECT pearson_corr(.1, i) AS x_constant, pearson_corr(i, .1) AS y_constant, pearson_corr(1e300 / 3, .3) AS both
  FROM generate_series(1, 1000) i;

-- infinities and NaN: like corr()
SELECT x1, y1, pearson_corr(x, y), near(pearson_corr(x, y), corr(x, y)) AS as_corr, cosine_sim(x, y),
       msd_sim(x, y), jaccard_sim(x, y), euclidean_dist(x, y), manhattan_dist(x, y), hamming_dist(x, y)
  FROM (VALUES (float8 'NaN', float8 '1'), ('1', 'NaN'), ('Infinity', '1'), ('1', '-Infinity'), ('Infinity', 'Infinity'),
               ('-Infinity', 'Infinity'), ('NaN', 'Infinity'), ('-Infinity', 1e100)) s(x1, y1),
       LATERAL (VALUES (1, 2), (x1, y1), (2, 4), (5, 1)) v(x, y)
 GROUP BY x1, y1 ORDER BY x1, y1;
-- the same wherever among the pairs they stand
SELECT bool_and(near(p, q) AND near(e, f) AND near(m, n)) AS any_order
  FROM (SELECT pearson_corr(x, y ORDER BY i) AS p, pearson_corr(x, y ORDER BY i DESC) AS q,
               euclidean_dist(x, y ORDER BY i) AS e, euclidean_dist(x, y ORDER BY i DESC) AS f,
               msd_sim(x, y ORDER BY i) AS m, msd_sim(x, y ORDER BY i DESC) AS n
          FROM (VALUES (float8 'NaN', float8 '1'), ('Infinity', '1'), ('-Infinity', 'Infinity'), ('1', '1e300')) s(x1, y1),
               LATERAL (VALUES (1, 1, 2), (2, 2, 4), (3, 5, 1), (4, x1, y1)) v(i, x, y)
         GROUP BY x1, y1) t;

-- undefined: no pairs, no common pairs, no variance, no norm, nothing present
SELECT pearson_corr(x, y), cosine_sim(x, y), msd_sim(x, y), jaccard_sim(x, y), euclidean_dist(x, y), manhattan_dist(x, y), hamming_dist(x, y)
  FROM pairs WHERE false;
SELECT pearson_corr(x, y), cosine_sim(x, y), msd_sim(x, y), jaccard_sim(x, y), euclidean_dist(x, y), manhattan_dist(x, y), hamming_dist(x, y)
  FROM (VALUES (NULL::float8, 1), (2, NULL), (NULL, NULL)) v(x, y);
SELECT pearson_corr(a, a), cosine_sim(a, a), msd_sim(a, a), jaccard_sim(a, a), euclidean_dist(a, a), manhattan_dist(a, a), hamming_dist(a, a)
  FROM (VALUES ('{}'::float8[]), ('{NULL,NULL}'), (NULL), ('{0,0}'), ('{2,2}')) v(a);

--
-- Properties
--

-- the function of two arrays is the aggregate
CREATE VIEW grouped AS SELECT g, array_agg(x ORDER BY i) AS xs, array_agg(y ORDER BY i) AS ys FROM pairs GROUP BY g;
SELECT bool_and(pearson_corr(xs, ys) = p) AS pearson, bool_and(cosine_sim(xs, ys) = c) AS cosine, bool_and(msd_sim(xs, ys) = m) AS msd,
       bool_and(jaccard_sim(xs, ys) = j) AS jaccard, bool_and(euclidean_dist(xs, ys) = e) AS euclidean,
       bool_and(manhattan_dist(xs, ys) = n) AS manhattan, bool_and(hamming_dist(xs, ys) = h) AS hamming
  FROM grouped JOIN (SELECT g, pearson_corr(x, y ORDER BY i) AS p, cosine_sim(x, y ORDER BY i) AS c, msd_sim(x, y ORDER BY i) AS m,
                            jaccard_sim(x, y ORDER BY i) AS j, euclidean_dist(x, y ORDER BY i) AS e,
                            manhattan_dist(x, y ORDER BY i) AS n, hamming_dist(x, y ORDER BY i) AS h
                       FROM pairs GROUP BY g) a USING (g);

-- and both are the definition
SELECT bool_and(near(c, c1)) AS cosine, bool_and(near(m, m1)) AS msd, bool_and(near(j, j1)) AS jaccard,
       bool_and(near(e, e1)) AS euclidean, bool_and(near(n, n1)) AS manhattan, bool_and(h = h1) AS hamming
  FROM (SELECT cosine_sim(x, y) AS c, sum(x * y) / sqrt(sum(x * x) * sum(y * y)) AS c1,
               msd_sim(x, y) AS m, 1 / (1 + avg((x - y) ^ 2)) AS m1,
               jaccard_sim(x, y) AS j, avg((x <> 0 AND y <> 0)::int) FILTER (WHERE x <> 0 OR y <> 0) AS j1,
               euclidean_dist(x, y) AS e, sqrt(sum((x - y) ^ 2)) AS e1,
               manhattan_dist(x, y) AS n, sum(abs(x - y)) AS n1,
               hamming_dist(x, y) AS h, sum((x <> y)::int) AS h1
          FROM pairs WHERE x IS NOT NULL AND y IS NOT NULL GROUP BY g) t;

-- symmetry, range, the effect of a factor and of an offset
SELECT bool_and(pearson_corr(xs, ys) = pearson_corr(ys, xs) AND cosine_sim(xs, ys) = cosine_sim(ys, xs) AND msd_sim(xs, ys) = msd_sim(ys, xs)
                AND jaccard_sim(xs, ys) = jaccard_sim(ys, xs) AND euclidean_dist(xs, ys) = euclidean_dist(ys, xs)
                AND manhattan_dist(xs, ys) = manhattan_dist(ys, xs) AND hamming_dist(xs, ys) = hamming_dist(ys, xs)) AS symmetric,
       bool_and(pearson_corr(xs, xs) = 1 AND cosine_sim(ys, ys) = 1 AND msd_sim(xs, xs) = 1 AND jaccard_sim(xs, xs) = 1
                AND euclidean_dist(xs, xs) = 0 AND manhattan_dist(xs, xs) = 0 AND hamming_dist(xs, xs) = 0) AS reflexive,
       bool_and(pearson_corr(xs, ys) BETWEEN -1 AND 1 AND cosine_sim(xs, ys) BETWEEN -1 AND 1
                AND msd_sim(xs, ys) BETWEEN 0 AND 1 AND jaccard_sim(xs, ys) BETWEEN 0 AND 1) AS in_range
  FROM grouped;
SELECT bool_and(near(p, p1)) AS pearson, bool_and(near(p, -p2)) AS pearson_sign, bool_and(near(c, c1)) AS cosine,
       bool_and(c <> c2) AS cosine_minds_offsets, bool_and(near(3 * e, e1)) AS euclidean
  FROM (SELECT pearson_corr(x, y) AS p, pearson_corr(3 * x - 7, y / 9 + 2) AS p1, pearson_corr(-3 * x, y) AS p2,
               cosine_sim(x, y) AS c, cosine_sim(3 * x, y / 9) AS c1, cosine_sim(x + 1, y) AS c2,
               euclidean_dist(x, y) AS e, euclidean_dist(3 * x, 3 * y) AS e1
          FROM pairs GROUP BY g) t;

--
-- Combining parts
--
\set measures 'pearson_corr(x, y) AS p, cosine_sim(x, y) AS c, msd_sim(x, y) AS m, jaccard_sim(x, y) AS j, euclidean_dist(x, y) AS e, manhattan_dist(x, y) AS n, hamming_dist(x, y) AS h, weighted_rating(x, 10, 3) AS w, pearson_corr(.1, y) AS constant, pearson_corr(1e9 + x, y * 1e300) AS far'
\set agreement 'near(s.p, t.p) AS pearson, near(s.c, t.c) AS cosine, near(s.m, t.m) AS msd, s.j = t.j AS jaccard, near(s.e, t.e) AS euclidean, near(s.n, t.n) AS manhattan, s.h = t.h AS hamming, near(s.w, t.w) AS weighted, s.constant IS NULL AND t.constant IS NULL AS constant, near(s.far, t.far) AS far'
SET max_parallel_workers_per_gather = 0;
CREATE TEMP TABLE serial AS SELECT :measures FROM pairs;

-- in workers, whose states come to the leader serialized
SET min_parallel_table_scan_size = 0;
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET max_parallel_workers_per_gather = 2;
SET parallel_leader_participation = off;
EXPLAIN (COSTS off) SELECT pearson_corr(x, y), jaccard_sim(x, y), weighted_rating(x, 10, 3) FROM pairs;
CREATE TEMP TABLE parallel AS SELECT :measures FROM pairs;
SELECT :agreement FROM serial s, parallel t;
RESET parallel_leader_participation;
SET max_parallel_workers_per_gather = 0;
RESET min_parallel_table_scan_size;
RESET parallel_setup_cost;
RESET parallel_tuple_cost;

-- by partition: always several parts, one of them empty, one of NULLs, sizes far apart
CREATE TABLE parts (part int, x float8, y float8) PARTITION BY LIST (part);
CREATE TABLE parts_0 PARTITION OF parts FOR VALUES IN (0);
CREATE TABLE parts_1 PARTITION OF parts FOR VALUES IN (1);
CREATE TABLE parts_2 PARTITION OF parts FOR VALUES IN (2);
CREATE TABLE parts_3 PARTITION OF parts FOR VALUES IN (3);
CREATE TABLE parts_4 PARTITION OF parts FOR VALUES IN (4);
INSERT INTO parts SELECT 1, x, y FROM pairs WHERE i <= 7;
INSERT INTO parts SELECT 2, x, y FROM pairs WHERE i BETWEEN 8 AND 9000;
INSERT INTO parts SELECT 3, x, y FROM pairs WHERE i > 9000;
INSERT INTO parts VALUES (4, NULL, NULL);
ANALYZE parts;
SET enable_partitionwise_aggregate = on;
EXPLAIN (COSTS off) SELECT pearson_corr(x, y) FROM parts;
CREATE TEMP TABLE partwise AS SELECT :measures FROM parts;
SELECT :agreement FROM serial s, partwise t;
-- parts of which each is of another size of numbers: only the largest shows, and in pearson how far it is from 0
CREATE VIEW sizes AS SELECT part, x * size AS x, y * size AS y
  FROM parts JOIN (VALUES (1, 1), (2, 1e-250), (3, 1e250)) v(part, size) USING (part);
SELECT near(cosine_sim(x, y), c) AS cosine, near(euclidean_dist(x, y) / e, 1) AS euclidean, near(manhattan_dist(x, y) / n, 1) AS manhattan,
       near(pearson_corr(x, y), (SELECT pearson_corr(CASE part WHEN 3 THEN x ELSE 0 END, CASE part WHEN 3 THEN y ELSE 0 END)
                                   FROM parts WHERE x IS NOT NULL AND y IS NOT NULL)) AS pearson
  FROM sizes, (SELECT cosine_sim(x, y) AS c, euclidean_dist(x, y) AS e, manhattan_dist(x, y) AS n FROM sizes WHERE part = 3) largest
 GROUP BY c, e, n;
-- nothing in any part
SELECT pearson_corr(x, y), jaccard_sim(x, y), weighted_rating(x, 1, 2) FROM parts WHERE x > 1e6;
-- what is in one part only: a NaN, an infinity, an unknown parameter
CREATE TABLE odd (part int, x float8, y float8, min_votes float8) PARTITION BY LIST (part);
CREATE TABLE odd_1 PARTITION OF odd FOR VALUES IN (1);
CREATE TABLE odd_2 PARTITION OF odd FOR VALUES IN (2);
CREATE TABLE odd_3 PARTITION OF odd FOR VALUES IN (3);
INSERT INTO odd VALUES (1, 1, 2, 10), (1, 2, 1, 10), (2, 'Infinity', 1, 10), (2, 3, 1, NULL), (3, 4, 1, 10), (3, 'NaN', 5, 10);
EXPLAIN (COSTS off) SELECT pearson_corr(x, y) FROM odd WHERE part < 3;
SELECT pearson_corr(x, y), cosine_sim(x, y), msd_sim(x, y), jaccard_sim(x, y), euclidean_dist(x, y), manhattan_dist(x, y), hamming_dist(x, y), ten(weighted_rating(y, min_votes, 2)) AS weighted
  FROM odd WHERE part < 3;
SELECT pearson_corr(x, y), cosine_sim(x, y), msd_sim(x, y), jaccard_sim(x, y), euclidean_dist(x, y), manhattan_dist(x, y), hamming_dist(x, y), ten(weighted_rating(y, min_votes, 2)) AS weighted
  FROM odd WHERE part <> 2;
-- parts that do not agree on the parameters
SELECT attempt('SELECT weighted_rating(x, part, 3) FROM parts WHERE part < 4') AS parts_disagree;
RESET enable_partitionwise_aggregate;
RESET max_parallel_workers_per_gather;

--
-- Moving windows, also with numbers that would spoil a sum for good
--
CREATE TABLE moving AS
SELECT i, CASE WHEN i % 11 = 0 THEN NULL WHEN i % 17 = 0 THEN 'NaN' WHEN i % 23 = 0 THEN 1e300 WHEN i % 29 = 0 THEN 'Infinity' ELSE (i % 3)::float8 END AS x,
       CASE WHEN i % 13 = 0 THEN NULL WHEN i % 19 = 0 THEN 'NaN' ELSE ((i / 2) % 2)::float8 END AS y
  FROM generate_series(1, 300) i;
SELECT count(*) AS frames, count(a.j) AS jaccard_values, bool_and(near(a.p, b.p)) AS pearson, bool_and(near(a.c, b.c)) AS cosine, bool_and(near(a.m, b.m)) AS msd,
       bool_and(a.j IS NOT DISTINCT FROM b.j) AS jaccard, bool_and(near(a.e, b.e)) AS euclidean,
       bool_and(near(a.n, b.n)) AS manhattan, bool_and(a.h IS NOT DISTINCT FROM b.h) AS hamming
  FROM (SELECT i, pearson_corr(x, y) OVER w AS p, cosine_sim(x, y) OVER w AS c, msd_sim(x, y) OVER w AS m, jaccard_sim(x, y) OVER w AS j,
               euclidean_dist(x, y) OVER w AS e, manhattan_dist(x, y) OVER w AS n, hamming_dist(x, y) OVER w AS h
          FROM moving WINDOW w AS (ORDER BY i ROWS BETWEEN 3 PRECEDING AND 2 FOLLOWING)) a,
       LATERAL (SELECT pearson_corr(x, y) AS p, cosine_sim(x, y) AS c, msd_sim(x, y) AS m, jaccard_sim(x, y) AS j,
                       euclidean_dist(x, y) AS e, manhattan_dist(x, y) AS n, hamming_dist(x, y) AS h
                  FROM moving WHERE moving.i BETWEEN a.i - 3 AND a.i + 2) b;
-- frames that become empty
SELECT i, hamming_dist(i, 1) OVER w AS hamming, jaccard_sim(i, 1) OVER w AS jaccard
  FROM (VALUES (1), (2), (10), (20), (21)) v(i) WINDOW w AS (ORDER BY i RANGE BETWEEN 2 PRECEDING AND 1 PRECEDING);

--
-- Sets
--
SELECT ten(jaccard_sim(ARRAY[1,2], ARRAY[2,3])) AS int4, jaccard_sim(ARRAY['a','b','c'], ARRAY['b','c','d']) AS text,
       jaccard_sim(ARRAY[1.0,2,2.50], ARRAY[1,2.5,2]) AS numeric, jaccard_sim('{2024-01-01,2024-01-02}'::date[], '{2024-01-02}') AS date,
       jaccard_sim(ARRAY['00000000-0000-0000-0000-000000000001']::uuid[], '{}') AS uuid;
-- duplicates count once, NULL not at all; the shape does not matter; nothing at all is undefined
SELECT jaccard_sim(ARRAY[1,1,1,2,NULL], ARRAY[1,NULL,NULL]) AS half, jaccard_sim(ARRAY[[1,2],[3,4]], ARRAY[4,3,2,1]) AS shape,
       jaccard_sim('{}'::int[], '{}') AS empty, jaccard_sim(ARRAY[NULL]::text[], '{}') AS nulls, jaccard_sim(NULL, '{1}'::int[]) AS no_array;
-- types with a hash only (xid), with an order only (bit), of which neither is sure (record); different values of one hash
SELECT ten(jaccard_sim('{1,2,2}'::xid[], '{2,3}')) AS xid, ten(jaccard_sim(ARRAY[B'01',B'11',B'11'], ARRAY[B'11',B'10'])) AS bit,
       jaccard_sim(ARRAY[ROW(1,true)], ARRAY[ROW(1,true),ROW(2,true)]) AS record,
       hashint8(1) = hashint8(4294967296) AS collision, jaccard_sim(ARRAY[1]::int8[], ARRAY[4294967296]) AS apart,
       ten(jaccard_sim(ARRAY[1,4294967296,2]::int8[], ARRAY[4294967296,1])) AS two_thirds;
-- a float8[] is a series, not a set, and so is an array of a domain over float8
CREATE DOMAIN score AS float8;
SELECT ten(jaccard_sim(ARRAY[1,0,3]::float8[], '{3,1,NULL}')) AS series, jaccard_sim(ARRAY[1,0,3]::score[], ARRAY[3,1,NULL]::score[]) AS of_domain,
       ten(jaccard_sim(ARRAY[1,0,3], ARRAY[3,1,NULL])) AS set;
-- several element types in one statement, and many elements
SELECT bool_and(ten(jaccard_sim(a, b)) = ten(s)) AS large FROM
	(SELECT array_agg(i) AS a, array_agg(i + 10000) AS b, 1 / 3.0 AS s FROM generate_series(1, 20000) i
	 UNION ALL SELECT array_agg(i % 7), array_agg(i % 5), 5 / 7.0 FROM generate_series(1, 20000) i) t;
SELECT ten(jaccard_sim(array_agg(md5(i::text)), array_agg(md5((i + 1000)::text)))) AS text FROM generate_series(1, 2000) i;

--
-- Weighted rating: v/(v+m) R + m/(v+m) C
--

-- a list of the best with a vote threshold: one perfect vote does not win
CREATE TABLE vote AS
SELECT 'masterpiece' AS title, 8.5::float8 AS rating FROM generate_series(1, 900)
UNION ALL SELECT 'good', 7 FROM generate_series(1, 300)
UNION ALL SELECT 'one vote', 10
UNION ALL SELECT 'bad', 2 FROM generate_series(1, 100)
UNION ALL SELECT 'no votes', NULL;
SELECT title, count(rating) AS votes, avg(rating) AS mean, ten(weighted_rating(rating, 100, 6)) AS weighted,
       ten(count(rating) / (count(rating) + 100.0) * coalesce(avg(rating), 0) + 100 / (count(rating) + 100.0) * 6) AS closed
  FROM vote GROUP BY title ORDER BY weighted DESC;
-- the prior of the whole table; without a threshold it is the mean
SELECT title, ten(weighted_rating(rating, 1, (SELECT avg(rating) FROM vote))) AS weighted, weighted_rating(rating, 0, 6) AS no_threshold
  FROM vote GROUP BY title ORDER BY weighted DESC;
SELECT weighted_rating(rating, 10, -3) AS negative_prior FROM (VALUES (-9), (-9), (-9), (-9), (-9)) v(rating);
-- unknown in, unknown out
SELECT weighted_rating(rating, NULL, 3) AS no_min_votes, weighted_rating(rating, 10, NULL) AS no_prior, weighted_rating(NULL, 0, 3) AS nothing_counts,
       weighted_rating(rating, 10, CASE WHEN rating > 1 THEN 3 END) AS one_prior_missing
  FROM (VALUES (1), (2), (3)) v(rating);
SELECT weighted_rating(rating, 10, 3) AS no_rows FROM vote WHERE false;
SELECT weighted_rating(r, 1, 3) AS nan, weighted_rating(CASE WHEN r = 1 THEN 1 ELSE float8 'Infinity' END, 1, 3) AS infinity
  FROM (VALUES (float8 'NaN'), (1)) v(r);
SELECT title, ten(weighted_rating(rating, 1, 5) OVER (ORDER BY title ROWS BETWEEN 1 PRECEDING AND CURRENT ROW)) AS moving
  FROM vote WHERE title IN ('one vote', 'no votes') ORDER BY title;

--
-- Errors
--
SELECT statement, attempt(statement) FROM (VALUES
	('SELECT pearson_corr(ARRAY[1,2,3], ARRAY[1,2])'),
	('SELECT cosine_sim(''{}''::float8[], ARRAY[1])'),
	('SELECT msd_sim(ARRAY[[1,2],[3,4]], ARRAY[1,2,3,4])'),
	('SELECT hamming_dist(ARRAY[1,2], ARRAY[[1,2]])'),
	('SELECT jaccard_sim(ARRAY[1,2]::float8[], ARRAY[1])'),
	('SELECT jaccard_sim(ARRAY[[1]]::float8[], ARRAY[[1]]::float8[])'),
	('SELECT jaccard_sim(ARRAY[''{}'']::json[], ''{}'')'),
	('SELECT jaccard_sim(ARRAY[point ''(1,2)''], ''{}'')'),
	('SELECT jaccard_sim(ARRAY[1,2], ARRAY[''a''])'),
	('SELECT jaccard_sim(ARRAY[1,2], ARRAY[''a'']::text[])'),
	('SELECT euclidean_dist(ARRAY[1.7e308], ARRAY[-1.7e308])'),
	('SELECT manhattan_dist(x, -x) FROM (VALUES (1e308), (1e308)) v(x)'),
	('SELECT weighted_rating(3, -1, 3)'),
	('SELECT weighted_rating(3, ''NaN'', 3)'),
	('SELECT weighted_rating(3, ''Infinity'', 3)'),
	('SELECT weighted_rating(3, 10, ''NaN'')'),
	('SELECT weighted_rating(3, 10, ''-Infinity'')'),
	('SELECT weighted_rating(x, x, 3) FROM (VALUES (1), (2)) v(x)'),
	('SELECT weighted_rating(1, m, 3) FROM (VALUES (1), (NULL), (2)) v(m)'),
	('SELECT weighted_rating(x, 1, x) FROM (VALUES (1), (2)) v(x)'),
	('SELECT weighted_rating(x, 1, 3) FROM (VALUES (1.7e308), (1.7e308)) v(x)')
) v(statement);

-- serialized states are not trusted.  SQL cannot call what takes or returns internal, so these tests declare it otherwise.
CREATE FUNCTION series_state(bytea) RETURNS void AS '$libdir/recsys', 'recsys_series_deserialize' LANGUAGE C STRICT;
CREATE FUNCTION rating_state(bytea) RETURNS void AS '$libdir/recsys', 'recsys_weighted_rating_deserialize' LANGUAGE C STRICT;
CREATE TABLE state AS SELECT decode(repeat('00', 92), 'hex') AS series, decode(repeat('00', 34), 'hex') AS rating;
SELECT what, attempt(format('SELECT series_state(%L) IS NOT NULL', bytes)) FROM state, LATERAL (VALUES
	('as it should be', series),
	('empty', ''),
	('a byte short', substr(series, 2)),
	('a byte long', series || '\x00'),
	('measure', set_byte(series, 3, 7)),
	('measure', set_byte(series, 0, 255)),
	('n < 0', set_byte(series, 4, 255)),
	('n too large', set_byte(series, 4, 1)),
	('hits > n', set_byte(series, 19, 1)),
	('hits <= n', set_byte(set_byte(series, 19, 1), 11, 1)),
	('hits < 0', set_byte(series, 12, 255)),
	('nans < 0', set_byte(series, 20, 255)),
	('band of x', set_byte(series, 31, 6)),
	('band of y', set_byte(series, 56, 255))
) v(what, bytes);
SELECT what, attempt(format('SELECT rating_state(%L) IS NOT NULL', bytes)) FROM state, LATERAL (VALUES
	('as it should be', rating),
	('empty', ''),
	('a byte short', substr(rating, 2)),
	('a byte long', rating || '\x00'),
	('votes < 0', set_byte(rating, 0, 255)),
	('votes too large', set_byte(rating, 0, 127))
) v(what, bytes);
-- any byte may be any other: only ever accepted or rejected with that error
SELECT split_part(attempt(format('SELECT series_state(%L) IS NOT NULL', set_byte(series, position, byte))), ' | ', 1) AS answer, count(*) > 0 AS seen
  FROM state, generate_series(0, 91) position, generate_series(1, 255, 127) byte GROUP BY answer ORDER BY answer;

-- outside an aggregate
CREATE FUNCTION outside(name text, arguments text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
	EXECUTE format('CREATE FUNCTION outside_%s(%s) RETURNS void AS %L, %L LANGUAGE C', name, arguments, '$libdir/recsys', name);
	RETURN attempt(format('SELECT outside_%s(%s)', name, regexp_replace(arguments, '\w+', 'NULL', 'g')));
END $$;
SELECT name, outside(name, arguments) FROM (VALUES
	('recsys_series_pearson_accum', 'bytea, float8, float8'), ('recsys_series_remove', 'bytea, float8, float8'),
	('recsys_series_final', 'bytea'), ('recsys_series_combine', 'bytea, bytea'), ('recsys_series_serialize', 'bytea'),
	('recsys_weighted_rating_accum', 'bytea, float8, float8, float8'), ('recsys_weighted_rating_final', 'bytea'),
	('recsys_weighted_rating_combine', 'bytea, bytea'), ('recsys_weighted_rating_serialize', 'bytea')) v(name, arguments);

SET client_min_messages = warning;
DROP SCHEMA similarity CASCADE;
