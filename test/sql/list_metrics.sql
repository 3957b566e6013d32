-- Measures of one list of recommendations, in closed form.
CREATE FUNCTION measures(recommended anyarray, relevant anyarray, k int) RETURNS text LANGUAGE sql AS $$
	SELECT concat_ws(' ', round(precision_at_k($1, $2, $3)::numeric, 6), round(recall_at_k($1, $2, $3)::numeric, 6),
	                 round(ndcg_at_k($1, $2, $3)::numeric, 6), round(average_precision_at_k($1, $2, $3)::numeric, 6),
	                 hit_at_k($1, $2, $3), round(reciprocal_rank($1, $2, $3)::numeric, 6)) $$;

-- Hits at the ranks 2 and 4 of 5, one relevant item is not found.
SELECT measures('{9,1,8,2,7}'::int[], '{1,2,3}', 5) =
       concat_ws(' ', round(2 / 5.0, 6), round(2 / 3.0, 6),
                 round((1 / log(2.0, 3) + 1 / log(2.0, 5)) / (1 + 1 / log(2.0, 3) + 1 / log(2.0, 4)), 6),
                 round((1 / 2.0 + 2 / 4.0) / 3, 6), 1, round(1 / 2.0, 6)) AS closed_form;
-- Only the first k count: the second hit is out of reach.
SELECT measures('{9,1,8,2,7}'::int[], '{1,2,3}', 3) =
       concat_ws(' ', round(1 / 3.0, 6), round(1 / 3.0, 6),
                 round((1 / log(2.0, 3)) / (1 + 1 / log(2.0, 3) + 1 / log(2.0, 4)), 6),
                 round((1 / 2.0) / 3, 6), 1, round(1 / 2.0, 6)) AS first_k;
-- More is relevant than fits: a perfect list is perfect but for its recall.
SELECT measures('{1,2}'::int[], '{1,2,3,4}', 2) AS perfect;
-- A list shorter than k: precision divides by k all the same.
SELECT measures('{1}'::int[], '{1,2}', 4) AS short,
       measures('{1}'::int[], '{1,2}', 4) =
       concat_ws(' ', round(1 / 4.0, 6), round(1 / 2.0, 6), round(1 / (1 + 1 / log(2.0, 3)), 6),
                 round(1 / 2.0, 6), 1, round(1.0, 6)) AS closed_form;
-- Nothing found; nothing recommended; nothing relevant.
SELECT measures('{5,6}'::int[], '{1}', 2) AS missed, measures('{}'::int[], '{1}', 2) AS empty,
       measures('{1}'::int[], '{}', 2) AS nothing, precision_at_k('{1}'::int[], '{null}', 2) IS NULL AS only_null,
       precision_at_k(NULL::int[], '{1}', 2) IS NULL AS no_list;

-- Relevant values count once; of repeated recommendations the first alone.
SELECT measures('{1,1,2}'::int[], '{1,2}', 3) AS repeated,
       measures('{1,1,2}'::int[], '{1,2,2,1,1}', 3) = measures('{1,1,2}'::int[], '{1,2}', 3) AS once;
-- A null is not there: it takes no place.
SELECT measures('{null,1,null,2}'::int[], '{2,null}', 2) = measures('{1,2}'::int[], '{2}', 2) AS nulls_ignored;

-- No measure exceeds 1.
SELECT bool_and(v BETWEEN 0 AND 1) AS in_range
  FROM generate_series(1, 200) s,
       LATERAL (SELECT array_agg((s * 7 + i * i * s) % 13) AS list FROM generate_series(1, 6) i) a,
       LATERAL (SELECT array_agg((s + i * 5) % 13) AS wanted FROM generate_series(1, 1 + s % 8) i) b,
       LATERAL unnest(ARRAY[precision_at_k(list, wanted, 5), recall_at_k(list, wanted, 5), ndcg_at_k(list, wanted, 5),
                            average_precision_at_k(list, wanted, 5), hit_at_k(list, wanted, 5),
                            reciprocal_rank(list, wanted, 5)]) v;

-- Any type whose values can be compared, by hash or by value.
SELECT measures('{b,a}'::text[], '{a}', 2) AS text, measures('{1.0,2}'::numeric[], '{1.00}', 1) AS numeric,
       measures('{1,2}'::float8[], '{2}', 2) AS float8,
       measures('{00000000-0000-0000-0000-000000000001}'::uuid[], '{00000000-0000-0000-0000-000000000001}', 1) AS uuid,
       measures('{1,101}'::bit varying[], '{101}', 2) AS varbit;
SELECT measures('{{3,1},{4,2}}'::int[], '{1,2}', 4) = measures('{3,1,4,2}'::int[], '{1,2}', 4) AS two_dimensions;
SELECT recall_at_k('{(1,1)}'::point[], '{(1,1)}', 1);

SELECT bool_and(provolatile = 'i' AND proparallel = 's' AND proisstrict) AS marked, count(*)
  FROM pg_proc WHERE proname ~ '_at_k$|^reciprocal_rank$';

-- What can be wrong.
SELECT precision_at_k('{1}'::int[], '{1}', 0);
SELECT reciprocal_rank('{1}'::int[], '{1}', -3);
SELECT ndcg_at_k('{1}'::int[], '{1}'::text[], 1);
SELECT recall_at_k('{"{}"}'::json[], '{"{}"}', 1);
DROP FUNCTION measures;
