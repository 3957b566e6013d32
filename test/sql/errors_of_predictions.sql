-- The aggregates over predictions and what came true.

-- Closed forms.
SELECT mse(p, a), rmse(p, a), mae(p, a), mape(p, a)
  FROM (VALUES (1, 2), (3, 3), (5, 2), (NULL, 4), (4, NULL)) v(p, a);
SELECT mse(p, a) IS NULL AS mse, rmse(p, a) IS NULL AS rmse, mae(p, a) IS NULL AS mae, mape(p, a) IS NULL AS mape
  FROM (VALUES (NULL::float8, 1::float8)) v(p, a);
SELECT mape(p, a) AS without_zeros FROM (VALUES (1, 0), (3, 2)) v(p, a);
SELECT mape(1, 0) IS NULL AS only_zeros;
-- Three items in the right order, one tie of the prediction, one of the rating:
-- pairs with different ratings 5, concordant 4.
SELECT fcp(1, p, a) FROM (VALUES (1, 1), (2, 2), (3, 3), (3, 2)) v(p, a);
SELECT fcp(u, p, a) FROM (VALUES ('a', 1, 1), ('a', 2, 2), ('b', 1, 2), ('b', 2, 1), ('b', 3, 3)) v(u, p, a);
SELECT fcp(u, p, a) IS NULL AS no_pair FROM (VALUES (1, 1, 1), (2, 2, 2)) v(u, p, a);
SELECT fcp(1, p, a) AS all_wrong FROM (VALUES (3, 1), (2, 2), (1, 3)) v(p, a);

-- Against their definitions.
SELECT setseed(.75);
CREATE TABLE judged AS
SELECT u, ('00000000-0000-0000-0000-' || lpad(u::text, 12, '0'))::uuid AS as_uuid, round((random() * 8)::numeric) / 2 AS p, 1 + floor(random() * 5) AS a
  FROM generate_series(1, 60) u, generate_series(1, 80) i WHERE random() < .3 + u / 100.0;
SELECT abs(mse(p, a) - avg((p - a) ^ 2)) < 1e-12 AS mse,
       abs(rmse(p, a) - sqrt(avg((p - a) ^ 2))) < 1e-12 AS rmse,
       abs(mae(p, a) - avg(abs(p - a))) < 1e-12 AS mae,
       abs(mape(p, a) - avg(abs((p - a) / a))) < 1e-12 AS mape
  FROM judged;
SELECT fcp(u, p, a) = d.fcp AND fcp(as_uuid, p, a) = d.fcp AND fcp(u::text, p, a) = d.fcp AS fcp
  FROM judged, (SELECT count(*) FILTER (WHERE x.p < y.p)::float8 / count(*) AS fcp
                  FROM judged x JOIN judged y ON x.u = y.u AND x.a < y.a) d
 GROUP BY d.fcp;
-- a perfect prediction, and its opposite
SELECT fcp(u, a, a) AS perfect, fcp(u, -a, a) AS opposite FROM judged;

-- In parallel.
CREATE FUNCTION workers_of(query text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE line text; workers text := '0';
BEGIN
	FOR line IN EXECUTE 'EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF) ' || query LOOP
		workers := coalesce(substring(line FROM 'Workers Planned: (\d)'), workers);
	END LOOP;
	RETURN workers;
END $$;
CREATE TABLE serial AS SELECT mse(p, a), rmse(p, a), mae(p, a), mape(p, a) FROM judged;
ALTER TABLE judged SET (parallel_workers = 2);
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
SELECT workers_of('SELECT mse(p, a), rmse(p, a), mae(p, a), mape(p, a) FROM judged') AS workers;
SELECT abs(p.mse - s.mse) < 1e-12 AND abs(p.mape - s.mape) < 1e-12 AND abs(p.rmse - s.rmse) < 1e-12 AND abs(p.mae - s.mae) < 1e-12 AS same
  FROM serial s, (SELECT mse(p, a), rmse(p, a), mae(p, a), mape(p, a) FROM judged) p;
RESET ALL;

-- Damaged states.
-- declared to return a boolean, because SQL cannot call what returns internal
CREATE FUNCTION restore(bytea) RETURNS bool AS '$libdir/recsys', 'recsys_error_deserialize' LANGUAGE C STRICT;
CREATE FUNCTION refused(bytes bytea) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
	EXECUTE 'SELECT restore($1)' USING bytes;
	RETURN 'not refused';
EXCEPTION WHEN OTHERS THEN
	RETURN SQLSTATE || ' ' || SQLERRM;
END $$;
SELECT refused(''), refused('\x00');
SELECT refused(decode(repeat('ff', 40), 'hex')) AS negative_counts;
DROP TABLE judged, serial;
DROP FUNCTION restore, refused, workers_of;
