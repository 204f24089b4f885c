import type { Migrations } from "../../store/database.ts";

/** All that is kept of access from away, but keys. */
export const remoteTables: Migrations = {
  name: "remote",
  steps: [
    `CREATE TABLE remote_devices (
       id TEXT PRIMARY KEY,
       person TEXT NOT NULL REFERENCES principals (id),
       name TEXT NOT NULL,
       thumbprint TEXT NOT NULL UNIQUE,
       added INTEGER NOT NULL,
       current INTEGER NOT NULL,
       used INTEGER,
       revoked INTEGER
     ) STRICT;
     CREATE TABLE admission_epoch (
       only INTEGER PRIMARY KEY CHECK (only = 1),
       epoch INTEGER NOT NULL
     ) STRICT;
     CREATE TABLE device_offers (
       id INTEGER PRIMARY KEY,
       secret_hash BLOB NOT NULL UNIQUE,
       person TEXT NOT NULL REFERENCES principals (id),
       name TEXT NOT NULL,
       made INTEGER NOT NULL,
       used INTEGER NOT NULL DEFAULT 0 CHECK (used IN (0, 1)),
       device TEXT,
       evaluated INTEGER NOT NULL DEFAULT 0
     ) STRICT;
     CREATE TABLE remote_relay (
       only INTEGER PRIMARY KEY CHECK (only = 1),
       address TEXT NOT NULL,
       name TEXT NOT NULL,
       keys TEXT NOT NULL,
       tunnel TEXT NOT NULL,
       enabled INTEGER NOT NULL DEFAULT 0 CHECK (enabled IN (0, 1))
     ) STRICT`,
  ],
};
