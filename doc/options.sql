-- The tables of options in doc/algorithms.md, made from the view recsys_algorithms: each row is
-- the name that a table is marked with, and a line of the table.  The options that all algorithms
-- have are a table of their own, "all".  Run by script/doc, which writes the tables, and by
-- test/t/008_readme.pl, which compares them.

-- 0.085, 1e9, 1e-9
CREATE FUNCTION pg_temp.number(value float8) RETURNS text LANGUAGE sql AS $$
	SELECT CASE WHEN value = 0 OR abs(value) >= .001 AND abs(value) < 1e6 THEN value::text
	            ELSE regexp_replace(trim(to_char(value, '9EEEE')), '(e-?)[+]?0*', '\1') END $$;

CREATE FUNCTION pg_temp.range(type text, min float8, max float8, "values" text) RETURNS text LANGUAGE sql AS $$
	SELECT CASE type
	       WHEN 'bool' THEN '`true`, `false`'
	       WHEN 'enum' THEN '`' || replace("values", ', ', '`, `') || '`'
	       WHEN 'text' THEN 'a name'
	       WHEN 'names' THEN 'an array of names'
	       WHEN 'json' THEN 'an array or object'
	       ELSE CASE WHEN max = 2147483647 THEN 'an integer'
	                 WHEN max > 1e30 THEN 'a number'
	                 ELSE pg_temp.number(min) || ' to ' || pg_temp.number(max) END END $$;

CREATE FUNCTION pg_temp.default_value(type text, value jsonb) RETURNS text LANGUAGE sql AS $$
	SELECT CASE WHEN type IN ('int', 'real') THEN pg_temp.number((value #>> '{}')::float8)
	            ELSE '`' || (value #>> '{}') || '`' END $$;

WITH described AS (
	SELECT a.name AS algorithm, o.*
	  FROM recsys_algorithms a,
	       ROWS FROM (jsonb_to_recordset(options) AS (name text, type text, "default" jsonb, min float8, max float8, "values" text, help text))
	       WITH ORDINALITY AS o(option, type, value, min, max, "values", help, place)),
marked AS (
	SELECT *, count(*) OVER (PARTITION BY option, type, value, min, max, "values", help) AS times,
	       (SELECT count(*) FROM recsys_algorithms) AS algorithms
	  FROM described),
mark AS (
	SELECT DISTINCT CASE WHEN times < algorithms THEN algorithm ELSE 'all' END AS mark, option, type, value, min, max, "values", help,
	       CASE WHEN times < algorithms THEN place ELSE place - max(place) OVER (PARTITION BY algorithm) END AS place
	  FROM marked)
SELECT mark, line
  FROM (SELECT DISTINCT mark, -1000 AS place, '| option | default | values | meaning |' AS line FROM mark
        UNION ALL
        SELECT DISTINCT mark, -999, '|---|---|---|---|' FROM mark
        UNION ALL
        SELECT mark, place, format('| `%s` | %s | %s | %s |', option, pg_temp.default_value(type, value),
                                   pg_temp.range(type, min, max, "values"), replace(help, '|', '\|')) FROM mark) lines
 ORDER BY mark, place;
