-- The four roles and the database, in an empty cluster. Run once as a superuser, with the passwords in the
-- environment (deploy/new-env): psql -v ON_ERROR_STOP=1 -f deploy/postgres/roles.sql
\getenv owner OWNER_PASSWORD
\getenv app APP_PASSWORD
\getenv ops OPS_PASSWORD
\getenv backup BACKUP_PASSWORD
CREATE ROLE owner LOGIN NOSUPERUSER CREATEDB PASSWORD :'owner';
CREATE ROLE app LOGIN NOSUPERUSER PASSWORD :'app';
CREATE ROLE ops LOGIN NOSUPERUSER PASSWORD :'ops';
-- Row-level security would silently thin out a backup.
CREATE ROLE backup LOGIN NOSUPERUSER BYPASSRLS PASSWORD :'backup';
CREATE DATABASE cutroom OWNER owner;
REVOKE ALL ON DATABASE cutroom FROM PUBLIC;
GRANT CONNECT ON DATABASE cutroom TO app, ops, backup;
GRANT pg_read_all_data TO backup;
-- A request or a render step that holds a transaction this long is a fault, not work.
ALTER ROLE app SET statement_timeout = '30s';
ALTER ROLE app SET idle_in_transaction_session_timeout = '20s';
\connect cutroom
GRANT USAGE ON SCHEMA public TO app, ops, backup;
