/* Rows of cached tables that come by another way than our functions: a restore, logical replication, a repair. */
CREATE FUNCTION fastauth.cache_changed() RETURNS pg_catalog.trigger
	LANGUAGE C VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
	AS 'MODULE_PATHNAME', 'fastauth_cache_changed';
COMMENT ON FUNCTION fastauth.cache_changed() IS 'internal: tells all backends that a table which they keep in memory was changed';

CREATE TRIGGER cache_changed AFTER INSERT OR UPDATE OR DELETE ON fastauth.settings
	FOR EACH ROW EXECUTE FUNCTION fastauth.cache_changed();
CREATE TRIGGER cache_truncated AFTER TRUNCATE ON fastauth.settings
	FOR EACH STATEMENT EXECUTE FUNCTION fastauth.cache_changed();
ALTER TABLE fastauth.settings ENABLE ALWAYS TRIGGER cache_changed;
ALTER TABLE fastauth.settings ENABLE ALWAYS TRIGGER cache_truncated;

CREATE TRIGGER cache_changed AFTER INSERT OR UPDATE OR DELETE ON fastauth.instance
	FOR EACH ROW EXECUTE FUNCTION fastauth.cache_changed();
CREATE TRIGGER cache_truncated AFTER TRUNCATE ON fastauth.instance
	FOR EACH STATEMENT EXECUTE FUNCTION fastauth.cache_changed();
ALTER TABLE fastauth.instance ENABLE ALWAYS TRIGGER cache_changed;
ALTER TABLE fastauth.instance ENABLE ALWAYS TRIGGER cache_truncated;

CREATE TRIGGER cache_changed AFTER INSERT OR UPDATE OR DELETE ON fastauth.signing_keys
	FOR EACH ROW EXECUTE FUNCTION fastauth.cache_changed();
CREATE TRIGGER cache_truncated AFTER TRUNCATE ON fastauth.signing_keys
	FOR EACH STATEMENT EXECUTE FUNCTION fastauth.cache_changed();
ALTER TABLE fastauth.signing_keys ENABLE ALWAYS TRIGGER cache_changed;
ALTER TABLE fastauth.signing_keys ENABLE ALWAYS TRIGGER cache_truncated;

CREATE TRIGGER cache_changed AFTER INSERT OR UPDATE OR DELETE ON fastauth.hooks
	FOR EACH ROW EXECUTE FUNCTION fastauth.cache_changed();
CREATE TRIGGER cache_truncated AFTER TRUNCATE ON fastauth.hooks
	FOR EACH STATEMENT EXECUTE FUNCTION fastauth.cache_changed();
ALTER TABLE fastauth.hooks ENABLE ALWAYS TRIGGER cache_changed;
ALTER TABLE fastauth.hooks ENABLE ALWAYS TRIGGER cache_truncated;

CREATE TRIGGER cache_changed AFTER INSERT OR UPDATE OR DELETE ON fastauth.webhooks
	FOR EACH ROW EXECUTE FUNCTION fastauth.cache_changed();
CREATE TRIGGER cache_truncated AFTER TRUNCATE ON fastauth.webhooks
	FOR EACH STATEMENT EXECUTE FUNCTION fastauth.cache_changed();
ALTER TABLE fastauth.webhooks ENABLE ALWAYS TRIGGER cache_changed;
ALTER TABLE fastauth.webhooks ENABLE ALWAYS TRIGGER cache_truncated;
