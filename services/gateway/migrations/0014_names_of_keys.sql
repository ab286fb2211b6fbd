-- A new API key moves the version of the rights, too: every gateway then learns whose system it is.
CREATE TRIGGER names_of_keys AFTER INSERT ON api_keys
    FOR EACH STATEMENT EXECUTE FUNCTION rights_have_changed();
