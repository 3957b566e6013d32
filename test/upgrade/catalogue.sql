-- All that the system catalogues say of the extension, as lines of text in which
-- names stand for oids: equal in two databases if the extension is.
--
-- It is every row about the members of the extension, and about what belongs to
-- them in turn (a view's rule and row type), with every column: which columns hold
-- oids of what, PostgreSQL says itself.  Only what storage or a parse tree would
-- make different is left out; the definitions stand for the latter.

-- The columns of a row of a catalogue, by name.
CREATE FUNCTION pg_temp.named(catalogue regclass, columns jsonb) RETURNS text LANGUAGE sql AS $$
SELECT string_agg(c.key || '=' ||
                  CASE WHEN f.fktable IS NULL OR a.atttypid = 'regproc'::regtype THEN c.value #>> '{}'
                       WHEN f.is_array THEN (
                           SELECT string_agg(pg_describe_object(f.pktable, e.oid::oid, 0), ', ' ORDER BY e.place)
                             FROM jsonb_array_elements_text(c.value) WITH ORDINALITY e(oid, place))
                       ELSE pg_describe_object(f.pktable, (c.value #>> '{}')::oid, 0) END, '; ' ORDER BY c.key)
  FROM jsonb_each(columns) c
       JOIN pg_attribute a ON a.attrelid = catalogue AND a.attname = c.key
       LEFT JOIN pg_get_catalog_foreign_keys() f ON f.fktable = catalogue AND f.fkcols = ARRAY[c.key]
 WHERE c.value <> 'null' AND a.atttypid <> 'pg_node_tree'::regtype
   AND c.key NOT IN ('oid', 'objid', 'objoid', 'refobjid', 'relfilenode', 'relfrozenxid', 'relminmxid', 'relpages', 'reltuples',
                     'attoptions')
$$;

CREATE FUNCTION pg_temp.definition(class oid, object oid) RETURNS text LANGUAGE sql AS $$
SELECT CASE WHEN class = 'pg_proc'::regclass AND (SELECT prokind <> 'a' FROM pg_proc WHERE oid = object)
              THEN pg_get_functiondef(object)
            WHEN class = 'pg_proc'::regclass THEN pg_get_function_arguments(object)
            WHEN class = 'pg_rewrite'::regclass THEN pg_get_ruledef(object) END
$$;

CREATE FUNCTION pg_temp.catalogue() RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
	catalogue regclass;
	key name;
	class name;
BEGIN
	CREATE TEMP TABLE object ON COMMIT DROP AS
	WITH RECURSIVE o AS (
		SELECT classid, objid FROM pg_depend
		 WHERE refclassid = 'pg_extension'::regclass AND deptype = 'e'
		   AND refobjid = (SELECT oid FROM pg_extension WHERE extname = 'recsys')
		UNION
		SELECT d.classid, d.objid FROM o JOIN pg_depend d ON d.refclassid = o.classid AND d.refobjid = o.objid
		 WHERE d.deptype IN ('a', 'i', 'P', 'S'))
	SELECT classid, objid FROM o
	UNION ALL
	SELECT 'pg_extension'::regclass, oid FROM pg_extension WHERE extname = 'recsys';

	RETURN QUERY SELECT concat_ws(': ', pg_describe_object(classid, objid, 0), 'definition', pg_temp.definition(classid, objid))
	  FROM object;
	-- the catalogues that the objects are in; then those that have the rest of them
	FOR catalogue, key, class IN
		SELECT DISTINCT classid::regclass, 'oid'::name, quote_nullable(classid) FROM object
		UNION ALL
		VALUES ('pg_attribute'::regclass, 'attrelid'::name, '1259'), ('pg_aggregate', 'aggfnoid', '1255'),
			   ('pg_index', 'indexrelid', '1259'), ('pg_enum', 'enumtypid', '1247'), ('pg_range', 'rngtypid', '1247'),
			   ('pg_description', 'objoid', 'c.classoid'), ('pg_seclabel', 'objoid', 'c.classoid'),
			   ('pg_init_privs', 'objoid', 'c.classoid'), ('pg_depend', 'objid', 'c.classid') LOOP
		RETURN QUERY EXECUTE format(
			'SELECT concat_ws('': '', pg_describe_object(o.classid, o.objid, 0), %1$L, pg_temp.named(%1$L, to_jsonb(c)),
			        pg_describe_object((to_jsonb(c) ->> ''refclassid'')::oid, (to_jsonb(c) ->> ''refobjid'')::oid,
			                           (to_jsonb(c) ->> ''refobjsubid'')::int))
			   FROM object o JOIN %1$s c ON o.objid = c.%2$I::oid AND o.classid = %3$s', catalogue, key, class);
	END LOOP;
END
$$;

SELECT line FROM pg_temp.catalogue() line ORDER BY line COLLATE "C";
