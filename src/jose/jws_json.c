/*
 * jws_json.c
 *		JWS in JSON (RFC 7515 section 7.2).
 *
 * All signatures must be well formed and have headers that we accept; one of
 * them must verify.  Who needs a certain one asks with that one's key.
 */
#include "jose/jws_private.h"

#include "base/json.h"

/* Read protected, header and signature from the object that holds them. */
static JoseStatus
json_read_signature(const BaseJsonItems *members, const JoseJws *jws, JoseSignature *signature)
{
	const BaseJsonItem *protected = base_json_find(members, "protected");
	const BaseJsonItem *header = base_json_find(members, "header");
	const BaseJsonItem *sig = base_json_find(members, "signature");
	JoseSignatureText text = {0};
	char	   *input;

	if (sig == NULL || sig->type != BASE_JSON_STRING ||
		(protected && (protected->type != BASE_JSON_STRING || protected->len == 0)) ||
		(header && header->type != BASE_JSON_OBJECT))
		return JOSE_JWS_MALFORMED;
	text.sig = sig->value;
	text.sig_len = sig->len;
	if (protected)
	{
		text.protected = protected->value;
		text.protected_len = protected->len;
	}
	if (header)
	{
		text.header = header->value;
		text.header_len = header->len;
	}

	/* RFC 7515 section 5.1, step 8 */
	input = palloc(text.protected_len + 1 + jws->payload_len);
	memcpy(input, text.protected ? text.protected : "", text.protected_len);
	input[text.protected_len] = '.';
	memcpy(input + text.protected_len + 1, jws->payload, jws->payload_len);
	signature->input = input;
	signature->input_len = text.protected_len + 1 + jws->payload_len;
	return jose_jws_read_signature(&text, signature);
}

/* RFC 7515 section 7.2.1: the signatures stand in an array. */
static JoseStatus
json_read_general(const BaseJsonItems *members, const BaseJsonItem *array, JoseJws *jws)
{
	BaseJsonItems elements;

	/* The members of the flattened form stand beside it in no form. */
	if (base_json_find(members, "signature") || base_json_find(members, "protected") || base_json_find(members, "header"))
		return JOSE_JWS_MALFORMED;
	if (array->type != BASE_JSON_ARRAY || !base_json_array(array->value, array->len, &elements) ||
		elements.n == 0 || elements.n > JOSE_JWS_MAX_SIGNATURES)
		return JOSE_JWS_MALFORMED;
	jws->n = elements.n;
	jws->signatures = palloc0(sizeof(JoseSignature) * elements.n);
	for (int i = 0; i < elements.n; i++)
	{
		BaseJsonItems element;
		JoseStatus	status;

		if (!base_json_object(elements.items[i].value, elements.items[i].len, &element))
			return JOSE_JWS_MALFORMED;
		status = json_read_signature(&element, jws, &jws->signatures[i]);
		if (status != JOSE_OK)
			return status;
	}
	return JOSE_OK;
}

JoseStatus
jose_jws_parse(const char *text, size_t len, JoseJws *jws)
{
	BaseJsonItems members;
	const BaseJsonItem *payload;
	const BaseJsonItem *array;

	if (len > JOSE_JWS_MAX_BYTES)
		return JOSE_JWS_MALFORMED;
	if (text[strspn(text, " \t\r\n")] != '{')
		return jose_jws_parse_compact(text, len, jws);

	memset(jws, 0, sizeof(*jws));
	if (!base_json_object(text, len, &members))
		return JOSE_JWS_MALFORMED;
	payload = base_json_find(&members, "payload");
	if (payload == NULL || payload->type != BASE_JSON_STRING)
		return JOSE_JWS_MALFORMED;
	jws->payload = payload->value;
	jws->payload_len = payload->len;
	array = base_json_find(&members, "signatures");
	if (array)
		return json_read_general(&members, array, jws);
	/* section 7.2.2: flattened */
	jws->n = 1;
	jws->signatures = palloc0(sizeof(JoseSignature));
	return json_read_signature(&members, jws, jws->signatures);
}
