-- Other people's code: an owner of models and tables puts functions of his own
-- wherever PostgreSQL runs them, and waits for a superuser.  They must never
-- run as him.
SET client_min_messages = warning;
CREATE SCHEMA untrusted;
CREATE ROLE regress_recsys_enemy;
CREATE ROLE regress_recsys_other;
GRANT USAGE, CREATE ON SCHEMA untrusted TO regress_recsys_enemy, regress_recsys_other;
SET search_path = untrusted, public;

-- Runs a statement that should fail and says how it did.
CREATE FUNCTION refusal(statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	detail text;
	hint text;
BEGIN
	EXECUTE statement;
	RETURN 'not refused';
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
	RETURN concat_ws(E'\n  ', SQLSTATE || ' ' || SQLERRM, 'detail: ' || nullif(detail, ''), 'hint: ' || nullif(hint, ''));
END
$$;

-- Where the traps note who has stepped on them.
CREATE TABLE stepped (trap text, who name, pid int DEFAULT pg_backend_pid());
GRANT ALL ON stepped TO PUBLIC;
CREATE FUNCTION note(trap text) RETURNS bool LANGUAGE plpgsql AS
$$ BEGIN INSERT INTO untrusted.stepped VALUES (trap, current_user); RETURN true; END $$;
CREATE FUNCTION trap(trap text) RETURNS bool LANGUAGE plpgsql IMMUTABLE AS
$$ BEGIN RETURN untrusted.note(trap); END $$;
-- who has in this session, since that was last asked
CREATE FUNCTION victims() RETURNS TABLE (who name) LANGUAGE sql AS $$
	WITH gone AS (DELETE FROM untrusted.stepped RETURNING *)
	SELECT DISTINCT CASE who WHEN session_user THEN 'the superuser' ELSE who END FROM gone
	 WHERE pid = pg_backend_pid() ORDER BY 1 $$;

SET ROLE regress_recsys_enemy;
CREATE TABLE ratings AS SELECT u AS user_id, i AS item_id, (1 + (u * 7 + i * 3) % 5)::float8 AS rating
  FROM generate_series(1, 8) u, generate_series(1, 6) i WHERE (u + i) % 3 <> 0;
SELECT version FROM recsys_train('m', 'ratings', 'als', '{"factors": 3}');
SELECT version FROM recsys_train('m', 'ratings', 'als', '{"factors": 3}');

-- Reading a model ----------------------------------------------------------

CREATE INDEX m_partial ON m (version) WHERE untrusted.trap('index predicate');
CREATE INDEX m_expression ON m ((untrusted.trap('index expression')));
CREATE STATISTICS m_statistics ON (untrusted.trap('statistics')), version FROM m;
ANALYZE m;
RESET ROLE;
-- a query steps on them
SELECT count(*) > 0 AS rows FROM m WHERE version = 1;
SELECT * FROM victims();

CREATE VIEW reading AS SELECT name, call FROM (VALUES
	('models', 'SELECT version, algorithm, users, bytes > 0 FROM recsys_models WHERE model = ''m''::regclass'),
	('recommend', 'SELECT count(*) FROM recsys_recommend(''m'', 1, 3)'),
	('predict', 'SELECT recsys_predict(''m'', 1, 2) IS NOT NULL'),
	('similar', 'SELECT count(*) FROM recsys_similar_items(''m'', 1, 3)'),
	('all', 'SELECT count(*) FROM recsys_recommend_all(''m'', 2)'),
	('factors', 'SELECT count(*) FROM recsys_factors(''m'', ''item'')'),
	('log', 'SELECT count(*) FROM recsys_training_log(''m'')'),
	('start', 'SELECT version FROM recsys_train(''mine'', ''ratings'', ''gradient'', ''{"init_model": "m"}'')')) r(name, call);
CREATE FUNCTION row_of(call text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	result text;
BEGIN
	EXECUTE 'SELECT r::text FROM (' || call || ') r' INTO result;
	RETURN result;
END
$$;
SELECT name, row_of(call) FROM reading;
SELECT * FROM victims();
-- without the key that training made, or with another in its place, no less
SET ROLE regress_recsys_enemy;
ALTER TABLE m DROP CONSTRAINT m_pkey;
CREATE UNIQUE INDEX m_key ON m (version, part, block) WHERE untrusted.trap('predicate of a key');
RESET ROLE;
SELECT row_of(call) FROM reading WHERE name IN ('models', 'start');
SET ROLE regress_recsys_enemy;
DROP INDEX m_key;
ALTER TABLE m ADD PRIMARY KEY (block, part, version);
RESET ROLE;
SELECT row_of(call) FROM reading WHERE name IN ('models', 'start');
SELECT * FROM victims();

-- Policies are applied where those who made them are trusted.
SET ROLE regress_recsys_enemy;
CREATE POLICY p ON m USING (untrusted.trap('policy'));
ALTER TABLE m ENABLE ROW LEVEL SECURITY;
GRANT SELECT, INSERT, DELETE ON m, ratings TO regress_recsys_other;
RESET ROLE;
SELECT row_of(call) FROM reading WHERE name IN ('models', 'start');
SELECT * FROM victims();
SET ROLE regress_recsys_other;
SELECT refusal(call) FROM (VALUES ('SELECT recsys_predict(''m'', 1, 2)'), ('SELECT recsys_model_header(''m'')'),
	('SELECT recsys_train(''m'', ''ratings'', ''svd'')'), ('SELECT recsys_retrain(''m'')'),
	('SELECT recsys_train(''n'', ''ratings'', ''gradient'', ''{"init_model": "m"}'')')) c(call);
SELECT model FROM recsys_models;
RESET ROLE;
SELECT * FROM victims();
GRANT regress_recsys_enemy TO regress_recsys_other;
ALTER TABLE m FORCE ROW LEVEL SECURITY;
SET ROLE regress_recsys_other;
SELECT recsys_predict('m', 1, 2) IS NOT NULL AS as_member;
RESET ROLE;
SELECT * FROM victims();
REVOKE regress_recsys_enemy FROM regress_recsys_other;
DROP TABLE m, mine;

-- A table that was made a model's later has its columns elsewhere.
SET ROLE regress_recsys_enemy;
CREATE TABLE m (gone text, version int, part text, block int, meta jsonb, data bytea);
ALTER TABLE m DROP COLUMN gone;
ALTER TABLE m OF recsys_model;
SELECT version FROM recsys_train('m', 'ratings', 'svd', '{"factors": 3}');
ALTER TABLE m ADD PRIMARY KEY (version, part, block);
SELECT recsys_predict('m', 1, 2) IS NOT NULL AS predicts, version FROM recsys_models WHERE model = 'm'::regclass;
-- and one of another access method is not for us to read
RESET ROLE;
CREATE ACCESS METHOD regress_recsys_heap TYPE TABLE HANDLER heap_tableam_handler;
SET ROLE regress_recsys_enemy;
CREATE TABLE other_method OF recsys_model USING regress_recsys_heap;
INSERT INTO other_method SELECT * FROM m;
SELECT refusal('SELECT recsys_predict(''other_method'', 1, 2)');
SELECT version, bytes > 0 AS bytes FROM recsys_models WHERE model = 'other_method'::regclass;
-- Looking at all models takes neither time nor memory for one of them.
CREATE TABLE heavy OF recsys_model (PRIMARY KEY (version, part, block));
INSERT INTO heavy SELECT version, part, block, meta || jsonb_build_object('x', repeat('x', 20000000)) FROM m WHERE part = 'header';
CREATE TABLE long OF recsys_model;
INSERT INTO long SELECT i, repeat('x', 90), 0 FROM generate_series(1, 100000) i;
INSERT INTO long SELECT 1000000, part, block, meta FROM m WHERE part = 'header';
SELECT model, version, algorithm FROM recsys_models WHERE model IN ('heavy'::regclass, 'long'::regclass) ORDER BY model::text;
DROP TABLE m, other_method, heavy, long;
RESET ROLE;
DROP ACCESS METHOD regress_recsys_heap;

-- Writing a model ----------------------------------------------------------

SET ROLE regress_recsys_enemy;
SELECT version FROM recsys_train('m', 'ratings', 'svd', '{"factors": 3}');
CREATE INDEX ON m (version) WHERE untrusted.trap('index predicate');
CREATE INDEX ON m ((untrusted.trap('index expression')));
ALTER TABLE m ADD CHECK (untrusted.trap('constraint'));
CREATE FUNCTION trigger() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN PERFORM untrusted.note('trigger'); RETURN coalesce(new, old); END $$;
CREATE TRIGGER before_row BEFORE INSERT OR DELETE ON m FOR EACH ROW EXECUTE FUNCTION trigger();
CREATE TRIGGER after_row AFTER INSERT OR DELETE ON m FOR EACH ROW EXECUTE FUNCTION trigger();
CREATE TRIGGER after_statement AFTER INSERT OR DELETE ON m EXECUTE FUNCTION trigger();
RESET ROLE;
TRUNCATE stepped;
SELECT version FROM recsys_retrain('m');
SELECT version FROM recsys_train('m', 'ratings', 'svd', '{"factors": 3}');
SELECT * FROM victims();
SELECT version, count(*) > 3 AS rows FROM m GROUP BY version ORDER BY version;
TRUNCATE stepped;
-- the caller needs his rights all the same, and runs nothing without them
SET ROLE regress_recsys_other;
SELECT refusal('SELECT recsys_train(''m'', ''ratings'', ''svd'')');
RESET ROLE;
GRANT SELECT, INSERT, DELETE ON m TO regress_recsys_other;
SET ROLE regress_recsys_other;
SELECT version FROM recsys_train('m', 'ratings', 'svd', '{"factors": 3}');
RESET ROLE;
SELECT * FROM victims();
-- what is put off until the transaction ends, when it would run as the caller
SET ROLE regress_recsys_enemy;
CREATE CONSTRAINT TRIGGER later AFTER INSERT ON m DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION trigger();
RESET ROLE;
SELECT refusal('SELECT recsys_train(''m'', ''ratings'', ''svd'', ''{"factors": 3}'')');
SELECT * FROM victims();
DROP TABLE m;

-- What becomes of the rows is said.
SET ROLE regress_recsys_enemy;
SELECT version FROM recsys_train('m', 'ratings', 'svd', '{"factors": 3}');
CREATE FUNCTION swallow() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$;
CREATE FUNCTION alter_data() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN new.data := set_byte(new.data, 40, 255 - get_byte(new.data, 40)); RETURN new; END $$;
CREATE FUNCTION alter_meta() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN new.meta := '{}'; RETURN new; END $$;
CREATE FUNCTION take_away() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN DELETE FROM untrusted.m WHERE version = new.version AND part = 'user_bias'; RETURN NULL; END $$;
CREATE TABLE audit (version int, part text);
CREATE FUNCTION audit() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN INSERT INTO untrusted.audit VALUES (new.version, new.part); RETURN new; END $$;
CREATE FUNCTION with_trigger(timing text, function text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	result text;
BEGIN
	EXECUTE format('CREATE TRIGGER t %s ON m FOR EACH ROW EXECUTE FUNCTION %I()', timing, function);
	result := untrusted.refusal('SELECT recsys_train(''m'', ''ratings'', ''svd'', ''{"factors": 3, "keep_versions": 1}'')');
	DROP TRIGGER t ON m;
	RETURN result;
END
$$;
SELECT with_trigger('BEFORE INSERT', 'swallow');
SELECT with_trigger('BEFORE INSERT', 'alter_data');
SELECT with_trigger('BEFORE INSERT', 'alter_meta');
SELECT with_trigger('AFTER INSERT', 'take_away');
SELECT with_trigger('BEFORE DELETE', 'swallow');
SELECT DISTINCT version FROM m;
SELECT with_trigger('BEFORE INSERT', 'audit');
SELECT version, count(*) > 3 AS rows FROM audit GROUP BY version;
SELECT DISTINCT version FROM m;
CREATE RULE r AS ON INSERT TO m DO INSTEAD NOTHING;
SELECT refusal('SELECT recsys_train(''m'', ''ratings'', ''svd'')');
DROP RULE r ON m;
CREATE RULE r AS ON DELETE TO m DO ALSO NOTIFY deleted;
SELECT refusal('SELECT recsys_retrain(''m'')');
ALTER TABLE m DISABLE RULE r;
SELECT version FROM recsys_retrain('m');
DROP TABLE m;
RESET ROLE;

-- Training a model again ---------------------------------------------------

-- What it names is not what the caller has named.  A table that a query has to
-- read, because of its partitions or types, is read as its owner.
SET ROLE regress_recsys_enemy;
CREATE TABLE parts (LIKE ratings) PARTITION BY RANGE (user_id);
CREATE TABLE parts_1 PARTITION OF parts FOR VALUES FROM (0) TO (5);
CREATE TABLE parts_2 PARTITION OF parts FOR VALUES FROM (5) TO (100);
INSERT INTO parts SELECT * FROM ratings;
SELECT version, users, ratings FROM recsys_train('m', 'parts', 'svd', '{"factors": 3}');
CREATE INDEX ON parts_1 (user_id) WHERE untrusted.trap('predicate of a partition');
CREATE STATISTICS parts_statistics ON (untrusted.trap('statistics of a partition')), user_id FROM parts_2;
ANALYZE parts_2;
RESET ROLE;
TRUNCATE stepped;
SELECT version, users, ratings FROM recsys_retrain('m');
SELECT * FROM victims();
-- as long as the caller may read it
SET ROLE regress_recsys_enemy;
GRANT SELECT, INSERT, DELETE ON m TO regress_recsys_other;
SET ROLE regress_recsys_other;
SELECT refusal('SELECT recsys_retrain(''m'')');
RESET ROLE;
GRANT SELECT (user_id, item_id) ON parts TO regress_recsys_other;
SET ROLE regress_recsys_other;
SELECT refusal('SELECT recsys_retrain(''m'')');
RESET ROLE;
GRANT SELECT (rating) ON parts TO regress_recsys_other;
SET ROLE regress_recsys_other;
SELECT version, users, ratings FROM recsys_retrain('m');
-- a partition of somebody else: as whom should that be read?
CREATE TABLE parts_3 (LIKE ratings);
RESET ROLE;
SELECT * FROM victims();
ALTER TABLE parts ATTACH PARTITION parts_3 FOR VALUES FROM (100) TO (1000);
SELECT refusal('SELECT recsys_retrain(''m'')');
SET ROLE regress_recsys_enemy;
SELECT refusal('SELECT recsys_retrain(''m'')');
RESET ROLE;
ALTER TABLE parts_3 OWNER TO CURRENT_USER;
SELECT version, users, ratings FROM recsys_retrain('m');
SELECT * FROM victims();

-- A view, policies and foreign tables are only for those who trust their owner.
SET ROLE regress_recsys_enemy;
DROP TABLE parts;
CREATE VIEW parts AS SELECT * FROM ratings WHERE untrusted.trap('view');
GRANT SELECT ON parts TO regress_recsys_other;
SELECT version, users, ratings FROM recsys_retrain('m');
SET ROLE regress_recsys_other;
SELECT refusal('SELECT recsys_retrain(''m'')');
RESET ROLE;
TRUNCATE stepped;
SELECT refusal('SELECT recsys_retrain(''m'')');
SELECT * FROM victims();
GRANT regress_recsys_enemy TO regress_recsys_other;
SET ROLE regress_recsys_other;
SELECT version, users, ratings FROM recsys_retrain('m');
RESET ROLE;
REVOKE regress_recsys_enemy FROM regress_recsys_other;
-- named by the caller it is read, as by any query
SELECT version, users, ratings FROM recsys_train('mine', 'parts', 'svd', '{"factors": 3}');
DROP TABLE mine;
TRUNCATE stepped;
SET ROLE regress_recsys_enemy;
DROP VIEW parts;
CREATE TABLE parts AS SELECT * FROM ratings;
CREATE POLICY p ON parts USING (untrusted.trap('policy'));
ALTER TABLE parts ENABLE ROW LEVEL SECURITY;
GRANT SELECT ON parts TO regress_recsys_other;
SET ROLE regress_recsys_other;
SELECT refusal('SELECT recsys_retrain(''m'')');
RESET ROLE;
SELECT version, users, ratings FROM recsys_retrain('m');
SELECT * FROM victims();
CREATE FOREIGN DATA WRAPPER regress_recsys_wrapper;
CREATE SERVER regress_recsys_server FOREIGN DATA WRAPPER regress_recsys_wrapper;
GRANT USAGE ON FOREIGN SERVER regress_recsys_server TO regress_recsys_enemy;
SET ROLE regress_recsys_enemy;
DROP TABLE parts;
CREATE FOREIGN TABLE parts (user_id int, item_id int, rating float8) SERVER regress_recsys_server;
RESET ROLE;
SELECT refusal('SELECT recsys_retrain(''m'')');
SET ROLE regress_recsys_enemy;
DROP FOREIGN TABLE parts;
CREATE MATERIALIZED VIEW parts AS SELECT * FROM ratings;
CREATE INDEX ON parts (user_id) WHERE untrusted.trap('predicate of a materialized view');
RESET ROLE;
TRUNCATE stepped;
SELECT version, users, ratings FROM recsys_retrain('m');
SELECT * FROM victims();
DROP TABLE m;

-- A cast belongs to the owner of its type.
CREATE FUNCTION make_kind(name text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
	EXECUTE format('CREATE TYPE %I AS ENUM (''a'', ''b'')', name);
	EXECUTE format('CREATE FUNCTION %I(%I) RETURNS text IMMUTABLE LANGUAGE plpgsql AS '
				   '''BEGIN PERFORM untrusted.trap(''''cast''''); RETURN enum_out($1); END''', name || '_text', name);
	EXECUTE format('CREATE CAST (%I AS text) WITH FUNCTION %I(%I)', name, name || '_text', name);
END
$$;
SET ROLE regress_recsys_enemy;
SELECT make_kind('kind');
CREATE TABLE kinds AS SELECT user_id, (CASE WHEN item_id % 2 = 0 THEN 'a' ELSE 'b' END)::kind AS item_id, rating FROM ratings;
SELECT version, items FROM recsys_train('m', 'kinds', 'popular');
RESET ROLE;
TRUNCATE stepped;
SELECT version, items FROM recsys_retrain('m');
SELECT * FROM victims();
SET ROLE regress_recsys_other;
SELECT make_kind('their_kind');
SET ROLE regress_recsys_enemy;
ALTER TABLE kinds ALTER item_id TYPE their_kind USING enum_out(item_id)::text::their_kind;
RESET ROLE;
SELECT refusal('SELECT recsys_retrain(''m'')');
SELECT * FROM victims();
DROP TABLE m;

-- The items of a content model are named by it as well, also in a component.
SET ROLE regress_recsys_enemy;
CREATE TABLE things (item_id int, tags text) PARTITION BY RANGE (item_id);
CREATE TABLE things_1 PARTITION OF things DEFAULT;
INSERT INTO things SELECT i, 'tag' || i % 3 FROM generate_series(1, 6) i;
SELECT version, items FROM recsys_train('m', 'ratings', 'content', '{"items": "things", "tag_cols": ["tags"]}');
SELECT version, items FROM recsys_train('unrated', NULL, 'content', '{"items": "things", "tag_cols": ["tags"]}');
SELECT version, items FROM recsys_train('blend', 'ratings', 'hybrid',
	'{"components": [{"algorithm": "als"}, {"algorithm": "content", "options": {"items": "things", "tag_cols": ["tags"]}}]}');
CREATE INDEX ON things_1 (item_id) WHERE untrusted.trap('predicate of items');
RESET ROLE;
TRUNCATE stepped;
SELECT m, (SELECT items FROM recsys_retrain(m)) FROM unnest('{m,unrated,blend}'::regclass[]) m;
SELECT * FROM victims();
SET ROLE regress_recsys_enemy;
DROP TABLE things;
CREATE VIEW things AS SELECT i AS item_id, 'tag' || i % 3 AS tags FROM generate_series(1, 6) i WHERE untrusted.trap('view of items');
RESET ROLE;
SELECT refusal(format('SELECT recsys_retrain(%L)', m)) FROM unnest('{m,unrated,blend}'::regclass[]) m;
SELECT * FROM victims();

DROP TABLE m, unrated, blend;
DROP VIEW things;

-- Nor does the caller fetch what the model's owner may not read himself.
RESET ROLE;
CREATE TABLE secrets AS SELECT * FROM ratings;
SELECT version FROM recsys_train('secret', 'ratings', 'svd', '{"factors": 3}');
CREATE TABLE secret_things AS SELECT DISTINCT item_id, 'secret' || item_id AS tags FROM ratings;
SET ROLE regress_recsys_enemy;
CREATE TABLE named AS SELECT * FROM ratings;
CREATE TABLE named_things AS SELECT DISTINCT item_id, 'tag' AS tags FROM ratings;
SELECT version FROM recsys_train('named_model', 'ratings', 'svd', '{"factors": 3}');
SELECT version FROM recsys_train('m', 'named', 'svd', '{"factors": 3}');
SELECT version FROM recsys_train('m_content', 'ratings', 'content', '{"items": "named_things", "tag_cols": ["tags"]}');
SELECT version FROM recsys_train('m_gradient', 'ratings', 'gradient', '{"init_model": "named_model"}');
DROP TABLE named, named_things, named_model;
RESET ROLE;
-- for which a forged header would do as well
ALTER TABLE secrets RENAME TO named;
ALTER TABLE secret_things RENAME TO named_things;
ALTER TABLE secret RENAME TO named_model;
SELECT refusal(format('SELECT recsys_retrain(%L)', m)) FROM unnest('{m,m_content,m_gradient}'::regclass[]) m;
GRANT SELECT (user_id, item_id, rating) ON named TO regress_recsys_enemy;
GRANT SELECT ON named_things, named_model TO regress_recsys_enemy;
SELECT m, (SELECT version FROM recsys_retrain(m)) FROM unnest('{m,m_content,m_gradient}'::regclass[]) m;
ALTER TABLE named ENABLE ROW LEVEL SECURITY;
SELECT refusal('SELECT recsys_retrain(''m'')');

DROP SCHEMA untrusted CASCADE;
DROP SERVER regress_recsys_server;
DROP FOREIGN DATA WRAPPER regress_recsys_wrapper;
DROP ROLE regress_recsys_enemy;
DROP ROLE regress_recsys_other;
