-- People who sign in with a password that the cluster keeps.
CREATE TABLE local_user (
    key text COLLATE "C" PRIMARY KEY,        -- what names that are one have in common
    name text NOT NULL,
    password_hash text NOT NULL,             -- argon2id, with its parameters and its salt
    created_at bigint NOT NULL,
    password_changed_at bigint NOT NULL,
    signed_in_at bigint
);

-- The secret with which the first user is made; the secret itself is nowhere.
CREATE TABLE set_up_secret (
    one boolean PRIMARY KEY DEFAULT true CHECK (one),
    digest bytea NOT NULL,
    is_used boolean NOT NULL DEFAULT false
);

-- Sign-ins that failed, or that have not succeeded yet, by digests of who made them and from where.
CREATE TABLE sign_in_attempt (
    subject bytea PRIMARY KEY,
    failures integer NOT NULL,
    last_at double precision NOT NULL,       -- seconds since 1970
    is_familiar boolean NOT NULL DEFAULT false
);

CREATE INDEX sign_in_attempt_age ON sign_in_attempt (is_familiar, last_at);

CREATE FUNCTION add_local_user(p_key text, p_name text, p_hash text, p_limit integer) RETURNS text
LANGUAGE plpgsql VOLATILE AS $$
DECLARE
    now_ms bigint := extract(epoch FROM clock_timestamp()) * 1000;
BEGIN
    PERFORM pg_advisory_xact_lock(14, 0);
    IF EXISTS (SELECT 1 FROM local_user AS u WHERE u.key = p_key) THEN
        RETURN 'taken';
    END IF;
    IF (SELECT count(*) FROM local_user) >= p_limit THEN
        RETURN 'full';
    END IF;
    INSERT INTO local_user (key, name, password_hash, created_at, password_changed_at)
    VALUES (p_key, p_name, p_hash, now_ms, now_ms);
    RETURN 'done';
END
$$;

-- One removal at a time: of two users, neither is the last while both are asked for.
CREATE FUNCTION remove_local_user(p_key text) RETURNS text
LANGUAGE plpgsql VOLATILE AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(14, 0);
    IF NOT EXISTS (SELECT 1 FROM local_user AS u WHERE u.key = p_key) THEN
        RETURN 'unknown';
    END IF;
    IF NOT EXISTS (SELECT 1 FROM local_user AS u WHERE u.key <> p_key) THEN
        RETURN 'last';
    END IF;
    DELETE FROM local_user AS u WHERE u.key = p_key;
    RETURN 'done';
END
$$;

CREATE FUNCTION set_up_local_user(p_digest bytea, p_key text, p_name text, p_hash text) RETURNS text
LANGUAGE plpgsql VOLATILE AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(14, 0);
    IF EXISTS (SELECT 1 FROM local_user) THEN
        RETURN 'refused';
    END IF;
    UPDATE set_up_secret SET is_used = true WHERE digest = p_digest AND NOT is_used;
    IF NOT FOUND THEN
        RETURN 'refused';
    END IF;
    RETURN add_local_user(p_key, p_name, p_hash, 1);
END
$$;

-- Counts an attempt as failed before it is made; false: somebody else was faster.
CREATE FUNCTION begin_sign_in(
    p_subject bytea, p_seen integer, p_new integer, p_address bytea, p_forgotten_after double precision
) RETURNS boolean
LANGUAGE plpgsql VOLATILE AS $$
DECLARE
    now_seconds double precision := extract(epoch FROM clock_timestamp());
BEGIN
    INSERT INTO sign_in_attempt AS a (subject, failures, last_at)
    SELECT p_subject, p_new, now_seconds
    ON CONFLICT (subject) DO UPDATE SET failures = p_new, last_at = now_seconds
    WHERE a.failures = p_seen;
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    INSERT INTO sign_in_attempt AS a (subject, failures, last_at)
    VALUES (p_address, 1, now_seconds)
    ON CONFLICT (subject) DO UPDATE SET
        failures = CASE WHEN a.last_at <= now_seconds - p_forgotten_after THEN 1 ELSE a.failures + 1 END,
        last_at = now_seconds;
    RETURN true;
END
$$;

CREATE FUNCTION finish_sign_in(p_subject bytea, p_user_there bytea, p_address bytea) RETURNS void
LANGUAGE plpgsql VOLATILE AS $$
DECLARE
    now_seconds double precision := extract(epoch FROM clock_timestamp());
BEGIN
    DELETE FROM sign_in_attempt WHERE subject = p_subject AND NOT is_familiar;
    INSERT INTO sign_in_attempt (subject, failures, last_at, is_familiar)
    VALUES (p_user_there, 0, now_seconds, true)
    ON CONFLICT (subject) DO UPDATE SET failures = 0, last_at = now_seconds, is_familiar = true;
    UPDATE sign_in_attempt SET failures = failures - 1 WHERE subject = p_address AND failures > 0;
END
$$;
