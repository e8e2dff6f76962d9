"""The schema of the journal database, as numbered steps.

A step is never changed once released; a change is a new step at the end. ``PRAGMA user_version`` of a file says how
many steps it has seen. Times are ISO-8601 in UTC. Texts are stored with personal numbers masked; the one exception is
``ticket.contact``, which a person needs in order to call back.
"""

from __future__ import annotations

MIGRATIONS: tuple[tuple[str, ...], ...] = (
    # 1: conversations, ratings, tickets, accounts, audit
    (
        """
        CREATE TABLE turn (
            id         TEXT PRIMARY KEY,
            at         TEXT NOT NULL,
            session    TEXT NOT NULL,   -- digest of the session id: the id itself opens the conversation
            role       TEXT NOT NULL CHECK (role IN ('customer', 'agent')),
            question   TEXT NOT NULL,
            folded     TEXT NOT NULL,   -- the question as it is compared, for counting
            reply      TEXT NOT NULL,
            outcome    TEXT NOT NULL,
            scenario   TEXT NOT NULL,
            confidence REAL NOT NULL,
            generation TEXT,
            entry      TEXT,            -- id of the entry that answered
            citations  TEXT NOT NULL,   -- JSON
            choices    TEXT NOT NULL,   -- JSON
            ms         REAL NOT NULL,
            ticket     TEXT
        )
        """,
        "CREATE INDEX turn_session ON turn (session)",
        "CREATE INDEX turn_at ON turn (at)",
        """
        CREATE TABLE rating (
            turn    TEXT PRIMARY KEY REFERENCES turn (id) ON DELETE CASCADE,
            at      TEXT NOT NULL,
            value   TEXT NOT NULL CHECK (value IN ('up', 'down')),
            comment TEXT NOT NULL
        )
        """,
        """
        CREATE TABLE ticket (
            id        TEXT PRIMARY KEY,
            at        TEXT NOT NULL,
            session   TEXT NOT NULL,
            kind      TEXT NOT NULL,
            question  TEXT NOT NULL,
            contact   TEXT NOT NULL DEFAULT '',
            details   TEXT NOT NULL DEFAULT '[]',   -- JSON list of what the customer added
            due       TEXT,
            state     TEXT NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'closed')),
            closed_at TEXT,
            closed_by TEXT
        )
        """,
        "CREATE INDEX ticket_state ON ticket (state, due)",
        """
        CREATE TABLE account (
            name     TEXT PRIMARY KEY,
            role     TEXT NOT NULL CHECK (role IN ('agent', 'editor')),
            password TEXT NOT NULL,   -- argon2id
            created  TEXT NOT NULL,
            disabled TEXT
        )
        """,
        """
        CREATE TABLE login (
            token   TEXT PRIMARY KEY,   -- digest
            account TEXT NOT NULL REFERENCES account (name) ON DELETE CASCADE,
            created TEXT NOT NULL,
            expires TEXT NOT NULL
        )
        """,
        "CREATE TABLE login_failure (name TEXT NOT NULL, at TEXT NOT NULL)",
        "CREATE INDEX login_failure_name ON login_failure (name, at)",
        """
        CREATE TABLE audit (
            id     INTEGER PRIMARY KEY,
            at     TEXT NOT NULL,
            who    TEXT NOT NULL,
            action TEXT NOT NULL,
            detail TEXT NOT NULL
        )
        """,
    ),
    # 2: tickets with states, facts and notes; what a conversation stands at; news of tickets on their way to a webhook
    (
        """
        CREATE TABLE ticket_2 (
            id        TEXT PRIMARY KEY,
            at        TEXT NOT NULL,
            session   TEXT NOT NULL,
            kind      TEXT NOT NULL,
            question  TEXT NOT NULL,
            contact   TEXT NOT NULL DEFAULT '',
            details   TEXT NOT NULL DEFAULT '[]',   -- JSON list of what the customer added
            facts     TEXT NOT NULL DEFAULT '{}',   -- JSON of bot.tickets.Facts
            due       TEXT,
            state     TEXT NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'in_progress', 'waiting', 'closed')),
            taken_by  TEXT,
            taken_at  TEXT,
            result    TEXT NOT NULL DEFAULT '',
            closed_at TEXT,
            closed_by TEXT
        )
        """,
        """
        INSERT INTO ticket_2 (id, at, session, kind, question, contact, details, due, state, closed_at, closed_by)
        SELECT id, at, session, kind, question, contact, details, due, state, closed_at, closed_by FROM ticket
        """,
        "DROP TABLE ticket",
        "ALTER TABLE ticket_2 RENAME TO ticket",
        "CREATE INDEX ticket_state ON ticket (state, due)",
        "CREATE INDEX ticket_session ON ticket (session)",
        """
        CREATE TABLE ticket_note (
            id     INTEGER PRIMARY KEY,
            ticket TEXT NOT NULL REFERENCES ticket (id) ON DELETE CASCADE,
            at     TEXT NOT NULL,
            who    TEXT NOT NULL,   -- a member of staff, or empty for the customer
            action TEXT NOT NULL,   -- of bot.tickets.Action
            text   TEXT NOT NULL
        )
        """,
        "CREATE INDEX ticket_note_ticket ON ticket_note (ticket)",
        """
        CREATE TABLE conversation (
            session TEXT PRIMARY KEY,   -- digest
            at      TEXT NOT NULL,
            state   TEXT NOT NULL       -- JSON of what the server remembers of it, see bot.session
        )
        """,
        """
        CREATE TABLE outbox (
            key      TEXT PRIMARY KEY,  -- the receiver knows a repeated delivery by it
            ticket   TEXT NOT NULL REFERENCES ticket (id) ON DELETE CASCADE,
            at       TEXT NOT NULL,
            attempts INTEGER NOT NULL DEFAULT 0,
            due      TEXT,              -- of the next attempt; NULL: delivered or given up
            sent     TEXT,
            error    TEXT NOT NULL DEFAULT ''
        )
        """,
        "CREATE INDEX outbox_due ON outbox (due)",
    ),
    # 3: why a reply was rated so; 没解决; what became of the questions asked in vain
    (
        "ALTER TABLE rating ADD COLUMN reasons TEXT NOT NULL DEFAULT '[]'",  # JSON list of bot.journal.Reason
        """
        CREATE TABLE unsolved (
            turn TEXT PRIMARY KEY REFERENCES turn (id) ON DELETE CASCADE,
            at   TEXT NOT NULL
        )
        """,
        """
        CREATE TABLE question_state (
            folded TEXT PRIMARY KEY,   -- as turn.folded
            state  TEXT NOT NULL CHECK (state IN ('handled', 'ignored')),
            at     TEXT NOT NULL,
            who    TEXT NOT NULL
        )
        """,
    ),
    # 4: administrators; passwords made by somebody else; wrong passwords by where they came from
    (
        """
        CREATE TABLE account_4 (
            name        TEXT PRIMARY KEY,
            role        TEXT NOT NULL CHECK (role IN ('agent', 'editor', 'admin')),
            password    TEXT NOT NULL,   -- argon2id
            created     TEXT NOT NULL,
            disabled    TEXT,
            must_change INTEGER NOT NULL DEFAULT 0
        )
        """,
        """
        INSERT INTO account_4 (name, role, password, created, disabled)
        SELECT name, role, password, created, disabled FROM account
        """,
        # A login refers to its account; it is moved first, because dropping the old accounts would take it along.
        """
        CREATE TABLE login_4 (
            token   TEXT PRIMARY KEY,   -- digest
            account TEXT NOT NULL REFERENCES account_4 (name) ON DELETE CASCADE,
            created TEXT NOT NULL,
            expires TEXT NOT NULL
        )
        """,
        "INSERT INTO login_4 SELECT token, account, created, expires FROM login",
        "DROP TABLE login",
        "DROP TABLE account",
        "ALTER TABLE account_4 RENAME TO account",
        "ALTER TABLE login_4 RENAME TO login",
        "ALTER TABLE login_failure ADD COLUMN address TEXT NOT NULL DEFAULT ''",   # digest
    ),
    # 5: what members of staff keep at hand; wrong or missing answers they report to the editors
    (
        """
        CREATE TABLE favourite (
            account TEXT NOT NULL REFERENCES account (name) ON DELETE CASCADE,
            entry   TEXT NOT NULL,
            at      TEXT NOT NULL,
            PRIMARY KEY (account, entry)
        )
        """,
        """
        CREATE TABLE looked_up (
            account  TEXT NOT NULL REFERENCES account (name) ON DELETE CASCADE,
            question TEXT NOT NULL,   -- masked
            at       TEXT NOT NULL,
            PRIMARY KEY (account, question)
        )
        """,
        """
        CREATE TABLE report (
            id         INTEGER PRIMARY KEY,
            at         TEXT NOT NULL,
            who        TEXT NOT NULL,
            kind       TEXT NOT NULL CHECK (kind IN ('wrong', 'missing')),
            question   TEXT NOT NULL,   -- masked
            entry      TEXT NOT NULL,   -- id, empty where none was found
            note       TEXT NOT NULL,   -- masked
            settled_at TEXT,
            settled_by TEXT
        )
        """,
        "CREATE INDEX report_open ON report (settled_at, id)",
    ),
)
