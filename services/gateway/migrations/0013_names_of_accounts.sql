-- A new account moves the version of the rights, too: every gateway then learns how its person is called.
CREATE TRIGGER names_of_accounts AFTER INSERT ON accounts
    FOR EACH STATEMENT EXECUTE FUNCTION rights_have_changed();
