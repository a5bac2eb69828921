# fastauth: build with PGXS.  See README.md; `make demo` and `make check` need nothing installed beforehand.
#
#	make, make install	build, install (PG_CONFIG=... chooses the server)
#	make check		all tests, against throw-away servers (test/README.md)
#	make installcheck	the tests against an installed server (test/README.md)
#	make check-versions	the same on PostgreSQL 17 and 18, in chroots (root)
#	make demo		the main job, step by step, on a throw-away server
#	make bench		how far our functions are from the bare work
#	make lint		the scripts of test/lint alone
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
	sql/install/tables/session_store.sql \
	sql/install/tables/signing_keys.sql \
	sql/install/tables/failures.sql \
	sql/install/tables/one_time_tokens.sql \
	sql/install/tables/email_templates.sql \
	sql/install/tables/webhooks.sql \
	sql/install/tables/outbox.sql \
	sql/install/tables/oauth_providers.sql \
	sql/install/tables/roles.sql \
	sql/install/tables/events.sql \
	sql/install/tables/hooks.sql \
	sql/install/functions/types.sql \
	sql/install/functions/instance.sql \
	sql/install/functions/settings.sql \
	sql/install/functions/cache.sql \
	sql/install/functions/key.sql \
	sql/install/functions/jws.sql \
	sql/install/functions/token.sql \
	sql/install/functions/user.sql \
	sql/install/functions/session.sql \
	sql/install/functions/session_store.sql \
	sql/install/functions/onetime.sql \
	sql/install/functions/overview.sql \
	sql/install/functions/signin.sql \
	sql/install/functions/passwordless.sql \
	sql/install/functions/identity.sql \
	sql/install/functions/account.sql \
	sql/install/functions/verify.sql \
	sql/install/functions/oauth.sql \
	sql/install/functions/check.sql \
	sql/install/functions/stats.sql \
	sql/install/functions/roles.sql \
	sql/install/functions/permission.sql \
	sql/install/functions/event.sql \
	sql/install/functions/hook.sql \
	sql/install/functions/mail.sql \
	sql/install/functions/webhook.sql \
	sql/install/functions/postgrest.sql \
	sql/install/functions/grants.sql \
	sql/install/99_grants.sql

DATA_built = fastauth--$(FASTAUTH_VERSION).sql
EXTRA_CLEAN = fastauth--$(FASTAUTH_VERSION).sql

# The tests, in the order in which they run; install and prepare come first.  One name on each line.
REGRESS = \
	install \
	settings \
	secrets \
	instance \
	drop_guard \
	role \
	user \
	session \
	session_strategy \
	session_store \
	onetime \
	overview \
	signin \
	rate \
	identity \
	account \
	verify \
	reset \
	email_change \
	prehijack \
	lockout \
	magic_link \
	otp \
	new_device \
	rate_mail \
	replay \
	roles \
	permission \
	permission_attack \
	postgrest \
	token \
	token_form \
	caller_settings \
	jws \
	jose_mutations \
	key \
	key_import \
	call \
	privilege \
	password \
	check \
	stats \
	event \
	hook \
	hook_each \
	hook_mail \
	hook_answer \
	hook_event \
	hook_confined \
	hook_guard \
	template \
	mail \
	outbox \
	webhook \
	oauth_provider \
	oauth_account \
	oauth_state \
	cookie \

ISOLATION = \
	prepare \
	signup_race \
	refresh_race \
	refresh_signout \
	refresh_password_change \
	refresh_delete \
	lockout_locks \
	replay_race \
	signin_password_change \
	signin_deactivate \
	revoked_in_repeatable_read \
	session_use \
	session_store_race \
	onetime_race \
	lock_wait \
	cleanup_race \
	magic_link_race \
	magic_signup_race \
	otp_race \
	account_race \
	verify_race \
	reset_race \
	settings_race \
	role_race \
	permission_revoked \
	seal_race \
	key_rotate \
	key_announced \
	event_order \
	oauth_account_race \
	unlink_race \

REGRESS_OPTS = --inputdir=test --encoding=UTF8
ISOLATION_OPTS = --inputdir=test --encoding=UTF8
PROVE_TESTS = $(sort $(wildcard test/t/[0-9]*.pl))
ifneq ($(PROVE_TESTS),)
TAP_TESTS = 1
endif

PG_CONFIG ?= pg_config
PG_CFLAGS = -Wall -Wextra -Werror -fvisibility=hidden \
	$(if $(findstring clang,$(CC)),-Wno-unknown-warning-option -Wno-ignored-attributes -Wno-ignored-optimization-argument)
PG_CPPFLAGS = -isystem $(shell $(PG_CONFIG) --includedir-server 2>/dev/null) -Isrc -DOPENSSL_NO_DEPRECATED -DFASTAUTH_VERSION=\"$(FASTAUTH_VERSION)\"
SHLIB_LINK = -lcrypto -lsodium -lzxcvbn -lcurl

# These goals are scripts, which call make again where they build: they install
# first what is missing, pg_config too, so PGXS is not asked for them.  (PGXS has
# a goal check of its own, which only refuses.)
OUR_GOALS = check check-versions bench demo lint
.PHONY: $(OUR_GOALS)

ifneq ($(filter $(OUR_GOALS),$(MAKECMDGOALS)),)

check:
	@bash test/check.sh
check-versions:
	@bash test/versions.sh
bench:
	@bash test/bench/run.sh
	@bash test/bench/refusals.sh
	@bash test/bench/mails.sh
	@bash test/bench/rls.sh
	@bash test/bench/pre_request.sh
demo:
	@bash examples/demo.sh
lint:
	@bash test/lint/run.sh
.PHONY: $(filter-out $(OUR_GOALS),$(MAKECMDGOALS))
$(filter-out $(OUR_GOALS),$(MAKECMDGOALS)):
	@$(MAKE) $@

else

PGXS := $(shell $(PG_CONFIG) --pgxs 2>/dev/null)
ifeq ($(wildcard $(PGXS)),)
$(error $(PG_CONFIG) was not found: install postgresql-server-dev-NN, or run test/lib/packages.sh, which does it)
endif
include $(PGXS)

$(OBJS): $(wildcard src/*.h src/*/*.h)

fastauth--$(FASTAUTH_VERSION).sql: $(SQL_PIECES) fastauth.control Makefile
	cat $(SQL_PIECES) > $@

endif
