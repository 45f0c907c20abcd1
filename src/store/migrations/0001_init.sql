-- Plain SQL that SQLite and PostgreSQL both run. Times are milliseconds since 1970. `version` holds the 64 bits of an
-- unsigned number. `seal` is a checksum over the row (a lamp's also covers its claims); src/store/seal.rs makes it.
CREATE TABLE mailbox (
  name       TEXT   NOT NULL PRIMARY KEY,
  new_count  BIGINT NOT NULL,
  old_count  BIGINT NOT NULL,
  urgent_new BIGINT NOT NULL,
  urgent_old BIGINT NOT NULL,
  version    BIGINT NOT NULL,
  at_ms      BIGINT NOT NULL,
  seal       BIGINT NOT NULL
);
CREATE TABLE lamp (
  address     TEXT   NOT NULL PRIMARY KEY,
  forsaken_ms BIGINT,
  seal        BIGINT NOT NULL
);
CREATE TABLE claim (
  lamp    TEXT NOT NULL,
  mailbox TEXT NOT NULL,
  PRIMARY KEY (lamp, mailbox)
);
CREATE TABLE told (
  lamp       TEXT   NOT NULL,
  gateway    TEXT   NOT NULL,
  new_count  BIGINT NOT NULL,
  old_count  BIGINT NOT NULL,
  urgent_new BIGINT NOT NULL,
  urgent_old BIGINT NOT NULL,
  at_ms      BIGINT NOT NULL,
  status     BIGINT NOT NULL,
  seal       BIGINT NOT NULL,
  PRIMARY KEY (lamp, gateway)
);
