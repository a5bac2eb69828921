#!/bin/bash
# hidden.sh: base/hide.c knows by name every function that PostgREST exposes and
# that takes a secret, and no other.
#
# plant: sed -i 's/"signup", "signin",/"signup",/' src/base/hide.c
# plant: sed -i 's/"signup", "signin",/"signup", "signin", "me",/' src/base/hide.c
# plant: sed -i 's/FUNCTION has_role(role/FUNCTION set_secret(role/' sql/install/functions/postgrest.sql
set -u
cd "$(dirname "$0")/../.." || exit 1
# Secret for what they answer or make, not for what they take.
answers='csrf_token oauth_authorize_url oauth_link_url request_password_reset send_magic_link send_otp'

secret=$(sed -n 's/^FASTAUTH_FUNCTION(fastauth_\([a-z_]*\),.*API_SECRET.*/\1/p' src/api/*.c | sort)
exposed=$(sed -n 's/^	CREATE OR REPLACE FUNCTION \([a-z_]*\)(.*/\1/p' sql/install/functions/postgrest.sql | sort)
wanted=$(comm -12 <(echo "$secret") <(echo "$exposed") | grep -vxF "$(tr ' ' '\n' <<<"$answers")")
known=$(sed -n '/^static const char \*const hide_functions/,/^};/p' src/base/hide.c | grep -o '"[a-z_]*"' | tr -d '"' | sort)
bad=$(diff <(echo "$known") <(echo "$wanted") | sed -n 's/^> \(.*\)/src\/base\/hide.c: hide_functions lacks \1, which takes a secret/p; s/^< \(.*\)/src\/base\/hide.c: hide_functions has \1, which takes none or is not exposed/p')
[ -z "$bad" ] || { echo "$bad"; exit 1; }
