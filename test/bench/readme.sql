-- The table of errors in doc/performance.md: all algorithms on MovieLens 100k.
SELECT '| algorithm | RMSE | MAE | FCP | fit, s | test, s |'
UNION ALL SELECT '|---|---|---|---|---|---|';
SELECT format('| `%s`%s | %s | %s | %s | %s | %s |', split_part(label, ',', 1),
              substr(label, 1 + length(split_part(label, ',', 1))),
              round(avg(rmse)::numeric, 4), round(avg(mae)::numeric, 4), round(avg(fcp)::numeric, 3),
              round(percentile_cont(.5) WITHIN GROUP (ORDER BY fit_seconds)::numeric, 2),
              round(percentile_cont(.5) WITHIN GROUP (ORDER BY test_seconds)::numeric, 2))
  FROM bench.quality WHERE relation = 'ml100k' GROUP BY label ORDER BY avg(rmse);
