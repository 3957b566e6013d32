-- complain if script is sourced in psql, rather than via ALTER EXTENSION
\echo Use "ALTER EXTENSION recsys UPDATE TO '0.2.0'" to load this file. \quit

-- What becomes of 0.1.0 to make it what recsys--0.2.0.sql makes from nothing;
-- test/t/015_update.pl compares the two.

CREATE FUNCTION recsys_model_bytes(model regclass)
RETURNS bigint
AS 'MODULE_PATHNAME' LANGUAGE C VOLATILE STRICT PARALLEL RESTRICTED COST 100;

COMMENT ON FUNCTION recsys_model_bytes(regclass) IS
'bytes of a model with its indexes, or null where that would mean to wait for a lock; for the view recsys_models';

CREATE OR REPLACE VIEW recsys_models AS
SELECT c.oid::pg_catalog.regclass AS model,
	   pg_catalog.pg_get_userbyid(c.relowner) AS owner,
	   h.algorithm,
	   h.version,
	   h.trained_at,
	   h.users,
	   h.items,
	   h.ratings,
	   @extschema@.recsys_model_bytes(c.oid) AS bytes,
	   h.options
  FROM pg_catalog.pg_class c
	   CROSS JOIN LATERAL @extschema@.recsys_model_header(c.oid) h
 WHERE c.relkind OPERATOR(pg_catalog.=) 'r'
   AND c.reloftype OPERATOR(pg_catalog.=) '@extschema@.recsys_model'::pg_catalog.regtype
   AND pg_catalog.has_table_privilege(c.oid, 'SELECT')
   AND pg_catalog.has_schema_privilege(c.relnamespace, 'USAGE')
   AND NOT pg_catalog.pg_is_other_temp_schema(c.relnamespace)
   -- looking would run the functions of somebody's policies
   AND NOT pg_catalog.row_security_active(c.oid);

COMMENT ON VIEW recsys_models IS
'the models that the current user may read, each with its newest version; without those under row-level security; what is locked just now is null';
