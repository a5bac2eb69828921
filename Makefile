# fastauth: build with PGXS.  See README.md; `make demo` and `make check` need nothing installed beforehand.
EXTENSION = fastauth
MODULE_big = fastauth
FASTAUTH_VERSION = $(shell sed -n "s/^default_version = '\(.*\)'/\1/p" fastauth.control)

OBJS = $(patsubst %.c,%.o,$(sort $(wildcard src/*.c src/*/*.c)))

# The install script, in the order in which it runs.  Order is meaning: no wildcard.
SQL_PIECES = \
	sql/install/00_header.sql \
	sql/install/tables/instance.sql \
	sql/install/tables/settings.sql \
	sql/install/tables/secrets.sql \
	sql/install/tables/users.sql \
	sql/install/tables/sessions.sql \
	sql/install/tables/refresh_tokens.sql \
	sql/install/tables/signing_keys.sql \
	sql/install/functions/types.sql \
	sql/install/functions/instance.sql \
	sql/install/functions/settings.sql \
	sql/install/functions/key.sql \
	sql/install/functions/jws.sql \
	sql/install/functions/token.sql \
	sql/install/functions/user.sql \
	sql/install/functions/session.sql \
	sql/install/functions/signin.sql \
	sql/install/functions/identity.sql \
	sql/install/functions/account.sql \
	sql/install/functions/grants.sql \
	sql/install/99_grants.sql

DATA_built = fastauth--$(FASTAUTH_VERSION).sql
EXTRA_CLEAN = fastauth--$(FASTAUTH_VERSION).sql

PG_CONFIG ?= pg_config
PG_CFLAGS = -Wall -Wextra -Werror -fvisibility=hidden
PG_CPPFLAGS = -isystem $(shell $(PG_CONFIG) --includedir-server) -Isrc -DFASTAUTH_VERSION=\"$(FASTAUTH_VERSION)\"
SHLIB_LINK = -lcrypto -lsodium -lzxcvbn

PGXS := $(shell $(PG_CONFIG) --pgxs)
include $(PGXS)

$(OBJS): $(wildcard src/*.h src/*/*.h)

fastauth--$(FASTAUTH_VERSION).sql: $(SQL_PIECES) fastauth.control Makefile
	cat $(SQL_PIECES) > $@
