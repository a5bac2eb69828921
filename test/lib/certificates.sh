#!/bin/bash
# certificates.sh DIR: a throw-away CA and certificates of servers.
#
#	ca.pem			whom the tests trust
#	good			of localhost and 127.0.0.1, by that CA
#	wrongname		by that CA, of another name
#	expired			by that CA, no longer good
#	stranger		of localhost, by itself
#
# Each is NAME.pem with NAME.key.
set -eu
cd "$1"
subject='subjectAltName=DNS:localhost,IP:127.0.0.1,IP:::1'

key()
{
	openssl ecparam -name prime256v1 -genkey -noout -out "$1.key"
}

# sign NAME EXTENSION OPTIONS...
sign()
{
	local name=$1 extension=$2

	shift 2
	key "$name"
	printf '%s\nextendedKeyUsage=serverAuth\n' "$extension" > "$name.ext"
	openssl req -new -key "$name.key" -subj "/CN=$name" -out "$name.csr"
	openssl x509 -req -in "$name.csr" -CA ca.pem -CAkey ca.key -CAcreateserial -extfile "$name.ext" -out "$name.pem" "$@"
}

{
	key ca
	openssl req -x509 -new -key ca.key -days 2 -subj '/CN=fastauth test' -out ca.pem \
		-addext basicConstraints=critical,CA:TRUE -addext keyUsage=critical,keyCertSign,cRLSign
	sign good "$subject" -days 2
	sign wrongname 'subjectAltName=DNS:elsewhere.example' -days 2
	# A life of no days is over in the next second.
	sign expired "$subject" -days 0
	key stranger
	openssl req -x509 -new -key stranger.key -days 2 -subj '/CN=localhost' -addext "$subject" -out stranger.pem
} 2> openssl.log || { cat openssl.log >&2; exit 1; }
